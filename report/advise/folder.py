# SPDX-License-Identifier: Apache-2.0
"""A campaign folder, or a staged one: its complete stages as one campaign.

Blocks of different stages ran at different times and are never one block:
those of a later stage are numbered on from the ones before it, so that what
is paired by block stays within a stage.
"""
from dataclasses import replace
from pathlib import Path

from report import journal, staged
from report.journal import JournalError


def shifted(trial, blocks):
    return {**trial, "block": trial["block"] + blocks}


def add_cell(cells, cell, blocks):
    """A cell of a stage, its blocks behind the `blocks` of those before."""
    known = cells.setdefault(cell.id, journal.Cell(
        {**cell.factors, "blocks": 0}))
    moved = {id(t): shifted(t, blocks) for t in cell.trials + cell.earlier}
    known.factors["blocks"] += cell.blocks
    if not cell.skip:  # one stage may have what another lacked
        known.factors["skip"] = None
    for name in ("trials", "ok", "earlier"):
        getattr(known, name).extend(moved[id(t)] for t in getattr(cell, name))


def blocks_of(campaign):
    """How many block numbers a stage uses."""
    planned = [c.blocks for c in campaign.cells.values()]
    ran = [t["block"] + 1 for c in campaign.cells.values() for t in c.trials]
    return max([len(campaign.rounds), *planned, *ran])


def whole(stages, path):
    """The campaigns of several stages, all of one machine, as one."""
    cells, arms, rounds, done = {}, {}, [], 0
    for stage in stages:
        for cell in stage.cells.values():
            add_cell(cells, cell, done)
        rounds += [[(name, block + done) for name, block in trials]
                   for trials in stage.rounds]
        for key, trials in stage.arms.items():
            arms.setdefault(key, []).extend(shifted(t, done) for t in trials)
        done += blocks_of(stage)
    maps = {m["id"]: m for s in stages for m in s.meta["maps"]}
    meta = {**stages[0].meta, "maps": list(maps.values()),
            "cells": [c.factors for c in cells.values()]}
    return replace(stages[0], path=path, meta=meta, cells=cells, arms=arms,
                   rounds=rounds,
                   trials=sum(s.trials for s in stages), ran=[],
                   replaced=[t for c in cells.values() for t in c.earlier],
                   problems=[f"{s.path.name}/{p}" for s in stages
                             for p in s.problems])


def read(path):
    """(campaign, names of stages that are not complete) of folder `path`;
    JournalError where it is no campaign."""
    path = Path(path)
    if (path / "campaign.json").exists() or not (
            path / "stages.json").exists():
        return journal.read(path), []
    found = staged.read(path)
    if not found.stages:
        raise JournalError(f"{path}: no stage of it is complete yet: go on "
                           "with the command that began it")
    return whole(found.stages, path), \
        [found.begun.path.name] if found.begun else []
