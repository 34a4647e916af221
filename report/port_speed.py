# SPDX-License-Identifier: Apache-2.0
"""make port-speed: are the ports as fast as the maps of real Go?

    readmostly run --arms port=FILE,go=FILE -o DIR workloads/port-speed.conf
    python3 -m report.port_speed DIR

The two programs speak the trial protocol (docs/go-equality.md). Trials of
one thread alternate in blocks of random order; printed is Go's time over the
port's, with its 95 % interval. Exit status: 0 each lower bound is at least
0.97, 1 one is not, 2 usage or input, 3 a trial failed.
"""
import sys
from pathlib import Path

from report import damage, ending, journal, stats
from report.rows import rows_of

LOWEST = 0.97  # of the interval of Go's time / the port's
SETTINGS = {
    "port": "hash: one 64 x 64 bit product (all maps' own). "
            "allocation: malloc of the C library; sync.Map's boxes are "
            "reclaimed by epochs. collector: none",
    "go": "hash: Go's own (AES instructions on x86-64; for sync.Map through "
          "the key's interface). allocation: Go's; sync.Map boxes key and "
          "value on each store. collector: GOGC={gogc}, on the measured "
          "CPU, GOMAXPROCS={gomaxprocs}, {version}; {collections:.1f} "
          "collections and {allocations:.0f} allocations per trial of {map}",
}


def rates_of(rows, cell_id, arm, time_of):
    """block -> operations per second of that time [ns] of a result."""
    return {row["block"]: row["result"]["ops"] * 1e9 / time_of(row["result"])
            for row in rows if row["cell"] == cell_id and row["arm"] == arm
            and row["status"] == "ok" and time_of(row["result"])}


def compare(meta, rows):
    """map -> costs of both [ns/operation] and the ratio go / port [1]; also
    that of the loop's own CPU time, which leaves out what others disturbed
    and what Go's collector did in other threads."""
    elapsed = lambda result: result["elapsed_ns"]
    own = lambda result: result["by_thread"][0]["cpu_ns"]
    table = {}
    for cell in meta["cells"]:
        cell_id = cell["id"]
        if cell["measure"] != "throughput":
            continue
        rates, cpu = ({arm: rates_of(rows, cell_id, arm, time_of)
                       for arm in ("go", "port")}
                      for time_of in (elapsed, own))
        costs = {arm: stats.summarize(
            {0: [1e9 / rate for rate in rates[arm].values()]})[0]
            for arm in rates}
        table[cell["map"]] = {
            "go": costs["go"], "port": costs["port"],
            "ratio": stats.compare(rates["go"], rates["port"]),
            "cpu": stats.compare(cpu["go"], cpu["port"]),
            "trials": [row for row in rows if row["cell"] == cell_id
                       and row["arm"] == "go" and row["status"] == "ok"]}
    return table


def setting_of(name, trials):
    """Go's side in words, as its trials told."""
    told = trials[-1]["result"]["environment"]
    mean = lambda stat: sum(
        s["value"] for t in trials for s in t["result"]["stats"]
        if s["name"] == stat) / len(trials)
    return SETTINGS["go"].format(
        gogc=told["gogc"], gomaxprocs=told["gomaxprocs"],
        version=told["go"], map=name, collections=mean("collections"),
        allocations=mean("allocations"))


def lines_of(table):
    """The page: one line per map, then how both sides were set."""
    yield (f"{'map':10} {'Go ns/op':>9} {'port ns/op':>10} "
           f"{'Go / port':>9}  95 % interval    pairs")
    for name, row in table.items():
        ratio = row["ratio"]
        if ratio["low"] is None:
            yield f"{name:10} no interval: {ratio['reason']}"
            continue
        yield (f"{name:10} {row['go']['centre']:9.2f} "
               f"{row['port']['centre']:10.2f} {ratio['centre']:9.3f}  "
               f"[{ratio['low']:.3f}, {ratio['high']:.3f}] "
               f"{ratio['n']:7d}  "
               + ("ok" if ratio["low"] >= LOWEST else
                  f"slower: the lower bound is below {LOWEST}"))
    for name, row in table.items():
        if row["cpu"]["low"] is not None:
            yield (f"{name:10} of the loop's CPU time alone: "
                   f"{row['cpu']['centre']:.3f} [{row['cpu']['low']:.3f}, "
                   f"{row['cpu']['high']:.3f}]")
    yield "port: " + SETTINGS["port"]
    for name, row in table.items():
        if row["trials"]:
            yield "Go:   " + setting_of(name, row["trials"])


def status_of(table):
    """0 fast enough, 1 a port is slower, 3 too few trials to tell."""
    lows = [row["ratio"]["low"] for row in table.values()]
    if not lows or None in lows:
        return 3
    return 0 if min(lows) >= LOWEST else 1


def problems_of(meta, rows):
    """Trials and cells without a result, in words."""
    yield from (f"{cell['id']}: {cell['skip']}" for cell in meta["cells"]
                if cell["skip"])
    yield from (f"{row['cell']} {row['arm']}: {row['status']}: "
                f"{row['reason']}" for row in rows if row["status"] != "ok")


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) != 1 or argv[0].startswith("-"):
        print("usage: python3 -m report.port_speed DIR", file=sys.stderr)
        return 2
    try:
        meta = journal.read_meta(Path(argv[0]))
        rows = rows_of(argv[0], damage.is_sealed(meta))
    except (journal.JournalError, ending.InputError) as error:
        print(f"port-speed: {error}", file=sys.stderr)
        return 2
    table = compare(meta, rows)
    print("\n".join([*lines_of(table), *list(problems_of(meta, rows))[:5],
                     f"trials: {argv[0]}"]))
    failed = any(row["status"] == "failed" for row in rows)
    return 3 if failed else status_of(table)


if __name__ == "__main__":
    sys.exit(ending.end(main))
