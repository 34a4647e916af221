#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long form of the fuzzers: writes docs/tally/fuzz.md.

    fuzz_tally.py BUILD [NAME...]

Runs build/.../tests/test_fuzz_NAME (all of them without names), which were
built with --coverage, and then tests/report/fuzz_readers.py (`readers`).
FUZZ_INPUTS (10^6) and FUZZ_SECONDS (3600, of CPU time), whichever ends first,
are for each parser; FUZZ_ONLY names one of a fuzzer's. Rows of what is not
named stay as they are, and those of lines where not all of a fuzzer ran.

Lines are those that gcov counts in the files that a fuzzer's head names:

    fuzzes: FILE [but FUNCTION, ...: WHY]

Functions behind `but` are no part of the parser and are left out, with the
reason, which the page repeats. Exits 1 where a fuzzer found something or a
file's coverage is below 90 %, and 2 where there is no fuzzer of a NAME.
"""
import datetime
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

PAGE = Path("docs/tally/fuzz.md")
LEAST = 0.9
INPUTS, SECONDS = 1_000_000, 3600  # of the long form, whichever is first
HEAD = """# Fuzzed parsers

Made by `make fuzz`, a parser at a time (`make fuzz ARGS=history`); what the
fuzzers hold a parser to is in the head of each `test_fuzz_*.c`. Inputs end at
10^6 or at an hour of CPU time, whichever is first. Lines are those of the
parser's files that this fuzzer alone ran, by gcov. Built with
AddressSanitizer and UBSan; a parser in Python runs without. `FUZZ_SEED=N`
begins elsewhere, `FUZZ_ONLY=PARSER` runs one of a fuzzer's.

"""
COLUMNS = ("fuzzer", "parser", "date", "commit", "seed", "inputs", "taken",
           "refused", "inputs/s", "found")
LINES = ("fuzzer", "file", "lines", "run", "share", "left out, and not run")


def fuzzers():
    """name -> source of those in C."""
    return {p.stem[len("test_fuzz_"):]: p
            for p in sorted(Path("tests/unit").glob("*/test_fuzz_*.c"))}


def sources(source):
    """[(file, left-out functions, why)] of a fuzzer's head."""
    head, found = [], []
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith(" * fuzzes: "):
            head.append(line[len(" * fuzzes: "):])
        elif head and line.startswith(" *   "):
            head[-1] += " " + line[len(" *   "):]
        elif line.startswith(" */"):
            break
    for said in head:
        files, _, rest = said.partition(" but ")
        names, _, why = rest.partition(": ")
        found += [(file, re.findall(r"\w+", names), why)
                  for file in files.split()]
    return found


def gcov(build, file, left_out):
    """(lines, lines that ran, {function: lines that did not})."""
    data = build / "sanitized" / Path(file).with_suffix(".gcda")
    if not data.exists():
        return 0, 0, {"no line counted:": ["the fuzzer was ended"]}
    out = subprocess.run(["gcov", "--json-format", "--stdout", data],
                         capture_output=True, check=True, text=True).stdout
    ran, where = {}, {}
    for unit in map(json.loads, out.splitlines()):
        for entry in unit["files"]:
            if entry["file"] != file:
                continue
            for line in entry["lines"]:
                name = line.get("function_name", "")
                if name.split(".")[0] in left_out:
                    continue
                number = line["line_number"]
                ran[number] = ran.get(number, 0) + line["count"]
                where[number] = name.split(".")[0]
    missed = {}
    for number in sorted(n for n in ran if not ran[n]):
        missed.setdefault(where[number], []).append(number)
    return len(ran), sum(map(bool, ran.values())), missed


