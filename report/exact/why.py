# SPDX-License-Identifier: Apache-2.0
"""Lists the functions of failing cells whose instruction counts differ in base and head.

    python3 -m report.exact.why ask exact|time FOLDER REASONS
    python3 -m report.exact.why tell REASONS

FOLDER is the folder of the exact gate (`exact`) or of a campaign of `make regress` (`time`).
`ask` writes the folder REASONS: requests/NUMBER; order (lines `NUMBER MAP`); base.commit and
head.commit (empty for the work tree); cells.json. runner/why.sh adds base/NUMBER.cachegrind,
head/NUMBER.cachegrind and `changed`, the files that differ between the commits. `tell` prints
the functions and writes why.txt. Verdicts do not depend on the result (docs/method/gate.md).
Exit status: 0, or 2 for usage or input errors.
"""
import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from report import ending
from report.cell_id import identity
from report.ending import USAGE, InputError
from report.exact import read
from report.exact.__main__ import verdict_of
from report.exact.model import Planned, Word
from report.exact.text import ratio_text
from report.load import strict_json

OPERATIONS = 8000  # number of operations in a counted window, as in regress-exact.conf
MOST = 6  # number of functions printed for each cell
THEIR_WORDS = ("IMPL", "IMPL_FLAGS", "IMPL_MAKE")  # `make` variables, read from the environment
# A source file's path inside its tree; the tree may be unpacked anywhere.
SOURCE = re.compile(r".*?/(?:theirs/(?:(?:base|head)/)?(.+)|((?:impls|tests|examples|runner)/.*))")


@dataclass(frozen=True)
class Question:
    """A cell, and the number of the request whose counts explain it."""
    cell: str
    map: str
    run: int
    again: str  # command that repeats the gate for this cell


@dataclass(frozen=True)
class Place:
    """A function, and a source file that holds some of its instructions."""
    file: str
    function: str


# ---- ask ----------------------------------------------------------------------

def native(planned: Planned) -> dict[str, object]:
    """Returns the factors of a native trial with the same operations in a counted window."""
    return dict(planned.factors) | {
        "measure": "throughput", "cpus": [], "warm_up_ns": 0, "window_ns": 0,
        "window_ops": OPERATIONS, "verify_ops": 0, "deadline_ns": 600 * 10**9}


def theirs(impl: str) -> str:
    """Formats the `make` variables that name a map of another project. Returns "" for maps of
    Readmostly."""
    if not impl:
        return ""
    words = {name: os.environ[name] for name in THEIR_WORDS if os.environ.get(name)}
    words["IMPL"] = os.path.abspath(words.get("IMPL", impl))
    return " ".join(f"{name}={shlex.quote(word)}" for name, word in sorted(words.items()))


def gate_command(goal: str, impl: str, chosen: str) -> str:
    """Returns the command that repeats the gate. For a map of another project it also names
    Readmostly's folder."""
    make = f"make -C {shlex.quote(os.getcwd())}" if impl else "make"
    return " ".join(filter(None, (make, goal, theirs(impl), chosen)))


Found = list[tuple[Planned, str]]  # pairs of a cell and the command that repeats the gate for it


def of_exact(folder: Path) -> tuple[str, str, Found]:
    """Returns base, head and the failed cells of the exact gate."""
    verdict = verdict_of(folder)
    about, found = verdict.about, []
    for row in verdict.rows:
        cell = row.planned
        if row.verdict == Word.RED:
            head = f" HEAD={shlex.quote(about.head_ref)}" if about.head_ref else ""
            chosen = (f"{'' if about.map else f'MAPS={cell.map} '}ARGS='--set keys={cell.keys} "
                      f"--set write-kind={cell.write_kind} --set threads={cell.threads}'")
            found.append((cell, gate_command(f"regress-exact BASE={about.base[:12]}{head}",
                                             about.map, chosen)))
    return about.base, about.head if about.head_ref else "", found


def of_campaign(folder: Path) -> tuple[str, str, Found]:
    """Returns base, head and the gated cells that are slower, for a `make regress` campaign."""
    meta = read.read_json(folder / "campaign.json")
    rows = read.read_json(folder / "report" / "verdicts.json")["cells"]
    notes, factors = meta.get("notes", {}), read.read_factors()
    cells = {c["id"]: read.parse_cell(c, factors) for c in meta["cells"]}
    # the id includes the window length, which was calibrated for this campaign
    planned = {row["cell"]: identity(row["cell"]) for row in meta.get("calibration", [])}
    base, impl = notes.get("commit", ""), notes.get("map", "")
    ref = shlex.quote(notes.get("ref") or base or "unknown")
    return "" if impl else base, "", [
        (cells[row["cell"]], gate_command(f"regress BASE={ref}", impl, "CELLS=" + shlex.quote(
            planned.get(row["cell"], row["cell"]))))
        for row in rows if row["verdict"] == "FAIL" and row["slowdown_percent"] is not None]


