# SPDX-License-Identifier: Apache-2.0
"""Tests with the real liblikwid, likwid-accessD and likwid-perfctr on simulated MSRs
(tests/tools/fake_msr.py): the daemon as a plain user, performance groups, regions, and the
documented commands."""
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from report_helpers import Built

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
DAEMON = "/usr/sbin/likwid-accessD"
USER, GROUP = 12345, 23456
CPU = Path("/proc/cpuinfo").read_text(encoding="utf-8")
ACCEPTED = next((model for family, model in (("6", "intel"), ("25", "amd"))
                 if re.search(rf"^cpu family\s*: {family}$", CPU, re.M)), None)

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0 or not os.path.exists("/dev/fuse")
                       or not os.path.isdir("/dev/cpu") or not shutil.which("likwid-perfctr"),
                       reason="needs root, /dev/fuse, /dev/cpu and likwid"),
    pytest.mark.skipif(not (BUILD / "readmostly-likwid").exists(), reason="not built")]
by_daemon = pytest.mark.skipif(
    ACCEPTED is None, reason="likwid-accessD 5.2.2 exits on this CPU's family")
# likwid's daemon reads Intel's registers only on an Intel CPU. On other CPUs, root reads them
# without the daemon.
ACCESS = "daemon" if ACCEPTED == "intel" else "direct"

CONF = """maps = gomap_rw
keys = 1k
writes = 3%
threads = 2
measure = counters
blocks = 4
verify = 1kops
warm-up = 1ms
window = 50ms
control = none
"""
MINE = """SHORT A user's group

EVENTSET
FIXC0 INSTR_RETIRED_ANY
FIXC1 CPU_CLK_UNHALTED_CORE
PMC0  L1D_REPL

METRICS
Runtime (RDTSC) [s] time
Lines per thousand instructions 1000*PMC0/FIXC0
Lines moved [MLines/s] 1.0E-06*PMC0/time

LONG
A test.
"""
# Shell functions for the commands below. They run commands as a user whose PATH lacks /usr/sbin, as
# on Debian.
AS_USER = f"""as_user() {{ setpriv --reuid={USER} --regid={USER} --groups="$1" \
env HOME="$PWD" TMPDIR="$PWD" PATH=/usr/bin:/bin sh -c "$2"; }}
allow() {{ chgrp {GROUP} {DAEMON}; chmod 4750 {DAEMON}; }}
"""


@pytest.fixture
def home():
    """Makes a folder of the user."""
    path = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True,
                               text=True).stdout.strip())
    (path / "w.conf").write_text(CONF)
    (path / ".likwid/groups/nehalem").mkdir(parents=True)
    (path / ".likwid/groups/nehalem/MINE.txt").write_text(MINE)
    subprocess.run(["chown", "-R", f"{USER}:{USER}", path], check=True)
    yield path
    shutil.rmtree(path)


