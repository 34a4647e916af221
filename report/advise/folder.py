# SPDX-License-Identifier: Apache-2.0
"""A campaign folder, or a staged one: its complete stages as one campaign.

Blocks of different stages ran at different times and are never one block:
those of a later stage are numbered on from the ones before it, so that what
is paired by block stays within a stage.
"""
import json
from dataclasses import replace
from pathlib import Path

from report import damage, journal, strict_json
from report.journal import JournalError

STAGES = "stages.json"
FORMAT = 1  # of stages.json


def check_stages(path):
    """stages.json is as it was written, where there is one."""
    file = path / STAGES
    try:
        meta = strict_json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise JournalError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise JournalError(f"{file}: not JSON: {error}") from None
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise JournalError(f"{file}: format {FORMAT} expected")
    if "sha256" in meta and meta["sha256"] != damage.campaign_sha256(meta):
        raise JournalError(f"{file}: changed since it was written, its hash "
                           f"is not sha256: {damage.ADVICE}")


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


def order_of(meta, index):
    """The blocks of a stage, cells by their number in the whole."""
    ids = [cell["id"] for cell in meta["cells"]]
    return [[index[ids[i]] for i in block if i < len(ids)]
            for block in meta.get("order", [])]


def blocks_of(campaign):
    """How many block numbers a stage uses."""
    planned = [c.blocks for c in campaign.cells.values()]
    ran = [t["block"] + 1 for c in campaign.cells.values() for t in c.trials]
    return max([len(campaign.meta.get("order", [])), *planned, *ran])


def whole(stages, path):
    """The campaigns of several stages as one; JournalError where they are
    not of one machine."""
    machines = {json.dumps((s.meta.get("machine") or {}).get("id"))
                for s in stages}
    if len(machines) > 1:
        raise JournalError(f"{path}: stages of {len(machines)} machines, "
                           "expected one")
    cells, arms, order, done = {}, {}, [], 0
    for stage in stages:
        for cell in stage.cells.values():
            add_cell(cells, cell, done)
        index = {name: i for i, name in enumerate(cells)}
        order += [[]] * (done - len(order)) + order_of(stage.meta, index)
        for key, trials in stage.arms.items():
            arms.setdefault(key, []).extend(shifted(t, done) for t in trials)
        done += blocks_of(stage)
    maps = {m["id"]: m for s in stages for m in s.meta["maps"]}
    meta = {**stages[0].meta, "maps": list(maps.values()), "order": order,
            "cells": [c.factors for c in cells.values()]}
    return replace(stages[0], path=path, meta=meta, cells=cells, arms=arms,
                   trials=sum(s.trials for s in stages), ran=[],
                   replaced=[t for c in cells.values() for t in c.earlier],
                   problems=[f"{s.path.name}/{p}" for s in stages
                             for p in s.problems])


def read(path):
    """(campaign, names of stages that are not complete) of folder `path`;
    JournalError where it is no campaign."""
    path = Path(path)
    found = sorted(p for p in path.glob("stage-*") if p.is_dir())
    if (path / "campaign.json").exists() or not (
            found or (path / STAGES).exists()):
        return journal.read(path), []
    check_stages(path)
    stages = [journal.read(p) for p in found
              if (p / "campaign.json").exists()]
    complete = [s for s in stages if not s.pending]
    if not complete:
        raise JournalError(f"{path}: no stage of it is complete yet: go on "
                           "with the command that began it")
    names = {s.path.name for s in complete}
    return whole(complete, path), [p.name for p in found
                                   if p.name not in names]
