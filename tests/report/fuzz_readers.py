# SPDX-License-Identifier: Apache-2.0
"""Gives the readers of report/ inputs of tests/unit/fuzz_mutate.c.

    fuzz_readers.py BUILD [NAME...]

A reader must decide: refuse with its own error, one line that names the file,
or take it; what is taken has sense, and written it reads back the same.
FUZZ_INPUTS, FUZZ_SEED, FUZZ_FIRST and FUZZ_SECONDS of the environment as in
tests/unit/fuzz.h; prints the same `# fuzz` lines.
"""
import ctypes
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))
from report import (journal, latencies, modes, regress,  # noqa: E402
                    regress_tally, strict_json, topology)

SAMPLE = TOP / "tests" / "fixtures" / "campaign"
BYTES = 16384  # FUZZ_BYTES
REFUSED, TAKEN = False, True
JSON_WORDS = """null true 0 1 2 -1 1e999 NaN Infinity {} [] "" "x" [[0]] "ok"
"void" "failed" "head" "base" "attempt":2, "block":0, "block":1, "status":"ok",
"result":null, "ops":0, "ops":-1, "latency":[1], "arm":"base", 1e308
"verification":[] "cell":[], "id":1, "created_utc":0,""".split() + [
    "\n", ",", ":", '"', '"\\ud800"', "\x1b", "[" * 2000]


class Unsound(Exception):
    """A reader did neither: the text says what."""


class Input(ctypes.Structure):
    _fields_ = [("rng", ctypes.c_uint64), ("length", ctypes.c_size_t),
                ("text", ctypes.c_char * BYTES)]

    @property
    def bytes(self):
        return ctypes.string_at(ctypes.addressof(self) + Input.text.offset,
                                self.length)


class Corpus(ctypes.Structure):
    _fields_ = [("words", ctypes.POINTER(ctypes.c_char_p)),
                ("word_count", ctypes.c_size_t),
                ("seeds", ctypes.POINTER(ctypes.c_char_p)),
                ("seed_bytes", ctypes.POINTER(ctypes.c_size_t)),
                ("seed_count", ctypes.c_size_t)]


def corpus_of(words, seeds):
    words = [w.encode() for w in words]
    seeds = [s[:BYTES] for s in seeds]
    return Corpus((ctypes.c_char_p * len(words))(*words), len(words),
                  (ctypes.c_char_p * len(seeds))(*seeds),
                  (ctypes.c_size_t * len(seeds))(*map(len, seeds)),
                  len(seeds))


def mutator(build):
    """fuzz_make() of the library, which is built where it is missing."""
    file = (TOP / build / "tests" / "fuzz_mutate.so").resolve()
    subprocess.run(["make", "-s", f"BUILD={build}",
                    f"{build}/tests/{file.name}"], cwd=TOP, check=True)
    make = ctypes.CDLL(str(file)).fuzz_make
    make.argtypes = (ctypes.POINTER(Corpus), ctypes.c_uint64, ctypes.c_uint64,
                     ctypes.POINTER(Input))
    make.restype = None
    return make


def is_line(text):
    return bool(text) and all(c >= " " and c != "\x7f" for c in text)


def expect(fine, what):
    if not fine:
        raise Unsound(what)


def told_once(text):
    """What was taken has each member once and no number that is none; by
    hooks of its own, not by those of report/."""
    def members(pairs):
        expect(len({name for name, _ in pairs}) == len(pairs), "told twice")
        return dict(pairs)

    def number(text):
        expect(math.isfinite(float(text)), f"{text} was taken")
        return float(text)
    json.loads(text, object_pairs_hook=members, parse_float=number,
               parse_constant=number)


# ---- readers: file and text -> REFUSED or TAKEN ---------------------------

def has_sense(campaign):
    """What the page reads of every campaign can be read of this one."""
    for cell in campaign.cells.values():
        for name in ("state", "reason", "pending"):
            getattr(cell, name)
        if cell.measure == "throughput":
            for trial in cell.ok:
                expect(math.isfinite(journal.rate(trial)), "a rate is nan")
    for name in ("name", "maps", "missing", "pending",
                 "failed_maps"):
        getattr(campaign, name)
    latencies.entries(campaign.cells.values())
    numbers = [t["block"] for c in campaign.cells.values() for t in c.trials]
    expect(all(n >= 0 for n in numbers), "a block below 0")


