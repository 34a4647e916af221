#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""damage.py READMOSTLY N [ARTIFACT] - flips one random bit N times, and cuts N times, in a
file of each format that the suite reads, and reads it. Prints a table: how often the file
was refused by its name, read with a remark that names it, read with the same result, or
read with another result (silent).

With ARTIFACT (a file or folder of `make artifact`): N flips of its bits, each of which
`readmostly dev verify-artifact` must find. Status: 0 nothing was silent, 1 something was,
2 a file was not whole before.
"""
import bisect
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests/report")]
import made_artifact  # noqa: E402
from made_artifact import flip  # noqa: E402
from report.compare import gather  # noqa: E402
from report.ending import InputError  # noqa: E402
from report.gate import campaign as gate  # noqa: E402
from report.gate import history  # noqa: E402
from report.load import JournalError, histogram, journal  # noqa: E402
from test_gate_history import run_of  # noqa: E402

RNG = random.Random(1)


def ran(*argv, cwd=TOP):
    """(refusal or "", result, remarks) of a program: a refusal is any status but 0 and 1."""
    done = subprocess.run([str(a) for a in argv], cwd=cwd, capture_output=True, check=False)
    text = done.stderr.decode(errors="replace")
    if done.returncode not in (0, 1):
        return text or f"status {done.returncode} without a word", "", ""
    return "", (done.returncode, done.stdout), text


def python(read, *errors):
    """The same of a Python function, whose result is (result, remarks)."""
    try:
        return ("", *read())
    except (JournalError, InputError, *errors) as error:
        return str(error), "", ""


def campaign(folder):
    """What a report reads of a campaign."""
    def read():
        histogram.read_file.cache_clear()
        found = journal.read(folder)
        entries = [(e, histogram.read(folder, e)) for _, t in found.ran if t.result
                   for e in t.result.latency or ()]
        drawn = repr([(e, h and (h.values.tolist(), h.cumulated.tolist())) for e, h in entries])
        remarks = "; ".join(found.problems)
        if not found.complete:
            remarks += f"; trials.jsonl: {found.pending} trials pending"
        return repr((found.plan, found.cells, found.ran)) + drawn, remarks
    return python(read)


def gated(folder):
    def read():
        meta, sealed = gate.read_meta(folder)
        attempts = gate.read_attempts(folder, meta, sealed)
        short = len(attempts) < sum(c.blocks for c in meta.cells)
        return repr((meta, attempts)), "trials.jsonl: incomplete" if short else ""
    return python(read)


def gate_history(file):
    def read():
        lines, problems = history.read(file)
        return repr(lines), "; ".join(problems)
    return python(read)


def fleet(folder):
    return python(lambda: (repr(gather.read_fleet(folder)), ""))


def validated(readmostly, folder):
    """`readmostly dev validate`: status 1 is a refusal here, 3 an incomplete campaign."""
    done = subprocess.run([readmostly, "dev", "validate", folder], capture_output=True,
                          text=True, check=False)
    text = done.stdout + done.stderr
    return (text, "", "") if done.returncode else ("", text, "")


def sources(clone):
    """Fact sheets are sources: a build records that they differ from the commit."""
    done = subprocess.run(["runner/origin.sh"], cwd=clone, capture_output=True, text=True,
                          check=False)
    return "", "", "dirty.txt" if done.stdout.split()[1:] == ["1"] else ""


def build_of(readmostly, folder):
    """A copy of the built index and of two maps."""
    built, maps = Path(readmostly).parent, folder / "maps"
    (maps / "plain").mkdir(parents=True)
    shutil.copy(readmostly, folder)
    shutil.copy(built / "maps/names.tsv", maps)
    for name in ("gomap_rw", "shard_seg"):
        shutil.copy(built / f"maps/plain/{name}.json", maps / "plain")
        os.link(folder / "readmostly", maps / "plain" / name)
    return folder / "readmostly"


def index_of(program):
    """The list of maps, and why one is not built."""
    whole = ran(program, "dev", "list", "--json", cwd=program.parent)
    return whole[0], (whole[1], ran(program, "dev", "dump", "barrier_cas")[:2]), whole[2]


def formats(readmostly, work):
    """(name, file, function that reads it) of each format."""
    played = made_artifact.campaign(work / "campaign")
    fixtures = TOP / "tests/fixtures"
    for number in range(4):
        history.append(work / "history.jsonl", run_of(number))
    for name in ("stale", "two_at_once"):
        ran(readmostly, "check", "--history", fixtures / f"histories/{name}.jsonl",
            "--smallest", work / f"{name}.jsonl")
    for name, *binary in (("text.trace",), ("binary.trace", "--binary")):
        ran(readmostly, "dev", "replay", fixtures / "traces/has.trace", "--write",
            work / name, *binary)
    (work / "fleet/state").mkdir(parents=True)
    for name, text in (("machines", "a\nb\n"), ("wish", "quick"), ("commit", "c0ffee"),
                       ("created", "2026-11-30"), ("a.seen", "complete\t\n"),
                       ("b.seen", "failed\tstatus 1\n")):
        (work / "fleet/state" / name).write_text(text)
    subprocess.run(["bash", "-c", ". runner/fleet/status.sh; OUT=$1 LAUNCHER=ssh write_fleet",
                    "-", work / "fleet"], cwd=TOP, check=True)
    clone = work / "clone"
    subprocess.run(["git", "clone", "-q", "--shared", TOP, clone], check=True)
    program = build_of(readmostly, work / "build")
    hlog = sorted((played / "histograms").iterdir())[0]
    yield from ((f"{file.suffix if file == hlog else file.name}, {who}", file, read) for file in
                (played / "trials.jsonl", played / "campaign.json", hlog) for who, read in
                (("report", lambda: campaign(played)),
                 ("validate", lambda: validated(readmostly, played)),
                 ("gate", lambda: gated(played))) if (file, who) != (hlog, "gate"))
    yield "history.jsonl, gate", work / "history.jsonl", lambda: gate_history(
        work / "history.jsonl")
    yield "history, checker", work / "stale.jsonl", lambda: ran(
        readmostly, "check", "--history", work / "stale.jsonl")
    yield "fleet.json", work / "fleet/fleet.json", lambda: fleet(work / "fleet")
    for name in ("text.trace", "binary.trace"):
        yield name, work / name, lambda name=name: ran(readmostly, "dev", "replay", work / name)
    yield "names.tsv", program.parent / "maps/names.tsv", lambda: index_of(program)
    yield ("plain/ID.json", program.parent / "maps/plain/gomap_rw.json",
           lambda: index_of(program))
    yield ("fact sheet (commit)", sorted((clone / "impls/facts").glob("*.txt"))[0],
           lambda: sources(clone))


def kind_of(seen, whole, file):
    """How a damaged file was read: (refused, remark, same or silent)."""
    refusal, result, remarks = seen
    if refusal:
        return "refused" if file.name in refusal else "unnamed"
    if result == whole[1] and remarks == whole[2]:
        return "same"
    if result == whole[1] or remarks != whole[2] and (
            file.name in remarks or "dirty" in remarks):
        return "remark"
    return "silent"


KINDS = ("refused", "remark", "same", "unnamed", "silent")


def damage(name, file, read, count):
    """Prints a row -> number of silent or unnamed ones."""
    before, whole, bad = file.read_bytes(), read(), 0
    if whole[0]:
        raise SystemExit(f"{name}: not whole before it was damaged: {whole[0]}")
    for what in ("cuts", "flips"):
        found = dict.fromkeys(KINDS, 0)
        for _ in range(count):
            at = RNG.randrange(len(before) * (8 if what == "flips" else 1))
            if what == "flips":
                flip(file, at)
            else:
                file.write_bytes(before[:at])
            seen = read()
            kind = kind_of(seen, whole, file)
            found[kind] += 1
            file.write_bytes(before)
            if kind in ("silent", "unnamed"):
                bad += 1
                print(f"# {name}: {what} at {at}: {kind}: {seen[0][:200]}")
        print(f"{name:25} {what:6}" + "".join(f"{found[k]:9}" for k in KINDS), flush=True)
    return bad


def all_formats(readmostly, count):
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'format, reader':25} {'':6}" + "".join(f"{k:>9}" for k in KINDS))
        return sum(damage(*one, count) for one in formats(readmostly, Path(folder))) > 0


# ---- artifacts --------------------------------------------------------------

def files_of(path):
    """Files that are not empty, and where each ends when all are joined."""
    found = [path] if path.is_file() else sorted(
        p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
    sizes = [p.stat().st_size for p in found]
    return found, list(itertools.accumulate(sizes))


def artifact(readmostly, count, path):
    """Every bit of every file is as likely as any other."""
    def verified():
        return subprocess.run([readmostly, "dev", "verify-artifact", str(path)],
                              capture_output=True, check=False).returncode
    files, ends = files_of(path)
    if verified():
        print(f"{path}: not whole before a bit was flipped")
        return 2
    found = 0
    for _ in range(count):
        bit = RNG.randrange(8 * ends[-1])
        which = bisect.bisect_right(ends, bit // 8)
        at = bit - 8 * (ends[which - 1] if which else 0)
        flip(files[which], at)
        status = verified()
        flip(files[which], at)
        found += status == 1
        if status != 1:
            print(f"{files[which]}: bit {at}: status {status}")
    print(f"{found} of {count} flipped bits of {len(files)} files, {ends[-1]} bytes, were found")
    return found != count or verified() != 0


def main(readmostly, count, *path):
    readmostly = str(Path(readmostly).resolve())
    if path:
        return artifact(readmostly, int(count), Path(path[0]))
    return all_formats(readmostly, int(count))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
