#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""prose.py [--show N] [PATH...] - checks the English of the tree.

Counts sentences of documents, messages and comments that break a rule of
plain technical English, and compares the share of each kind of text with its
limit in prose.toml. Status 1: a share is above its limit. --show N prints N
flagged sentences. With PATHs, only those files count and no limit applies.
"""

import argparse
import collections
import collections.abc
import dataclasses
import pathlib
import re
import subprocess
import sys
import tomllib

SETTINGS = pathlib.Path(__file__).with_name("prose.toml")
C_LIKE = {".c", ".h", ".cc", ".hh", ".go", ".java", ".rs"}
HASH_COMMENTS = {".sh", ".mk", ".conf", ".toml"}
C_TEXT = re.compile(r'/\*(?P<block>.*?)\*/|//[/!]? ?(?P<line>[^\n]*)|"(?P<string>(?:[^"\\\n]|\\.)*)"', re.S)
PYTHON_TEXT = re.compile(
    r'"""(?P<block>.*?)"""|#(?P<line>[^\n]*)|"(?P<string>(?:[^"\\\n]|\\.)*)"', re.S)
HASH_TEXT = re.compile(r"(?:^|\s)#(?P<line> [^\n]*)", re.M)


@dataclasses.dataclass(frozen=True)
class Piece:
    """A paragraph, comment or message."""

    path: str
    line: int
    kind: str  # readme, documents, messages or comments
    text: str


def markdown(path: str, text: str) -> collections.abc.Iterator[Piece]:
    """Yields paragraphs, list items and table cells, but no code."""
    kind = "readme" if path == "README.md" else "documents"
    text = re.sub(r"^```.*?^```|^    [^\n]*", lambda m: "\n" * m[0].count("\n"), text, flags=re.S | re.M)
    for block in re.finditer(r"(?:^[^\n]*\S[^\n]*\n?)+", text, re.M):
        for item in re.finditer(r"(?:^\|[^\n]*|(?:(?!^\s*(?:[-*|]|\d+\.) )[^\n]|^\s*(?:[-*]|\d+\.) [^\n]*|\n(?!\s*(?:[-*]|\d+\.) |\|))+)",
                                block[0], re.M):
            line = text[:block.start() + item.start()].count("\n") + 1
            for cell in item[0].strip("|").split("|") if item[0].startswith("|") else [item[0]]:
                yield Piece(path, line, kind, cell)


def source(path: str, text: str, pattern: re.Pattern[str]) -> collections.abc.Iterator[Piece]:
    """Yields comments, with runs of line comments joined, and strings of five or more words."""
    run: list[str] = []
    start = last = 0
    for found in pattern.finditer(text):
        groups = found.groupdict()
        line = text[:found.start()].count("\n") + 1 + found[0].startswith("\n")
        if groups["line"] is not None and "SPDX" not in found[0]:
            after_code = bool(text[text.rfind("\n", 0, found.start()) + 1:found.start()].strip())
            if run and (line != last + 1 or after_code):
                yield Piece(path, start, "comments", " ".join(run))
                run = []
            start, last = (line if not run else start), -1 if after_code else line
            run.append(groups["line"].strip())
        elif groups.get("block"):
            block = re.sub(r"^\s*\* ?", "", groups["block"], flags=re.M)
            for paragraph in re.split(r"\n\s*\n|\n\s*- ", block):
                if "SPDX" not in paragraph:
                    yield Piece(path, line, "comments", paragraph)
        elif len((groups.get("string") or "").split()) >= 5:
            yield Piece(path, line, "messages", groups["string"].replace("\\n", " "))
    if run:
        yield Piece(path, start, "comments", " ".join(run))


def template(path: str, text: str) -> collections.abc.Iterator[Piece]:
    """Yields the text of a page template without its markup and expressions."""
    text = re.sub(r"\{[%#].*?[%#]\}|<(?:style|script).*?</(?:style|script)>", " ", text, flags=re.S)
    text = re.sub(r"\{\{.*?\}\}", "X", text, flags=re.S)
    for paragraph in re.split(r"</?(?:p|li|t[dhr]|h\d|div|summary|section|dt|dd)\b[^>]*>|\n\s*\n", text):
        yield Piece(path, 0, "messages", re.sub(r"<[^>]*>", "", paragraph))


def pieces(path: str) -> collections.abc.Iterator[Piece]:
    """Yields the texts of one file."""
    suffix = pathlib.Path(path).suffix
    try:
        text = pathlib.Path(path).read_text(encoding="utf8")
    except (UnicodeDecodeError, OSError):
        return
    if suffix == ".md":
        yield from markdown(path, text)
    elif suffix in C_LIKE:
        yield from source(path, text, C_TEXT)
    elif suffix == ".py":
        yield from source(path, text, PYTHON_TEXT)
    elif suffix in HASH_COMMENTS or path.endswith("Makefile"):
        yield from source(path, text, HASH_TEXT)
    elif suffix in {".html", ".j2", ".txt"} and "templates/" in path:
        yield from template(path, text)


def sentences(text: str) -> list[str]:
    """Splits a text into sentences; drops those shorter than five words."""
    plain = re.sub(r"\s+", " ", text).strip()
    return [part for part in re.split(r"(?<=[.!?;])\s+(?=[A-Z`\"*(])", plain) if len(part.split()) >= 5]


def main() -> int:
    """Prints the shares and compares them with their limits."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--show", type=int, default=0, metavar="N")
    parser.add_argument("paths", nargs="*")
    options = parser.parse_args()
    settings = tomllib.loads(SETTINGS.read_text(encoding="utf8"))
    rules = {name: re.compile(rule, re.I) for name, rule in settings["rules"].items()}
    comment_rules = rules | {name: re.compile(rule) for name, rule in settings["comment_rules"].items()}
    skipped = tuple(settings["skipped"])
    total: collections.Counter[str] = collections.Counter()
    flagged: collections.Counter[str] = collections.Counter()
    shown: list[str] = []
    listed = subprocess.run(["git", "ls-files", "--", *options.paths], capture_output=True, text=True, check=True)
    for path in listed.stdout.splitlines():
        for piece in () if path.startswith(skipped) else pieces(path):
            for sentence in sentences(piece.text):
                used = comment_rules if piece.kind == "comments" else rules
                broken = [name for name, rule in used.items() if rule.search(sentence)]
                broken += ["too long"] * (len(sentence.split()) > settings["most_words"])
                total[piece.kind] += 1
                flagged[piece.kind] += bool(broken)
                if broken:
                    shown.append(f"{piece.path}:{piece.line}: [{', '.join(broken)}] {sentence[:200]}")
    for line in shown[:options.show]:
        print(line)
    status = 0
    for kind, limit in settings["limits"].items():
        share = 100 * flagged[kind] / max(total[kind], 1)
        print(f"{kind}: {flagged[kind]} of {total[kind]} sentences flagged, {share:.1f} % (limit {limit} %)")
        if not options.paths and share > limit:
            print(f"prose: {kind}: {share:.1f} %: must be at most {limit} %; see {sys.argv[0]} --show 50 PATH", file=sys.stderr)
            status = 1
        elif not options.paths and share < limit - 0.5:
            print(f"prose: {kind}: lower the limit in {SETTINGS.name} to {share + 0.2:.1f}")
    return status


if __name__ == "__main__":
    sys.exit(main())
