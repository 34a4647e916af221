# SPDX-License-Identifier: Apache-2.0
"""Draws mutants: a line of code each, changed in one place by a row of
tests/mutations.tsv. Who draws has read no test, nor any code."""
import dataclasses
import random
import re
import subprocess
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "mutations.tsv"
PARTS = ("runner", "report", "impls")
LANGUAGES = {".c": "c", ".h": "c", ".cc": "c", ".hh": "c", ".go": "go",
             ".java": "java", ".rs": "rs", ".py": "py", ".sh": "sh"}
LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
NO_CODE = re.compile(r"#|import |from \S+ import|package |use |extern |typedef ")


@dataclasses.dataclass(frozen=True)
class Row:
    kind: str
    languages: tuple
    pattern: re.Pattern
    replacement: str
    line: str
    changed: str


@dataclasses.dataclass(frozen=True)
class Mutant:
    """`path`:`number`, from 1: the line `before` is `after`."""
    path: str
    number: int
    kind: str
    before: str
    after: str

    @property
    def part(self):
        return self.path.split("/")[0]

    @property
    def compiled(self):
        return Path(self.path).suffix not in (".py", ".sh")

    @property
    def place(self):
        return f"{self.path}:{self.number}"


def table(path=TABLE):
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, languages, pattern, to, before, after = line.split("\t")
            before, after = (s.replace("\\t", "\t") for s in (before, after))
            rows.append(Row(kind, tuple(languages.split()),
                            re.compile(pattern), to, before, after))
    return rows


def masked(line, language):
    """The line, as long, without the insides of strings and what a comment
    says."""
    line = LITERAL.sub(lambda m: m[0][0] + "_" * (len(m[0]) - 2) + m[0][-1],
                       line)
    mark = {"py": "#", "sh": " #"}.get(language)
    cut = line.find(mark) if mark else min(
        (n for n in (line.find("//"), line.find("/*")) if n >= 0), default=-1)
    return line if cut < 0 else line[:cut].rstrip()


def replaced(row, match, line):
    """`line` with what `match` (of the masked line) met replaced."""
    if row.replacement in ("+1", "-1"):
        to = str(int(match[0]) + int(row.replacement))
    else:
        to = re.sub(r"\\(\d)", lambda m: line[slice(*match.span(int(m[1])))],
                    row.replacement)
    return line[:match.start()] + to + line[match.end():]


def changes(line, language, rows):
    """[(kind, the line changed)], all that the table can do to it."""
    bare = masked(line, language)
    found = [(row.kind, replaced(row, match, line)) for row in rows
             if language in row.languages
             for match in row.pattern.finditer(bare)]
    return [(kind, after) for kind, after in found if after != line]


def code_lines(text, language):
    """(number, line) of lines that are no comment, no docstring and no
    directive."""
    hashes, inside = language in ("py", "sh"), False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if language == "py" and (inside or '"""' in line):
            inside ^= line.count('"""') % 2 == 1
        elif not hashes and (inside or line.startswith("/*")):
            inside = "*/" not in line
        elif line and not line.startswith("//") and not NO_CODE.match(line):
            yield number, raw


def places(root, rows):
    """[(path, number, line, language)] of every line that can be changed."""
    files = subprocess.run(["git", "ls-files", *PARTS], cwd=root, text=True,
                           capture_output=True, check=True).stdout.split("\n")
    found = []
    for path in files:
        language = LANGUAGES.get(Path(path).suffix)
        if language and (Path(root) / path).is_file():
            text = (Path(root) / path).read_text(encoding="utf-8")
            found += [(path, number, line, language)
                      for number, line in code_lines(text, language)
                      if changes(line, language, rows)]
    return found


def drawn(root, seed, rows=None):
    """part -> its mutants in the order in which they were drawn, one of each
    file; of the kinds that a line allows each has the same chance."""
    rows = rows or table()
    chance = random.Random(seed)
    found, order = places(root, rows), {part: [] for part in PARTS}
    chance.shuffle(found)
    seen = set()
    for path, number, line, language in found:
        if path in seen:
            continue
        seen.add(path)
        able = changes(line, language, rows)
        kind = chance.choice(sorted({kind for kind, _ in able}))
        after = chance.choice([a for k, a in able if k == kind])
        order[path.split("/")[0]].append(
            Mutant(path, number, kind, line, after))
    return order
