# SPDX-License-Identifier: Apache-2.0
"""One run of one tool on one map of a corpus, up to its first finding."""
import ctypes
import hashlib
import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tool:
    program: str        # in the folder of a corpus
    before: tuple = ()  # arguments before the map, and behind it
    behind: tuple = ()
    quick: tuple = ("--schedules", "20000")
    # what begins a finding; group 1, where there is one, is its words
    finds: re.Pattern = re.compile(r"^FAIL ")


CHECK = {"before": ("check",), "behind": ("--quiet",),
         "quick": ("--budget", "quick")}
TOOLS = {
    "check": Tool("readmostly", **CHECK),
    "explore": Tool("readmostly-explore"),
    "explore tso": Tool("readmostly-explore", behind=("--memory", "tso")),
    "explore c11": Tool("readmostly-explore", behind=("--memory", "c11")),
    # the loops of `check`, and what the sanitizer says in them: what the check
    # itself finds there is passed over
    "TSan": Tool("tsan/readmostly", **CHECK, finds=re.compile(
        r"WARNING: ThreadSanitizer: (.*?) \(")),
    "ASan": Tool("asan/readmostly", **CHECK, finds=re.compile(
        r"ERROR: (?:Address|Leak)Sanitizer: ([\w-]+(?: memory leaks)?)")),
}
SUBREAPER = 36  # of prctl(2): what outlives its parent is waited for here
DIRTY = ".rodata_dirty"  # the section of runner/base/build_info.h
COMMIT = re.compile(rb"\b[0-9a-f]{40}\b")


class NotTried(Exception):
    """A run that says nothing of the map."""


def program(folder, tool):
    return folder / TOOLS[tool].program


def digest(folder, tool):
    """Of the program, whichever commit it says it is of, dirty or not."""
    path = program(folder, tool)
    with tempfile.TemporaryDirectory() as bare:
        done = subprocess.run(
            ["objcopy", "-g", "-R", ".note.gnu.build-id", "-R", DIRTY, path,
             f"{bare}/program"], capture_output=True, check=False)
        raw = (path if done.returncode else
               Path(f"{bare}/program")).read_bytes()
    return hashlib.sha256(COMMIT.sub(b"", raw)).hexdigest()[:16]


def command(folder, tool, name, shape, seed, quick):
    how = TOOLS[tool]
    return [str(program(folder, tool)), *how.before, name, "--shape", shape,
            "--seed", str(seed), *how.behind, *(how.quick if quick else ())]


def words(line):
    """Of a line that fails, without numbers."""
    told = line.strip().split(": ")
    if "schedule" in line:
        return told[-1]
    return " ".join([line.split()[3].strip(":"),
                     *re.findall(r": (crashed|hung|ate memory)", line)])


def first_finding(lines, finds):
    """(words or None, the last lines)."""
    last = []
    for line in lines:
        last = [*last[-5:], line]
        match = finds.search(line)
        if match:
            return match[1] if finds.groups else words(line), last
    return None, last


def ended(child):
    """CPU seconds of the child and of all that it started, when all of it has
    ended: a sanitizer speaks in a process that its parent, killed with it, never
    waits for."""
    seconds = 0
    while True:
        try:
            pid, status, usage = os.wait4(-child.pid, 0)
        except ChildProcessError:
            return seconds
        if pid == child.pid:
            child.returncode = os.waitstatus_to_exitcode(status)
        seconds += usage.ru_utime + usage.ru_stime


def run(folder, tool, name, shape, seed, quick):
    """{"status", "found", "cpu_s"}. What goes on behind its first finding is
    ended, with what it started."""
    argv = command(folder, tool, name, shape, seed, quick)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", start_new_session=True)
    found, last = first_finding(child.stdout, TOOLS[tool].finds)
    if found:
        os.killpg(child.pid, signal.SIGKILL)
    child.stdout.close()
    cpu_s = ended(child)
    if not found and (child.returncode not in (0, 1)
                      or any(line.startswith("skip") for line in last)):
        raise NotTried(f"{' '.join(argv)}: status {child.returncode}, expected "
                       f"that it tries the map: {''.join(last)[:200]}")
    return {"status": int(bool(found)), "found": found,
            "cpu_s": round(cpu_s, 4)}
