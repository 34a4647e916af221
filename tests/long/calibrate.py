#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the cost of a map in this suite with its cost in its project's own benchmark.

    calibrate.py [PAIR...]

calibrate/pairs.ini lists the pairs and their parameters, which are equal on both sides. Each round
(ROUNDS=12) runs each program once, in alternating order: the benchmark, the benchmark with parts of
its loop replaced by ours (steps), our trial, and our loop without a map (null). Prints the CPU time
of an operation, and the ratio of the benchmark's time to ours, paired by round, with its 95 %
interval. First unpack each source to build/calibrate (`apt-get source NAME`). Keep the machine idle
while it runs. Exit status: 0; 1 a program failed or is missing; 2 usage error.
"""
import configparser
import json
import os
import re
import resource
import shlex
import statistics
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import stats  # noqa: E402

PAIRS = ROOT / "tests/long/calibrate/pairs.ini"
PLACE, BUILD = ROOT / "build/calibrate", ROOT / os.environ.get("BUILD", "build/gcc")
ROUNDS, CPU = int(os.environ.get("ROUNDS", "12")), 0  # ck binds its first thread to CPU 0
WITHIN, LONGEST_S = 1.1, 60
CELL = {"writes": "0%", "write-kind": "update", "misses": "0%", "shape": "u64x8",
        "dist": "uniform", "threads": "1", "presize": "yes", "measure": "throughput",
        "warm-up": "200ms", "window": "600ms", "deadline": "60s", "blocks": "1",
        "verify": "100kops"}
TRACED = "writes", "write-kind", "misses", "dist", "warm-up"  # the trace replaces these factors
CAMPAIGN = "blocks", "base", "skip", "estimate_ns", "memory_bytes", "repeat"
# Patterns for the output of the benchmarks: operations, or picoseconds of CPU time per operation.
OUTPUT = {"urcu": r"nr_reads +(?P<reads>\d+) nr_writes +(?P<writes>\d+) ",
          "ps": r"(?P<ps>\d+) ps per lookup",
          "ck": r"reader test\.\.\.done \(reader = (?P<ps>\d+) ticks",
          "cuckoo": r'"count",\s*"value": (?P<ops>\d+)',
          "go": r"Benchmark\S+\s+(?P<ops>\d+)\s+[\d.]+ ns/op"}
GO = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GO111MODULE": "off",
      "GOPATH": str(PLACE / "go-path"), "GOCACHE": str(PLACE / "go-cache")}


class Unable(Exception):
    """A program failed, or a part is missing; the message names it."""


def run(command, words, **options):
    done = subprocess.run(command, text=True, capture_output=True, check=False, cwd=ROOT, **options)
    if done.returncode:
        raise Unable(f"{words}: status {done.returncode}: {done.stderr[-600:]}")
    return done.stdout


# ---- our side ---------------------------------------------------------------

def lcg_trace(keys, lookups):
    """Writes a trace with the keys and the order of libcuckoo's benchmark: `keys` keys are present,
    and `lookups` look-ups follow."""
    lines, at = [f"has {key}" for key in range(keys)], 0
    for _ in range(lookups):
        lines.append(f"get {at}")
        at = ((lookups // 2 + 1) * at + lookups // 4 - 1) % lookups
    return "\n".join(lines) + "\n"


def our_trial(pair, name):
    """Makes a function that returns the CPU time in ns of an operation of our map."""
    (PLACE / "lcg.trace").write_text(lcg_trace(2048, 4096))
    changes = dict(word.split("=", 1) for word in pair["cell"].split())
    lines = CELL | changes | {"maps": name, "base": name}
    if lines["keys"].startswith("file:"):
        lines = {key: value for key, value in lines.items() if key not in TRACED}
    conf = PLACE / "calibrate.conf"
    conf.write_text("".join(f"{key} = {value}\n" for key, value in lines.items()))
    plan = json.loads(run([BUILD / "readmostly", "plan", "--json", conf], name))
    cell = next(c for c in plan["cells"] if c["measure"] == "throughput")
    if cell["skip"]:
        raise Unable(f"{name}: {cell['skip']}")
    factors = {key: value for key, value in cell.items() if key not in CAMPAIGN}
    request = json.dumps({"protocol": 2, "seed": 7, "control_extra": 0.0,
                          "counters": {"backend": "none"}, "cell": factors | {"cpus": [CPU]}})
    command = [BUILD / "readmostly", "dev"]

    def once():
        result = json.loads(run([*command, "trial"], name, input=request, timeout=LONGEST_S))
        if result["status"] != "ok":
            raise Unable(f"{name}: {result['status']}: {result['reason']}")
        return sum(t["cpu_ns"] for t in result["by_thread"]) / result["ops"]
    return once


# ---- their side -------------------------------------------------------------

def build_arm(name, pair, arm, steps):
    """Builds the project's benchmark with these steps; returns the command that runs it."""
    source = None
    if pair["source"] != "-":
        source = next((p for p in sorted(PLACE.glob(f"{pair['source']}-*"))
                       if (p / pair["benchmark"]).exists()), None)
        if source is None:
            raise Unable(f"no source: unpack it from {pair['home']} "
                         f"to {PLACE}/{pair['source']}-VERSION")
    out = PLACE / f"{name}.{arm}".replace(" ", "-")
    line = pair.get(f"build.{arm}", pair["build"])
    flags = " ".join(pair.get(step, "") for step in steps)
    words = pair | {"root": ROOT, "source": source, "out": out, "flags": flags}
    for _ in range(3):  # {here} may contain {root}
        for place, value in words.items():
            line = line.replace("{" + place + "}", str(value))
    run(["sh", "-c", line.replace("\n", " ")], f"{arm} is not built", env=os.environ | GO)
    command = pair.get(f"run.{arm}", pair["run"]).replace("{out}", str(out))
    return ["taskset", "-c", str(CPU), *shlex.split(command)]