def run(command, env):
    """({"fuzz": what each `# fuzz` line says, "lines": likewise}, status)."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          env=os.environ | env, check=False)
    rows = {what: [line.split("\t")[1:] for line in done.stdout.splitlines()
                   if line.startswith(f"# {what}\t")]
            for what in ("fuzz", "lines")}
    if done.returncode:
        sys.stdout.write(done.stdout[-8000:])
    return rows, done.returncode


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True,
                          check=True).stdout.strip()


def commit():
    """With a + where more than this page is not committed."""
    changed = git("status", "--porcelain", "-uno", "--", ".", f":!{PAGE}")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def count(number):
    return f"{int(number):,}".replace(",", " ")


def rows_of(fuzzer, command):
    """Rows of the first table, those of lines that the fuzzer counts itself,
    and whether all was sound."""
    found, status = run(command, {
        "FUZZ_INPUTS": os.environ.get("FUZZ_INPUTS", str(INPUTS)),
        "FUZZ_SECONDS": os.environ.get("FUZZ_SECONDS", str(SECONDS))})
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%F")
    rows = [(fuzzer, name, day, commit(), seed, count(inputs), count(taken),
             count(refused), count(float(inputs) / max(float(cpu), 1e-3)),
             str(int(inputs) - int(taken) - int(refused)))
            for name, seed, inputs, taken, refused, cpu in found["fuzz"]]
    lines = [row(fuzzer, file, int(all_of), int(ran), said)
             for file, all_of, ran, said in found["lines"]]
    return rows, lines, status == 0


def row(fuzzer, file, lines, ran, said):
    """Of the second table."""
    return (fuzzer, file, str(lines), str(ran),
            f"{ran / lines if lines else 0:.1%}", said)


def lines_of(fuzzer, build, source):
    """Rows of the second table, by gcov."""
    rows = []
    for file, left_out, why in sources(source):
        lines, ran, missed = gcov(build, file, left_out)
        said = [f"without {', '.join(left_out)}: {why}"] if why else []
        said += [f"not run: {name} {' '.join(map(str, numbers))}"
                 for name, numbers in missed.items()]
        rows.append(row(fuzzer, file, lines, ran, "; ".join(said) or "-"))
    return rows


def table(columns, rows):
    return "".join("| " + " | ".join(row) + " |\n" for row in
                   (columns, ("---",) * len(columns), *rows))


def kept(page, columns, gone):
    """Rows of a table of the page that are not made again: `gone` are their
    first cell, or their first two."""
    found = [tuple(cell.strip() for cell in line.strip("| \n").split(" | "))
             for line in page.splitlines() if line.startswith("| ")]
    return [row for row in found if len(row) == len(columns)
            and row != columns and row[0] != "---"
            and not {row[:1], row[:2]} & gone]


def is_short(row):
    """Whether a row of the first table is of less than the long form."""
    inputs, per_second = (int(row[COLUMNS.index(name)].replace(" ", ""))
                          for name in ("inputs", "inputs/s"))
    return inputs < min(INPUTS, 0.99 * SECONDS * per_second)


def not_run(rows):
    short = [f"{row[1]} ({row[0]})" for row in rows if is_short(row)]
    short += sorted(f"all of {name}" for name in {*fuzzers(), "readers"}
                    - {row[0] for row in rows})
    return textwrap.fill("Not yet run in the long form: " + ", ".join(short)
                         + ".", 78) + "\n\n" if short else ""


def write(runs, lines, gone):
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    runs = sorted(kept(page, COLUMNS, gone) + runs)
    PAGE.write_text(
        HEAD + not_run(runs) + table(COLUMNS, runs) + "\n"
        + table(LINES, sorted(kept(page, LINES, gone) + lines)),
        encoding="utf-8")


def main(build, names):
    build, fine, known = Path(build), True, [*fuzzers(), "readers"]
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"fuzz_tally.py: no fuzzer is called {unknown[0]!r}, expected "
              f"one of: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        for old in build.rglob("*.gcda"):
            old.unlink()
        source = fuzzers().get(name)
        command = ([build / "tests" / f"test_fuzz_{name}"] if source else
                   [sys.executable, "tests/report/fuzz_readers.py", build])
        runs, lines, sound = rows_of(name, command)
        if os.environ.get("FUZZ_ONLY"):
            lines, gone = [], {row[:2] for row in runs}
        else:
            lines += lines_of(name, build, source) if source else []
            gone = {(name,)}
        write(runs, lines, gone)
        print(table(COLUMNS, runs) + table(LINES, lines), flush=True)
        fine = fine and sound and bool(runs) and all(
            int(ran) >= LEAST * int(of) for _, _, of, ran, _, _ in lines)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
