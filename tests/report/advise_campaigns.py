# SPDX-License-Identifier: Apache-2.0
"""Synthetic campaigns for the tests of `report advise`: any set of places, a
speed that the test chooses, noise by trial and by block. Nothing in them was
measured."""
import itertools
import json
import math
import random
from pathlib import Path

import make_journal
import synthetic

MAPS = ("null_map", "gomap_rw", "syncmap", "shard_rw_32", "ck_ht",
        "urcu_lfht")
NOISE, BLOCK_NOISE = 0.02, 0.05  # sd of ln rate: of a trial, of its block


def grid(**lists):
    """All places of lists of factors; a list that is not given has what is
    usual. Where nobody writes there is one kind of write."""
    lists = {"threads": (1, 2), "keys": (65536,), "write_share": (0.03,),
             "write_kind": ("update",)} | lists
    found = [dict(zip(lists, values))
             for values in itertools.product(*lists.values())]
    for place in found:
        if place["write_share"] == 0:
            place["write_kind"] = "update"
    return [p for i, p in enumerate(found) if p not in found[:i]]


def usual(cell):
    """The model's speed [Mop/s], which knows no dist and no shape."""
    return synthetic.mops(cell)


def noisy(speed, seed):
    """A function of (cell, block) that draws around speed(cell), the same
    whenever it is asked."""
    def drawn(cell, block):
        own = random.Random(f"{seed} {cell['id']} {block}")
        common = random.Random(f"{seed} {block}")
        return speed(cell) * math.exp(own.gauss(0, NOISE)
                                      + common.gauss(0, BLOCK_NOISE))
    return drawn


def cells_of(places, maps, blocks, cpus, workload):
    def one(name, place, measure, of, **more):
        known = dict(place)
        first = [known.pop(k) for k in ("keys", "write_share", "write_kind",
                                        "threads")]
        return make_journal.cell(name, workload, *first, measure, cpus,
                                 blocks=of, **known, **more)
    verify = [one(m, grid()[0], "verify", 1, verify_ops=100000) for m in maps]
    return verify + [one(m, p, "throughput", blocks)
                     for p in places for m in maps]


def control_lines(control, cells, blocks, rng, folder, spec):
    """Arms of the first timed cell: A/A, which fails if told, and +2 %."""
    first = next(c for c in cells if c["measure"] == "throughput")
    off = 1.04 if control == "fail" else 1.0
    return [make_journal.trial(first, b, rng, folder, spec, arm, extra)
            for b in range(blocks)
            for arm, extra in (("aa", off), ("control", 1 / 1.02))]


def write(folder, places, maps=MAPS, speed=usual, blocks=12, seed=1, cpus=4,
          about=None, drop=lambda cell, block: False, control=None,
          workload="uniform-97-3", machine=None, **plant):
    """A campaign folder.

    about   -- map -> members of its entry that are not the usual ones
    drop    -- function of (cell, block): this trial is missing
    control -- "ok" or "fail": with arms
    plant   -- of make_journal.trial(): crash, fail_verify, void
    """
    folder, cpus = Path(folder), list(range(cpus))
    folder.mkdir(parents=True)
    plant["mops"] = noisy(speed, seed)
    spec = {"maps": maps, "seed": seed, "mode": None, "workload": workload,
            "backend": "none", "plant": plant}
    cells, rng = cells_of(places, maps, blocks, cpus, workload), \
        random.Random(seed)
    order = [[i for i, c in enumerate(cells) if b < c["blocks"]]
             for b in range(blocks)]
    for block in order:
        rng.shuffle(block)
    lines = [make_journal.trial(cells[i], b, rng, folder, spec)
             for b, block in enumerate(order) for i in block
             if not drop(cells[i], b)]
    if control:
        lines += control_lines(control, cells, blocks, rng, folder, spec)
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines))
    meta = make_journal.campaign(spec, cells, order, cpus)
    meta["machine"]["id"] = machine or meta["machine"]["id"]
    for entry in meta["maps"]:
        entry.update((about or {}).get(entry["id"], {}))
    (folder / "campaign.json").write_text(json.dumps(meta))
    return folder
