# SPDX-License-Identifier: Apache-2.0
"""Feeds the readers of report/ with inputs from tests/unit/fuzz_mutate.c.

    fuzz_readers.py BUILD [NAME...]

A reader must either accept an input, or reject it with its own error, which is one line that
names the file. Accepted data must be valid, and must stay the same when they are written and read
again. Each reader must also reject a missing file, and a folder in place of the file; these are
tried before the first input. FUZZ_INPUTS, FUZZ_SEED, FUZZ_FIRST and FUZZ_SECONDS have the same
meaning as in tests/unit/fuzz.h, and the output has the same `# fuzz` lines.
"""
import ctypes
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests/report")]
from report import ending, load  # noqa: E402
from report.decide import modes, result  # noqa: E402
from report.gate.rules import load_rules  # noqa: E402
from report.load import histogram, seal  # noqa: E402
from synthetic import encoded, hlog  # noqa: E402

SAMPLE = TOP / "tests" / "fixtures" / "campaign"
BYTES = 16384  # like FUZZ_BYTES in tests/unit/fuzz.h
REFUSED, TAKEN = False, True
JSON_WORDS = """null true 0 1 2 -1 1e999 NaN Infinity {} [] "" "x" [[0]] "ok"
"void" "failed" "head" "base" "attempt":2, "block":0, "block":1, "status":"ok",
"result":null, "ops":0, "ops":-1, "latency":[1], "arm":"base", 1e308
"verification":[] "cell":[], "id":1, "created_utc":0,""".split() + [
    "\n", ",", ":", '"', '"\\ud800"', "\x1b", "[" * 2000,
    "[" * 600 + "]" * 600, "9" * 400]


class Unsound(Exception):
    """A reader did not handle an input correctly; the text describes the fault."""


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
    """Returns fuzz_make() of the library, which is built if it is missing."""
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


def check_json(text):
    """Checks, with hooks that are independent of report/, that accepted JSON has unique members
    and only finite numbers."""
    def members(pairs):
        expect(len({name for name, _ in pairs}) == len(pairs), "a member occurs twice")
        return dict(pairs)

    def number(text):
        expect(math.isfinite(float(text)), f"{text} was taken")
        return float(text)
    json.loads(text, object_pairs_hook=members, parse_float=number,
               parse_constant=number)


# ---- readers: folder and text -> REFUSED or TAKEN -------------------------

def is_chosen(n, text):
    """True for about one of n inputs. Depends only on the content of the input, so that a single
    input gives the same result as in a long run."""
    return zlib.crc32(text) % n == 0


def check_campaign(campaign):
    """Checks that the campaign can be decided and that its rates are finite."""
    for cell in campaign.cells.values():
        expect(all(math.isfinite(r) for r in cell.rates.values()), "a rate is nan")
        expect(all(t.block >= 0 for t in cell.trials), "a block below 0")
    try:
        result.build(campaign)
    except load.JournalError as error:  # the sample's plan names histograms that do not exist
        expect(is_line(str(error)) and ".hlog: " in str(error), str(error))


def read_campaign(folder):
    try:
        campaign = load.read(folder)
    except load.JournalError as error:
        expect(is_line(str(error)) and str(folder) in str(error), str(error))
        return REFUSED
    for problem in campaign.problems:
        expect(is_line(problem) and problem.startswith("trials.jsonl:"),
               problem)
    check_campaign(campaign)
    return campaign


def resealed(meta):
    """Returns a campaign.json with hashes that match its members."""
    meta = meta | {"plan_sha256": seal.plan_sha256(meta)}
    return meta | {"sha256": seal.campaign_sha256(meta)}


def repaired(text):
    """Repairs the hashes of half of the inputs, so that later checks are reached, too."""
    try:
        found = json.loads(text)
        return json.dumps(resealed(found)).encode() if isinstance(
            found, dict) else text
    except (ValueError, RecursionError):
        return text


