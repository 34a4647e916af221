#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is sync.Map faster than a map under RWMutex, and do the ports say of it what
real Go says, on this machine?

    go_ratio.py run FOLDER [KEY=VALUE...]   measures; a folder that holds a
                                            campaign is resumed
    go_ratio.py tally FOLDER                prints the tally of it, by tab

The grid is docs/go-equality-grid.tsv. Of each cell and each pair of PAIRS the
ratio is the lock's time over sync.Map's, paired by block: above 1 sync.Map
wins. "sync" and "lock" are verdicts whose 95 % interval leaves out 1, "tied"
is one that does not, "none" is no interval. Status: 0; 2 usage; else that of
`readmostly run`.
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from report import damage, ending, journal, regress, stats  # noqa: E402

GRID = ROOT / "docs/go-equality-grid.tsv"
# Name of a pair -> sync.Map, and the map under a lock by kind of keys.
PAIRS = {
    "go": ("go_sync_map", {"u64x8": "go_map_rw", "str16x8": "go_map_rw"}),
    "port": ("syncmap", {"u64x8": "gomap_rw", "str16x8": "gomap_rw"}),
    "port_fast": ("syncmap", {"u64x8": "gomap_u64_rw",
                              "str16x8": "gomap_str_rw"}),
    "port_any": ("syncmap_any", {"u64x8": "gomap_u64_rw",
                                 "str16x8": "gomap_str_rw"}),
    "port_spin": ("syncmap_any", {"u64x8": "gomap_u64_rw_spin",
                                  "str16x8": "gomap_str_rw_spin"}),
}
COLUMNS = ("writes", "write_kind", "keys", "shape", "threads")
# Six blocks are the fewest that have an interval; two may be void.
SETTINGS = {"warm-up": "50ms", "window": "100ms", "blocks": "8",
            "deadline": "60s", "verify": "100kops", "measure": "throughput",
            "goroutines": "free", "base": "go_map_rw"}


def grid():
    """Rows of the grid as dicts of text."""
    rows = [line.split("\t") for line in GRID.read_text().splitlines()
            if not line.startswith("#")]
    return [dict(zip(COLUMNS, row)) for row in rows]


def maps_of(listed):
    """The maps of all pairs that are in this build, each once."""
    wanted = [name for sync, locks in PAIRS.values()
              for name in (sync, *locks.values())]
    return [name for name in dict.fromkeys(wanted) if name in listed]


def workload_of(rows, maps, settings):
    """The text of a workload that has every cell of the grid."""
    lists = {column: " ".join(dict.fromkeys(row[column] for row in rows))
             for column in COLUMNS}
    lists["write-kind"] = lists.pop("write_kind")
    lines = lists | {"maps": " ".join(maps)} | settings
    return "".join(f"{key} = {value}\n" for key, value in lines.items())


def measure(folder, settings):
    program = ROOT / os.environ.get("BUILD", "build/gcc") / "readmostly"
    if (folder / "campaign.json").exists():
        return subprocess.run([program, "run", "-o", folder,
                               "--resume"],
                              cwd=ROOT, check=False).returncode
    listed = subprocess.run([program, "list"], capture_output=True,
                            text=True, check=True).stdout
    present = {line.split()[0] for line in listed.splitlines()
               if line[:1].strip() and " not built" not in line}
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "go-ratio.conf"
    conf.write_text(workload_of(grid(), maps_of(present),
                                SETTINGS | settings))
    return subprocess.run([program, "run", conf, "-o", folder, "--counters",
                           "none"], cwd=ROOT, check=False).returncode


def place_of(cell):
    """What tells a cell from the others of its map."""
    return (round(cell["write_share"], 6), cell["write_kind"], cell["keys"],
            cell["shape"], cell["threads"])


def place_of_row(row):
    share = round(float(row["writes"].rstrip("%")) / 100, 6)
    return (share, row["write_kind"], int(row["keys"]), row["shape"],
            int(row["threads"]))


def rates_of(meta, rows):
    """(map, place) -> block -> operations per second."""
    cells = {cell["id"]: cell for cell in meta["cells"]
             if cell["measure"] == "throughput"}
    rates = {}
    for row in rows:
        cell = cells.get(row["cell"])
        if cell and row["status"] == "ok":
            result, key = row["result"], (cell["map"], place_of(cell))
            rates.setdefault(key, {})[row["block"]] = \
                result["ops"] * 1e9 / result["elapsed_ns"]
    return rates


def verdict_of(ratio):
    if ratio["low"] is None:
        return "none"
    if ratio["low"] > 1:
        return "sync"
    return "lock" if ratio["high"] < 1 else "tied"


def compare(rates, row):
    """Pair -> ratio of times, lock over sync.Map; pairs that were run."""
    place, told = place_of_row(row), {}
    for pair, (sync, locks) in PAIRS.items():
        two = [rates.get((name, place))
               for name in (locks[row["shape"]], sync)]
        if all(two):
            told[pair] = stats.compare(*two)
    return told


def agreement(verdicts, pair):
    """Counts over the grid of what a pair says beside real Go."""
    count = {"agree": 0, "opposite": 0, "one is tied": 0, "no verdict": 0}
    for told in verdicts:
        go, port = told.get("go", "none"), told.get(pair, "none")
        if "none" in (go, port):
            count["no verdict"] += 1
        elif go == port:
            count["agree"] += 1
        else:
            count["one is tied" if "tied" in (go, port) else "opposite"] += 1
    return count


def number(value):
    return "-" if value is None else f"{value:.3f}"


def lines_of(meta, rows):
    rates, table = rates_of(meta, rows), grid()
    ratios = [compare(rates, row) for row in table]
    verdicts = [{pair: verdict_of(ratio) for pair, ratio in told.items()}
                for told in ratios]
    go = {row["result"]["environment"]["go"] for row in rows
          if row["status"] == "ok" and "go" in row["result"]["environment"]}
    free = {cell.get("goroutines", "wired") for cell in meta["cells"]
            if cell["map"] == "go_sync_map" and
            cell["measure"] == "throughput"}
    yield "# SPDX-License-Identifier: Apache-2.0"
    yield (f"# {meta['machine']['facts']['cpu_name']['text']}, {meta['machine']['cpus']} CPUs,"
           f" {' '.join(sorted(go)) or 'no Go'}, goroutines "
           f"{' '.join(sorted(free)) or '-'}, {meta['created_utc']}")
    for pair in list(PAIRS)[1:]:
        yield f"# {pair} beside go: " + ", ".join(
            f"{n} {word}" for word, n in agreement(verdicts, pair).items())
    yield "# " + "\t".join(COLUMNS) + "".join(
        f"\t{pair}\t{pair}_ratio\tlow\thigh" for pair in PAIRS)
    for row, told, verdict in zip(table, ratios, verdicts):
        yield "\t".join([row[column] for column in COLUMNS] + [
            text for pair in PAIRS
            for text in (verdict.get(pair, "none"),
                         *(number(told.get(pair, {}).get(key))
                           for key in ("centre", "low", "high")))])


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) < 2 or argv[0] not in ("run", "tally") or \
            not all("=" in word for word in argv[2:]):
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(argv[1])
    if argv[0] == "run":
        return measure(folder, dict(w.split("=", 1) for w in argv[2:]))
    try:
        meta = journal.read_meta(folder)
        rows = regress.rows_of(str(folder), damage.is_sealed(meta))
    except (journal.JournalError, regress.InputError) as error:
        print(f"go-ratio: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines_of(meta, rows)))
    return 0


if __name__ == "__main__":
    sys.exit(ending.end(main))
