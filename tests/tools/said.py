#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What programs print, word for word: tests/golden/said/*.txt.

    said.py BUILD [NAME...]             compares, as TAP
    said.py BUILD --write [NAME...]     writes what is printed now: make golden-said
    said.py BUILD --full DIR [NAME...]  and the whole of what is kept as a digest

A file is a list of commands with what each prints to both streams:

    # Why it is asked.
    $ readmostly list --help
    > a further line of the command
      a line that it prints
      [2]

The last is its status, where it is not 0. Commands run in a folder of their
own, by sh, after tests/golden/said/prelude.sh; @top, @build and @dir stand for
the paths of the tree, of the build and of that folder in what is printed. What
a command pipes into `digest` is kept as its length and a hash: --full of two
trees and diff show what differs there.

A file whose first line is `# compiler: WORDS` holds counts of instrumented
code: it is compared where the build's compiler is that one.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "tests" / "golden" / "said"
PRELUDE = FOLDER / "prelude.sh"
MOST_S = 120
KEPT = ("PATH", "HOME", "LANG", "ASAN_OPTIONS", "LD_LIBRARY_PATH")


class Asked:
    """A command with the comment above it and what it has printed."""

    def __init__(self, above):
        self.above, self.command, self.said = above, [], []


def read(text):
    """(asked, lines after the last) of a file."""
    asked, above = [], []
    for line in text.splitlines():
        if line.startswith("$ "):
            asked.append(Asked(above))
            above = []
            asked[-1].command.append(line[2:])
        elif line.startswith("> ") and asked:
            asked[-1].command.append(line[2:])
        elif line.startswith("  ") and asked:
            asked[-1].said.append(line[2:])
        else:
            above.append(line)
    return asked, above


def written(asked, rest):
    lines = []
    for one in asked:
        lines += [*one.above, "$ " + one.command[0],
                  *("> " + part for part in one.command[1:]),
                  *("  " + part for part in one.said)]
    return "\n".join(lines + rest) + "\n"


def run(command, build, folder, full):
    """What a command prints, and its status where it is not 0."""
    places = {"@dir": folder, "@build": str(build), "@top": str(TOP)}
    env = {k: os.environ[k] for k in KEPT if k in os.environ}
    env |= {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHON": sys.executable,
            "PYTHONPATH": str(TOP), "PYTHONDONTWRITEBYTECODE": "1",
            "ARGP_HELP_FMT": "rmargin=79"} | {
                k[1:]: v for k, v in places.items()}
    if full:
        env["FULL"] = full
    done = subprocess.run(
        ["sh", "-c", f". {PRELUDE}\n" + "\n".join(command)], cwd=folder,
        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=MOST_S)
    text = done.stdout.decode("utf-8", "backslashreplace")
    for name, path in places.items():
        text = text.replace(path, name)
    text = re.sub(r"0x[0-9a-f]{6,}", "0x...", text)
    lines = [line.rstrip() for line in text.splitlines()]
    return lines + ([f"[{done.returncode}]"] if done.returncode else [])


def file_facts(path, build, write, full):
    """(fact, whether it holds, lines that tell why not) of a file."""
    asked, rest = read(path.read_text("utf-8"))
    facts = []
    with tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(asked):
            said = run(one.command, build, folder,
                       full and f"{full}/{path.stem}-{number + 1}")
            facts.append((f"{path.stem}: {one.command[0]}", said == one.said,
                          difference(one.said, said)))
            one.said = said
    if write:
        path.write_text(written(asked, rest), "utf-8")
    return facts


def difference(old, new):
    """The lines of one that the other has not, both in their order."""
    return [f"# - {line}" for line in old if line not in new][:20] + [
        f"# + {line}" for line in new if line not in old][:20]


def compiler(build):
    said = subprocess.run([build / "readmostly-sim", "--version"],
                          capture_output=True, text=True, check=True).stdout
    return said.split("compiler: ")[1].strip()


def meant(path, here):
    """Whether a file is compared on this build; its first line says of whom."""
    first = path.read_text("utf-8").splitlines()[:1]
    words = first[0].removeprefix("# compiler: ") if first and \
        first[0].startswith("# compiler: ") else here
    return words == here


def tell(number, fact, holds, why):
    print(f"{'ok' if holds else 'not ok'} {number} - {fact}".replace("#", ""))
    if not holds:
        print("\n".join(why))


def main(argv):
    build = Path(argv[0]).resolve()
    write = "--write" in argv
    full = argv[argv.index("--full") + 1] if "--full" in argv else None
    if full:
        full = str(Path(full).resolve())
        Path(full).mkdir(parents=True, exist_ok=True)
    names = [a for a in argv[1:] if not a.startswith("--") and
             str(Path(a).resolve()) != full]
    files = [f for f in sorted(FOLDER.glob("*.txt"))
             if not names or f.stem in names]
    here = compiler(build)
    files, others = ([f for f in files if meant(f, here) is is_meant]
                     for is_meant in (True, False))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        facts = [fact for of in pool.map(
            lambda f: file_facts(f, build, write, full), files) for fact in of]
    for number, (fact, holds, why) in enumerate(facts, 1):
        tell(number, fact, holds or write, why)
    for number, path in enumerate(others, len(facts) + 1):
        print(f"ok {number} - {path.stem} # SKIP counts of another compiler")
    print(f"1..{len(facts) + len(others)}")
    return 0 if write else int(not all(holds for _, holds, _ in facts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
