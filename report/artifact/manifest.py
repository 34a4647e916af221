# SPDX-License-Identifier: Apache-2.0
"""SHA256SUMS of an artifact: every name below its folder, its kind, and the hash of its content.

`sha256sum -c` reads the lines without a #; the other lines list folders, links and programs. The
text depends only on the folder. A change of the list itself is also detected, because the list then
no longer matches the folder.
"""
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

NAME = "SHA256SUMS"
HEAD = "# artifact of readmostly, form 1; docs/reference/artifact.md of the sources\n"
WIDEST = {"file": 0o644, "program": 0o755, "folder": 0o755}
CHUNK = 1 << 20
Row = tuple[str, str, str]  # path; kind: file, program, folder or "link -> TARGET"; SHA-256 or ""
Listed = Mapping[str, tuple[str, str]]  # path -> the rest of its row


class Unlisted(Exception):
    """Raised if the list cannot contain an entry of the folder. The text names the entry."""


def sha256(path: str | Path) -> str:
    """Returns the hash of a file; does not follow links."""
    found = hashlib.sha256()
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with open(fd, "rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def printable(name: str) -> str:
    """Escapes a name so that it is safe to print."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in name)


def leads_out(path: str, target: str) -> bool:
    """True if a link at `path` points outside the artifact."""
    end = os.path.normpath(os.path.join(os.path.dirname(path), target))
    return os.path.isabs(target) or end.split(os.sep)[0] == os.pardir


def check_name(path: str) -> None:
    """Raises Unlisted if the list cannot contain the name."""
    if "\\" in path or " -> " in path or not path.isprintable():
        raise Unlisted(f"{printable(path)}: {NAME} cannot contain this name")


def check_mode(path: str, kind: str, mode: int) -> None:
    """Rejects extra permissions. Missing ones are allowed, because a umask removes some."""
    if mode & ~WIDEST[kind]:
        raise Unlisted(f"{path}: mode {mode:o}, expected at most "
                       f"{WIDEST[kind]:o}")


def kind_of(entry: os.DirEntry[str], path: str) -> str:
    """Returns the kind: file, program, folder, or "link -> TARGET"."""
    check_name(path)
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        target = os.readlink(entry.path)
        check_name(target)
        if leads_out(path, target):
            raise Unlisted(f"{path}: a link to {target}, outside of the artifact")
        return f"link -> {target}"
    kind = ("folder" if stat.S_ISDIR(mode) else "" if not stat.S_ISREG(mode)
            else "program" if mode & 0o100 else "file")
    if not kind:
        raise Unlisted(f"{path}: neither a file nor a folder nor a link")
    check_mode(path, kind, stat.S_IMODE(mode))
    return kind


def walk(folder: str | Path, wrong: Callable[[str], None], below: str = "") -> Iterator[Row]:
    """Yields everything in a folder, in the order of the list. Calls wrong(text) for entries
    that the list cannot contain."""
    with os.scandir(os.path.join(folder, below)) as scan:
        entries = sorted(scan, key=lambda entry: entry.name)
    for entry in entries:
        path = below + entry.name
        if path == NAME:
            continue
        try:
            kind = kind_of(entry, path)
            held = (sha256(entry.path) if kind in ("file", "program") else "")
        except Unlisted as error:
            wrong(str(error))
            continue
        except PermissionError:
            raise  # unreadable entries do not show that the artifact was damaged
        except OSError as error:
            wrong(f"{printable(path)}: {error.strerror}")
            continue
        yield path, kind, held
        if kind == "folder":
            yield from walk(folder, wrong, path + "/")


def text_of(rows: Iterable[Row]) -> str:
    """Formats the rows as text of SHA256SUMS."""
    lines = [HEAD]
    for path, kind, held in rows:
        if kind != "file":
            word, blank, target = kind.partition(" ")
            lines.append(f"# {word} {path}{blank}{target}\n")
        if held:
            lines.append(f"{held}  {path}\n")
    return "".join(lines)


def parse(text: str) -> Listed:
    """Parses the text of SHA256SUMS. The message of a ValueError begins with the number of the
    line."""
    if not text.startswith(HEAD):
        raise ValueError("1: expected " + HEAD.strip())
    listed: dict[str, tuple[str, str]] = {}
    programs: set[str] = set()
    for number, line in enumerate(text.splitlines()[1:], 2):
        mark, _, rest = line.partition(" ")
        kind, _, path = rest.partition(" ")
        if mark == "#" and kind == "program":
            programs.add(path)
        elif mark == "#" and kind in ("folder", "link"):
            path, arrow, target = path.partition(" -> ")
            listed[path] = (kind + arrow + target, "")
        elif len(mark) == 64 and rest.startswith(" "):
            path = rest[1:]
            listed[path] = ("program" if path in programs else "file", mark)
        else:
            raise ValueError(f"{number}: neither a checksum nor a comment")
    return listed


def write(folder: str | Path) -> str:
    """Writes the list of everything in `folder`, and returns the digest of the artifact. Raises
    Unlisted if an entry cannot be listed."""
    wrong: list[str] = []
    text = text_of(walk(folder, wrong.append))
    if wrong:
        raise Unlisted(wrong[0])
    with open(os.path.join(folder, NAME), "w", encoding="utf-8") as file:
        file.write(text)
    return digest(folder)


def digest(folder: str | Path) -> str:
    """Returns the hash of SHA256SUMS, which identifies the whole artifact."""
    return sha256(os.path.join(folder, NAME))


def differences(listed: Listed, found: Listed) -> Iterator[str]:
    """Yields the differences between two lists, one line each."""
    gone = {listed[p][1]: p for p in listed.keys() - found.keys()}
    for path in sorted(listed.keys() | found.keys()):
        if path not in found:
            yield f"{path}: listed, but missing"
        elif path not in listed:
            was = gone.get(found[path][1]) if found[path][1] else None
            yield (f"{path}: present, but not listed"
                   + (f" (what {was} was)" if was else ""))
        elif found[path][0] != listed[path][0]:
            yield (f"{path}: a {found[path][0]}, listed as a "
                   f"{listed[path][0]}")
        elif found[path][1] != listed[path][1]:
            yield f"{path}: its sha256 differs from the listed one"


def problems(folder: str | Path) -> list[str]:
    """Returns all differences between a folder and its list."""
    wrong: list[str] = []
    rows = list(walk(folder, wrong.append))
    try:
        fd = os.open(os.path.join(folder, NAME), os.O_RDONLY | os.O_NOFOLLOW)
        with open(fd, "rb") as file:
            kept = file.read()
        listed = parse(kept.decode())
    except PermissionError:
        raise
    except OSError as error:
        return wrong + [f"{folder}/{NAME}: {error.strerror}: " + (
            f"a campaign, which `readmostly dev validate {folder}` checks"
            if os.path.exists(os.path.join(folder, "campaign.json"))
            else "expected what `make artifact` wrote")]
    except ValueError as error:
        return wrong + [f"{NAME}:{error}"]
    refused = {text.partition(":")[0] for text in wrong}
    wrong += [text for text in differences(
        {p: v for p, v in listed.items() if p not in refused},
        {path: (kind, held) for path, kind, held in rows})]
    if not wrong and kept != text_of(rows).encode():
        wrong.append(f"{NAME}: not in the form that `make artifact` writes")
    return wrong
