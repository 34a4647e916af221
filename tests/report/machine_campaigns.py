# SPDX-License-Identifier: Apache-2.0
"""Writes synthetic campaigns of several machines, for tests of comparisons."""
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from report_helpers import make_journal  # noqa: E402
from seal import sealed  # noqa: E402

from report.load import seal as hashes  # noqa: E402

MAPS = ("null_map", "gomap_rw", "syncmap", "shard_rw_32", "ck_ht")
SPEC = dict(maps=MAPS, threads=(1, 2), keys=(1024, 65536), kinds=("update",),
            blocks=10)
SPEEDS = {"null_map": 300, "gomap_rw": 30, "syncmap": 40, "shard_rw_32": 50,
          "ck_ht": 60}


def speeds(factors, seed, noise=0.01):
    """Returns the Mop/s of (cell, block): SPEEDS times the machine's factor for the map. A factor
    is a number or a function of the cell."""
    def mops(cell, block):
        factor = factors.get(cell["map"], 1)
        if callable(factor):
            factor = factor(cell)
        rng = random.Random(f"{seed} {cell['id']} {block}")
        return SPEEDS[cell["map"]] * factor * rng.lognormvariate(0, noise)
    return mops


def change(folder, edit):
    """Passes campaign.json through edit() and updates its hashes."""
    file = folder / "campaign.json"
    meta = json.loads(file.read_text())
    edit(meta)
    if "line_checksum" in meta:
        meta["topology_sha256"] = hashes.sha256(
            (folder / "topology.xml").read_bytes())
        meta["plan_sha256"] = hashes.plan_sha256(meta)
        meta["sha256"] = hashes.campaign_sha256(meta)
    file.write_text(json.dumps(meta))


def seal(folder):
    """Adds checksums to all lines and to campaign.json."""
    file = folder / "trials.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(map(sealed, lines)))
    change(folder, lambda meta: meta.update(line_checksum="crc32"))


def machine(folder, ident="5e7a0001", factors=None, seed=1, day=20,
            commit="0000000", virtual="yes", edit=None, **spec):
    """Writes a sealed campaign of one machine; `factors` change the speeds of maps."""
    plant = {"mops": speeds(factors or {}, seed), **spec.pop("plant", {})}
    make_journal.make(folder, seed=seed, plant=plant, **{**SPEC, **spec})

    def edited(meta):
        meta["machine"]["id"] = ident
        meta["machine"]["facts"]["hypervisor_flag"]["text"] = virtual
        meta["build"]["commit"] = commit
        meta["name"] = f"2026-11-{day:02d}T0801-{folder.name}"
        meta["created_utc"] = f"2026-11-{day:02d}T08:01:00Z"
        if edit:
            edit(meta)
    change(folder, edited)
    seal(folder)
    return folder


def untrusted(folder, ident, seed=1, **spec):
    """Writes a campaign that recommends no map, because two copies of one map differ by 4 %, which
    is more than the lead of 3 %."""
    return machine(folder, ident, seed=seed, plant={
        "control": "fail", "mops": speeds({"shard_rw_32": 1.163}, seed, 0.002)}, **spec)


def three(parent, **spec):
    """Writes the campaigns of three machines. Compared with gomap_rw, syncmap is faster on the
    first, slower on the second (from two threads on), and equal on the third."""
    flip = {"syncmap": lambda c: 0.4 if c["threads"] > 1 else 1.5}
    return [machine(parent / "a", "aaaaaaaa", seed=1, **spec),
            machine(parent / "b", "bbbbbbbb", flip, seed=2, virtual="no",
                    **spec),
            machine(parent / "c", "cccccccc", {"syncmap": 0.75}, seed=3,
                    **spec)]


def fleet(folder, states):
    """Writes fleet.json for machines in `folder`; `states` has (state, reason) by name."""
    (folder / "fleet.json").write_text(json.dumps({
        "format": 1, "kind": "fleet", "name": folder.name, "launcher": "ssh",
        "wish": "mode=smoke", "commit": "unknown",
        "created_utc": "2026-11-24T20:30:00Z", "complete": False,
        "machines": [{"name": name, "folder": name, "state": state,
                      "status": None, "reason": reason, "job": None,
                      "starts": 1, "admission": None}
                     for name, (state, reason) in sorted(states.items())]}))
    return folder
