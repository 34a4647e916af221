#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the golden counts of the simulated machine: every map on 1, 4, 16 and 64 cores, and the
counts that the page shows for campaigns without simulated trials.

    sim_golden.py BUILD                 compares, and prints TAP
    sim_golden.py BUILD --maps A,B      compares these maps, without the page's counts
    sim_golden.py BUILD --write WHY     rewrites the files, and adds WHY to CHANGES

A golden file belongs to one compiler version and machine, on which the hash over all counts of all
cores must be equal. For other compilers, the counts per operation must lie in a band around gcc's.
Each line has a hash of its code (the map's instrumented text). A map whose code has changed fails
until `make golden-sim WHY='...'` records the reason; a new map has no golden counts yet. The page's
counts (report/simulated_counts.json, docs/adr/0014) come from the compiler to which a golden file
belongs, and must equal the current counts of that compiler.
"""
import concurrent.futures
import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

MACHINE = "icelake-sp"
CORES = (1, 4, 16, 64)
OPS = 256  # operations per core
FOLDER = pathlib.Path("tests/golden/sim")
COUNTS = ("l1d_misses", "coherence_misses", "invalidations",
          "false_sharing_invalidations", "upgrades")
COLUMNS = ("map", "cores", "code", "hash", *COUNTS)
PAGE = pathlib.Path("report/simulated_counts.json")
WORKLOAD = "workloads/simulated-97-3.conf"
# Members of a planned cell that are not factors of a trial.
PLANNED = ("blocks", "base", "skip", "estimate_ns", "memory_bytes", "repeat")
COUNTED = ("impls", "runner/sim", "runner/trial", "runner/driver.h",
           "runner/worker.h", "runner/operations.h", "runner/skew.h",
           "runner/keys.h")
SINGLE = {"unsafe", "unsafe-insert", "single-writer"}  # capabilities that exclude runs with 2 threads


def output(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


def compiler(build):
    words = output(build / "readmostly", "--version")
    return words.split("compiler: ")[1].strip()


def maps(build, only):
    """Returns (id, shape, whether several threads are allowed) of the simulated maps."""
    listed = json.loads(output(build / "readmostly", "dev", "list", "--json"))["maps"]
    return [(m["id"], m["shapes"][0], not SINGLE & set(m["caps"]))
            for m in listed if m["sim"]["simulated"] and m["shapes"]
            and not m["misuse"] and (not only or m["id"] in only)]


def code(build, name):
    """Returns a hash of the map's machine code before linking."""
    with tempfile.NamedTemporaryFile() as text:
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text",
                        *build.glob(f"sim/impls/*/{name}.raw.o"), text.name],
                       check=True)
        return hashlib.sha256(text.read()).hexdigest()[:12]


def golden_cell(name, shape, cores):
    """Makes a cell whose writes (churn) cause maps to allocate and free memory."""
    return {
        "id": "golden", "workload": "golden", "map": name,
        "shape": shape, "keys": 1024, "write_share": 0.03,
        "miss_share": 0, "write_kind": "churn", "dist": "uniform",
        "loop": "mix", "rate_per_s": 0, "arrivals": "poisson",
        "threads": cores, "placement": "cores", "memory": "first-touch",
        "cpus": [], "presize": True, "warm_up_ns": 0, "window_ns": 0,
        "window_ops": OPS, "deadline_ns": 600 * 10**9, "verify_ops": 0,
        "measure": f"simulated:{MACHINE}"}


def count(build, cell):
    """Runs one simulated trial; returns its result, and the total of each metric."""
    request = {"protocol": 2, "seed": 1, "control_extra": 0.0,
               "counters": {"backend": "none"}, "cell": cell}
    run = subprocess.run([build / "maps/sim" / cell["map"], "trial"],
                         input=json.dumps(request), capture_output=True,
                         text=True, check=True)
    result = json.loads(run.stdout)
    if result["status"] == "failed":
        sys.exit(f"{cell['map']} on {cell['threads']} cores: "
                 f"{result['reason']}")
    return result, {e["metric"]: e["total"]
                    for e in result["counters"]["events"]}


def row(build, name, shape, cores):
    result, counts = count(build, golden_cell(name, shape, cores))
    return {"map": name, "cores": str(cores), "code": code(build, name),
            "hash": result["counters"]["hash"],
            **{c: str(counts[c]) for c in COUNTS}}


def page_row(build, cell):
    """Returns the values of a cell that the page needs, and the code that was counted."""
    result, counts = count(build, cell)
    plain = json.loads((build / f"maps/plain/{cell['map']}.json").read_text())
    return {"cell": cell, "simulated_code": code(build, cell["map"]),
            "code": plain["code"],
            "hash": result["counters"]["hash"], "ops": result["ops"],
            "counts": counts}


def side_by_side(function, jobs):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda job: function(*job), jobs))


def rows(build, only):
    return side_by_side(row, [
        (build, name, shape, cores) for name, shape, shared in maps(build, only)
        for cores in CORES if shared or cores == 1])


