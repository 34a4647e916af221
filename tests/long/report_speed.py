#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report_speed.py FOLDER [READMOSTLY]: what the report of 10,000 trials costs.

Writes a synthetic campaign into FOLDER, makes its report twice, without and
with PDF files, and prints the CPU seconds of both side by side. The budget
is 10 s of CPU time without them (a process and all that it starts). With a
program that plans, FOLDER/claims is one more: the cells of claims-quick, so
that each claim has values to be decided of; its budget is 12 s.
"""
import json
import random
import resource
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "report")]
import make_journal  # noqa: E402
import seal  # noqa: E402
from report import articles, damage  # noqa: E402
from report.claims import ledger  # noqa: E402

BUDGET, CLAIMS_BUDGET = 10.0, 12.0
TRIALS = 10000
MAPS = ("null_map", "gomap", "gomap_rw", "syncmap", "snapshot", "urcu_lfht",
        "ck_ht", "rwlock_probe", "gomap_mutex", "shard_rw_32")


def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(folder, *options):
    """CPU seconds of one report."""
    before = spent()
    subprocess.run([sys.executable, "-m", "report", str(folder), *options],
                   cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    return spent() - before


def told(folder):
    """Trials, panels and size of a campaign and its page."""
    with open(folder / "trials.jsonl", encoding="utf-8") as file:
        trials = sum(1 for _ in file)
    panels = len(list((folder / "report" / "figures").glob("*.svg")))
    size = (folder / "report" / "index.html").stat().st_size
    return f"{trials} trials, {panels} panels, page of {size / 1e6:.2f} MB"


# ---- a campaign of claims -------------------------------------------------

def asked_of_maps():
    """Statistics that the ledger takes of what maps tell of themselves."""
    names = set()
    for claim in ledger.read().values():
        for one in (*claim.each(), *claim.each(go=True), *claim.varied()):
            _, above, below = articles.parsed(one.statistic)
            names |= {n.removeprefix("window.") for n in above + below
                      if n not in articles.MEMBERS}
    return sorted(n for n in names if "." not in n and " " not in n)


def planned(program):
    """What it would run for claims, with blocks for TRIALS trials."""
    plan = json.loads(subprocess.run(
        [program, "plan", "--json", "--set", "claims"], cwd=TOP,
        check=True, stdout=subprocess.PIPE).stdout)
    cells = [c for c in plan["cells"] if c["measure"] != "latency"]
    most = sum(c["blocks"] for c in cells if not c["skip"])
    for c in cells:
        if c["blocks"] > 1:
            c["blocks"] = -(-c["blocks"] * TRIALS // most)
    return cells


def with_stats(trial, names, rng):
    """The trial, told of by its map; peaks and times as a runner has them."""
    if trial["result"]:
        trial["result"]["stats"] = [
            {"name": n, "unit": "1", "value": 1 + rng.randrange(1000),
             "window": 1 + rng.randrange(1000)} for n in names]
    return trial | {"peak_bytes": rng.randrange(1 << 20, 1 << 24)}


def make_claims(folder, program):
    (folder / "histograms").mkdir(parents=True, exist_ok=True)
    cells, rng, names = planned(program), random.Random(7), asked_of_maps()
    spec = {"plant": {}, "backend": "none", "mode": "claims-quick", "seed": 7,
            "workload": "claims", "maps": sorted({c["map"] for c in cells})}
    order = [[i for i, c in enumerate(cells) if b < c["blocks"]
              and not c["skip"]] for b in range(max(c["blocks"]
                                                    for c in cells))]
    where = make_journal.topology(1, 2, 1)
    meta = make_journal.campaign(spec, cells, order, [0, 1]) | {
        "notes": {"claims": ledger.digest(ledger.read())},
        "line_checksum": "crc32",
        "topology_sha256": damage.sha256(where.encode())}
    meta["plan_sha256"] = damage.plan_sha256(meta)
    meta["sha256"] = damage.campaign_sha256(meta)
    (folder / "campaign.json").write_text(json.dumps(meta))
    (folder / "topology.xml").write_text(where)
    with open(folder / "trials.jsonl", "w", encoding="utf-8") as file:
        for block, of_block in enumerate(order):
            for i in of_block:
                trial = make_journal.trial(cells[i], block, rng, folder, spec)
                file.write(seal.sealed(with_stats(trial, names, rng)))


def main(folder, program=None):
    folder.mkdir(parents=True, exist_ok=True)
    make_journal.make(folder, threads=(1, 2, 4, 8), sockets=2, cores=4,
                      shares=(0.01, 0.03, 0.1), maps=MAPS,
                      keys=(1024, 65536, 1048576))
    plain, with_pdf = report(folder), report(folder, "--pdf")
    print(told(folder))
    print(f"CPU time {plain:.1f} s (budget {BUDGET:.0f} s); "
          f"with --pdf {with_pdf:.1f} s, × {with_pdf / plain:.2f}")
    if program:
        make_claims(folder / "claims", program)
        seconds = report(folder / "claims")
        print(f"claims: {told(folder / 'claims')}")
        print(f"claims: CPU time {seconds:.1f} s (budget "
              f"{CLAIMS_BUDGET:.0f} s)")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), *sys.argv[2:])
