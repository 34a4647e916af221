#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares sync.Map with a map under RWMutex in 176 cells, for Go itself and for the ports in C.

    go_ratio.py FOLDER [KEY=VALUE...]   measures (27 minutes) and prints the ratios
    go_ratio.py --table FOLDER          prints the measured ratios

KEY=VALUE changes a setting of the workload, for example goroutines=wired. The ratio of a cell and a
pair of maps is the lock's time divided by sync.Map's time, paired by block; above 1, sync.Map is
faster. "sync" or "lock" is printed if the 95 % interval excludes 1, "tied" if it does not, and
"none" without an interval. Shares count the cells with an interval on both sides. Exit status: 0; 2
usage error; otherwise the status of `readmostly run`.
"""
import itertools
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import load, stats  # noqa: E402

# Maps the name of a pair to sync.Map and the map with a lock, for each shape.
LOCKS = {"u64x8": "gomap_u64_rw", "str16x8": "gomap_str_rw"}
PAIRS = {
    "go": ("go_sync_map", dict.fromkeys(LOCKS, "go_map_rw")),
    "port": ("syncmap", dict.fromkeys(LOCKS, "gomap_rw")),
    "port_fast": ("syncmap", LOCKS),
    "port_any": ("syncmap_any", LOCKS),
    "port_spin": ("syncmap_any", {s: f"{m}_spin" for s, m in LOCKS.items()}),
}
AXES = {"writes": ["0%", "0.1%", "1%", "3%", "5%", "10%", "50%", "100%"],
        "write-kind": ["update", "churn", "fresh"], "keys": ["100", "10000"],
        "shape": list(LOCKS), "threads": ["1", "2"]}
# An interval needs six blocks; with two extra blocks, two may be void.
SETTINGS = {"warm-up": "50ms", "window": "100ms", "blocks": "8", "deadline": "60s",
            "verify": "100kops", "measure": "throughput", "goroutines": "free",
            "base": "go_map_rw"}
MAPS = dict.fromkeys(m for sync, locks in PAIRS.values() for m in (sync, *locks.values()))


def grid():
    """Returns all cells in the form of place_of(). Cells without writes are not repeated for each
    kind of write."""
    for writes, kind, keys, shape, threads in itertools.product(*AXES.values()):
        if writes != "0%" or kind == "update":
            yield (round(float(writes[:-1]) / 100, 6), kind, int(keys), shape, int(threads))


def place_of(cell):
    """Returns the key of a cell, from its factors."""
    return (round(cell.write_share, 6), cell.write_kind, int(cell.keys), cell.shape, cell.threads)


def measure(folder, settings):
    folder.mkdir(parents=True, exist_ok=True)
    lines = {key: " ".join(values) for key, values in AXES.items()} | {"maps": " ".join(MAPS)}
    conf = folder / "go-ratio.conf"
    conf.write_text("".join(f"{k} = {v}\n" for k, v in (lines | SETTINGS | settings).items()))
    program = ROOT / os.environ.get("BUILD", "build/gcc") / "readmostly"
    return subprocess.run(["flock", "build/regress.lock", program, "run", conf, "-o", folder,
                           "--counters", "none"], cwd=ROOT, check=False).returncode


def rates_of(campaign):
    """Returns {(map, place): {block: operations per second}}."""
    return {(cell.map, place_of(cell.factors)): cell.rates for cell in campaign.cells.values()
            if cell.measure == "throughput"}


def verdict_of(ratio):
    if ratio.low is None:
        return "none"
    return "sync" if ratio.low > 1 else "lock" if ratio.high < 1 else "tied"


def agreement(verdicts, pair):
    """Counts the cells in which a pair of ports has the same verdict as Go, and the cells in which
    it has another verdict."""
    count = dict.fromkeys(("same", "opposite", "one side only", "no verdict"), 0)
    for verdict in verdicts:
        go, port = verdict["go"], verdict[pair]
        count["no verdict" if "none" in (go, port) else "same" if go == port else
              "one side only" if "tied" in (go, port) else "opposite"] += 1
    return count


def main():
    words = sys.argv[1:]
    only = words[:1] == ["--table"]
    words = words[only:]
    if not words or not all("=" in w for w in words[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(words[0])
    if not only and (status := measure(folder, dict(w.split("=", 1) for w in words[1:]))):
        return status
    campaign = load.read(folder)
    if campaign.problems:
        print(f"{folder}: {campaign.problems[0]}", file=sys.stderr)
        return 2
    rates = rates_of(campaign)
    places, verdicts = list(grid()), []
    print("writes\tkind\tkeys\tshape\tthreads" + "".join(f"\t{p}\tratio\tlow\thigh" for p in PAIRS))
    for place in places:
        line, verdict = [*map(str, place)], {}
        for pair, (sync, locks) in PAIRS.items():
            ratio = stats.ratio_interval(*(rates.get((name, place), {})
                                           for name in (sync, locks[place[3]])))
            verdict[pair] = verdict_of(ratio)
            line += [verdict[pair], *("-" if x is None else f"{x:.3f}"
                                      for x in (ratio.centre, ratio.low, ratio.high))]
        verdicts.append(verdict)
        print("\t".join(line))
    for threads, pair in itertools.product((1, 2), list(PAIRS)[1:]):
        count = agreement([v for p, v in zip(places, verdicts) if p[4] == threads], pair)
        print(f"# threads {threads}, {pair} compared with go: "
              + ", ".join(f"{n} {word}" for word, n in count.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