def meta(folder, text):
    if is_chosen(2, text):
        text = repaired(text)
    (folder / "campaign.json").write_bytes(text)
    if read_campaign(folder) is REFUSED:
        return REFUSED
    check_json(text)
    return TAKEN


def sealed(text):
    """Adds a checksum to each line that could be a trial."""
    return b"\n".join(b'%s,"crc32":"%s"}' % (
        line[:-1], seal.crc32(line[:-1]).encode()) if line.endswith(b"}")
        else line for line in text.split(b"\n"))


def trials(folder, text):
    """Returns REFUSED if a line was rejected. Half of the inputs get correct checksums and are read
    as part of a campaign that has checksums."""
    folder /= "sealed" if is_chosen(2, text) else "small"
    text = sealed(text) if folder.name == "sealed" else text
    file = folder / "trials.jsonl"
    file.write_bytes(text)
    found = read_campaign(folder)
    if found is REFUSED:
        return REFUSED
    for line in text.split(b"\n")[:-1] if not found.problems else ():
        check_json(line)
    return not found.problems


def quantiles(file, crc32):
    return histogram.read_file.__wrapped__(file, crc32)


def hlog_file(folder, text):
    """Makes an .hlog file. An input without a tag is compressed and becomes the payload. Half of
    the inputs have a checksum, one in 16 a wrong one."""
    file, kind = folder / "x.hlog", zlib.crc32(text) % 16
    file.write_bytes(text if b"Tag=" in text else hlog(text).encode())
    whole = seal.crc32(file.read_bytes())
    crc32 = None if kind < 8 else whole if kind < 15 else seal.crc32(b"")
    try:
        found = quantiles(file, crc32)
    except load.JournalError as error:
        expect(is_line(str(error)) and str(file) in str(error), str(error))
        return REFUSED
    expect(crc32 in (None, whole), "a wrong checksum was accepted")
    values, counts = list(found.values), list(found.cumulated)
    expect(not values or values[-1] < 2 ** 41 and counts[0] > 0, "beyond all buckets")
    expect(values == sorted(set(values)) and counts == sorted(set(counts)), "not ascending")
    expect(not values or 0 <= values[0] <= found.quantile(0.5) <= values[-1], "no quantile")
    return TAKEN


def rules(folder, text):
    file = folder / "regress.json"
    file.write_bytes(text)
    try:
        found = load_rules(file)
    except ending.InputError as error:
        expect(is_line(str(error)) and str(file) in str(error), str(error))
        return REFUSED
    check_json(text)
    expect(0 < found.margin < found.fail_at <= found.tolerance < 1,
           "rules that cannot decide anything")
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


def campaign_of(*names):
    """Returns the sample's campaign.json with only these members."""
    found = json.loads(*of("campaign.json"))
    return {name: found[name] for name in names}


def make_sample(folder):
    """Writes the files that inputs refer to. The trials of the sample's cells are in two campaigns,
    one with checksums and one without. The campaigns are small, because they are read for each
    input."""
    small = campaign_of("format", "protocol", "seed", "cells", "order", "maps")
    for name, found in (("small", small), ("sealed", resealed(
            small | {"line_checksum": "crc32"}))):
        (folder / name).mkdir()
        (folder / name / "campaign.json").write_text(json.dumps(found))
    (folder / "topology.xml").write_bytes(*of("topology.xml"))
    (folder / "trials.jsonl").write_bytes(SHORT_TRIALS)


SHORT_TRIALS = (SAMPLE.with_name("fuzz") / "trials.jsonl").read_bytes()
HLOG = [form(encoded(counts)) for counts in (
    {0: 1}, {5: 63, 6: 64, 7: 8191}, {100: 2 ** 31, 30000: 2 ** 40},
    {i: i + 1 for i in range(0, 9000, 7)}) for form in (
        bytes, lambda plain: hlog(plain).encode())]
