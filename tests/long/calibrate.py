#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Costs of a map here and in its own project's benchmark, with equal parameters.

    calibrate.py FOLDER [PAIR...]      builds, measures, prints
    calibrate.py --table FOLDER        prints what was measured

Pairs and their parameters are in calibrate/pairs.ini. Each round runs each program
once, forward and backward by turns: their benchmark, their benchmark with parts of its
loop replaced by ours (steps), and our trial. The ratio is their CPU time for an
operation over ours, paired by round, with its 95 % interval; pairs with different
parameters are not judged. ROUNDS (12). A source that is missing is named: unpack it
into build/calibrate (`apt-get source NAME`). Status: 0; 1 a program failed or is
missing; 2 usage.
"""
import configparser
import json
import math
import os
import pathlib
import re
import resource
import selectors
import shlex
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from report import stats  # noqa: E402

PAIRS = ROOT / "tests/long/calibrate/pairs.ini"
UNPACKED = ROOT / "build/calibrate"
WITHIN = 1.1
OURS, THEIRS = "ours", "theirs"
CPU = 0  # Concurrency Kit's threads begin with this one
LONGEST_S = 60
SHARE_APART = 0.01  # drawn shares scatter
CELL = {"writes": "0%", "write-kind": "update", "misses": "0%",
        "shape": "u64x8", "dist": "uniform", "threads": "1",
        "presize": "yes", "measure": "throughput", "warm-up": "200ms",
        "window": "600ms", "deadline": "60s", "blocks": "1",
        "verify": "100kops"}
TRACED = ("writes", "write-kind", "misses", "dist", "warm-up")
CAMPAIGNS = ("blocks", "base", "skip", "estimate_ns", "memory_bytes",
             "repeat")


class Unable(Exception):
    """What is missing, in words."""


# ---- the pairs --------------------------------------------------------------

def pairs_of(text):
    """name -> fields, with {root} and {here} filled in when they are used."""
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


def arms_of(pair):
    """Of their programs: (name, the steps that it has)."""
    steps = pair["steps"].split()
    return [(THEIRS, [])] + [(name, steps[:i + 1])
                             for i, name in enumerate(steps)]


def number_of(text):
    """A number where the text is one."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def stated_by(pair):
    return {key: number_of(value) for key, value in
            (word.split("=") for word in pair["stated"].split())}


# ---- what their programs print ----------------------------------------------

def found_in(pattern, output):
    found = re.search(pattern, output)
    if not found:
        raise Unable(f"their output has no {pattern!r}")
    return [number_of(text) for text in found.groups()]


def told_by_urcu(output):
    seconds, readers, writers, reads, writes = found_in(
        r"testdur +(\d+) nr_readers +(\d+) .*nr_writers +(\d+) .*"
        r"nr_reads +(\d+) nr_writes +(\d+) ", output)
    failed, found = found_in(r"lookupfail (\d+), lookupok (\d+)", output)
    keys, = found_in(r"before destroy: (\d+) nodes", output)
    return {"ops": reads + writes, "elapsed_ns": seconds * 10**9,
            "keys": keys, "threads": readers + writers,
            "write_share": writes / (reads + writes),
            "miss_share": failed / (failed + found)}


def told_by_ck(output):
    """Its clock is calibrate/ck.h's: picoseconds of CPU time."""
    keys, = found_in(r"(\d+) entries stored", output)
    picoseconds, = found_in(r"reader test\.\.\.done \(reader = (\d+) ticks",
                            output)
    return {"cpu_ns_per_op": picoseconds / 1000, "keys": keys}


def told_by_cuckoo(output):
    """The keys that it asks for are a power of two, of at least the capacity
    and what is filled."""
    arguments = dict(re.findall(r"--([a-z-]+) (\d+)", output))
    numbers = {key: int(value) for key, value in arguments.items()}
    ops, = found_in(r'"count",\s*"value": (\d+)', output)
    seconds, = found_in(r'"seconds",\s*"value": ([\d.]+)', output)
    capacity = 2 ** numbers["initial-capacity"]
    keys = capacity * numbers["prefill"] // 100
    asked = 2 ** math.ceil(math.log2(capacity + keys))
    return {"ops": ops, "elapsed_ns": seconds * 1e9, "keys": keys,
            "threads": numbers["num-threads"],
            "write_share": 1 - numbers["reads"] / 100,
            "miss_share": 1 - keys / asked}


