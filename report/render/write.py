# SPDX-License-Identifier: Apache-2.0
"""Writes the report's folder, completely or not at all."""
import ctypes
import errno
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from report import ending, folders
from report.model.encode import to_json
from report.model.result import Result
from report.render import files, plots
from report.render.pages import pages
from report.render.sheets import Sheet, sheets

MAIN = ("board", "conditions", "comparisons")  # tables that are also written as LaTeX and Markdown
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # from <fcntl.h>, <linux/fs.h>


def write(result: Result, folder: Path, pdf: bool = False, campaign: Path | None = None) -> Path:
    """Replaces `folder` by a new report. Returns the path of the page. The commands on the page
    name the folder `campaign`; the default is the parent of `folder`."""
    return rewrite(folder, lambda new: fill(result, new, pdf, campaign or folder.parent))


def rewrite(folder: Path, make: Callable[[Path], None]) -> Path:
    """Replaces a folder by the one that make() creates. Returns the path of its page.

    If the process is killed, either the old or the new folder remains. Raises OSError, which names
    the folder, if the folder is a symbolic link, or cannot be written.
    """
    if folder.is_symlink():
        raise OSError(errno.ELOOP, "a symbolic link, expected a folder",
                      str(folder))
    if folder.exists() and not folder.is_dir():
        raise OSError(errno.ENOTDIR, "a file, expected a folder: move it away", str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder)
    new = folder.with_name(f"{folder.name}.new-{os.getpid()}")
    try:
        make(new)
        replace(new, folder)
    except OSError as error:  # the error may name no file, a file in `new`, or the source of a copy
        if error.errno in ending.FULL:
            raise OSError(error.errno, f"{error.strerror}: no result is lost: "
                          f"{folders.NEXT[error.errno]}, then readmostly report "
                          f"{folder.parent}", str(folder)) from error
        if error.filename is None:
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder / "index.html"


def sweep(folder: Path) -> None:
    """Restores or removes the folders that killed processes left next to this one."""
    old = folder.with_name(f"{folder.name}.old")
    if old.is_dir() and not folder.exists():
        old.rename(folder)
    for left in folder.parent.glob(f"{folder.name}.new-*"):
        number = left.name.rpartition("-")[2]
        if number.isdigit() and not Path("/proc", number).exists():
            shutil.rmtree(left, ignore_errors=True)


def fill(result: Result, new: Path, pdf: bool, campaign: Path) -> None:
    """Writes all files of a report."""
    (new / "tables").mkdir(parents=True)
    drawn = plots.write(result, new / "plots", pdf)
    all_ = sheets(result)
    for name, page in pages(result, all_, drawn, campaign).items():
        (new / name).write_text(page, encoding="utf-8")
    (new / "verdicts.json").write_text(to_json(result), encoding="utf-8")
    for one in all_:
        write_table(one, new / "tables")
    with zipfile.ZipFile(new / "data.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for file in (new / "verdicts.json", *sorted(new.glob("*/*.csv"))):
            member = zipfile.ZipInfo(str(file.relative_to(new)))  # with a constant date
            member.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(member, file.read_bytes())


def write_table(sheet: Sheet, folder: Path) -> None:
    """Writes a table as CSV. Writes main tables also as LaTeX and Markdown."""
    texts = {"csv": files.table_csv(sheet)}
    if sheet.id in MAIN:
        texts |= {"tex": files.table_tex(sheet), "md": files.table_md(sheet)}
    for end, content in texts.items():
        (folder / f"{sheet.id}.{end}").write_text(content, encoding="utf-8")


def replace(new: Path, folder: Path) -> None:
    """Exchanges two folders in one step; afterwards `new` is the old one.

    If the file system cannot exchange folders, the old one is first renamed to NAME.old. If the
    process is killed before it finishes, the next report restores that folder (sweep()).
    """
    if not folder.exists():
        new.rename(folder)
        return
    renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    if renameat2(AT_FDCWD, os.fsencode(new), AT_FDCWD, os.fsencode(folder),
                 RENAME_EXCHANGE) == 0:
        return
    error = ctypes.get_errno()
    if error not in (errno.EINVAL, errno.ENOSYS):
        raise OSError(error, os.strerror(error), str(folder))
    old = folder.with_name(f"{folder.name}.old")
    folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old)
