# SPDX-License-Identifier: Apache-2.0
"""What is asked of both arms for the reasons of a red verdict.

Of the exact gate's folder, or of a campaign of `make regress`: the red cells,
and for each that cachegrind runs a request of the trial protocol. Files of the
folder of reasons: ask.json, maps, requests/NUMBER, order (NUMBER MAP), counts.conf; of a
campaign red and plan/NAME.conf, of which counters are read, and commit-of-base,
which the simulated machine counts.
"""
import json
import os
import shlex

from report import exact, strict_json
from report.cell_id import identity

OPERATIONS = 8000  # in a window that is counted: of regress-exact.conf
THEIR_WORDS = ("IMPL", "IMPL_FLAGS", "IMPL_MAKE")  # of make, in its environment


def key_of(cell):
    """What the instructions of a cell depend on, but for its threads."""
    return cell["map"], cell["keys"], cell["write_kind"], cell["write_share"]


def request_of(cell, factors):
    """The native trial that does what a cell does, without a clock's say."""
    counted = {k: v for k, v in cell.items() if k in factors} | {
        "measure": "throughput", "cpus": [], "warm_up_ns": 0, "window_ns": 0,
        "window_ops": OPERATIONS,
        "verify_ops": 0, "deadline_ns": 600 * 10**9}
    return {"protocol": 2, "seed": exact.SEED, "control_extra": 0.0,
            "counters": {"backend": "none"}, "cell": counted}


def counted(cells, everything):
    """Which cells cachegrind runs: of each kind of work the one with the
    fewest threads, since threads take turns there."""
    chosen = {}
    for cell in sorted(cells, key=lambda c: c["factors"]["threads"]):
        key = (cell["cell"],) if everything else key_of(cell["factors"])
        chosen.setdefault(key, cell)
    return list(chosen.values())


def of_exact(folder, everything):
    """(about, cells) of the exact gate's folder: red ones, or all that both
    arms answered."""
    factors = {c["id"]: c for c in exact.read_json(
        folder / "plan.json")["cells"]}
    about = exact.about_of(exact.read(folder / "about"))
    verdict = exact.decide(exact.read_cells(folder), about,
                           exact.read(folder / "message"), {})
    found = [{"cell": row["cell"], "map": row["map"],
              "red": row["verdict"] == exact.RED,
              "factors": factors[row["id"]],
              "again": exact_again(about, factors[row["id"]]),
              "counts": counts_of(row)}
             for row in verdict["cells"] if row["verdict"] == exact.RED
             or everything and row["base"] and row["head"]]
    return about, found


def counts_of(row):
    """What a row of the exact gate says, in lines."""
    said = ", ".join(exact.figure_text(*item) for item in
                     exact.named(row["differ"]).items())
    return [said or row["reason"] or "equal"]


def exact_again(about, cell):
    """The command that counts one cell alone."""
    head = f" HEAD={shlex.quote(about['head_ref'])}" \
        if about.get("head_ref") else ""
    settings = " ".join(f"--set {name}={value}" for name, value in (
        ("keys", cell["keys"]), ("write-kind", cell["write_kind"]),
        ("threads", cell["threads"])))
    theirs = theirs_again(about.get("map"))
    return (f"{make(theirs)} regress-exact BASE={about['base'][:12]}{head} "
            f"{theirs or 'MAPS=' + cell['map']} ARGS='{settings}'")


def theirs_again(impl, environ=None):
    """The words of make that name a map of another project as the gate was
    told it: `impl` is a path in a repository that make does not know. "" of a
    map of this project."""
    if not impl:
        return ""
    environ = os.environ if environ is None else environ
    words = {name: environ[name] for name in THEIR_WORDS if environ.get(name)}
    words["IMPL"] = os.path.abspath(words.get("IMPL", impl))
    return " ".join(f"{name}={shlex.quote(word)}"
                    for name, word in sorted(words.items()))


def make(theirs):
    """How make is called from where the reader is: who gates a map of
    another project is in a folder of that."""
    return f"make -C {shlex.quote(os.getcwd())}" if theirs else "make"


