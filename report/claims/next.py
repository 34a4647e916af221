# SPDX-License-Identifier: Apache-2.0
"""Selects the cells of a plan that claims need; they form the only stage of a run for claims."""
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from report import folders, staged
from report.claims import evidence, ledger
from report.claims.cells import Cells
from report.claims.golang import CLASSIC_PREFIX, PREFIX, Go
from report.claims.ledger import Ledger
from report.claims.phrases import plural
from report.claims.text import LedgerError
from report.load import Cell, JournalError, strict_json
from report.load.decode import decode


def cells_in(file: Path) -> Cells:
    """Reads the cells of plan.json or campaign.json. Raises JournalError."""
    try:
        plan = decode(staged.Cells, strict_json.loads(file.read_bytes()))
    except OSError as error:
        raise JournalError(f"{file}: {folders.reason(error)}") from None
    except ValueError as error:
        raise JournalError(f"{file}: not a plan ({error}): expected the output of "
                           "`readmostly plan --json`") from None
    return Cells(map(Cell, plan.cells))


def chosen(claims: Ledger, ids: Iterable[str]) -> Ledger:
    """Returns the claims with these ids, or all claims if no id is given. Raises LedgerError."""
    names = list(ids)
    unknown = [name for name in names if name not in claims]
    if unknown:
        raise LedgerError(
            f"no claim {', '.join(unknown)}: expected ids that `readmostly dev claims list` "
            "prints, such as S4-01")
    return {name: claims[name] for name in names} if names else claims


def cells_of(cells: Cells, claims: Ledger) -> list[Cell]:
    """Returns the cells that these claims use, in the order of the plan."""
    found = set()
    for claim in claims.values():
        for ones in (claim.each(), claim.varied(), *(
                Go("", prefix).of(claim) for prefix in (PREFIX, CLASSIC_PREFIX))):
            for one in evidence.parts(cells, claim, ones):
                query = evidence.query_of(one)
                found |= {c.id for side in query.sides for c in cells.fitting(query, side)}
    return [c for c in cells.all if c.id in found]


@dataclass(frozen=True)
class Next:
    """The next stage, as `report next` prints it; `stage` is None if the run has ended."""
    format: int
    stage: int | None
    cells: tuple[str, ...]
    why: str
    blocks: int | None = None
    trials: int = 0


def next_stage(found: staged.Staged) -> Next:
    """Computes the next stage of a run for claims. Raises LedgerError."""
    if found.stages:
        return Next(1, None, (), "stopped because every cell of the claims has run")
    claims = chosen(ledger.read(), found.meta.ids or ())
    cells = cells_of(Cells(map(Cell, found.plan.cells)), claims)
    if not cells:
        name = "a claim" if len(claims) != 1 else next(iter(claims))
        raise LedgerError(
            f"{found.plan_file}: has no cell of {name}: run another mode, or see what the "
            "claim lacks (readmostly dev claims show ID)")
    return Next(1, 1, tuple(c.id for c in cells), f"the cells of {plural(len(claims), 'claim')}",
                trials=sum(c.pending for c in cells))


def main(found: staged.Staged) -> int:
    """Prints the next stage and returns the exit status."""
    print(strict_json.dumps(vars(next_stage(found)), indent=1, ensure_ascii=False))
    return 0
