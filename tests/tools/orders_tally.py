#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each order of an atomic access weakened by one step: does `explore` find it?
Writes docs/tally/orders.md.

    tests/tools/orders_tally.py BUILD [--map ID] [--only TEXT] [--schedules N]
        [--seed N] [--seeds N] [--jobs N] [--no-pairs]

The maps are those of tests/fixtures/orders/maps.tsv; the files, what these are
made of (the compiler says it); the edits, tests/tools/orders.py. A map's object
is made again with one edit in a folder of its own, nothing is edited in the
tree, and explored under each row of settings.tsv until one schedule fails.
What is not found alone is tried together with each other edit that is not
found alone and has the function or the variable in common.

Each run that ended stands in BUILD/orders/tally.jsonl with the digest of what
was run, and is not run again: a tally that was killed goes on. The page is made
of a whole tally only. Status: 0; 1: a map without an edit was accused; 2: not
run.
"""
import argparse
import datetime
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import kept  # noqa: E402
import orders  # noqa: E402
import orders_page  # noqa: E402

FIXTURES = Path("tests/fixtures/orders")
PAGE = Path("docs/tally/orders.md")
LINE = re.compile(r"^(ok  |FAIL) \w+: ([\d,]+) schedules\b"
                  r"(?:.*; schedule (\d+): (.*))?")
TABLE = """#include "runner/impl_table.h"
#include "runner/sim/sim.h"
extern const struct rm_impl rm_impl_{id};
const struct rm_impl *const rm_impl_table[] = {{ &rm_impl_{id} }};
const size_t rm_impl_count = 1;
const struct rm_sim_verdict rm_sim_verdicts[] = {{ {{ "{id}", NULL }} }};
const size_t rm_sim_verdict_count = 1;
const char *const rm_sim_volatile[] = {{ NULL }};
"""


def refuse(why):
    print(f"orders_tally: {why}", file=sys.stderr)
    sys.exit(2)


def rows_of(name):
    for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def run(argv, cwd=None):
    done = subprocess.run(argv, capture_output=True, text=True, cwd=cwd,
                          check=False)
    if done.returncode:
        refuse(f"{' '.join(map(str, argv))[:300]}: status {done.returncode}: "
               f"{done.stderr[:600]}")
    return done.stdout


class Builder:
    """Programs of one map each, some of its files being edited."""

    def __init__(self, build):
        how = build / "sim/how"
        if not how.exists() or not (build / "readmostly-explore").exists():
            refuse(f"{build}: not built, expected readmostly-explore and "
                   f"sim/how; `make orders-tally` makes them")
        self.how = dict(line.split(" ", 1)
                        for line in how.read_text().splitlines())
        self.names = [line for line in
                      Path("runner/sim/names.txt").read_text().splitlines()
                      if " " in line and not line.startswith("#")]
        self.files, self.base = {}, {}

    def compile(self, source, overlay, out, *also):
        words = self.how["compile"].split()
        return run([words[0], f"-I{overlay}", *words[1:], "-o", out, *also,
                    source])

    def of(self, ident, source):
        """Reads what the map is made of: {path: text}, and a digest."""
        with tempfile.TemporaryDirectory() as folder:
            rule = self.compile(source, folder, f"{folder}/rule", "-MM")
            rule = rule or (Path(folder) / "rule").read_text()
        paths = rule.split(":", 1)[1].replace("\\\n", " ").split()
        self.files[ident] = {p: Path(p).read_text(encoding="utf-8")
                             for p in paths}
        digest = hashlib.sha256(json.dumps(
            [self.files[ident], self.how, self.names]).encode())
        for name in self.how["objects"].split():
            if not name.endswith("build_info.o"):
                digest.update(Path(name).read_bytes())
        self.base[ident] = digest.hexdigest()[:16]

    def program(self, ident, source, edits, folder):
        """The path of the program, made in the folder."""
        folder = Path(folder)
        for path in {e.access.path for e in edits}:
            to = folder / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(orders.apply(
                self.files[ident][path],
                [e for e in edits if e.access.path == path]))
        if (folder / source).exists():
            source = folder / source
        self.compile(source, folder, folder / "map.raw.o", "-c")
        (folder / "names").write_text("\n".join(self.names) + "\n")
        run(["objcopy", f"--redefine-syms={folder}/names",
             "--set-section-alignment", ".data=4096",
             "--set-section-alignment", ".bss=4096",
             "--set-section-alignment", ".rodata=4096",
             folder / "map.raw.o", folder / "map.o"])
        (folder / "maps.c").write_text(TABLE.format(id=ident))
        plain = self.how["plain"].split()
        run([*plain, "-w", "-c", "-o", folder / "maps.o", folder / "maps.c"])
        run([plain[0], "-pthread", "-o", folder / "explore", folder / "maps.o",
             folder / "map.o", *self.how["objects"].split(),
             *self.how["libraries"].split()])
        return folder / "explore"


@dataclass(frozen=True)
class Map:
    ident: str
    source: str
    files: tuple  # paths of what is edited in it begin so


class Tally:
    """What was run, kept in a file."""

    def __init__(self, build, args):
        self.args, self.builder = args, Builder(build)
        self.folder = args.folder or build / "orders"
        self.folder.mkdir(exist_ok=True)
        self.file = self.folder / "tally.jsonl"
        self.lock = threading.Lock()
        self.rows = {row["key"]: row for row in kept.rows(self.file)}
        self.maps = [Map(i, s, tuple(f.split()))
                     for i, s, f in rows_of("maps.tsv")]
        self.settings = [(n, m.split(), o.split())
                         for n, m, o in rows_of("settings.tsv")]
        for one in self.maps:
            self.builder.of(one.ident, one.source)

    def accesses(self):
        """Of all files of all maps, once each: {path: [Access]}."""
        found = {}
        for files in self.builder.files.values():
            for path, text in files.items():
                if path.startswith("impls/") and path not in found:
                    found[path] = orders.accesses(path, text)
        return {p: a for p, a in sorted(found.items()) if a}

    def carriers(self, edits):
        """The maps that all these edits are a part of."""
        paths = {e.access.path for e in edits}
        return [m for m in self.maps
                if paths <= set(self.builder.files[m.ident])
                and all(p.startswith(m.files) for p in paths)
                and self.args.map in (None, m.ident)]

    def plan(self, one):
        """(setting's name, seed, options) of a map, the quick ones first."""
        first = self.args.seed
        for seed in range(first, first + self.args.seeds):
            for name, maps, options in self.settings:
                if one.ident in maps or maps == ["*"]:
                    yield name, seed, options

    def key(self, one, edits, name, seed):
        words = [self.builder.base[one.ident], *sorted(e.name for e in edits),
                 name, str(seed), str(self.args.schedules)]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()[:24]

    def keep(self, row):
        with self.lock:
            self.rows[row["key"]] = row
            kept.add(self.file, row)

    def explore(self, program, one, options, seed):
        begun = time.monotonic()
        argv = [program, one.ident, "--schedules", str(self.args.schedules),
                "--seed", str(seed), "--cpus", "1", *options]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT) as running:
            first = running.stdout.readline()
            running.kill()  # nobody reads the page that it now makes smaller
        line = LINE.match(first)
        if not line:
            refuse(f"{' '.join(map(str, argv))}: {first.strip()[:300]!r}, "
                   "expected how many schedules were tried")
        return {"schedules": int(line[3]) + 1 if line[3]
                else int(line[2].replace(",", "")),
                "found": line[4], "schedule": line[3] and int(line[3]),
                "seconds": round(time.monotonic() - begun, 2)}

    def of_map(self, one, edits, all_of_it=False):
        """Rows of one map with these edits, up to the first finding."""
        rows, program = [], None
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            for name, seed, options in self.plan(one):
                key = self.key(one, edits, name, seed)
                row = self.rows.get(key)
                if not row:
                    program = program or self.builder.program(
                        one.ident, one.source, edits, folder)
                    row = {"key": key, "map": one.ident, "setting": name,
                           "seed": seed, "edits": [e.name for e in edits],
                           **self.explore(program, one, options, seed)}
                    self.keep(row)
                rows.append(row)
                if row["found"] and not all_of_it:
                    break
        return rows

    def attempt(self, edits):
        """All rows of these edits, up to the first finding in any map."""
        rows = []
        for one in self.carriers(edits):
            rows += self.of_map(one, edits)
            if rows[-1]["found"]:
                break
        return rows


