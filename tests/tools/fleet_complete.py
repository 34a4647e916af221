# SPDX-License-Identifier: Apache-2.0
"""Checks that no trial of a campaign on several machines is lost or duplicated.

    fleet_complete.py FOLDER NODE...     exits with 1 and prints a line for each fault

Reads the files independently of the runner. Each machine's journal must have every planned trial of
its campaign.json once, and fleet.json must mark exactly these machines complete.
"""
import collections
import json
import sys
from pathlib import Path


def wanted(campaign):
    ids = [cell["id"] for cell in campaign["cells"]]
    yield from ((ids[i], b) for b, block in enumerate(campaign["order"])
                for i in block)
    yield from ((c["id"], 0) for c in campaign["cells"] if c["skip"])


def faults(folder):
    campaign = json.loads((folder / "campaign.json").read_text())
    text = (folder / "trials.jsonl").read_text()
    if not text.endswith("\n"):
        yield "a torn last line"
    lines = [json.loads(line) for line in text.splitlines()]
    found = collections.Counter(
        (t["cell"], t["block"], t["attempt"]) for t in lines)
    yield from (f"twice: {key}" for key, n in found.items() if n > 1)
    first = {key[:2] for key in found if key[2] == 1}
    yield from (f"missing: {key}" for key in set(wanted(campaign)) - first)
    yield from (f"not planned: {key}" for key in first - set(wanted(campaign)))
    yield from (f"not ok: {t['cell']}: {t['reason']}" for t in lines
                if t["status"] == "failed")


def main(folder, nodes):
    fleet = json.loads((folder / "fleet.json").read_text())
    complete = {m["name"] for m in fleet["machines"] if m["state"] == "complete"}
    bad = [f"fleet.json: complete are {sorted(complete)}"] * (complete != set(nodes))
    if fleet["complete"] != all(m["state"] == "complete"
                                for m in fleet["machines"]):
        bad.append("fleet.json: complete contradicts its machines")
    for node in nodes:
        bad += [f"{node}: {fault}" for fault in faults(folder / node)]
    print("".join(f"# {line}\n" for line in bad[:20]), end="")
    return bool(bad)


sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