READERS = {  # the fastest come first
    "rules of the gate": (rules, JSON_WORDS, [
        (TOP / "report" / "gate" / "regress.json").read_bytes()]),
    "mode in Python": (mode, ["blocks = ", "budget = ", "1.2.3min", "3min",
                              "\xb2", "0", "-1", "[x]\n", "#", "\n"], [
        (TOP / "workloads" / "modes" / f"{name}.conf").read_bytes()
        for name in ("quick", "standard")]),
    "hlog": (hlog_file, ["Tag=", ",", "\n", "#", "HISTFAAA", "eJ", "=", "A", "/", "\x80" * 8,
                         "\xff" * 9, "\x1c\x84\x93\x13"], HLOG),
    "campaign.json in Python": (meta, JSON_WORDS, of("campaign.json")),
    "trials.jsonl in Python": (trials, JSON_WORDS, [
        SHORT_TRIALS, SHORT_TRIALS, *of("trials.jsonl")]),
}


# Each reader's file, and a function that returns true if it accepts the file.
ABSENT = {
    "campaign.json in Python": ("campaign.json", lambda file: load.read(
        file.parent)),
    "trials.jsonl in Python": ("small/trials.jsonl", lambda file: not
                               load.read(file.parent).problems),
    "hlog": ("x.hlog", lambda file: quantiles(file, None)),
    "rules of the gate": ("regress.json", load_rules),
}


def refuse_absent(name, folder):
    """Tries a missing file, then a folder in its place."""
    file, read = ABSENT[name]
    file = folder / file
    file.unlink(missing_ok=True)
    for prepare in (lambda: None, file.mkdir):
        prepare()
        try:
            expect(not read(file), f"{file.name}: none was taken")
        except (load.JournalError, ending.InputError) as error:
            named = str(file), f"{file.parent}: no {file.name}"
            expect(is_line(str(error)) and any(n in str(error) for n in named), error)
    file.rmdir()


def fuzz(name, make, inputs):
    """Returns the numbers of inputs, of accepted and of rejected ones, and the fault or None."""
    reader, words, seeds = READERS[name]
    corpus, made = corpus_of(words, seeds), Input()
    seed, first, most = (int(os.environ.get(f"FUZZ_{key}", preset)) for
                         key, preset in (("SEED", 1), ("FIRST", 0),
                                         ("SECONDS", 3600)))
    begun, counts = time.process_time(), {REFUSED: 0, TAKEN: 0}
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir(
            "/dev/shm") else None) as folder:
        folder = Path(folder)
        make_sample(folder)
        if name in ABSENT:
            refuse_absent(name, folder)
        for number in range(first, first + inputs):
            if time.process_time() - begun > most:
                break
            make(corpus, seed, number, made)
            try:
                counts[bool(reader(folder, made.bytes))] += 1
            except Exception as error:  # an exception that the reader did not handle
                return counts, time.process_time() - begun, (
                    f"{name}: input {number} of seed {seed}: {error!r}: "
                    f"{made.bytes[:2000]!r}")
    return counts, time.process_time() - begun, None


def main(build, *names):
    make, wrong = mutator(build), 0
    only = os.environ.get("FUZZ_ONLY")
    names = names or ([only] if only else [])
    unknown = [name for name in names if name not in READERS]
    if unknown:
        sys.exit(f"fuzz_readers.py: no reader is called {unknown[0]!r}, "
                 f"expected one of: {', '.join(READERS)}")
    inputs = int(os.environ.get("FUZZ_INPUTS", 1_000_000))
    for name in names or READERS:
        counts, cpu, found = fuzz(name, make, inputs)
        wrong += found is not None
        if found:
            print(f"# {found}")
        print("# fuzz", name, os.environ.get("FUZZ_SEED", 1), sum(
            counts.values()) + (found is not None), counts[TAKEN],
              counts[REFUSED], f"{cpu:.3f}", sep="\t", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