def tell(edits, rows):
    last = rows[-1] if rows else {"found": None, "map": "no map"}
    print(f"{last['found'] or 'not found'}: "
          f"{' and '.join(e.name for e in edits)} ({last['map']}, "
          f"{sum(r['schedules'] for r in rows)} schedules)", flush=True)


def attempts(tally, pool, many):
    """{edits: rows} of many, some at a time."""
    def one(edits):
        rows = tally.attempt(edits)
        tell(edits, rows)
        return rows
    return dict(zip(many, pool.map(one, many)))


def pairs_of(tally, missed):
    """Those that have function or variable in common, the former first."""
    def common(pair):
        a, b = (e.access for e in pair)
        return ((a.path, a.begin) != (b.path, b.begin)
                and (a.function == b.function or a.variable == b.variable)
                and tally.carriers(pair))
    return sorted(filter(common, itertools.combinations(missed, 2)),
                  key=lambda p: p[0].access.function != p[1].access.function)


def covers(tally, pool, missed):
    """{edit: (the other edit, rows)} of what is found in pairs only."""
    found, left = {}, [] if tally.args.no_pairs else pairs_of(tally, missed)
    while left:
        some, left = left[:tally.args.jobs], left[tally.args.jobs:]
        for pair, rows in attempts(tally, pool, some).items():
            for edit, other in (pair, pair[::-1]):
                if rows[-1]["found"]:
                    found.setdefault(edit, (other, rows))
        left = [p for p in left if not all(e in found for e in p)]
    return found


