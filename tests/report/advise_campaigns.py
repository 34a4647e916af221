# SPDX-License-Identifier: Apache-2.0
"""Writes synthetic campaigns for the tests of `report advise`. Tests choose the places and the
speeds of maps. Random noise is added for each trial and each block."""
import itertools
import json
import math
import random
from pathlib import Path

import make_journal
import synthetic

NOISE, BLOCK_NOISE = 0.02, 0.05  # standard deviations of ln rate


def grid(**lists):
    """Returns all combinations of lists of factors. A factor without a list gets its default value.
    Cells without writes are not repeated for each kind of write."""
    lists = {"threads": (1, 2), "keys": (65536,), "write_share": (0.03,),
             "write_kind": ("update",)} | lists
    found = [dict(zip(lists, values)) for values in itertools.product(*lists.values())]
    found = [p | ({} if p["write_share"] else {"write_kind": "update"}) for p in found]
    return [p for i, p in enumerate(found) if p not in found[:i]]


def noisy(speed, seed):
    """Makes a function of (cell, block) that returns speed(cell) with noise. Equal arguments and
    seeds give equal noise."""
    def sample(cell, block):
        trial, common = random.Random(f"{seed} {cell['id']} {block}"), random.Random(
            f"{seed} {block}")
        return speed(cell) * math.exp(trial.gauss(0, NOISE) + common.gauss(0, BLOCK_NOISE))
    return sample


def cells_of(places, maps, blocks, cpus, workload):
    def one(name, place, measure, of, **more):
        known = dict(place)
        first = [known.pop(k) for k in ("keys", "write_share", "write_kind", "threads")]
        return make_journal.cell(name, workload, *first, measure, cpus, blocks=of, **known, **more)
    return [one(m, grid()[0], "verify", 1, verify_ops=100000) for m in maps] + [
        one(m, p, "throughput", blocks) for p in places for m in maps]


def write(folder, places, maps, speed=synthetic.mops, blocks=12, seed=1, cpus=4, about=None,
          drop=lambda cell, block: False, copy=None, workload="uniform-97-3", machine=None,
          **plant):
    """Writes a campaign's folder.

    - about: members of a map's description, by map
    - drop: function of (cell, block) that is true if this trial is missing
    - copy: speed of a second copy of each map / the map's speed; adds A/A arms
    - plant: faults for make_journal.trial(): crash, fail_verify, void
    """
    folder, cpus = Path(folder), list(range(cpus))
    folder.mkdir(parents=True)
    plant["mops"] = noisy(speed, seed)
    spec = {"maps": maps, "seed": seed, "mode": None, "workload": workload, "backend": "none",
            "plant": plant}
    cells, rng = cells_of(places, maps, blocks, cpus, workload), random.Random(seed)
    order = [[i for i, c in enumerate(cells) if b < c["blocks"]] for b in range(blocks)]
    for block in order:
        rng.shuffle(block)
    lines = [make_journal.trial(cells[i], b, rng, folder, spec)
             for b, block in enumerate(order) for i in block if not drop(cells[i], b)]
    lines += [make_journal.trial(c, b, rng, folder, spec, "aa", copy)
              for c in cells if copy and c["measure"] == "throughput" for b in range(blocks)]
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    meta = make_journal.campaign(spec, cells, order, cpus)
    meta["machine"]["id"] = machine or meta["machine"]["id"]
    for entry in meta["maps"]:
        entry.update((about or {}).get(entry["id"], {}))
    (folder / "campaign.json").write_text(json.dumps(meta))
    return folder