def read_campaign(folder):
    try:
        campaign = journal.read(folder)
    except journal.JournalError as error:
        expect(is_line(str(error)) and str(folder) in str(error), str(error))
        return REFUSED
    for problem in campaign.problems:
        expect(is_line(problem) and problem.startswith("trials.jsonl:"),
               problem)
    has_sense(campaign)
    return campaign


def meta(folder, text):
    (folder / "campaign.json").write_bytes(text)
    found = read_campaign(folder)
    if found is REFUSED:
        return REFUSED
    told_once(text)
    (folder / "campaign.json").write_text(json.dumps(found.meta))
    again = read_campaign(folder)
    expect(again and again.meta == found.meta, "not the same again")
    return TAKEN


def trials(folder, text):
    """Refused: a line of it was."""
    file = folder / "trials.jsonl"
    file.write_bytes(text)
    found = read_campaign(folder)
    ran = [trial for _, trial in found.ran]
    for line in text.split(b"\n")[:-1] if not found.problems else ():
        told_once(line)
    file.write_text("".join(json.dumps(t) + "\n" for t in ran))
    again = read_campaign(folder)
    expect([t for _, t in again.ran] == ran, "not the same again")
    return not found.problems


def hgrm(folder, text):
    file = folder / "x.hgrm"
    file.write_bytes(text)
    latencies.percentile_table.cache_clear()
    found = latencies.percentile_table(file, None)
    if found is None:
        return REFUSED
    p, ns = found
    expect(len(p) == len(ns) and (p >= 0).all() and (p <= 1).all()
           and (ns >= 0).all(), "no percentiles")
    expect(list(p) == sorted(p) and list(ns) == sorted(ns), "not ascending")
    file.write_text("".join(f"{v / 1e3!r} {at!r} 1 1\n" for at, v in
                            zip(map(float, p), map(float, ns))))
    latencies.percentile_table.cache_clear()
    again = latencies.percentile_table(file, None)
    expect(again is not None and (again[0] == p).all()
           and abs(again[1] - ns).max() <= 1e-9 * ns.max(), "not the same")
    return TAKEN


def machine(folder, text):
    file = folder / "topology.xml"
    file.write_bytes(text)
    found = topology.spots(file)
    seats = list(found.values())
    expect(len(seats) == len(set(seats)) and all(
        cpu >= 0 for cpu in found), "two CPUs on one seat")
    topology.crossed(list(found), found)
    return bool(found)


def tally(folder, text):
    file = folder / "regress.jsonl"
    file.write_bytes(text)
    try:
        lines = regress_tally.read_tally(str(file))
    except regress.InputError as error:
        expect(is_line(str(error)) and f"{file}:" in str(error), str(error))
        return REFUSED
    for line in text.splitlines():
        told_once(line)
    regress_tally.summary(lines)
    regress_tally.shortfalls(lines)
    file.write_text("".join(json.dumps(x) + "\n" for x in lines))
    expect(regress_tally.read_tally(str(file)) == lines, "not the same again")
    return TAKEN


def rules(folder, text):
    file = folder / "regress.json"
    file.write_bytes(text)
    try:
        found, _ = regress.load_rules(file)
    except regress.InputError as error:
        expect(is_line(str(error)) and str(file) in str(error), str(error))
        return REFUSED
    told_once(text)
    expect(0 < found["margin"] < found["fail_at"] <= found["tolerance"] < 1,
           "rules that decide nothing")
    return TAKEN


def mode(folder, text):
    file = folder / "modes" / "x.conf"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text.decode("latin-1"), encoding="utf-8")
    found = modes.modes(file.parent)
    expect(all(blocks >= 0 and minutes >= 0 for minutes, _, blocks in found),
           "less than nothing")
    return bool(found)


def of(*names):
    return [(SAMPLE / name).read_bytes() for name in names]


