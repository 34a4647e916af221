# SPDX-License-Identifier: Apache-2.0
"""Reads a campaign folder, or combines the complete stages of a staged campaign into one.

Stages run at different times. Block numbers continue from stage to stage, so that pairs stay
within one stage.
"""
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from report import load, staged
from report.load import Campaign, Cell, JournalError, Trial


def shifted(trials: Iterable[Trial], blocks: int) -> tuple[Trial, ...]:
    """Adds `blocks` to the block number of each trial."""
    return tuple(replace(t, block=t.block + blocks) for t in trials)


def joined(known: Cell | None, cell: Cell, done: int) -> Cell:
    """Appends the trials of a cell in the next stage to the trials of the same cell in earlier
    stages. Their block numbers continue after `done`. A stage may have run a cell that another
    stage skipped."""
    trials, earlier = shifted(cell.trials, done), shifted(cell.earlier, done)
    if known is None:
        return replace(cell, trials=trials, earlier=earlier)
    skip = known.factors.skip and cell.factors.skip
    blocks = known.factors.blocks + cell.factors.blocks
    return Cell(replace(known.factors, blocks=blocks, skip=skip), known.trials + trials,
                known.earlier + earlier, known.names)


def blocks_of(campaign: Campaign) -> int:
    """Returns how many block numbers a stage uses."""
    return max([len(campaign.rounds), *(c.factors.blocks for c in campaign.cells.values()),
                *(t.block + 1 for _, t in campaign.ran)])


def whole(stages: Sequence[Campaign], path: Path) -> Campaign:
    """Joins the campaigns of the stages, which ran on one machine, into one campaign."""
    cells: dict[str, Cell] = {}
    arms: dict[tuple[str, str], tuple[Trial, ...]] = {}
    rounds: list[tuple[tuple[str, int], ...]] = []
    done = 0
    for stage in stages:
        for cell in stage.cells.values():
            cells[cell.id] = joined(cells.get(cell.id), cell, done)
        for key, trials in stage.arms.items():
            arms[key] = arms.get(key, ()) + shifted(trials, done)
        rounds += [tuple((name, block + done) for name, block in cells_of_round)
                   for cells_of_round in stage.rounds]
        done += blocks_of(stage)
    maps = {m.id: m for s in stages for m in s.plan.maps}
    plan = replace(stages[0].plan, maps=tuple(maps.values()), name=path.resolve().name,
                   cells=tuple(c.factors for c in cells.values()))
    return Campaign(path, plan, cells, arms,
                    tuple((cells[c.id], t) for s in stages for c, t in s.ran), tuple(rounds),
                    stages[0].repeats, sum(s.trials for s in stages),
                    tuple(f"{s.path.name}/{p}" for s in stages for p in s.problems))


def read(path: Path) -> tuple[Campaign, tuple[str, ...]]:
    """Returns the campaign and the names of incomplete stages. Raises JournalError if the folder
    has no campaign."""
    if not (path / "stages.json").exists():
        return load.read(path), ()
    search = staged.read(path)
    if not search.stages:
        raise JournalError(f"{path}: no stage is complete yet; resume the command "
                           "that began the campaign")
    begun = (search.begun.path.name,) if search.begun else ()
    return whole(search.stages, path), begun
