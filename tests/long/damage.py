#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""damage.py READMOSTLY N - cuts a file of each format that the suite reads N times, flips one
of its bits N times, and reads it.

Prints for each format how often the damaged file was rejected with its name, read with a warning,
read with the same result, rejected without its name, or read with another result and no warning
(silent). Status: 1 if one of the last two cases occurred, else 0.
"""
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests/report")]
import made_artifact  # noqa: E402
from report.compare import gather  # noqa: E402
from report.ending import InputError  # noqa: E402
from report.gate import campaign as gate  # noqa: E402
from report.gate import history  # noqa: E402
from report.load import JournalError, histogram, journal  # noqa: E402
from machine_campaigns import fleet  # noqa: E402
from test_gate_history import run_of  # noqa: E402

RNG = random.Random(1)
KINDS = ("refused", "remark", "same", "unnamed", "silent")


# Readers return a result and warnings. They reject a file by raising JournalError or InputError.

def output_of(*argv, refused=(2, 3)):
    done = subprocess.run([str(a) for a in argv], cwd=TOP, capture_output=True, check=False)
    errors = done.stderr.decode(errors="replace")
    if done.returncode in refused or done.returncode < 0:
        raise InputError(errors + done.stdout.decode(errors="replace"))
    return (done.returncode, done.stdout), errors


def report(folder):
    """Returns the parts of a campaign that a report reads."""
    histogram.read_file.cache_clear()
    found = journal.read(folder)
    drawn = [(e, h and (h.values.tolist(), h.cumulated.tolist())) for _, t in found.ran
             if t.result for e in t.result.latency or () for h in [histogram.read(folder, e)]]
    return (repr((found.plan, found.cells, found.ran, drawn)),
            found.problems or ("" if found.complete else "pending trials"))


def gated(folder):
    meta, sealed = gate.read_meta(folder)
    attempts = gate.read_attempts(folder, meta, sealed)
    lost = len(attempts) < sum(c.blocks for c in meta.cells)
    return repr((meta, attempts)), "pending trials" if lost else ""


def formats(readmostly, work):
    """Returns (name, file, reader) of each format."""
    fixtures = TOP / "tests/fixtures"
    made = made_artifact.campaign(work / "campaign")
    hlog = sorted((made / "histograms").iterdir())[0]
    for file in (made / "trials.jsonl", made / "campaign.json", hlog):
        yield f"{file.suffix}, report", file, lambda: report(made)
        yield f"{file.suffix}, validate", file, lambda: output_of(
            readmostly, "dev", "validate", made, refused=(1, 2, 3))
        if file != hlog:
            yield f"{file.suffix}, gate", file, lambda: gated(made)
    gates = work / "gates.jsonl"
    for number in range(4):
        history.append(gates, run_of(number))
    yield "history of gates", gates, lambda: history.read(gates)
    checked = work / "stale.jsonl"
    output_of(readmostly, "check", "--history", fixtures / "histories/stale.jsonl",
              "--smallest", checked)
    yield "history of a map", checked, lambda: output_of(
        readmostly, "check", "--history", checked)
    fleet(work, {"a": ("complete", None), "b": ("failed", "status 1")})
    (work / "fleet.json").write_bytes(subprocess.run(
        [TOP / "runner/seal.sh"], input=(work / "fleet.json").read_bytes(),
        capture_output=True, check=True).stdout)
    yield "fleet", work / "fleet.json", lambda: (repr(gather.read_fleet(work)), "")
    for name, *binary in (("text.trace",), ("binary.trace", "--binary")):
        output_of(readmostly, "dev", "replay", fixtures / "traces/has.trace", "--write",
                  work / name, *binary)
        yield name, work / name, lambda name=name: output_of(
            readmostly, "dev", "replay", work / name)
    index = ("maps/names.tsv", "maps/plain/gomap_rw.json")
    for name in ("readmostly", *index):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(readmostly.parent / name, work / name)
    for name in index:
        yield name, work / name, lambda: output_of(work / "readmostly", "dev", "list", "--json")
    clone = work / "clone"
    output_of("git", "clone", "-q", "--shared", TOP, clone)
    yield "fact sheet (in git)", sorted((clone / "impls/facts").glob("*.txt"))[0], lambda: (
        "", output_of("git", "-C", clone, "status", "--porcelain")[0][1])


def kind_of(read, whole, file):
    try:
        result, remarks = read()
    except (JournalError, InputError) as error:
        return ("refused" if file.name in str(error) else "unnamed"), str(error)
    if remarks != whole[1]:
        return "remark", remarks
    return ("same" if result == whole[0] else "silent"), ""


def damage(name, file, read, count):
    """Prints two rows; returns the number of rejections without a name and of silent readings."""
    before, whole, bad = file.read_bytes(), read(), 0
    for what, size in (("cuts", len(before)), ("flips", 8 * len(before))):
        found = dict.fromkeys(KINDS, 0)
        for at in (RNG.randrange(size) for _ in range(count)):
            if what == "flips":
                made_artifact.flip(file, at)
            else:
                file.write_bytes(before[:at])
            kind, text = kind_of(read, whole, file)
            file.write_bytes(before)
            found[kind] += 1
            if kind in ("unnamed", "silent"):
                bad += 1
                print(f"# {name}: {what} at {at}: {kind}: {text[:200]}")
        print(f"{name:24} {what:6}" + "".join(f"{found[k]:9}" for k in KINDS), flush=True)
    return bad


def main(readmostly, count):
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'format':31}" + "".join(f"{k:>9}" for k in KINDS))
        return sum(damage(*one, int(count)) for one in formats(
            Path(readmostly).resolve(), Path(folder))) > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