def planned_of(meta):
    """id -> that of the plan: a window that was counted for this campaign
    stands in the id, and another campaign plans and counts it anew."""
    return {c["id"]: c["id"] for c in meta["cells"]} | {
        row["cell"]: identity(row["cell"])
        for row in meta.get("calibration", [])}


def of_campaign(folder, verdicts):
    """(about, cells) of a campaign of `make regress` that failed."""
    meta = strict_json.loads(exact.read(folder / "campaign.json"))
    factors = {c["id"]: c for c in meta["cells"]}
    planned = planned_of(meta)
    notes = meta.get("notes", {})
    about = {"base": notes.get("commit", "unknown"), "campaign": meta["name"]}
    if "map" not in notes and "commit" in notes:
        about["commit"] = notes["commit"]  # of this repository
    base = notes.get("ref") or about["base"]
    theirs = theirs_again(notes.get("map"))
    found = [{"cell": row["cell"], "planned": planned[row["cell"]],
              "map": factors[row["cell"]]["map"], "red": True,
              "factors": factors[row["cell"]], "counts": [], "time": {
                  n: row[n] for n in ("slowdown_percent", "low_percent",
                                      "high_percent", "n")},
              "again": f"{make(theirs)} regress BASE={shlex.quote(base)} "
                       f"{theirs}{' ' if theirs else ''}"
                       f"CELLS={shlex.quote(planned[row['cell']])}"}
             for row in verdicts["cells"]
             if row["verdict"] == "FAIL" and row["slowdown_percent"]
             is not None]
    return about, found


CONF = """# A cell that `make regress` called red, on the simulated machine.
writes     = {share:g}%
write-kind = {write_kind}
keys       = {keys}
shape      = {shape}
threads    = 1 4 16
warm-up    = 0s
window     = {operations}ops
deadline   = 10min
blocks     = 1
measure    = simulated:icelake-sp
maps       = {map}
"""


def write(folder, judge, about, cells, everything):
    """What the script reads, and tell.py."""
    factors = exact.read_json(exact.DOCS / "cell.schema.json")["properties"]
    runs = counted(cells, everything)
    (folder / "requests").mkdir(parents=True)
    for number, cell in enumerate(runs):
        cell["run"] = number
        exact.write(folder / "requests" / f"{number:03}", json.dumps(
            request_of(cell["factors"], factors)))
    by_key = {key_of(cell["factors"]): cell["run"] for cell in reversed(runs)}
    for number, cell in enumerate(cells):
        cell.setdefault("run", by_key[key_of(cell["factors"])])
        if judge == "time":
            exact.write(folder / f"counts-{number}.conf", CONF.format(
                **cell["factors"], operations=OPERATIONS,
                share=100 * cell["factors"]["write_share"]))
    exact.write(folder / "order", "".join(
        f"{n:03} {cell['map']}\n" for n, cell in enumerate(runs)))
    exact.write(folder / "maps", "".join(
        f"{name}\n" for name in sorted({cell["map"] for cell in cells})))
    if "commit" in about:
        exact.write(folder / "commit-of-base", about.pop("commit") + "\n")
    exact.write(folder / "ask.json", json.dumps(
        {"judge": judge, "about": about, "cells": cells}))


def counters_of(cell):
    """The id of a planned cell where counters are read, not the clock."""
    return cell.removesuffix("throughput") + "counters"


def write_plan(folder, campaign, cells):
    """What a campaign that counts the red cells is made of: their ids, with
    the measure of counters, and the workloads as they were then."""
    meta = strict_json.loads(exact.read(campaign / "campaign.json"))
    (folder / "plan").mkdir()
    exact.write(folder / "red", "".join(
        f"{counters_of(c['planned'])}\n" for c in cells))
    for workload in meta["workloads"]:
        if workload["name"] in {c["factors"]["workload"] for c in cells}:
            exact.write(folder / "plan" / f"{workload['name']}.conf",
                        workload["text"])
