# SPDX-License-Identifier: Apache-2.0
"""Packs the files of a campaign from which its entry follows into one file, NAME.tar.xz, and
unpacks that file. Its bytes depend only on the campaign."""
import contextlib
import io
import lzma
import re
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from report import folders
from report.artifact import archive
from report.load import JournalError

MOST_BYTES = 2_000_000  # largest packed journal that the repository stores
MOST_UNPACKED = 1 << 30
PART = re.compile(r"campaign\.json|trials\.jsonl|histograms/[\w.+-]+\.hlog")


def pack(campaign: Path, file: Path) -> int:
    """Writes `file` and returns its size in bytes. Raises JournalError if that is too large."""
    names = ["campaign.json", "trials.jsonl", *sorted(
        f"histograms/{path.name}" for path in (campaign / "histograms").glob("*.hlog"))]
    packed = io.BytesIO()
    with lzma.open(packed, "w", preset=9) as data, \
            tarfile.open(mode="w|", fileobj=data, format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            archive.add(tar, str(campaign / name), name, 0)
    size = packed.tell()
    if size > MOST_BYTES:
        raise JournalError(f"{campaign}: its packed journal has {size} bytes: expected at most "
                           f"{MOST_BYTES}: publish a shorter mode, or upload the folder and give "
                           "its address by --journal")
    with folders.naming(file):
        file.write_bytes(packed.getvalue())
    return size


@contextlib.contextmanager
def unpacked(file: Path) -> Iterator[Path]:
    """Unpacks a journal into a temporary folder. Raises JournalError if it is damaged, or if it has
    a member that is not part of a campaign."""
    with tempfile.TemporaryDirectory(prefix="readmostly-journal-") as name:
        folder, left = Path(name), MOST_UNPACKED
        (folder / "histograms").mkdir()
        try:
            with tarfile.open(file, "r|xz") as tar:
                for member in tar:
                    left -= member.size
                    data = tar.extractfile(member) if PART.fullmatch(member.name) else None
                    if data is None or left < 0:
                        raise JournalError(f"{file}: {member.name}: expected only campaign.json, "
                                           "trials.jsonl and histograms/*.hlog, below 1 GiB")
                    (folder / member.name).write_bytes(data.read())
        except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
            raise JournalError(f"{file}: damaged ({error}): download it again") from None
        except OSError as error:
            if error.errno in folders.NEXT:  # the temporary folder is full
                raise OSError(error.errno, error.strerror, name) from None
            raise JournalError(f"{file}: {folders.reason(error)}") from None
        yield folder
