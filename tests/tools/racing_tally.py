#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each test of tests/racing.txt that races or reads a clock, alone, again and
again, and how rarely it fails.

    tests/tools/racing_tally.py run [--loaded] [--minutes N] [--runs N] [NAME...]
    tests/tools/racing_tally.py page

run: of those whose name holds a NAME (or all) the one that has run least comes
next, until the minutes are over or each has its runs (200 quiet, 50 loaded);
the same line again goes on. Each run is counted in docs/tally/racing.tsv as
soon as it has ended. Quiet is measured: processes that are none of the run's
used less than a tenth of the CPU time meanwhile. --loaded: beside one busy
process for each CPU and one more (tests/tools/steady.sh, which runs it). page:
docs/tally/racing.md, which `run` leaves, too. Status 1: some run failed.
"""
import argparse
import csv
import ctypes
import datetime
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/tools")]
from others import OTHERS, cpu_times, share_of_others  # noqa: E402
from report import stats  # noqa: E402

RACING = ROOT / "tests/racing.txt"
RAW, PAGE = ROOT / "docs/tally/racing.tsv", ROOT / "docs/tally/racing.md"
KEY = ("test", "text", "date", "commit", "load")
COUNTS = ("runs", "failed", "skipped", "seconds", "longest", "others")
COLUMNS = KEY + COUNTS + ("last", "facts")
WANTED = {"quiet": 200, "loaded": 50}
TOGETHER = 5  # runs of a test that takes less than a second, counted at once
SUBREAPER = 36  # of prctl(2): what outlives its parent is waited for here
HEAD = """# Facts that race, again and again

Made by `make racing-tally` (`tests/tools/racing_tally.py`) of
[racing.tsv](racing.tsv), a line for each test, day, commit and kind of machine:
whole files of tests/racing.txt, one run after the other, of the newest text of
each that was run; a test without a number never was. Quiet: others had less than a tenth of the CPU time; loaded: more, or a busy
process for each CPU and one more ran beside it. "At most" is the 95 % upper
bound of Clopper and Pearson for the share of runs that fail. Aim: 200 quiet, 50
loaded.

"""


# ---- what there is to run ---------------------------------------------------

def listed():
    """test -> the settings that its short form has; those that need no tally
    are left out."""
    rows = [line.split("\t") for line in RACING.read_text().splitlines()
            if line and line[0] != "#"]
    return {row[0]: row[2:] for row in rows if not row[1].startswith("none")}


def source_of(test):
    found = [*ROOT.glob(f"tests/unit/*/{test}.c"), *ROOT.glob(
        f"tests/cli/{test}"), *ROOT.glob(f"tests/report/{test}")]
    return found[0]


def text_of(test, settings):
    """What tells one text of a test from another one: runs of an older text
    say nothing of this one."""
    text = source_of(test).read_bytes() + "\t".join(settings).encode()
    return hashlib.sha256(text).hexdigest()[:8]


def present():
    return {test: text_of(test, more) for test, more in listed().items()}


# ---- the raw file -----------------------------------------------------------

def read_raw(path):
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        row.update({name: int(row[name]) for name in COUNTS[:-1]})
    return rows


def write_raw(path, rows):
    new = path.with_suffix(".new")
    with open(new, "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, COLUMNS, delimiter="\t",
                             lineterminator="\n")
        out.writeheader()
        out.writerows(sorted(rows, key=lambda r: [r[n] for n in KEY]))
    new.replace(path)


def add(rows, run):
    """One run more, in the line of its kind; the list that has it."""
    same = [r for r in rows if all(r[n] == run[n] for n in KEY)]
    if not same:
        return [*rows, dict(run)]
    row = same[0]
    for name in ("runs", "failed", "seconds"):
        row[name] += run[name]
    for name in ("skipped", "longest"):
        row[name] = max(row[name], run[name])
    shares = [int(s) for r in (row, run)
              for s in r["others"].rstrip("%").split("-")]
    row["others"] = (f"{min(shares)}-{max(shares)}%"
                     if min(shares) < max(shares) else f"{shares[0]}%")
    row["last"] = max(row["last"], run["last"])
    facts = [f for r in (row, run) for f in r["facts"].split("; ") if f]
    row["facts"] = "; ".join(dict.fromkeys(facts))
    return rows


def newest(rows):
    """test -> the text that ran last."""
    return {row["test"]: row["text"]
            for row in sorted(rows, key=lambda r: r["last"])}


def of_text(rows, texts, load):
    """test -> runs, failed, of that text."""
    found = {test: [0, 0] for test in texts}
    for row in rows:
        if row["load"] == load and texts.get(row["test"]) == row["text"]:
            found[row["test"]][0] += row["runs"]
            found[row["test"]][1] += row["failed"]
    return found


def next_test(rows, texts, load, tried, most):
    """The one that has run least, of equal ones the shortest, and how often it
    is to run. (None, 0): each has its runs. `tried`: attempts of this call,
    which others may have spoilt."""
    def cost(test):
        own = [r["seconds"] / r["runs"] for r in rows if r["test"] == test]
        return min(own, default=0)

    def had(test):
        return max(have[test][0], tried.get(test, 0))
    have = of_text(rows, texts, load)
    test = min((t for t in texts if had(t) < most),
               key=lambda t: (had(t), cost(t), t), default=None)
    if test is None:
        return None, 0
    short = any(r["test"] == test for r in rows) and cost(test) < 1
    return test, min(TOGETHER if short else 1, most - had(test))


def next_run(rows, texts, kinds, tried, most):
    """next_test() of the first of `kinds` of machine that lacks runs: on a busy
    one what has run least so is next, but where none lacks such runs a tally
    of quiet ones has not come to its end."""
    for kind in kinds:
        test, runs = next_test(rows, texts, kind, tried, most or WANTED[kind])
        if test:
            break
    return test, runs


# ---- a run ------------------------------------------------------------------

def waited_for(command, environment):
    """Its output. Whatever it started and left is waited for as well, at once:
    else what they used would be others'."""
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(command, cwd=ROOT, stdout=said,
                              env=environment) as program:
            pid = status = None
            while pid != program.pid:
                pid, status = os.wait()
            program.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return said.read()