def start(home, model, script, **environment):
    """Runs a script as root in `home`, on simulated MSRs."""
    environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"} | environment
    return subprocess.Popen(
        [ROOT / "tests/tools/fake_msr.py", model, "sh", "-c", AS_USER + script], cwd=home,
        env=environment | {"RM_PAGE": "no"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True)


def output(home, model, script, **environment):
    """Returns the output of a script that start() runs. The script must succeed."""
    process = start(home, model, script, **environment)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text
    return text


def trials(folder):
    """Returns the lines of the journal that counted."""
    whole = (folder / "trials.jsonl").read_text().rpartition("\n")[0]
    lines = [json.loads(line) for line in whole.splitlines()]
    return [line for line in lines if line["cell"].endswith("counters")]


def run(counters, folder):
    """Returns the command of a campaign."""
    return f"{READMOSTLY} run w.conf --seed 1 -o {folder} {counters}"


@by_daemon
def test_a_plain_user_counts_through_the_daemon(home):
    """Runs the command that the error message recommends, which is the documented one."""
    survey = f"{READMOSTLY} env counters --metrics cycles,instructions"
    text = output(home, ACCEPTED, f"""
        as_user {USER} '{survey}' >before
        remedy=$(sed -n 's/.*or \\(dpkg-statoverride.*\\)/\\1/p' before)
        echo "remedy: $remedy"
        $remedy
        as_user {USER} '{survey}' >after
        allow
        as_user {USER} '{survey}' >other
        as_user {GROUP} '{survey}' >member""")
    before, after, other, member = ((home / name).read_text() for name in
                                    ("before", "after", "other", "member"))
    remedy = re.search("remedy: (.*)", text)[1]
    assert f"`{remedy}`" in (ROOT / "docs/reference/counters.md").read_text()
    assert "not writable for this user, and no likwid-accessD is set-uid root" in before
    assert f"only members of group ? ({GROUP}) may run it" in other
    for survey in (after, member):
        assert "access:  daemon" in survey
        assert "auto uses: likwid" in survey


@by_daemon
def test_counts_through_the_daemon_equal_direct_counts(home):
    """The simulated counts grow with each stop, so that an old value would be noticed."""
    wish = "--counters likwid:cycles,instructions,l1d_fill"
    output(home, ACCEPTED, f"allow; as_user {GROUP} '{run(wish, 'daemon')}'", FAKE_GROW="1")
    output(home, ACCEPTED, run(wish, "direct"), FAKE_GROW="1")
    counted = {}
    for access in ("daemon", "direct"):
        plan = json.loads((home / access / "campaign.json").read_text())
        assert plan["counters"]["access"] == access
        counted[access] = [[(e["metric"], e["per_thread"]) for e in
                            t["result"]["counters"]["events"]] for t in trials(home / access)]
        assert all(e[1][0] for t in counted[access] for e in t)
    several = min(map(len, counted.values()))  # a disturbed trial is repeated
    assert several >= 4
    assert counted["daemon"][:several] == counted["direct"][:several]


@by_daemon
def test_a_killed_daemon_makes_its_trial_void(home):
    """Kills the daemon of one trial; the campaign must repeat the trial and finish. The next trial
    may have begun by then, so that its daemon is killed instead of or after the first one. Repeats
    for disturbances by other programs are switched off, so that all repeats are available."""
    command = run("--group L2 --set blocks=6 --set repeat-wait=0% --set repeat-share=100%",
                  "killed")
    process = start(home, ACCEPTED, f"allow; as_user {GROUP} '{command}'")
    journal = home / "killed" / "trials.jsonl"
    while process.poll() is None and not (journal.exists() and trials(home / "killed")):
        time.sleep(0.01)
    space = os.readlink(f"/proc/{process.pid}/ns/mnt")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text() == "likwid-accessD\n" \
                    and os.readlink(entry / "ns/mnt") == space:
                os.kill(int(entry.name), signal.SIGKILL)
                break  # another process of this name may belong to the next trial
        except OSError:
            continue
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0, text
    found = trials(home / "killed")
    # if liblikwid notices the failure first, its message depends on the register that it reads
    void = [t for t in found if t["status"] == "void" and "likwid" in t["reason"]]
    assert len(void) in (1, 2), [t["reason"] for t in found]
    good = [t for t in found if t["status"] == "ok"]
    assert {t["block"] for t in good} == set(range(6))
    assert all(e["total"] for t in good for e in t["result"]["counters"]["events"])


def read_perfctr(path):
    """Returns metric -> values of the CPUs, from the CSV of likwid-perfctr."""
    rows = list(csv.reader(path.read_text().splitlines()))
    first = next(i for i, r in enumerate(rows) if r[0] == "TABLE" and "Metric" in r[1] + r[2])
    last = next((i for i in range(first + 1, len(rows)) if rows[i][0] == "TABLE"), len(rows))
    return {r[0]: [float(v) for v in r[1:3]] for r in rows[first + 2:last]}


@pytest.mark.parametrize("model, access, group", [
    ("intel", ACCESS, name) for name in ("L2", "MEM", "MINE")]
    + [("intel", "direct", "DATA"), ("amd", "direct", "MEM1"),
       pytest.param("icx", "daemon", "L3", marks=pytest.mark.skipif(
           ACCESS != "daemon", reason="likwid-accessD reads these registers on Intel only"))])
def test_metrics_of_a_group_equal_likwid_perfctr(home, model, access, group):
    """Both count the same registers. Rates differ because the times differ, and clocks because of
    their calibration. likwid-perfctr prints 4 decimals. The page must have the metrics with their
    units."""
    user = f"as_user {GROUP} " if access == "daemon" else 'HOME="$PWD" sh -c '
    output(home, model, f"""allow
        {user} 'likwid-perfctr -C 0,1 -M {int(access == "daemon")} -g {group} -O \
            -S 200ms >theirs.csv'
        {user} '{run(f"--group {group} --set blocks=1", "ours")}'""")
    theirs = read_perfctr(home / "theirs.csv")
    plan = json.loads((home / "ours/campaign.json").read_text())
    assert plan["counters"]["access"] == access
    counters = trials(home / "ours")[-1]["result"]["counters"]
    assert counters["group"] == group and len(counters["metrics"]) == len(theirs)
    time_of = "Runtime (RDTSC)"
    times = next(m["per_cpu"] for m in counters["metrics"] if m["metric"] == time_of)
    for metric in counters["metrics"]:
        unit = f" [{metric['unit']}]" if metric["unit"] else ""
        expected = theirs[metric["metric"] + unit]
        assert None not in metric["per_cpu"], metric
        if metric["metric"] == time_of:
            assert all(0.05 < t < 10 for t in metric["per_cpu"])
        elif "/s" in unit:
            assert [v * t for v, t in zip(metric["per_cpu"], times)] == pytest.approx(
                [v * t for v, t in zip(expected, theirs[f"{time_of} [s]"])], rel=1e-3), metric
        else:
            assert metric["per_cpu"] == pytest.approx(
                expected, rel=0.1 if unit in (" [s]", " [MHz]") else 1e-6, abs=5.1e-5), metric
    if group == "MINE":
        report = Built(home / "ours")
        rows = {r["metric"]: r for r in report.rows("tables/groups.csv")}
        moved = rows["Lines moved"]
        values = counters["metrics"][2]["per_cpu"]
        assert (moved["group"], moved["unit"]) == ("MINE", "MLines/s")
        assert [float(moved[name]) for name in ("mean", "sum")] == pytest.approx(
            [sum(values) / 2, sum(values)])
        assert "MLines/s" in (report.out / "cache.html").read_text()


def test_a_cpu_newer_than_the_library_needs_a_newer_one(home):
    """liblikwid prints an error and crashes."""
    text = output(home, "emr", f"{READMOSTLY} env counters")
    assert "Unsupported Processor" in text
    assert "remedy:  install liblikwid 5.4 or newer for this CPU; or use perf" in text


def test_registers_of_a_killed_run_need_force(home):
    """A register is set as if a killed run had left the first counter of CPU 0 in use."""
    survey = f"{READMOSTLY} env counters --metrics instructions,l1d_load"
    text = output(home, "intel", f"""
        printf 'AACAAAAA' | tr 'AC' '\\0\\103' | dd of=/dev/cpu/0/msr bs=8 seek=390 \
            oflag=seek_bytes conv=notrunc status=none
        {survey}; echo; LIKWID_FORCE=1 {survey}""")
    without, forced = text.split("\n\n")
    assert "liblikwid does not accept the event MEM_INST_RETIRED_LOADS here" in without
    assert "does not accept" not in forced and "l1d_load         half" in forced


# Maps a documented command to options that shorten it, or to None if another test runs it.
SHORT = " --maps gomap_rw --set threads=2 --set keys=1k --set blocks=1 --set window=20ms -o "
RUN = "build/gcc/readmostly run workloads/uniform-97-3.conf --set measure=counters "
COMMANDS = {
    "LIKWID_FORCE=1": None,
    "dpkg-statoverride --update --add root root 4755 /usr/sbin/likwid-accessD": None,
    "likwid-perfctr -a": "",
    RUN + "--counters likwid:cycles,l1d_fill,l1d_m_evict,l1d_load_miss,l1d_load_hit":
        SHORT + "one",
    RUN + "--group L2,L3": SHORT + "two",
    "likwid-perfctr -C 0,1 -g L2 -m build/gcc/readmostly dev trial <window.json": ""}


def test_the_documented_commands_run(home):
    """Collects the code spans and indented lines of the documentation that name likwid, and runs
    them. The command for a region reads a request that another documented command writes."""
    pages = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split()
    spans = [span for page in pages for span in re.findall(
        r"`([^`\n]+)`|^    (\S.*)", (ROOT / page).read_text(), re.M)]
    assert {c for pair in spans for c in pair if re.search("(?i)likwid|--group", c) and re.match(
        r"likwid-\S+ |LIKWID_\w+=|dpkg-|(build/gcc/)?readmostly ", c)} == set(COMMANDS)
    page = (ROOT / "docs/reference/counters.md").read_text()
    request = re.search(r"^    (.* plan --requests .*\n .*window.json)", page, re.M)[1]
    (home / "all.sh").write_text("set -ex\n" + "\n".join(
        (command + more).replace("build/gcc/readmostly", READMOSTLY).replace(
            "workloads/", f"{ROOT}/workloads/")
        for command, more in [(request, ""), *COMMANDS.items()] if more is not None))
    if ACCESS == "daemon":
        text = output(home, "skylake", f"allow; as_user {GROUP} 'sh all.sh'")
    else:  # models such as skylake need /dev/mem
        text = output(home, "intel", "sed -i 's/perfctr -C/perfctr -M 0 -C/' all.sh; sh all.sh")
    assert "L2 cache bandwidth" in text and "Region window, Group 1: L2" in text
    assert re.search(r"L1D_REPL(?:ACEMENT)? *\| *PMC0 *\| *49000 *\| *98000 ", text), text
    assert {t["result"]["counters"]["group"] for t in trials(home / "two")} == {"L2"}
