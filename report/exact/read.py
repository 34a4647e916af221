# SPDX-License-Identifier: Apache-2.0
"""Reads the folder of the exact gate: the plan, and the answers of base and head.

The script of `make regress-exact` writes the folder: plan.json; about (lines of a word and
its value); message (the commit messages since base); same (the maps whose programs are equal);
base/ and head/, each with an answer to every request. An InputError names the faulty file.
"""
from collections.abc import Container
from pathlib import Path
from typing import Any

from report import folders
from report.ending import InputError
from report.exact.model import About, Answer, Cell, Count, Figures, Planned
from report.load import strict_json

DOCS = Path(__file__).resolve().parents[2] / "docs"
SEED = 1  # seed of every trial, so that base and head run the same operations
# The sums over all memory regions, named as in the answers.
TOTALS = ("l1d_misses", "coherence_misses", "false_sharing_misses", "invalidations",
          "false_sharing_invalidations", "upgrades")
BY_REGION = ("misses", "coherence_misses", "false_misses", "invalidations",
             "false_invalidations", "upgrades")
# Exit statuses of a trial that failed for a reason outside of the program.
LOST = {"": "left no status: is the disk full?", "3": "lost its answer",
        "130": "was interrupted", "137": "was killed, perhaps for lack of memory",
        "143": "was terminated"}
ROOM = "; make room in TMPDIR, then run the same command again"


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: {folders.reason(error)}") from error


def write(path: Path, text: str) -> None:
    try:
        folders.replace(path, text)
    except OSError as error:
        raise InputError(f"{path}: {folders.reason(error)}") from error


def read_json(path: Path) -> Any:
    try:
        return strict_json.loads(read(path))
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from error


# ---- requests ---------------------------------------------------------------

def parse_cell(cell: Any, factors: Container[str]) -> Planned:
    return Planned(cell["id"], cell["map"], cell["keys"], cell["write_kind"], cell["threads"],
                   cell["measure"], {k: v for k, v in cell.items() if k in factors})


def read_factors() -> Container[str]:
    """Returns the names of a cell's fields in a request."""
    found: dict[str, Any] = read_json(DOCS / "cell.schema.json")["properties"]
    return found


def read_plan(file: Path) -> tuple[Planned, ...]:
    """Reads the simulated cells, including cells that the planner would skip, because base and head
    each report which cells they cannot run."""
    factors = read_factors()
    try:
        cells = tuple(parse_cell(c, factors) for c in read_json(file)["cells"]
                      if c["measure"].startswith("simulated:"))
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file}: not a plan: {error!r}") from error
    if not cells:
        raise InputError(f"{file}: the plan has no simulated cell")
    names = [cell.name for cell in cells]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{file}: {name}: two planned cells have this name; they may differ "
                             "in map, keys, write kind and threads")
    return cells


def same_of(folder: Path) -> list[str]:
    """Reads the names of maps whose programs are equal in base and head."""
    path = folder / "same"
    return read(path).split() if path.exists() else []


def request_of(factors: Any, backend: str = "sim") -> str:
    """Formats a request of the trial protocol as JSON."""
    return strict_json.dumps({"protocol": 2, "seed": SEED, "control_extra": 0.0,
                              "counters": {"backend": backend}, "cell": factors})


def write_requests(folder: Path) -> None:
    """Writes one file for each request, and the file `order`: numbers and maps of the requests,
    slowest first. `order` omits the maps that the file `same` lists."""
    cells, same = read_plan(folder / "plan.json"), same_of(folder)
    (folder / "requests").mkdir()
    for number, cell in enumerate(cells):
        write(folder / "requests" / f"{number:03}", request_of(cell.factors))
    order = sorted(range(len(cells)), key=lambda n: (-cells[n].threads, -cells[n].keys))
    write(folder / "order", "".join(
        f"{n:03} {cells[n].map}\n" for n in order if cells[n].map not in same))


# ---- answers ----------------------------------------------------------------

def whole(value: Count) -> Count:
    """Converts a count without a fraction to int, because answers may write 3 as 3.0."""
    return int(value) if value == int(value) else value


def figures_of(result: Any) -> Figures:
    """Returns all figures of an answer that the gate compares, by name."""
    total = {e["metric"]: e["total"] for e in result["counters"]["events"]}
    found = {name: total[name] for name in TOTALS}
    found["accesses"] = total["loads"] + total["stores"]
    found["rmws"] = total["rmws"]
    found["unsimulated_accesses"] = result["counters"]["unsimulated_accesses"]
    found["ops"], found["writes"] = result["ops"], result["writes"]
    for region in result["counters"]["regions"]:
        for name in BY_REGION:
            found[f"{region['name']}.{name}"] = region[name]
    for stat in result["stats"]:
        if stat["value"] is not None:
            found[f"stats.{stat['name']}"] = stat["value"]
    return {name: whole(value) for name, value in found.items()}


def answer_of(folder: Path, number: int) -> Answer:
    """Reads one answer of base or head; `folder` selects which. Raises InputError if the answer was
    lost."""
    status = read(folder / f"{number:03}.status").strip()
    error_lines = read(folder / f"{number:03}.err").strip().splitlines()
    words = f": {error_lines[-1][:300]}" if error_lines else ""
    if status in LOST:
        raise InputError(f"a trial of {folder.name} {LOST[status]}{words}"
                         f"{ROOM if status in ('', '3') else ''}")
    if status != "0":
        return Answer(None, f"ended with status {status}{words}")
    try:
        result: Any = strict_json.loads(read(folder / f"{number:03}"))
        if result["status"] == "failed":
            return Answer(None, f"failed: {result['reason']}")
        return Answer(figures_of(result))
    except (ValueError, KeyError, TypeError) as error:
        return Answer(None, "returned an answer that cannot be read "
                      f"({type(error).__name__}: {error})")


def read_cells(folder: Path) -> tuple[Cell, ...]:
    """Reads the answers of base and head for each planned cell."""
    same = same_of(folder)
    return tuple(Cell(planned, None, None) if planned.map in same else
                 Cell(planned, answer_of(folder / "base", n), answer_of(folder / "head", n))
                 for n, planned in enumerate(read_plan(folder / "plan.json")))


def read_about(file: Path) -> About:
    """Parses the file `about`: one word and its value on each line."""
    words = [line.partition(" ")[::2] for line in read(file).splitlines() if line]
    try:
        return About(**dict(words))
    except TypeError as error:
        raise InputError(f"{file}: {error}") from error