def told(text, test, runs):
    """failed, skipped, seconds of the longest and of all, facts of the line of
    steady.sh."""
    words = next((line.split(None, 6) for line in text.splitlines()
                  if line.split()[:1] == [test]), None)
    if words is None or words[1] != str(runs):
        raise SystemExit(f"racing_tally: {test}: expected its line of "
                         f"tests/tools/steady.sh, got: {text[-200:]!r}")
    facts = words[6].strip() if len(words) > 6 else ""
    longest = round(float(words[4]))
    return (int(words[2]), int(words[3]), longest,
            longest if runs == 1 else int(words[5]),
            "; ".join(f.partition(" x ")[2] for f in facts.split(";") if f))


def run_some(test, runs, text, loaded, kept):
    before = cpu_times()
    said = waited_for(
        ["tests/tools/steady.sh", *["--loaded"] * loaded, str(runs),
         f"={test}"],
        {**os.environ, "KEPT_BUILDS": kept})
    others = share_of_others(before, cpu_times())
    failed, skipped, longest, seconds, facts = told(said, test, runs)
    loaded = loaded or others >= OTHERS
    last = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%MZ}"
    return {"test": test, "text": text, "date": last[:10], "commit": commit(),
            "load": "loaded" if loaded else "quiet", "runs": runs, "failed":
            failed, "skipped": skipped, "seconds": seconds, "longest": longest,
            "others": f"{round(100 * others)}%", "last": last, "facts": facts}


def built():
    """What tells whether the programs were built anew while a test ran: then
    it says nothing, and campaigns that are resumed are refused."""
    folder = ROOT / os.environ.get("BUILD", "build/gcc")
    return [(file.stat().st_ino, file.stat().st_mtime_ns) for file in
            (folder / "readmostly", folder / "tests/fake_trial")
            if file.exists()]


def commit():
    """What is run; + where files differ from it that are no tally."""
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, text=True, check=True,
                              capture_output=True).stdout
    changed = [line for line in git("status", "--porcelain").splitlines()
               if not line.endswith(("racing.tsv", "racing.md"))]
    return git("rev-parse", "--short=12", "HEAD").strip() + "+" * bool(changed)


