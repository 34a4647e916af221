# SPDX-License-Identifier: Apache-2.0
"""A tree of C as house.py reads it: files, rooms, words, lines, ctags' tags.

Words are those of code: comments and texts are left out. Paths are relative
to the root of the tree and sorted.
"""
import bisect
import collections
import io
import json
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

LANGUAGES = {".c": "C", ".h": "C", ".py": "Python", ".sh": "shell",
             ".mk": "make", ".gp": "gnuplot"}
DATA_FOLDERS = ("build", "results", ".git")

LEXEMES = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\""
                     r"|'(?:\\.|[^'\\\n])*'", re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define\b(?:.*\\\n)*.*", re.M)
WORD = re.compile(r"\b[A-Za-z_]\w*")
CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


def room_of(path):
    """The room of a file: "plan", "impls/support"; "" for the contract."""
    parts = path.split("/")
    if parts[0] == "runner":
        return parts[1] if len(parts) > 2 else ""
    return "/".join(parts[:-1][:2])


def tested_room(path):
    """The room whose unit test a file is, or None."""
    parts = path.split("/")
    return parts[2] if parts[:2] == ["tests", "unit"] and len(parts) > 3 else None


def door_of(room):
    return f"runner/{room}/{room}.h"


def stem(path):
    return path.rsplit(".", 1)[0]


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


class Source:
    """One C file: its text with and without comments and texts."""

    def __init__(self, text):
        self.text = text
        self.uncommented = LEXEMES.sub(
            lambda m: blank(m) if m.group()[0] == "/" else m.group(), text)
        self.code = LEXEMES.sub(blank, text)
        self.words = collections.Counter(WORD.findall(self.code))
        self.calls = collections.Counter(CALL.findall(self.code))
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]

    def line_of(self, offset):
        return bisect.bisect_right(self._starts, offset)

    def includes(self):
        for match in INCLUDE.finditer(self.uncommented):
            yield self.line_of(match.start(1)), match.group(1)


class Tree:
    """The files of a tree and what ctags says of its C."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = tracked(self.root)
        self.c_files = [f for f in self.files if f.endswith((".c", ".h"))]
        self.sources = {f: Source(self.text(f)) for f in self.c_files}
        self.rooms = sorted({room_of(f) for f in self.c_files
                             if f.startswith("runner/")} - {""})
        self.tags = ctags(self.root, self.c_files)
        self.functions = [t for t in self.tags if t["kind"] == "function"
                          and not t["name"].isupper()]
        self.prototypes = collections.Counter(
            (t["path"], t["name"]) for t in self.tags if t["kind"] == "prototype")
        self._bodies = {}

    def text(self, path):
        return (self.root / path).read_text(errors="replace")

    def under(self, *folders):
        return [f for f in self.c_files if f.startswith(folders)]

    def resolve(self, path, name):
        """The file that an #include of `path` names, or None."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        return next((f for f in (beside, name) if f in self.sources), None)

    def bodies(self, path):
        """Words of a header's inline functions and macros: what it uses."""
        if path not in self._bodies:
            code = self.sources[path].code
            lines = code.split("\n")
            parts = [m.group() for m in DEFINE.finditer(code)]
            for tag in self.functions:
                if tag["path"] == path:
                    text = "\n".join(lines[tag["line"] - 1:tag["end"]])
                    parts.append(text.partition("{")[2])
            self._bodies[path] = Source("\n".join(parts))
        return self._bodies[path]


def tracked(root):
    """Files of a work tree that git does not ignore; else all there are."""
    if (root / ".git").exists():
        run = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"],
                             cwd=root, check=True, text=True, capture_output=True)
        names = set(run.stdout.split("\n"))
    else:
        names = {str(f.relative_to(root)) for f in root.rglob("*")}
    return sorted(n for n in names if n and n.split("/")[0] not in DATA_FOLDERS
                  and (root / n).is_file())


def ctags(root, files):
    command = ["ctags", "--options=NONE", "--languages=C", "--langmap=C:.c.h",
               "--kinds-C=fgsup", "--fields=+neFzKt", "--sort=no",
               "--output-format=json", "-L", "-", "-o", "-"]
    try:
        run = subprocess.run(command, cwd=root, input="\n".join(files), text=True,
                             capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = (getattr(error, "stderr", "") or str(error)).strip()
        sys.exit(f"house: expected Universal Ctags with JSON as `ctags`: {detail}")
    tags = [json.loads(line) for line in run.stdout.split("\n") if line]
    return [t for t in tags if t["_type"] == "tag"]


# Lines of code of every language.

def c_lines(text):
    return {n for n, line in enumerate(
        Source(text).uncommented.split("\n"), 1) if line.strip()}


def python_lines(text):
    """Lines with code; a text that stands alone is a docstring."""
    layout = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
              tokenize.COMMENT, tokenize.ENCODING, tokenize.ENDMARKER)
    lines, statement = set(), []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            if [t.type for t in statement] != [tokenize.STRING]:
                for t in statement:
                    lines.update(range(t.start[0], t.end[0] + 1))
            statement = []
        elif token.type not in layout:
            statement.append(token)
    return lines


def hash_lines(text):
    return {n for n, line in enumerate(text.split("\n"), 1)
            if line.strip() and not line.lstrip().startswith("#")}


def code_lines(tree, path):
    """How many lines are code, and how many hold only a comment."""
    text = tree.text(path)
    language = LANGUAGES[Path(path).suffix]
    reader = {"C": c_lines, "Python": python_lines}.get(language, hash_lines)
    filled = {n for n, line in enumerate(text.split("\n"), 1)
              if line.strip() and "SPDX-License-Identifier" not in line}
    code = filled & reader(text)
    return len(code), len(filled - code)