def cpu_ns():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e9


def their_run(pair, command):
    before, text, found = cpu_ns(), "", None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace") as program:
        limit = threading.Timer(LONGEST_S, program.kill)
        limit.start()
        for line in program.stdout:
            text += line
            found = re.search(OUTPUT[pair["told"]], text)
            if found:
                program.kill()  # ends ck's benchmark before its other tests
                break
        limit.cancel()
    if not found:
        raise Unable(f"{command[3]}: status {program.returncode}, no figure in {text[-300:]!r}")
    figures = {key: int(value) for key, value in found.groupdict().items()}
    if "ps" in figures:
        return figures["ps"] / 1000
    return (cpu_ns() - before) / sum(figures.values()) / int(pair["lookups"])


def rows_of(name, pair):
    steps = pair["steps"].split()
    arms = {"theirs": []} | {step: steps[:i + 1] for i, step in enumerate(steps)}
    programs = {arm: (lambda c=build_arm(name, pair, arm, have): their_run(pair, c))
                for arm, have in arms.items()}
    programs["ours"] = our_trial(pair, pair.get("map", name))
    if "null" in pair:
        programs["null"] = our_trial(pair, pair["null"])
    costs = {arm: {} for arm in programs}
    for at in range(ROUNDS):
        for arm in list(programs)[::-1] if at % 2 else programs:
            costs[arm][at] = programs[arm]()
    rates = {arm: {at: 1 / ns for at, ns in of.items()} for arm, of in costs.items()}
    for arm, of in costs.items():
        line = f"{name:16} {arm:8} {statistics.median(of.values()):6.1f} ns"
        if arm not in ("ours", "null"):
            # A ratio of times is the inverse of the ratio of rates, so our rate is the dividend.
            r = stats.ratio_interval(rates["ours"], rates[arm])
            word = f"no interval: {r.reason}" if r.low is None else (
                "within 10 %" if 1 / WITHIN <= r.low and r.high <= WITHIN else
                "further" if r.high < 1 / WITHIN or WITHIN < r.low else "too wide")
            line += f"  {r.centre:.2f} [{r.low or 0:.2f}, {r.high or 0:.2f}]  {word}"
        yield line


def main():
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str
    parser.read(PAIRS)
    if set(sys.argv[1:]) - set(parser.sections()):
        print(__doc__, "Pairs:", ", ".join(parser.sections()), file=sys.stderr)
        return 2
    PLACE.mkdir(parents=True, exist_ok=True)
    status = 0
    for name in sys.argv[1:] or parser.sections():
        try:
            print("\n".join(rows_of(name, dict(parser[name]))), flush=True)
        except Unable as error:
            print(f"calibrate: {name}: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
