# SPDX-License-Identifier: Apache-2.0
"""Writes a synthetic campaign and changes it by the instructions in a text file.

    tests/report/make_shape.py SHAPE.txt DIR

A file has one instruction on each line; a line that starts with # is a comment.

    make KEY=VALUE ...         passes arguments to make_journal.make()
    rate WHERE: 50 1%          sets the rate of these trials [Mop/s] and its noise
    rate WHERE: 50 51 49.5     sets the rate of each block
    set WHERE: PATH=VALUE ...  sets members of trials; PATH*=VALUE multiplies them
    cell WHERE: PATH=VALUE     sets members of planned cells, in campaign.json
    meta PATH=VALUE            sets members of campaign.json
    drop WHERE                 removes these lines
    unplan WHERE               removes these cells from the plan
    torn                       cuts off the last line
    folder NAME                sets the name of the campaign's folder

WHERE is FACTOR=VALUE[,VALUE] ...; a FACTOR is a factor of the cell, `block` or `arm`.
"""
import json
import random
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import make_journal  # noqa: E402

SHAPES = Path(__file__).parent / "shapes"
USUAL = {"maps": ("null_map", "gomap_rw", "syncmap", "snapshot",
                  "urcu_lfht"), "threads": (2,), "keys": (65536,),
         "kinds": ("update",), "blocks": 8}
KINDS = {"threads": int, "keys": int, "shares": float, "rates": float,
         "blocks": int, "cores": int}


class Shape:
    """The instructions of one file."""

    def __init__(self, path):
        self.name, self.folder, self.spec = path.stem, path.stem, dict(USUAL)
        self.edits = []
        for line in path.read_text("utf-8").splitlines():
            verb, _, rest = line.partition(" ")
            if line and verb != "#":
                getattr(self, f"read_{verb}", self.edit)(rest, verb)

    def read_make(self, rest, _):
        for key, text in pairs(rest):
            kind = KINDS.get(key, str)
            several = tuple(kind(v) for v in text.split(",") if v)
            self.spec[key] = (json.loads(text) if key == "plant" else
                              several[0] if key in ("blocks", "cores",
                                                    "workload", "mode")
                              else several)

    def read_folder(self, rest, _):
        self.folder = rest.strip()

    def edit(self, rest, verb):
        if verb not in EDITS:
            raise ValueError(f"{self.name}: {verb}: no such instruction")
        self.edits.append((verb, rest))

    def make(self, parent):
        """Writes the campaign below `parent`, and returns its folder."""
        out = Path(parent) / self.folder
        make_journal.make(out, **self.spec)
        meta = json.loads((out / "campaign.json").read_text("utf-8"))
        meta["name"] = self.folder
        text = (out / "trials.jsonl").read_text("utf-8")
        trials = [json.loads(line) for line in text.splitlines()]
        tail = ""
        for verb, rest in self.edits:
            if verb == "torn":
                tail = '{"format": 1, "cell": "unif'
            else:
                trials = EDITS[verb](meta, trials, rest)
        (out / "campaign.json").write_text(json.dumps(meta, indent=1))
        (out / "trials.jsonl").write_text("".join(
            json.dumps(t) + "\n" for t in trials) + tail)
        return out


def pairs(text):
    return [part.split("=", 1) for part in shlex.split(text)]


def fits(where, cell, trial):
    """True if a trial, or a cell with an empty trial, has these factors."""
    merged = cell | {k: trial[k] for k in ("block", "arm", "status")
                     if k in trial}
    return all(str(merged.get(k)) in v.split(",") for k, v in where)


def chosen(meta, trials, rest):
    """Splits "WHERE: instruction" into the instruction and the selected (cell, trial) pairs."""
    where, _, what = rest.partition(":")
    cells = {c["id"]: c for c in meta["cells"]}
    return what.strip(), [(cells[t["cell"]], t) for t in trials
                          if fits(pairs(where), cells[t["cell"]], t)]


def rate(meta, trials, rest):
    what, these = chosen(meta, trials, "measure=throughput " + rest)
    values = what.split()
    for cell, t in these:
        if len(values) == 2 and values[1].endswith("%"):
            noise = float(values[1][:-1]) / 100
            rng = random.Random(f"{cell['id']} {t['block']}")
            value = float(values[0]) * rng.lognormvariate(0, noise)
        else:
            value = float(values[t["block"] % len(values)])
        if t["result"]:
            set_rate(cell, t["result"], value)
    return trials


def set_rate(cell, result, mops):
    """Sets the operations, writes and shares of a result so that its rate is `mops`."""
    ops = round(mops * result["elapsed_ns"] / 1000)
    writes = round(ops * cell["write_share"])
    result.update(ops=ops, writes=writes, lookups=ops - writes,
                  hits=ops - writes, achieved_write_share=writes / ops)
    for thread in result["by_thread"]:
        thread["ops"] = ops // cell["threads"]


def change(member, path, text):
    """Sets member.PATH = VALUE, or multiplies it if PATH ends with *; makes missing objects."""
    times, path = path.endswith("*"), path.rstrip("*")
    *parents, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    for part in parents:
        member = (member[part] if isinstance(part, int)
                  else member.setdefault(part, {}))
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    member[last] = member[last] * value if times else value


def set_trials(meta, trials, rest):
    what, these = chosen(meta, trials, rest)
    for _, t in these:
        for path, text in pairs(what):
            change(t, path, text)
    return trials


def set_cells(meta, trials, rest):
    """Changes planned cells. If a cell becomes one that the plan skips, it loses its trials."""
    where, _, what = rest.partition(":")
    for c in meta["cells"]:
        if fits(pairs(where), c, {}):
            for path, text in pairs(what):
                change(c, path, text)
    skipped = {c["id"] for c in meta["cells"] if c["skip"]}
    return [t for t in trials if t["cell"] not in skipped]


def set_meta(meta, trials, rest):
    for path, text in pairs(rest):
        change(meta, path, text)
    return trials


def drop(meta, trials, rest):
    gone = [id(t) for _, t in chosen(meta, trials, rest)[1]]
    return [t for t in trials if id(t) not in gone]


def unplan(meta, trials, rest):
    gone = {c["id"] for c in meta["cells"] if fits(pairs(rest), c, {})}
    meta["cells"] = [c for c in meta["cells"] if c["id"] not in gone]
    return [t for t in trials if t["cell"] not in gone]


EDITS = {"rate": rate, "set": set_trials, "cell": set_cells,
         "meta": set_meta, "drop": drop, "unplan": unplan, "torn": None}


if __name__ == "__main__":
    print(Shape(Path(sys.argv[1])).make(sys.argv[2]))
