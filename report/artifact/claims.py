# SPDX-License-Identifier: Apache-2.0
"""What an artifact claims: each group of cells that its campaigns rank, with
the command that measures it again and what that is expected to say.

All of it follows from verdicts.json and campaign.json. Next to the table the
inputs of those commands are written: claims/ID.cells (which cells) and
plans/CAMPAIGN/WORKLOAD.conf (the workload as it ran, its mode put in).
"""
import math
from pathlib import Path

from report import strict_json, verdicts, words

RANKED = (*verdicts.LEADS, verdicts.TIED)
COLUMNS = ("id", "campaign", "plan", "cells", "settings", "maps", "minutes",
           "expected")
NO_CONTROLS = 0.10  # as in docs/verdicts.md, where no control could decide
EXTRA_WORK = 2.0  # per cent, that the positive control must show
KICK, KICK_MAPS, KICK_MOST = "kick", 4, 12
MINUTE_NS = 60e9


def load(file):
    return strict_json.loads(Path(file).read_bytes())


def room_of(controls):
    """The error that the controls leave room for, as a share; docs/verdicts.md
    says how."""
    wide = [max(abs(c["low"] - must), abs(c["high"] - must)) / 100
            for c in controls if c["control"] and c["low"] is not None
            for must in [EXTRA_WORK if c["name"].startswith("+2") else 0.0]]
    return max(wide) if wide else NO_CONTROLS


def allowed(decision, room):
    """[low, high] of leader ÷ weakest rival that a second run on the same
    kind of machine may show: the simultaneous interval, wider by what the
    controls leave room for."""
    weak = next(r for r in decision["rivals"]
                if r["map"] == decision["weakest"])
    return (weak["ratio"], weak["group_low"] / (1 + room),
            weak["group_high"] * (1 + room))


def tied_with(decision):
    return [decision["leader"], *(r["map"] for r in decision["rivals"]
                                  if r["outcome"] == verdicts.TIED)]


def expected(decision, room):
    """One sentence; what a command's last lines are held against."""
    ratio, low, high = allowed(decision, room)
    band = (f"measured x {words.sig(ratio)}, again between "
            f"{words.sig(low)} and {words.sig(high)}")
    if decision["word"] == verdicts.TIED:
        return (f"{words.joined(tied_with(decision))} are not told apart; "
                f"{decision['leader']} over {decision['weakest']} {band}")
    return (f"{decision['leader']} leads ({decision['word']}); over "
            f"{decision['weakest']}, the least certain rival, {band}")


def ids_of(meta, decision):
    """Cells of a group, and the checks of its maps."""
    same = {pair["id"]: pair["as"] for pair in meta.get("same") or []}
    timed = [same.get(i, i) for i in (
        decision["cell"], *(r["cell"] for r in decision["rivals"]
                            if r["n"] or r["outcome"] != verdicts.NONE))]
    cells = {c["id"]: c for c in meta["cells"]}
    places = {(cells[i]["workload"], cells[i]["map"]) for i in timed}
    checks = [i for i, c in cells.items() if c["measure"] == "verify"
              and not c["skip"] and (c["workload"], c["map"]) in places]
    return checks + [i for i in timed if i in cells]


def minutes(meta, ids):
    """The plan's own estimate of these cells, repeats included."""
    chosen = [c for c in meta["cells"] if c["id"] in set(ids)]
    return sum((c.get("estimate_ns") or 0) * (c["blocks"] or 1)
               * (1 + ((c.get("repeat") or {}).get("share") or 0))
               for c in chosen) / MINUTE_NS


def shown(value):
    """Minutes in tenths, never fewer than it takes."""
    return f"{math.ceil(value * 10) / 10:.1f}"


def plan_of(name, workload):
    return f"plans/{name}/{workload}.conf"


def write_plans(folder, name, meta):
    """The workloads of a campaign as files."""
    for workload in meta.get("workloads") or []:
        file = folder / plan_of(name, workload["name"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(workload["text"], encoding="utf-8")


def claim_of(folder, number, name, meta, found, decision):
    """A row of the table, and the file that it names."""
    ids, claim = ids_of(meta, decision), f"c{number:03d}"
    cell = next(c for c in meta["cells"] if c["id"] == ids[-1])
    file = folder / "claims" / f"{claim}.cells"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{i}\n" for i in ids), encoding="utf-8")
    return {"id": claim, "campaign": name, "place": decision["place"],
            "plan": plan_of(name, cell["workload"]),
            "cells": f"claims/{claim}.cells",
            "settings": f"threads={cell['threads']}", "maps": "",
            "threads": cell["threads"], "decision": decision,
            "minutes": shown(minutes(meta, ids)),
            "expected": expected(decision, room_of(found["controls"]))}


def of_campaign(folder, name, path, first):
    """Rows of one campaign (its folder is `path`), numbered from `first`."""
    meta = load(path / "campaign.json")
    found = load(path / "report" / "verdicts.json")
    write_plans(folder, name, meta)
    ranked = [] if found["invalid"] else [
        d for d in found["decisions"] if d["word"] in RANKED]
    return [claim_of(folder, first + i, name, meta, found, d)
            for i, d in enumerate(ranked)]


def kick_of(folder, name, path, rows):
    """The row that is tried first: few maps of the headline, with one thread
    and with as many as the reviewer has CPUs; None where nothing is timed."""
    meta = load(path / "campaign.json")
    timed = next((c for c in meta["cells"] if c["measure"] == "throughput"
                  and not c["skip"]), None)
    if timed is None:
        return None
    named, blocks, workload = [], 7, timed["workload"]
    if rows:
        decision = rows[0]["decision"]
        named = [decision["leader"], decision["weakest"]]
        blocks = max(blocks, decision["needs"] or 0)
        workload = Path(rows[0]["plan"]).stem
    named += [timed["base"], *(c["map"] for c in meta["cells"]
                               if c["workload"] == workload)]
    maps = [m for m in dict.fromkeys(named) if m][:KICK_MAPS]
    return {"id": KICK, "campaign": name, "plan": plan_of(name, workload),
            "cells": "", "maps": ",".join(maps), "minutes": str(KICK_MOST),
            "settings": f"threads=1 cpus;blocks={blocks};measure=throughput",
            "expected": rows[0]["expected"] if rows else
            "a page; the campaign itself ranks nothing here"}


def write_table(folder, rows):
    """claims.tsv, which the commands of the artifact read."""
    lines = ["\t".join(COLUMNS)] + ["\t".join(row[c] or "-" for c in COLUMNS)
                                    for row in rows]
    (folder / "claims.tsv").write_text("\n".join(lines) + "\n",
                                       encoding="utf-8")
