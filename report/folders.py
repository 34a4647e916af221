# SPDX-License-Identifier: Apache-2.0
"""Safe access to folders that we write or trust. A campaign may come from another user, and any
user can write to /tmp, so a path there may contain a symbolic link to another place."""
import atexit
import contextlib
import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def own(path: Path | str, *below: str) -> None:
    """Makes the folder `path` and the folders `below` it. Raises OSError if one of these is a link.
    Removes links among the files in them, so that nothing is written through a link."""
    for folder in (Path(path), *(Path(path) / name for name in below)):
        if folder.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link, expected a real folder "
                          "of the campaign", str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            if file.is_symlink() and file.name not in below:
                file.unlink()


def content(file: Path) -> bytes:
    """Returns the bytes of a regular file. Raises OSError for other files, because reading a FIFO
    may never end."""
    if file.exists() and not file.is_file():
        raise OSError(errno.ENODEV, "not a regular file, expected a file: restore it "
                      "from a copy", str(file))
    return file.read_bytes()


NEXT = {
    errno.ENOSPC: "free space (df)", errno.EDQUOT: "free space (quota)",
    errno.EFBIG: "the limit is ulimit -f (size of files): start in a shell with "
                 "`ulimit -f unlimited`",
    errno.EROFS: "choose a writable place", errno.ENOTDIR: "choose another place",
    errno.EEXIST: "expected a folder: choose another one (-o)",
    errno.ENOLCK: "this file system has no locks: choose a local folder"}


def reason(error: OSError, instead: str = "use a copy of the campaign (cp -r)") -> str:
    """Returns the error's text, followed by the next step if the text does not contain one. Missing
    permissions are not reported as damage. `instead` is the next step if a folder cannot be
    written."""
    text = error.strerror or "no reason"
    if error.errno in NEXT and text == os.strerror(error.errno):
        return f"{text}: {NEXT[error.errno]}"
    if not isinstance(error, PermissionError):
        return text
    file = Path(os.fsdecode(error.filename or ""))
    if os.access(file.parent, os.X_OK) and (not file.exists() or os.access(file, os.R_OK)):
        text += f": {file.parent} cannot be written: run as its owner, or {instead}"
    else:
        text += ": run as the owner of the file, or chmod a+rX the file and its folders"
    return text


def owner(campaign: Path) -> str:
    """The id of the process that runs a campaign; "" if none holds its lock."""
    with contextlib.suppress(OSError):
        file = os.open(campaign / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.read(file, 20).decode(errors="replace").strip()
        finally:
            os.close(file)
    return ""


@contextlib.contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Adds the file name to an OSError. ending.py reports an error without a file name as an error
    of a standard stream."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def replace(path: Path | str, text: str) -> None:
    """Writes a file completely or not at all. An OSError names the file. Bytes of file names that
    are not UTF-8 become question marks."""
    new = f"{path}.{os.getpid()}.new"
    with naming(path):
        try:
            with open(new, "w", encoding="utf-8", errors="replace", opener=unlinked) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(new)  # a partial file would take up space on the full disk
            raise


def unlinked(path: str, flags: int) -> int:
    """Opens a file. Fails if the path itself is a symbolic link."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def append(file: BinaryIO, text: bytes, path: Path | str) -> None:
    """Appends bytes to an open file completely or not at all. An OSError names `path`. If the file
    is shared, the caller must lock it."""
    end = file.seek(0, os.SEEK_END)
    with naming(path):
        try:
            if os.write(file.fileno(), text) < len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), end)
            raise


def temporary() -> str:
    """Returns the folder for temporary files. Raises InputError if there is none."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError as error:
        from report.ending import InputError  # imported here, because ending.py imports this module
        raise InputError(f"{os.environ.get('TMPDIR') or '/tmp'}: no temporary file can be made "
                         "here: choose another place: export TMPDIR=FOLDER") from error


def private(name: str) -> str | None:
    """Returns a permanent folder in $TMPDIR that only this user can write to. If another user has
    taken the name, returns a folder that is removed at exit."""
    path = os.path.join(temporary(), name)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    except OSError:
        return None
    found = os.lstat(path)
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and \
            not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return path
    path = tempfile.mkdtemp(prefix=f"{name}-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path