def told_by_go(output):
    ops, ns = found_in(r"Benchmark\S+\s+(\d+)\s+([\d.]+) ns/op", output)
    return {"ops": ops, "elapsed_ns": ops * ns}


TOLD = {"urcu": told_by_urcu, "ck": told_by_ck, "cuckoo": told_by_cuckoo,
        "go": told_by_go}
LAST_WORD = {"ck": "reader test...done"}  # what follows is not asked for


def measured(pair, output, cpu_ns):
    """(ns per operation of the CPU, elapsed or None, parameters)"""
    told = TOLD[pair["told"]](output)
    ops, elapsed = told.pop("ops", None), told.pop("elapsed_ns", None)
    cpu = told.pop("cpu_ns_per_op", None) or cpu_ns / ops
    return {"cpu_ns": cpu, "elapsed_ns": elapsed and elapsed / ops,
            "parameters": told | stated_by(pair)}


# ---- parameters -------------------------------------------------------------

def differences(theirs, ours):
    """What keeps two runs from being compared, in words."""
    told = []
    for key in sorted(theirs.keys() | ours.keys()):
        here, there = ours.get(key), theirs.get(key)
        near = (key.endswith("_share") and None not in (here, there)
                and abs(here - there) <= SHARE_APART)
        if here != there and not near:
            told.append(f"{key} {there} there, {here} here")
    return told


def verdict_of(ratio, apart):
    if apart:
        return "not judged: " + "; ".join(apart)
    if ratio["low"] is None:
        return f"no interval: {ratio['reason']}"
    if 1 / WITHIN <= ratio["low"] and ratio["high"] <= WITHIN:
        return "within 10 %"
    if ratio["high"] < 1 / WITHIN or WITHIN < ratio["low"]:
        return "further"
    return "too wide"


# ---- our side ---------------------------------------------------------------

def program_of(name):
    """The program of this build that has a map."""
    language = name.split("_")[0]
    folder = ROOT / os.environ.get("BUILD", "build/gcc")
    elsewhere = folder / f"readmostly-{language}"
    return elsewhere if elsewhere.exists() else folder / "readmostly"


