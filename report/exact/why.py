# SPDX-License-Identifier: Apache-2.0
"""Lists the functions of failing cells whose instructions differ from base to head.

    python3 -m report.exact.why ask exact|time FOLDER REASONS
    python3 -m report.exact.why tell REASONS

FOLDER is the folder of the exact gate (exact) or a campaign of `make regress`
(time). `ask` makes the folder REASONS: requests/NUMBER, order (NUMBER MAP), base and
head (commits; head is empty for the work tree), cells.json. runner/why.sh adds
base/NUMBER.cachegrind, head/NUMBER.cachegrind and `changed`, the files that differ
between the commits. `tell` prints the functions and writes why.txt. The result does
not affect verdicts (docs/method/gate.md). Exit status: 0, 2 usage or input.
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

OPERATIONS = 8000  # in a counted window: the value of regress-exact.conf
MOST = 6  # functions that are printed per cell
THEIR_WORDS = ("IMPL", "IMPL_FLAGS", "IMPL_MAKE")  # make variables in the environment
# The path of a source file in its tree, which may be unpacked anywhere.
SOURCE = re.compile(r".*?/(?:theirs/(?:(?:base|head)/)?(.+)|((?:impls|tests|examples|runner)/.*))")


@dataclass(frozen=True)
class Question:
    """A cell, and the number of the request that represents it."""
    cell: str
    map: str
    run: int
    again: str  # the command that prints it again


@dataclass(frozen=True)
class Place:
    """A function, and the source file of some of its instructions."""
    file: str
    function: str


# ---- ask ----------------------------------------------------------------------

def native(planned: Planned) -> dict[str, object]:
    """Factors of a native trial that runs the operations of a cell in a counted window."""
    return dict(planned.factors) | {
        "measure": "throughput", "cpus": [], "warm_up_ns": 0, "window_ns": 0,
        "window_ops": OPERATIONS, "verify_ops": 0, "deadline_ns": 600 * 10**9}


def theirs(impl: str) -> str:
    """The make variables that name a map of another project; "" for our own maps."""
    if not impl:
        return ""
    words = {name: os.environ[name] for name in THEIR_WORDS if os.environ.get(name)}
    words["IMPL"] = os.path.abspath(words.get("IMPL", impl))
    return " ".join(f"{name}={shlex.quote(word)}" for name, word in sorted(words.items()))


def gate_command(goal: str, impl: str, chosen: str) -> str:
    """The command; for a map of another project it names Readmostly's folder."""
    make = f"make -C {shlex.quote(os.getcwd())}" if impl else "make"
    return " ".join(filter(None, (make, goal, theirs(impl), chosen)))


Found = list[tuple[Planned, str]]  # cell, the command that prints it again


def of_exact(folder: Path) -> tuple[str, str, Found]:
    """(base, head, red cells) of the exact gate."""
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
    """(base, head, cells) of a campaign of `make regress`: gated cells that are slower."""
    meta = read.read_json(folder / "campaign.json")
    rows = read.read_json(folder / "report" / "verdicts.json")["cells"]
    notes, factors = meta.get("notes", {}), read.read_factors()
    cells = {c["id"]: read.parse_cell(c, factors) for c in meta["cells"]}
    # the id contains the window that was calibrated for this campaign
    planned = {row["cell"]: identity(row["cell"]) for row in meta.get("calibration", [])}
    base, impl = notes.get("commit", ""), notes.get("map", "")
    ref = shlex.quote(notes.get("ref") or base or "unknown")
    return "" if impl else base, "", [
        (cells[row["cell"]], gate_command(f"regress BASE={ref}", impl, "CELLS=" + shlex.quote(
            planned.get(row["cell"], row["cell"]))))
        for row in rows if row["verdict"] == "FAIL" and row["slowdown_percent"] is not None]


def ask(kind: Callable[[Path], tuple[str, str, Found]], folder: Path, into: Path) -> int:
    """Writes the input of runner/why.sh. Of cells that differ only in threads it takes
    the one with the fewest, because threads take turns under cachegrind."""
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
    """The path of a source file in its tree; None for a library's source."""
    match = SOURCE.fullmatch(path.replace("/./", "/"))
    return (match[1] or match[2]) if match else None


def read_counts(path: Path) -> Counter[Place]:
    """Instructions of a map's functions, which are those with code outside runner/. The
    rest of a program depends on the times that it prints."""
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
    """Lines about one cell, the largest change first."""
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
    """The lines about one request, or the reason why nothing was counted."""
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
    """The whole output."""
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
    """Adds the text once, below the table of a merge request's comment and in a
    pipeline's summary."""
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
