# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the artifact, a tar.gz whose bytes depend only on the folder and a date.

gzip's own checksum does not cover the header and the padding bits after the data. The file
therefore ends with a seal: an empty gzip member, which every reader skips. The comment of this
member is the SHA-256 of all bytes before it.
"""
import hashlib
import os
import stat
import tarfile
import zlib
from pathlib import Path
from typing import BinaryIO

TOP = "artifact"
LEVEL, GZIP = 6, 31
SEAL_HEAD = bytes.fromhex("1f8b0810" "00000000" "0003") + b"sha256 "
SEAL_TAIL = b"\0" + bytes.fromhex("0300" "00000000" "00000000")
SEAL_BYTES = len(SEAL_HEAD) + 64 + len(SEAL_TAIL)
CHUNK = 1 << 20


class Damaged(Exception):
    """Raised if the file has changed since it was packed, or is not an artifact."""


def seal_of(hexadecimal: str) -> bytes:
    """Returns the last gzip member of the file, with this SHA-256."""
    return SEAL_HEAD + hexadecimal.encode() + SEAL_TAIL


class Sealed:
    """Compresses the bytes that are written to it into a file, and seals the file."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.sum = file, hashlib.sha256()
        self.packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)

    def put(self, data: bytes) -> None:
        """Writes compressed bytes and adds them to the checksum."""
        self.sum.update(data)
        self.file.write(data)

    def write(self, data: bytes) -> int:
        """Compresses bytes and writes them."""
        self.put(self.packer.compress(data))
        return len(data)

    def seal(self) -> None:
        """Ends the file with the seal."""
        self.put(self.packer.flush())
        self.file.write(seal_of(self.sum.hexdigest()))


def member_of(path: str, name: str, seconds: int) -> tarfile.TarInfo:
    """Builds the tar header of a file, without its owner and with a fixed time."""
    found, member = os.lstat(path), tarfile.TarInfo(name)
    member.mtime = seconds
    if stat.S_ISLNK(found.st_mode):
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(path)
        member.mode = 0o777
    elif stat.S_ISDIR(found.st_mode):
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    else:
        member.size = found.st_size
        member.mode = 0o755 if found.st_mode & 0o100 else 0o644
    return member


def add(tar: tarfile.TarFile, path: str, name: str, seconds: int) -> None:
    """Adds a file, or a folder and everything below it."""
    member = member_of(path, name, seconds)
    if not member.isfile():
        tar.addfile(member)
    else:
        with open(path, "rb") as file:
            tar.addfile(member, file)
    if member.isdir():
        for below in sorted(os.listdir(path)):
            add(tar, os.path.join(path, below), f"{name}/{below}", seconds)


def pack(folder: str, out: str, seconds: int) -> None:
    """Writes `out` completely or not at all. Each member gets the time `seconds` (since 1970)."""
    part = f"{out}.{os.getpid()}.new"
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW,
                 0o644)
    try:
        with open(fd, "wb") as file:
            sealed = Sealed(file)
            with tarfile.open(mode="w|", fileobj=sealed,  # type: ignore[arg-type]
                              format=tarfile.PAX_FORMAT) as tar:
                add(tar, folder, TOP, seconds)
            sealed.seal()
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, out)
    except OSError as error:
        os.unlink(part)
        if error.filename is None:  # such an error comes from a failed write to the archive
            error.filename = str(out)
        raise


def check_seal(path: str) -> None:
    """Raises Damaged if the file has changed since it was packed."""
    size, found = os.stat(path).st_size, hashlib.sha256()
    with open(path, "rb") as file:
        left = size - SEAL_BYTES
        while left > 0:
            chunk = file.read(min(left, CHUNK))
            if not chunk:
                raise Damaged(f"{path}: became shorter while it was read")
            found.update(chunk)
            left -= len(chunk)
        seal = file.read()
    if seal == seal_of(found.hexdigest()):
        return
    raise Damaged(
        f"{path}: damaged, because its bytes do not match the SHA-256 at its end; download it "
        "again"
        if seal[:len(SEAL_HEAD)] == SEAL_HEAD and seal.endswith(SEAL_TAIL) else
        f"{path}: does not end with the seal of `make artifact`, so it is truncated, damaged or "
        "repacked; download it again and compare its sha256sum with the published one, or, if it "
        "was repacked on purpose, unpack it and verify the folder")


def place_of(member: tarfile.TarInfo, into: str, made: dict[str, str]) -> str:
    """Returns the path at which a member is unpacked. Raises Damaged if the path is outside `into`.
    `made` maps earlier members to their kinds, and this member is added to it."""
    parts = member.name.split("/")
    if parts[0] != TOP or any(p in ("", ".", "..") for p in parts):
        raise Damaged(f"{member.name}: this name is not in the folder {TOP}/")
    if member.name in made:
        raise Damaged(f"{member.name}: occurs twice in the archive")
    if len(parts) > 1 and made.get("/".join(parts[:-1])) != "folder":
        raise Damaged(f"{member.name}: occurs before its folder")
    if not (member.isdir() or member.isfile() or member.issym()):
        raise Damaged(f"{member.name}: neither a file nor a folder nor a link")
    made[member.name] = "folder" if member.isdir() else "other"
    return os.path.join(into, *parts)


def unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, place: str) -> None:
    if member.issym():
        os.symlink(member.linkname, place)
        return
    if member.isdir():
        os.mkdir(place)
    else:
        with open(place, "xb") as file:
            source = tar.extractfile(member)
            while source and (chunk := source.read(CHUNK)):
                file.write(chunk)
    os.chmod(place, member.mode & 0o7777)


def unpack(path: str, into: str | Path) -> str:
    """Unpacks a sealed file into `into`; returns the artifact's folder."""
    check_seal(path)
    made: dict[str, str] = {}
    try:
        with tarfile.open(path, "r:gz") as tar:
            for member in tar:
                unpack_one(tar, member, place_of(member, str(into), made))
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise Damaged(f"{path}: {error}") from None
    return os.path.join(into, TOP)