def ask(kind: Callable[[Path], tuple[str, str, Found]], folder: Path, into: Path) -> int:
    """Writes the input of runner/why.sh. If cells differ only in their threads, the cell with
    the fewest is counted, because cachegrind runs only one thread at a time."""
    base, head, found = kind(folder)
    if not found:
        return 0
    runs: dict[tuple[object, ...], int] = {}
    order, questions = [], []
    (into / "requests").mkdir(parents=True, exist_ok=True)
    for planned, command in sorted(found, key=lambda f: f[0].threads):
        key = (planned.map, planned.keys, planned.write_kind, planned.factors.get("write_share"))
        if key not in runs:
            runs[key] = len(runs)
            order.append(f"{runs[key]:03} {planned.map}\n")
            read.write(into / "requests" / f"{runs[key]:03}",
                       read.request_of(native(planned), "none"))
        name = planned.name if planned.measure.startswith("simulated") else planned.id
        questions.append(asdict(Question(name, planned.map, runs[key], command)))
    for name, text in (("order", "".join(order)), ("base.commit", base), ("head.commit", head),
                       ("cells.json", strict_json.dumps(questions))):
        read.write(into / name, text)
    return 0


# ---- tell -----------------------------------------------------------------------

def source_of(path: str) -> str | None:
    """Returns the path of a source file in its tree, or None for the source of a library."""
    match = SOURCE.fullmatch(path.replace("/./", "/"))
    return (match[1] or match[2]) if match else None


def read_counts(path: Path) -> Counter[Place]:
    """Counts the instructions of each function that has code outside runner/. Other functions are
    omitted, because their counts depend on the times that they print."""
    counts: Counter[Place] = Counter()
    file, function = None, ""
    lines = read.read(path).splitlines()
    if not any(line.startswith("summary: ") for line in lines[-3:]):
        raise InputError(f"{path}: incomplete cachegrind file: was the run terminated?")
    for line in lines:
        if line.startswith("fl="):
            file = source_of(line[3:].strip())
        elif line.startswith("fn="):
            function = line[3:].strip().partition(".")[0]
        elif file and line[:1].isdigit():
            counts[Place(file, function)] += int(line.split()[1])
    own = {p.function for p in counts if not p.file.startswith("runner/")}
    return Counter({p: n for p, n in counts.items() if p.function in own})


def difference(base: Counter[Place], head: Counter[Place], changed: Sequence[str]
               ) -> Iterator[str]:
    """Yields lines about one cell, the largest change first."""
    total = base.total(), head.total()
    moved = sorted((p for p in base | head if base[p] != head[p]),
                   key=lambda p: (-abs(head[p] - base[p]), p.function, p.file))
    if not moved:
        yield f"instructions: equal, {total[1]} in the map's functions"
    else:
        yield (f"instructions: {total[0]} -> {total[1]} ({ratio_text(*total)}) in the map's "
               f"functions, {total[1] - total[0]:+d} in {OPERATIONS} operations")
    for place in moved[:MOST]:
        mark = " (changed)" if place.file in changed else ""
        yield f"  {place.function} {base[place]} -> {head[place]} in {place.file}{mark}"
    if len(moved) > MOST:
        yield f"  and {len(moved) - MOST} more"
    used = sorted({p.file for p in base | head} & set(changed))
    yield f"changed files in it: {', '.join(used) or 'none'}"


def instructions(folder: Path, run: int) -> list[str]:
    """Returns the lines about one request, or the reason why nothing was counted."""
    missing = folder / "no-instructions"
    if missing.exists():
        return [f"instructions: {read.read(missing).strip()}"]
    changed = folder / "changed"
    files = read.read(changed).splitlines() if changed.exists() else []
    try:
        base, head = (read_counts(folder / arm / f"{run:03}.cachegrind")
                      for arm in ("base", "head"))
        return list(difference(base, head, files))
    except InputError as error:
        return [f"instructions: {error}"]


def lines_of(folder: Path, questions: Sequence[Question]) -> Iterator[str]:
    for run in sorted({q.run for q in questions}):
        mine = [q for q in questions if q.run == run]
        yield f"why {mine[0].map}: {', '.join(q.cell for q in mine)}"
        yield from (f"  {line}" for line in instructions(folder, run))
        yield f"  again: {mine[0].again}"


def tell(folder: Path) -> int:
    if not (folder / "cells.json").exists():
        return 0
    found: list[dict[str, Any]] = read.read_json(folder / "cells.json")
    text = "\n".join(lines_of(folder, [Question(**q) for q in found]))
    if text:
        read.write(folder / "why.txt", text + "\n")
        add_to_comment(folder.parent / "gate.md", f"\n```\n{text}\n```\n")
        print(text)
    return 0


def add_to_comment(path: Path, text: str) -> None:
    """Appends the text to the comment on a merge request, unless it is there already, and to
    the summary of a GitHub job."""
    if not path.exists() or text in read.read(path):
        return
    read.write(path, read.read(path) + text)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(text)


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    try:
        match argv:
            case ["ask", "exact" | "time" as kind, folder, into]:
                return ask(of_exact if kind == "exact" else of_campaign, Path(folder),
                           Path(into))
            case ["tell", folder]:
                return tell(Path(folder))
    except InputError as error:
        print(f"why: {error}", file=sys.stderr)
        return USAGE
    print("usage: python3 -m report.exact.why ask exact|time FOLDER REASONS | tell REASONS",
          file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(ending.end(main))
