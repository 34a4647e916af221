#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden counts of the simulated machine: every map on 1, 4, 16 and 64 cores.

    sim_golden.py BUILD                 compares, as TAP
    sim_golden.py BUILD --write WHY     rewrites the file, adds WHY to CHANGES

A golden file belongs to a compiler version and a machine: there the hash over
all counts of all cores must be equal. For another compiler the counts per
operation must lie in a band around gcc's. Each line names the code it was made
from (the map's instrumented text): a map whose code has changed since fails
until `make golden-sim WHY='...'` says why; a new map has no golden yet.
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
OPS = 256  # of each core
FOLDER = pathlib.Path("tests/golden/sim")
COUNTS = ("l1d_misses", "coherence_misses", "invalidations",
          "false_sharing_invalidations", "upgrades")
COLUMNS = ("map", "cores", "code", "hash", *COUNTS)
SINGLE = {"unsafe", "unsafe-insert", "single-writer"}  # not with 2 threads


def compiler(build):
    words = subprocess.run([build / "readmostly-sim", "--version"],
                           capture_output=True, text=True, check=True)
    return words.stdout.split("compiler: ")[1].strip().replace(" ", "-")


def maps(build):
    """(id, shape, whether it may have several threads) of the simulated."""
    listed = json.loads(subprocess.run(
        [build / "readmostly", "list", "--json"], capture_output=True,
        text=True, check=True).stdout)["maps"]
    return [(m["id"], m["shapes"][0], not SINGLE & set(m["caps"]))
            for m in listed if m["sim"]["simulated"] and m["shapes"]
            and not m["misuse"]]


def code(build, name):
    """Of the map's machine code, before it is linked."""
    with tempfile.NamedTemporaryFile() as text:
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text",
                        *build.glob(f"sim/impls/*/{name}.raw.o"), text.name],
                       check=True)
        return hashlib.sha256(text.read()).hexdigest()[:12]


def request(name, shape, cores):
    """The smoke workload with churn, so that maps allocate and free."""
    return json.dumps({
        "protocol": 2, "seed": 1, "control_extra": 0.0,
        "counters": {"backend": "none"},
        "cell": {
            "id": "golden", "workload": "golden", "map": name,
            "shape": shape, "keys": 1024, "write_share": 0.03,
            "miss_share": 0, "write_kind": "churn", "dist": "uniform",
            "loop": "mix", "rate_per_s": 0, "arrivals": "poisson",
            "threads": cores, "placement": "cores", "memory": "first-touch",
            "cpus": [], "presize": True, "warm_up_ns": 0, "window_ns": 0,
            "window_ops": OPS, "deadline_ns": 600 * 10**9, "verify_ops": 0,
            "measure": f"simulated:{MACHINE}"}})


def row(build, name, shape, cores):
    run = subprocess.run([build / "readmostly-sim", "trial"],
                         input=request(name, shape, cores), capture_output=True,
                         text=True, check=True)
    result = json.loads(run.stdout)
    if result["status"] == "failed":
        sys.exit(f"{name} on {cores} cores: {result['reason']}")
    counts = {e["metric"]: e["total"] for e in result["counters"]["events"]}
    return {"map": name, "cores": str(cores), "code": code(build, name),
            "hash": result["counters"]["hash"],
            **{c: str(counts[c]) for c in COUNTS}}


def rows(build):
    jobs = [(name, shape, cores) for name, shape, shared in maps(build)
            for cores in CORES if shared or cores == 1]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda job: row(build, *job), jobs))


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
    """Other code, other schedules: counts per operation near the golden's."""
    ops = OPS * int(got["cores"])
    return all(abs(int(got[c]) - int(golden[c])) <=
               0.5 * int(golden[c]) + ops
               for c in COUNTS[:3])


def sane(got):
    """What holds for every compiler and map."""
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
    print(f"1..{len(made)}")
    return failed


def main():
    build = pathlib.Path(sys.argv[1])
    mine = FOLDER / f"{compiler(build)}.{MACHINE}.tsv"
    made = rows(build)
    if "--write" in sys.argv:
        why = sys.argv[sys.argv.index("--write") + 1]
        if not why.strip():
            sys.exit("golden-sim: expected WHY='why the counts changed'")
        write(mine, made, why)
        return 0
    exact = mine.exists()
    if not exact:
        mine = next(FOLDER.glob(f"gcc-*.{MACHINE}.tsv"))
        print(f"# another compiler: bands around {mine.stem}")
    return 1 if compare(made, read(mine), exact) else 0


if __name__ == "__main__":
    sys.exit(main())