def page_rows(build):
    plan = json.loads(output(build / "readmostly", "plan", "--json", WORKLOAD))
    return side_by_side(page_row, [
        (build, {k: v for k, v in cell.items() if k not in PLANNED})
        for cell in plan["cells"]
        if cell["measure"] == f"simulated:{MACHINE}"])


def commit():
    """Returns the last commit that changed the counts, with "+" if changes are not committed."""
    last = output("git", "log", "-1", "--format=%h", "--abbrev=12", "--",
                  *COUNTED).strip()
    changed = output("git", "status", "--porcelain", "--", *COUNTED).strip()
    return last + ("+" if changed else "")


def write_page(build, made):
    about = {"workload": WORKLOAD, "model": MACHINE, "commit": commit(),
             "compiler": compiler(build)}
    lines = ",\n".join(json.dumps(r) for r in made)
    PAGE.write_text(json.dumps(about)[:-1] + ', "cells": [\n' + lines
                    + "\n]}\n")


def read(path):
    lines = path.read_text().splitlines()
    return {tuple(line.split("\t")[:2]): dict(zip(COLUMNS, line.split("\t")))
            for line in lines if not line.startswith("#")}


def write(path, made, why):
    text = ["# SPDX-License-Identifier: Apache-2.0", "# " + "\t".join(COLUMNS)]
    text += ["\t".join(r[c] for c in COLUMNS) for r in made]
    path.write_text("\n".join(text) + "\n")
    with (FOLDER / "CHANGES").open("a") as changes:
        today = datetime.date.today().isoformat()
        changes.write(f"{today} {path.stem}: {why}\n")


def in_band(got, golden):
    """Checks that counts per operation are near the golden ones. Used for other compilers, whose
    code and schedules differ."""
    ops = OPS * int(got["cores"])
    return all(abs(int(got[c]) - int(golden[c])) <=
               0.5 * int(golden[c]) + ops
               for c in COUNTS[:3])


def sane(got):
    """Checks the counts that do not depend on the compiler and the map."""
    alone = int(got["cores"]) == 1
    return (int(got["false_sharing_invalidations"]) <=
            int(got["invalidations"]) and
            not (alone and (int(got["coherence_misses"]) or
                            int(got["invalidations"]) or
                            int(got["upgrades"]))))


def compare(made, golden, exact):
    failed = 0
    for i, got in enumerate(made, 1):
        name = f"{got['map']} on {got['cores']} cores"
        want = golden.get((got["map"], got["cores"]))
        note = ""
        good = sane(got)
        if not want:
            note = " # SKIP no golden yet: make golden-sim WHY='...'"
        elif not exact:
            good &= in_band(got, want)
        elif want["code"] != got["code"]:
            good = False
            note = ": its code has changed: make golden-sim WHY='...'"
        else:
            good &= got["hash"] == want["hash"]
        failed += not good
        print(f"{'ok' if good else 'not ok'} {i} - {name}{note}")
        if not good:
            print(f"# golden {want}\n# got    {got}")
    return failed


def compare_page(made, first):
    """Compares the stored counts with fresh ones, from test number `first` on."""
    stored = {r["cell"]["id"]: r for r in json.loads(PAGE.read_text())["cells"]}
    failed = 0
    for i, got in enumerate(made, first):
        want = stored.pop(got["cell"]["id"], None)
        good = got == want
        failed += not good
        print(f"{'ok' if good else 'not ok'} {i} - the page's counts: "
              f"{got['cell']['map']} on {got['cell']['threads']} cores")
        if not good:
            print(f"# make golden-sim WHY='...'\n# stored {want}\n# got    {got}")
    print(f"{'not ok' if stored else 'ok'} {first + len(made)} - "
          f"the page has no other counts{''.join(f' # {i}' for i in stored)}")
    return failed + len(stored), first + len(made)


def main():
    build = pathlib.Path(sys.argv[1])
    mine = FOLDER / f"{compiler(build).replace(' ', '-')}.{MACHINE}.tsv"
    only = (sys.argv[sys.argv.index("--maps") + 1].split(",")
            if "--maps" in sys.argv else [])
    made = rows(build, only)
    if only and {row["map"] for row in made} != set(only):
        sys.exit(f"sim_golden: {' '.join(only)}: expected maps that are built")
    if "--write" in sys.argv:
        why = sys.argv[sys.argv.index("--write") + 1]
        if not why.strip():
            sys.exit("golden-sim: expected WHY='why the counts changed'")
        write(mine, made, why)
        write_page(build, page_rows(build))
        return 0
    exact = mine.exists()
    if not exact:
        mine = next(FOLDER.glob(f"gcc-*.{MACHINE}.tsv"))
        print(f"# another compiler: bands around {mine.stem}")
    failed, last = compare(made, read(mine), exact), len(made)
    if exact and not only:
        wrong, last = compare_page(page_rows(build), last + 1)
        failed += wrong
    print(f"1..{last}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