def lcg_trace(keys, asked):
    """The order of libcuckoo's benchmark, from its two parameters, as a trace:
    which of `asked` keys are looked up in turn; the first `keys` are there."""
    lines, at = [f"has {key}" for key in range(keys)], 0
    for _ in range(asked):
        lines.append(f"get {at}")
        at = ((asked // 2 + 1) * at + asked // 4 - 1) % asked
    return "\n".join(lines) + "\n"


def workload_of(pair, name):
    own = dict(word.split("=", 1) for word in pair["cell"].split())
    lines = CELL | own | {"maps": name, "base": name}
    if lines["keys"].startswith("file:"):
        for key in TRACED:
            del lines[key]
    return "".join(f"{key} = {value}\n" for key, value in lines.items())


def held_by_this_build(name):
    listed = subprocess.run([program_of("none"), "list"], text=True,
                            capture_output=True, check=False).stdout
    if not re.search(rf"^{name} (?! *not built)", listed, re.M):
        raise Unable(f"{name} is not in this build: `make` says which "
                     "package it needs, `make deps-peers` installs it")


def request_of(pair, name, folder):
    held_by_this_build(name)
    (folder / "lcg.trace").write_text(lcg_trace(2048, 4096))
    conf = folder / "calibrate.conf"
    conf.write_text(workload_of(pair, name))
    planned = subprocess.run(
        [program_of("none"), "plan", "--json", conf], check=False,
        capture_output=True, text=True)
    if planned.returncode:
        raise Unable(planned.stderr.strip())
    cell, *others = [cell for cell in json.loads(planned.stdout)["cells"]
                     if cell["measure"] == "throughput"]
    if others or cell["skip"]:
        raise Unable(f"{name}: {cell['skip'] or 'more than one cell'}")
    for key in CAMPAIGNS:
        cell.pop(key, None)
    cell["cpus"] = [CPU]
    return {"protocol": 2, "cell": cell, "seed": 7, "control_extra": 0.0,
            "counters": {"backend": "none"}}


def result_of(request, name, folder):
    done = subprocess.run([program_of(name), "trial"], cwd=folder,
                          input=json.dumps(request), capture_output=True,
                          text=True, timeout=LONGEST_S, check=False)
    if done.returncode:
        raise Unable(f"{name}: {done.stderr.strip()}")
    result = json.loads(done.stdout)
    if result["status"] != "ok":
        raise Unable(f"{name}: {result['status']}: {result['reason']}")
    return result


def of_ours(pair, cell, result):
    """As measured(), of a trial: the order is what the cell draws by; a trace
    is the one that was written for it."""
    traced = cell["dist"].startswith("trace:")
    order = stated_by(pair)["order"] if traced else cell["dist"]
    return {"cpu_ns": sum(thread["cpu_ns"] for thread in
                          result["by_thread"]) / result["ops"],
            "elapsed_ns": result["elapsed_ns"] / result["ops"],
            "parameters": {
                "keys": result["keys_before"],
                "threads": len(result["by_thread"]), "order": order,
                "write_share": result["writes"] / result["ops"],
                "miss_share": 1 - result["hits"] / result["lookups"],
                "key_bytes": 8 if cell["shape"].startswith("u64") else 16}}


# ---- their side -------------------------------------------------------------

def missing(packages):
    def installed(name):
        done = subprocess.run(["dpkg-query", "-W", "-f=${Status}", name],
                              capture_output=True, text=True, check=False)
        return "ok installed" in done.stdout
    return [name for name in packages if not installed(name)]


def unpacked(pair):
    """The folder of their source."""
    name = pair["source"]
    if name == "-":
        return None
    found = [path for path in sorted(UNPACKED.glob(f"{name}-*"))
             if (path / pair["benchmark"]).exists()]
    if not found:
        raise Unable(f"no source of {name}: unpack it from {pair['home']} (apt-get source {name}) "
                     f"to {UNPACKED}/{name}-VERSION")
    return found[-1]


def built(name, pair, arm, steps, source):
    """Their program, or one with these steps."""
    out = UNPACKED / f"{name}.{arm}".replace(" ", "-")
    line = pair.get(f"build.{arm}", pair["build"])
    flags = " ".join(pair.get(step, "") for step in steps)
    places = {"{here}": pair["here"], "{root}": str(ROOT),
              "{source}": str(source), "{out}": str(out), "{flags}": flags}
    for _ in range(2):  # {here} has {root} in it
        for place, value in places.items():
            line = line.replace(place, value)
    done = subprocess.run(["sh", "-c", line.replace("\n", " ")], text=True,
                          capture_output=True, check=False,
                          env=os.environ | go_environment())
    if done.returncode:
        raise Unable(f"{name}, {arm}: not built: {done.stderr[-600:]}")
    command = pair.get(f"run.{arm}", pair["run"]).replace("{out}", str(out))
    return ["taskset", "-c", str(CPU), *shlex.split(command)]


def go_environment():
    return {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GO111MODULE": "off",
            "GOPATH": str(UNPACKED / "go-path"),
            "GOCACHE": str(UNPACKED / "go-cache")}


def output_of(command, last_word):
    """What it prints, up to the line with its last word: then it is ended."""
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, bufsize=0) as program:
        waiting, text = selectors.DefaultSelector(), b""
        waiting.register(program.stdout, selectors.EVENT_READ)
        seen = late = False
        while not seen and not late:
            late = not waiting.select(LONGEST_S)
            more = b"" if late else os.read(program.stdout.fileno(), 1 << 16)
            if not more:
                break
            text += more
            seen = last_word and re.search(
                re.escape(last_word).encode() + rb".*\n", text)
        if seen or late:
            program.kill()
        status = program.wait()
    if status and not seen:
        raise Unable(f"{command[3]} ended with {status}: {text[-300:]!r}")
    return text.decode(errors="replace")


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_theirs(pair, command):
    before = cpu_of_children()
    output = output_of(command, LAST_WORD.get(pair["told"]))
    return measured(pair, output, (cpu_of_children() - before) * 1e9)


# ---- runs and tables --------------------------------------------------------

def round_of(programs, back):
    """Each program once -> name -> what it measured."""
    order = list(programs)[::-1] if back else list(programs)
    return {name: programs[name]() for name in order}


def programs_of(name, pair, folder):
    """name -> what runs it, theirs first and ours last."""
    needed = missing(pair["packages"].split())
    if needed:
        raise Unable(f"{name} needs the packages {' '.join(needed)}")
    ours = pair.get("map", name)
    source = unpacked(pair)
    commands = {arm: built(name, pair, arm, steps, source)
                for arm, steps in arms_of(pair)}
    request = request_of(pair, ours, folder)
    programs = {arm: lambda line=line: run_theirs(pair, line)
                for arm, line in commands.items()}
    programs[OURS] = lambda: of_ours(pair, request["cell"],
                                     result_of(request, ours, folder))
    return programs


def measure(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rounds.jsonl").touch()
    pairs, status = pairs_of(PAIRS.read_text()), 0
    for name in names or pairs:
        try:
            programs = programs_of(name, pairs[name], folder)
            done = sum(row["pair"] == name for row in rows_in(folder))
            more = int(os.environ.get("ROUNDS", "12"))
            for at in range(done, done + more):
                row = {"pair": name, "round": at, "runs": round_of(programs, at % 2)}
                with open(folder / "rounds.jsonl", "a",
                          encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
        except Unable as error:
            print(f"calibrate: {name}: {error}", file=sys.stderr)
            status = 1
    return status


def rows_in(folder):
    try:
        text = (folder / "rounds.jsonl").read_text()
    except OSError as error:
        raise Unable(f"{error.filename}: {error.strerror}") from error
    return [json.loads(line) for line in text.splitlines()]


def rows_of_arm(name, arm, rounds):
    """The row of one program of a pair."""
    runs = {row["round"]: row["runs"] for row in rounds}
    rates = {side: {at: 1 / run[side]["cpu_ns"] for at, run in runs.items()}
             for side in (arm, OURS)}
    elapsed = [run[arm]["elapsed_ns"] for run in runs.values()
               if run[arm]["elapsed_ns"]]
    row = {"pair": name, "program": arm, "rounds": len(runs),
           "cpu_ns": statistics.median(run[arm]["cpu_ns"]
                                       for run in runs.values()),
           "elapsed_ns": statistics.median(elapsed) if elapsed else None}
    if arm == OURS:
        return row | dict.fromkeys(("ratio", "low", "high")) | {
            "verdict": "-"}
    # rates: theirs takes the longer, the less of it is done in a second
    ratio = stats.compare(rates[arm], rates[OURS])
    apart = sorted({text for run in runs.values() for text in differences(
        run[arm]["parameters"], run[OURS]["parameters"])})
    return row | {"ratio": ratio["centre"], "low": ratio["low"],
                  "high": ratio["high"], "verdict": verdict_of(ratio, apart)}


def table_of(rows):
    table = []
    for name in dict.fromkeys(row["pair"] for row in rows):
        rounds = [row for row in rows if row["pair"] == name]
        table += [rows_of_arm(name, arm, rounds)
                  for arm in rounds[0]["runs"]]
    return table


def text_of(value):
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def lines_of(table):
    """For a person."""
    yield (f"{'pair':16} {'program':8} {'CPU ns':>6} {'elapsed':>7}  "
           f"{'their time / ours':>19}  rounds")
    for row in table:
        told = {key: text_of(value) for key, value in row.items()}
        interval = ("" if row["ratio"] is None else
                    f"{told['ratio']} [{told['low']}, {told['high']}]")
        yield (f"{told['pair']:16} {told['program']:8} {told['cpu_ns']:>6} "
               f"{told['elapsed_ns']:>7}  {interval:>19}  "
               f"{told['rounds']:>6}  {told['verdict']}")


def main():
    argv = sys.argv[1:]
    only = argv[:1] == ["--table"]
    argv = argv[only:]
    known = pairs_of(PAIRS.read_text())
    if not argv or set(argv[1:]) - set(known):
        print(__doc__, "Pairs: " + ", ".join(known), file=sys.stderr)
        return 2
    folder, status = pathlib.Path(argv[0]).resolve(), 0
    if not only:
        status = measure(folder, argv[1:])
    print("\n".join(lines_of(table_of(rows_in(folder)))))
    return status


if __name__ == "__main__":
    sys.exit(main())