def run(options):
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    texts = {test: text for test, text in present().items()
             if not options.names or any(n in test for n in options.names)}
    asked = load = "loaded" if options.loaded else "quiet"
    end = time.monotonic() + 60 * options.minutes
    tried, failed = {}, 0
    with tempfile.TemporaryDirectory() as kept:
        while time.monotonic() < end:
            test, runs = next_run(read_raw(RAW), texts, (load, asked), tried,
                                  options.runs)
            if test is None:
                break
            tried[test] = tried.get(test, 0) + runs
            before = built()
            now = run_some(test, runs, texts[test], options.loaded, kept)
            if built() != before:
                print(f"{test}: not counted, it was built anew meanwhile")
                continue
            write_raw(RAW, add(read_raw(RAW), now))
            load = now["load"]
            failed += now["failed"]
            print(f"{test}: {'FAILED: ' + now['facts'] if now['failed'] else 'ok'}"
                  f"{f', {runs} runs' * (runs > 1)}, {now['seconds']} s, "
                  f"{now['load']}", flush=True)
    PAGE.write_text(page(read_raw(RAW), listed()))
    print(f"{sum(tried.values())} runs of {len(tried)} tests, {failed} failed")
    return bool(failed)


# ---- the page ---------------------------------------------------------------

def cell_of(runs, failed):
    if not runs:
        return "- | "
    most = 100 * stats.clopper_pearson(failed, runs)
    return f"{failed} of {runs} | {most:.1f} %"


def hours(rows, texts):
    """What the runs that are missing would take, of the tests that have run:
    at the mean of their own."""
    total = 0
    for load, wanted in WANTED.items():
        for test, (runs, _) in of_text(rows, texts, load).items():
            own = [r for r in rows if r["test"] == test
                   and r["text"] == texts[test]]
            if own and runs < wanted:
                total += (wanted - runs) * sum(r["seconds"] for r in own) / sum(
                    r["runs"] for r in own)
    return total / 3600


def reached(rows, texts):
    for load, wanted in WANTED.items():
        have = of_text(rows, texts, load)
        runs = sum(n for n, _ in have.values())
        bad = sum(k for _, k in have.values())
        yield (f"{load.capitalize()}: {runs} runs, {bad} failed; "
               f"{sum(n >= wanted for n, _ in have.values())} of {len(texts)} "
               f"tests have run {wanted} times, "
               f"{sum(n > 0 for n, _ in have.values())} at all.")
    never = sum(text is None for text in texts.values())
    yield f"Never run, quiet or loaded: {never} of {len(texts)} tests."
    yield (f"What is missing of the others would take {hours(rows, texts):.0f} "
           "h of this machine, at what their runs took.")


def failures(rows, texts):
    for row in sorted(rows, key=lambda r: [r[n] for n in KEY]):
        if row["failed"]:
            older = texts.get(row["test"]) != row["text"]
            yield (f"- `{row['test']}`, {row['date']}, {row['commit']}, "
                   f"{row['load']}: {row['failed']} of {row['runs']}"
                   f"{' (an older text of the test)' * older}: "
                   f"{row['facts'] or 'no fact said so'}")


def page(rows, tests):
    """docs/tally/racing.md of the raw file, for all of `tests`."""
    ran = newest(rows)
    texts = {test: ran.get(test) for test in tests}
    days = sorted({row["date"] for row in rows}) or ["never"]
    quiet, loaded = (of_text(rows, texts, load) for load in WANTED)
    lines = [f"Run from {days[0]} to {days[-1]}.", "",
             *reached(rows, texts), "",
             "| test | quiet, failed | at most | loaded, failed | at most "
             "| longest, s |", "|---|---|---|---|---|---|"]
    for test in sorted(texts):
        longest = max((r["longest"] for r in rows if r["test"] == test
                       and r["text"] == texts[test]), default="-")
        lines.append(f"| `{test}` | {cell_of(*quiet[test])} | "
                     f"{cell_of(*loaded[test])} | {longest} |")
    bad = list(failures(rows, texts))
    lines += ["", "What failed, all runs:", "", *(bad or ["Nothing."])]
    return HEAD + "\n".join(lines) + "\n"


def main(argv):
    parser = argparse.ArgumentParser(
        description="tests that race, again and again")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run")
    one.add_argument("--loaded", action="store_true")
    one.add_argument("--minutes", type=float, default=60)
    one.add_argument("--runs", type=int, help="of each test, at most")
    one.add_argument("names", nargs="*", metavar="NAME")
    commands.add_parser("page")
    options = parser.parse_args(argv)
    if options.command == "run":
        return run(options)
    PAGE.write_text(page(read_raw(RAW), listed()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