HGRM = of(*(f"histograms/{n}.hgrm" for n in range(4)))
READERS = {
    "campaign.json in Python": (meta, JSON_WORDS, of("campaign.json")),
    "trials.jsonl in Python": (trials, JSON_WORDS, of("trials.jsonl")),
    "hgrm": (hgrm, "0.5 1.0 nan inf -1 1e999 # \n 0.1 \xff 1 2".split(" "),
             HGRM),
    "topology.xml": (machine, [
        "<object type=\"PU\" os_index=\"1\"/>", "os_index=\"0\"", "Core", "PU",
        "\"x\"", "\"-1\"", "\"99999999999\"", "type=", "Package", "</object>",
        "<!DOCTYPE x [<!ENTITY a \"b\">]>", "&a;"], of("topology.xml")),
    "tally": (tally, JSON_WORDS + ['"PASS"', '"FAIL"', '"seconds":1,'], [
        b"".join((TOP / "docs/tally/regress.jsonl").read_bytes().splitlines(
            True)[:4])]),
    "rules of the gate": (rules, JSON_WORDS, [
        (TOP / "report" / "regress.json").read_bytes()]),
    "mode in Python": (mode, ["blocks = ", "budget = ", "1.2.3min", "3min",
                              "\xb2", "0", "-1", "[x]\n", "#", "\n"], [
        (TOP / "workloads" / "modes" / f"{name}.conf").read_bytes()
        for name in ("quick", "standard")]),
}


def fuzz(name, make, inputs):
    """(inputs, taken, refused, what was unsound or None)."""
    reader, words, seeds = READERS[name]
    corpus, made = corpus_of(words, seeds), Input()
    seed, first, most = (int(os.environ.get(f"FUZZ_{key}", preset)) for
                         key, preset in (("SEED", 1), ("FIRST", 0),
                                         ("SECONDS", 3600)))
    begun, counts = time.process_time(), {REFUSED: 0, TAKEN: 0}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir(
            "/dev/shm") else None) as folder:
        folder = Path(folder)
        for file in ("campaign.json", "trials.jsonl", "topology.xml"):
            (folder / file).write_bytes(*of(file))
        for number in range(first, first + inputs):
            if time.process_time() - begun > most:
                break
            make(corpus, seed, number, made)
            try:
                counts[bool(reader(folder, made.bytes))] += 1
            except Exception as error:  # what a reader lets through
                return counts, time.process_time() - begun, (
                    f"{name}: input {number} of seed {seed}: {error!r}: "
                    f"{made.bytes[:2000]!r}")
    return counts, time.process_time() - begun, None


# ---- which lines of the readers ran ---------------------------------------

PARSERS = (
    journal.read_meta, journal.read_cells, journal.lines_of, journal.wrong_in,
    journal.is_latency, journal.is_count, journal.is_amount,
    journal.attempts_of, journal.planned_lines, journal.read, journal.judge,
    latencies.percentile_table.__wrapped__, latencies.rises, topology.spots,
    regress_tally.is_line, regress_tally.read_tally, regress.load_rules,
    modes.settings, modes.modes, strict_json.members, strict_json.number,
    strict_json.loads)


def lines_run(make, inputs):
    """{file: ({line: function}, lines that ran)} of the parsers."""
    codes, ran = {f.__code__ for f in PARSERS}, set()

    def enter(frame, event, argument):
        return step if frame.f_code in codes else None

    def step(frame, event, argument):
        if event == "line":
            ran.add((frame.f_code, frame.f_lineno))
        return step
    sys.settrace(enter)
    for name in READERS:
        fuzz(name, make, inputs)
    sys.settrace(None)
    files = {}
    for code in codes:
        file = os.path.relpath(code.co_filename, TOP)
        lines, done = files.setdefault(file, ({}, set()))
        lines.update((line, code.co_name) for _, _, line in code.co_lines()
                     if line and line > code.co_firstlineno)
        done.update(line for of, line in ran if of is code)
    return files


def tell_lines(make):
    """`# lines` and a row for each file, as docs/tally/fuzz.md has them."""
    for file, (lines, done) in sorted(lines_run(make, 1000).items()):
        missed = {}
        for line in sorted(set(lines) - done):
            missed.setdefault(lines[line], []).append(str(line))
        print("# lines", file, len(lines), len(set(lines) & done), ", ".join(
            f"{name} {' '.join(at)}" for name, at in missed.items()) or "-",
              sep="\t", flush=True)


def main(build, *names):
    make, wrong = mutator(build), 0
    inputs = int(os.environ.get("FUZZ_INPUTS", 1_000_000))
    for name in names or READERS:
        counts, cpu, found = fuzz(name, make, inputs)
        wrong += found is not None
        if found:
            print(f"# {found}")
        print("# fuzz", name, os.environ.get("FUZZ_SEED", 1), sum(
            counts.values()) + (found is not None), counts[TAKEN],
              counts[REFUSED], f"{cpu:.3f}", sep="\t", flush=True)
    if not names:
        tell_lines(make)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
