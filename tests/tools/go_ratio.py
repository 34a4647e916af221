#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is sync.Map faster than a map under RWMutex, and do the ports say of it what
real Go says, on this machine?

    go_ratio.py run FOLDER [KEY=VALUE...]   measures; a folder that holds a
                                            campaign is resumed. minutes=35
                                            stops it then: it has fewer blocks
    go_ratio.py tally FOLDER                prints the tally of it, by tab
    go_ratio.py table FOLDER                the shares alone, for
                                            docs/go-equality.md

The grid is docs/go-equality-grid.tsv. Of each cell and each pair of PAIRS the
ratio is the lock's time over sync.Map's, paired by block: above 1 sync.Map
wins. "sync" and "lock" are verdicts whose 95 % interval leaves out 1, "tied"
is one that does not, "none" is no interval. Shares are of the cells of one
count of threads in which both Go and the port have an interval. Status: 0,
also where the time was up; 2 usage; else that of `readmostly run`.
"""
import os
import pathlib
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from report import damage, ending, journal, stats  # noqa: E402
from report.rows import rows_of  # noqa: E402

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


CAP = "go-ratio.cap"  # of a folder: after how many minutes it was stopped
INTERRUPTED = 75  # status of `readmostly run`
THREADS = "1", "2"
# What a port has to keep, in percent of the cells that both have decided or
# tied: opposite, undecided on one side only. With two threads only a port
# that parks as Go does is held to it.
MOST = {"opposite": 3, "one side only": 15}
PARKS, WAITS = "parks as Go does", ("waits in the kernel", "spins")


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


def heed_interrupts():
    """A shell has what it starts behind it ignore them, and so would this."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def watched(command, folder, minutes):
    """Runs the campaign; one that is not done in time is interrupted, as by a
    person, and the tally says so. Status: 0 then."""
    with subprocess.Popen(command, cwd=ROOT,
                          preexec_fn=heed_interrupts) as program:
        try:
            return program.wait(60 * minutes or None)
        except subprocess.TimeoutExpired:
            program.send_signal(signal.SIGINT)
            status = program.wait()
    if status != INTERRUPTED:
        return status
    with open(folder / CAP, "a", encoding="utf-8") as file:
        file.write(f"{minutes:g}\n")
    return 0


def measure(folder, settings):
    program = ROOT / os.environ.get("BUILD", "build/gcc") / "readmostly"
    minutes = float(settings.pop("minutes", 0))
    if (folder / "campaign.json").exists():
        return watched([program, "run", "-o", folder, "--resume"], folder,
                       minutes)
    listed = subprocess.run([program, "list"], capture_output=True,
                            text=True, check=True).stdout
    present = {line.split()[0] for line in listed.splitlines()
               if line[:1].strip() and " not built" not in line}
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "go-ratio.conf"
    conf.write_text(workload_of(grid(), maps_of(present),
                                SETTINGS | settings))
    return watched([program, "run", conf, "-o", folder, "--counters",
                    "none"], folder, minutes)


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
    """Counts over some cells of what a pair says beside real Go."""
    count = {"the same": 0, "opposite": 0, "one side only": 0,
             "no verdict": 0}
    for told in verdicts:
        go, port = told.get("go", "none"), told.get(pair, "none")
        if "none" in (go, port):
            count["no verdict"] += 1
        elif go == port:
            count["the same"] += 1
        else:
            count["one side only" if "tied" in (go, port)
                  else "opposite"] += 1
    return count


def waits_of(meta, pair, shape):
    """How the locks of a pair of ports wait, by their labels."""
    labels = {about["id"]: about.get("label", "") for about in meta["maps"]}
    sync, locks = PAIRS[pair]
    said = {words for name in (sync, locks[shape])
            for words in (PARKS, *WAITS)
            if labels.get(name, "").endswith(f", {words}")}
    return " / ".join(sorted(said)) or "unlabelled"


def percent(count, word):
    """Of the cells that have a verdict on both sides; None of none."""
    both = sum(count.values()) - count["no verdict"]
    return 100 * count[word] / both if both else None


def held(threads, waits, count):
    """Whether a port keeps to what MOST says, or why it need not."""
    if threads != "1" and waits != PARKS:
        return "not held to it"
    shares = {word: percent(count, word) for word in MOST}
    if None in shares.values():
        return "nothing decided"
    return "yes" if all(shares[word] <= most
                        for word, most in MOST.items()) else "no"


def shares_of(meta, table, verdicts):
    """Threads, pair, waits, counts and "held" of each that was run."""
    for threads in THREADS:
        here = [told for row, told in zip(table, verdicts)
                if row["threads"] == threads]
        for pair in list(PAIRS)[1:]:
            count = agreement(here, pair)
            if any(pair in told for told in here):
                waits = waits_of(meta, pair, table[0]["shape"])
                yield (threads, pair, waits, count,
                       held(threads, waits, count))