def controls(tally, pool):
    """Rows of the maps without an edit, under all that edits meet."""
    wanted = [m for m in tally.maps if tally.args.map in (None, m.ident)]
    found = pool.map(lambda m: tally.of_map(m, (), True), wanted)
    rows = list(itertools.chain.from_iterable(found))
    for row in rows:
        if row["found"]:
            print(f"A MAP WITHOUT AN EDIT: {row}")
    return rows


def arguments():
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("build", type=Path)
    ask.add_argument("--map")
    ask.add_argument("--only", default="")
    ask.add_argument("--schedules", type=int, default=20000)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--seeds", type=int, default=2)
    ask.add_argument("--jobs", type=int, default=os.cpu_count())
    ask.add_argument("--folder", type=Path, help="of what is kept")
    ask.add_argument("--no-pairs", action="store_true")
    return ask.parse_args()


def main():
    args = arguments()
    tally = Tally(args.build, args)
    found = tally.accesses()
    todo = [(e,) for a in itertools.chain(*found.values())
            for e in orders.edits(a)
            if args.only in f"{e.name} {a.function}" and tally.carriers((e,))]
    if not todo:
        refuse(f"--map {args.map} --only {args.only!r}: no edit, expected "
               "some of `tests/tools/orders.py FILE`")
    with ThreadPoolExecutor(args.jobs) as pool:
        bare = controls(tally, pool)
        alone = attempts(tally, pool, todo)
        missed = [e for (e,), rows in alone.items() if not rows[-1]["found"]]
        covered = covers(tally, pool, missed)
    page, wrong = orders_page.page(found, alone, covered, bare, args,
                                   datetime.date.today())
    print(page)
    if not (args.map or args.only):
        PAGE.write_text(page, encoding="utf-8")
        print("\n".join(wrong), file=sys.stderr)
    return int(any(row["found"] for row in bare))


if __name__ == "__main__":
    sys.exit(main())