def of_both(count, word):
    """"2 (2.3 %)"."""
    share = percent(count, word)
    return f"{count[word]} (" + ("-" if share is None
                                 else f"{share:.1f} %") + ")"


def share_lines(shares):
    """A table in the form of docs/."""
    yield ("| threads | ports | their locks | cells with both verdicts | the "
           "same | opposite | one side only | no verdict | kept |")
    yield "|---|---|---|---|---|---|---|---|---|"
    for threads, pair, waits, count, kept in shares:
        sync, locks = PAIRS[pair]
        names = ", ".join(dict.fromkeys([sync, *locks.values()]))
        both = sum(count.values()) - count["no verdict"]
        yield (f"| {threads} | {pair}: {names} | {waits} | {both} | "
               f"{count['the same']} | {of_both(count, 'opposite')} | "
               f"{of_both(count, 'one side only')} | "
               f"{count['no verdict']} | {kept} |")


def number(value):
    return "-" if value is None else f"{value:.3f}"


def setting(meta, rows, folder):
    """Date, machine, Go, goroutines; quiet or loaded; how many blocks."""
    go = {row["result"]["environment"]["go"] for row in rows
          if row["status"] == "ok" and "go" in row["result"]["environment"]}
    free = {cell.get("goroutines", "wired") for cell in meta["cells"]
            if cell["map"] == "go_sync_map" and
            cell["measure"] == "throughput"}
    facts = meta["machine"]
    yield (f"{meta['created_utc']}, {facts['facts']['cpu_name']['text']}, "
           f"{facts['cpus']} CPUs, {' '.join(sorted(go)) or 'no Go'}, "
           f"goroutines {' '.join(sorted(free)) or '-'}")
    yield load_of(meta, rows)
    yield blocks_of(meta, rows, folder)


def load_of(meta, rows):
    """Was anybody else at work, before and in the trials?"""
    timed = [row for row in rows if row["status"] == "ok"]
    spoilt = sum(bool(row.get("disturbed")) for row in timed)
    busy = (meta.get("busy") or {}).get("text")
    word = "loaded" if busy or 10 * spoilt > len(timed) else "quiet"
    return (f"{word}: {spoilt} of {len(timed)} trials that count were "
            f"disturbed; {busy or 'nobody waited for a CPU before'}")


def blocks_of(meta, rows, folder):
    """How many blocks the cells have, and whether the time was up."""
    count = {cell["id"]: 0 for cell in meta["cells"]
             if cell["measure"] == "throughput" and not cell["skip"]}
    planned = max((cell.get("blocks", 0) for cell in meta["cells"]
                   if cell["id"] in count), default=0)
    for row in rows:
        if row["status"] == "ok" and row["cell"] in count:
            count[row["cell"]] += 1
    cap = folder / CAP if folder else None
    stops = cap.read_text().split() if cap and cap.exists() else []
    return (f"{min(count.values(), default=0)} to "
            f"{max(count.values(), default=0)} of {planned} blocks per cell"
            + "".join(f"; stopped after {minutes} minutes"
                      for minutes in stops))


def judged(meta, rows):
    """(grid, ratios, verdicts) of a campaign, by row of the grid."""
    rates, table = rates_of(meta, rows), grid()
    ratios = [compare(rates, row) for row in table]
    return table, ratios, [{pair: verdict_of(ratio)
                            for pair, ratio in told.items()}
                           for told in ratios]


def table_of(meta, rows, folder=None):
    """What docs/go-equality.md takes."""
    table, _, verdicts = judged(meta, rows)
    yield "; ".join(setting(meta, rows, folder)) + "."
    yield ""
    yield from share_lines(shares_of(meta, table, verdicts))


def lines_of(meta, rows, folder=None):
    table, ratios, verdicts = judged(meta, rows)
    yield "# SPDX-License-Identifier: Apache-2.0"
    yield from (f"# {text}" for text in setting(meta, rows, folder))
    for threads, pair, waits, count, kept in shares_of(meta, table,
                                                       verdicts):
        yield (f"# {threads} thread{'s' * (threads != '1')}, {pair} beside "
               f"go ({waits}): " + ", ".join(
                   f"{of_both(count, word)} {word}" if word in MOST
                   else f"{n} {word}" for word, n in count.items())
               + f"; kept: {kept}")
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
    if len(argv) < 2 or argv[0] not in ("run", "tally", "table") or \
            not all("=" in word for word in argv[2:]):
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(argv[1])
    if argv[0] == "run":
        return measure(folder, dict(w.split("=", 1) for w in argv[2:]))
    try:
        meta = journal.read_meta(folder)
        rows = rows_of(str(folder), damage.is_sealed(meta))
    except (journal.JournalError, ending.InputError) as error:
        print(f"go-ratio: {error}", file=sys.stderr)
        return 2
    form = lines_of if argv[0] == "tally" else table_of
    print("\n".join(form(meta, rows, folder)))
    return 0


if __name__ == "__main__":
    sys.exit(ending.end(main))
