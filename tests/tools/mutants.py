#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the tests see mistakes? Draws mutants of runner/, report/ and impls/ by a
seed, and runs the tests of each in a copy of the tree, until so many of each
part are judged.

    tests/tools/mutants.py draw SEED
    tests/tools/mutants.py run SEED [--of 8,8,4] [--minutes N] [--build BUILD]
    tests/tools/mutants.py show SEED

A mutant is killed by a test that is red with it, red again alone, and green
without it. First each is held against the tests that name its file and those of
its room; then those that none has seen go into one tree, against all that `make
check` runs. What does not compile, compiles to the same code, or is not built
here is passed over. Each verdict is a line of docs/tally/mutants.jsonl, and the
same call goes on. The copy, in BUILD/mutants, is of the sources as they are and
of what was built. Status 0; 2: a test is red without a mutant.
"""
import argparse
import concurrent.futures
import contextlib
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import mutants_draw
from stamp import commit

ROOT = Path(__file__).resolve().parents[2]
RAW = ROOT / "docs/tally/mutants.jsonl"
LIMIT = 600  # seconds of one test, far more than one that names a file takes
SLOW = "slow: minutes"
ALWAYS = {"said.sh", "test_page_words.py"}  # what is printed, word for word
TRIED = ("fake_trial", "their_trial", "judge_facts")  # as in tests.mk
RED, GREEN, OPEN = "killed", "survived", "not seen near"
REAL = (RED, GREEN, OPEN)


def stop(words):
    print(f"mutants: {words}", file=sys.stderr)
    sys.exit(2)


# ---- the copy of the tree ---------------------------------------------------

class Tree:
    """A copy of the sources and of what was built of them; one mutant at a
    time."""

    def __init__(self, root, build):
        self.at, self.build = root / build / "mutants", build
        # Who was killed left a mutant there, in sources or in objects.
        shutil.rmtree(self.at, ignore_errors=True)
        self.at.mkdir(parents=True)
        listed = subprocess.run(["git", "ls-files", "-z", "-co",
                                 "--exclude-standard"], cwd=root, check=True,
                                capture_output=True).stdout.split(b"\0")
        subprocess.run(["xargs", "-0", "cp", "-dp", "--parents", "-t",
                        self.at], cwd=root, check=True,
                       input=b"\0".join(n for n in listed if n and (
                           root / os.fsdecode(n)).exists()))
        shutil.copytree(root / build, self.at / build, symlinks=True,
                        ignore=shutil.ignore_patterns("mutants"))
        for words in (["init", "-q"], ["add", "-A"],
                      ["-c", "user.name=n", "-c", "user.email=n@n", "commit",
                       "-qm", "What is mutated"]):
            subprocess.run(["git", *words], cwd=self.at, check=True)
        # A test that is not built is in no list, and no mutant would meet it.
        if not self.make("test-programs"):
            stop("the tests do not build without a mutant")

    def run(self, *words, limit=LIMIT):
        """(status, what was said); a time that is over is a failure."""
        told = {"BUILD": self.build, "PYTHONPATH": ".",
                "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            ["timeout", "-k", "5", str(limit), *words], cwd=self.at,
            env=os.environ | told, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
        return done.returncode, done.stdout

    def make(self, *targets):
        return self.run("make", "-s", f"-j{os.cpu_count()}",
                        f"BUILD={self.build}", *targets, limit=3600)[0] == 0

    def make_all(self):
        return self.make("all", *(f"{self.build}/tests/{t}" for t in TRIED))

    def write(self, mutant, line):
        file = self.at / mutant.path
        lines = file.read_text(encoding="utf-8").split("\n")
        lines[mutant.number - 1] = line
        file.write_text("\n".join(lines), encoding="utf-8")

    def objects(self, mutant):
        """object file -> a hash of its code, of every build of that source."""
        name = str(Path(mutant.path).with_suffix(".o"))
        found = {}
        for file in (self.at / self.build).glob(f"**/{name}"):
            with tempfile.NamedTemporaryFile() as bare:
                subprocess.run(["objcopy", "--strip-debug", file, bare.name],
                               check=True)
                found[str(file.relative_to(self.at))] = hashlib.sha256(
                    Path(bare.name).read_bytes()).digest()
        return found

    def built(self, mutant, before):
        """A reason why there is nothing to judge, or None."""
        language = mutants_draw.LANGUAGES[Path(mutant.path).suffix]
        if language == "py":
            text = (self.at / mutant.path).read_text(encoding="utf-8")
            try:
                compile(text, mutant.path, "exec")
            except SyntaxError:
                return "does not compile"
            return None
        if language == "sh":
            return ("does not compile"
                    if self.run("bash", "-n", mutant.path)[0] else None)
        others = {"go", "java", "rs"} & {language}
        made = (self.at / self.build /
                f"readmostly-{language.replace('rs', 'rust')}")
        source = Path(mutant.path).suffix in (".c", ".cc")
        if source and not before or others and not made.exists():
            return "not built here"
        if before and not self.make(*before):
            return "does not compile"
        # of a header other files are made, too, whose code may differ
        if source and self.objects(mutant) == before:
            return "the same code"
        return None if self.make_all() else "does not compile"


# ---- which tests ------------------------------------------------------------

def listed(tree, *options):
    """Tests as prove.sh would run them, in its order."""
    said = tree.run("tests/tools/prove.sh", *options, "--list", tree.build)[1]
    return [line.split(": ", 1)[1] for line in said.splitlines()
            if re.match(r"(side by side|alone|pytest): ", line)]


def source_of(tree, test):
    if test.endswith((".sh", ".py")):
        return tree.at / test
    return next(tree.at.glob(f"tests/unit/*/{Path(test).name}.c"), None)


def text_of(source):
    return source.read_text(encoding="utf-8") if source else ""


def nearness(tree, test, mutant):
    """0 to 3: named after the file or its first words, includes or names it,
    imports a module of its name, of its room, names that, or asked of all; 9:
    any other."""
    file, source = Path(mutant.path), source_of(tree, test)
    text = text_of(source)
    if f"{file.stem}_".startswith(Path(test).stem.removeprefix("test_") + "_"):
        return 0
    if f"/{file.stem}.h\"" in text or f"/{file.name}" in text:
        return 1
    if re.search(rf"import [^\n]*\b{re.escape(file.stem)}\b", text):
        return 2
    near = source and (source.parent.parts[-2:-1] == ("unit",)
                       and source.parent.name in file.parent.parts
                       or f"{file.parent}/" in text and "/" in str(file.parent))
    return 3 if near or Path(test).name in ALWAYS else 9


def chosen(tree, mutant):
    """Tests in the order in which they are asked."""
    fast, every = listed(tree, "--fast"), listed(tree)
    rank = {test: nearness(tree, test, mutant) for test in every}
    slow = {test for test in every
            if SLOW in text_of(source_of(tree, test))[:1500]}
    asked = [t for t in every
             if t in fast or rank[t] < 3 and t not in slow]
    return sorted(asked, key=lambda t: rank[t])


def red(tree, test):
    """What was red, or None."""
    if test.endswith(".sh"):
        status, said = tree.run(test)
    elif ".py" in test:
        status, said = tree.run(sys.executable, "-m", "pytest", "-xq", "-p",
                                "no:cacheprovider", test)
    else:
        if not tree.make(test):
            return f"{Path(test).name}: does not link"
        status, said = tree.run(test)
    if not status:
        return None
    fact = re.search(r"^not ok .*|^FAILED \S+|^ERROR \S+", said, re.M)
    name = Path(test.split("::")[0]).name
    return f"{name}: {fact[0] if fact else f'status {status}'}"


def reds(tree, tests, first=False):
    """Those that are red, with all CPUs; or only the first that is found."""
    found, over = [], threading.Event()

    def one(test):
        if not over.is_set() and red(tree, test):
            found.append(test)
            over.set() if first else None
    # Links are one make's: two at once would make the same library.
    programs = [t for t in tests if not t.endswith((".sh", ".py"))]
    if programs and not tree.make("-k", *programs):
        found += [t for t in programs if not tree.make(t)]
        if first:
            return found[:1]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as lanes:
        list(lanes.map(one, [t for t in tests if t not in found]))
    return found


# ---- a verdict --------------------------------------------------------------

@contextlib.contextmanager
def mutated(tree, *mutants):
    """The tree with these, and as it was again."""
    for mutant in mutants:
        tree.write(mutant, mutant.after)
    try:
        yield
    finally:
        for mutant in mutants:
            tree.write(mutant, mutant.before)
        if any(m.compiled for m in mutants):
            tree.make_all()


def by_test(tree, mutant, test):
    """What this test says of the mutant, or None: red again, alone, and green
    without it. One that is red without a mutant ends it all."""
    with mutated(tree, mutant):
        if mutant.compiled:
            tree.make_all()
        again = red(tree, test)
    without = again and red(tree, test)
    if without:
        stop(f"red without a mutant: {without}")
    return again


def near(tree, mutant):
    """verdict, by what: of the tests that are near to the file."""
    before = tree.objects(mutant)
    with mutated(tree, mutant):
        why = tree.built(mutant, before)
        if why:
            return "passed over", why
        found = reds(tree, [t for t in chosen(tree, mutant)
                            if nearness(tree, t, mutant) < 9], first=True)
    by = found and by_test(tree, mutant, found[0])
    return (RED, by) if by else (OPEN, None)


def reds_of(tree, mutants, tests, first=False):
    """The tests that are red with all of these in one tree, or one of them."""
    if not mutants or not tests:
        return []
    with mutated(tree, *mutants):
        tree.make_all()
        return reds(tree, tests, first)


def far(tree, mutants, killed):
    """Calls killed(mutant, by what) for those of the mutants, which no near
    test has seen, that a test of `make check` sees, and returns the others. All
    of them in one tree tell which tests can be meant: only those are asked of
    each alone."""
    meant, left = reds_of(tree, mutants, listed(tree, "--fast")), []
    for mutant in mutants:
        found = reds_of(tree, [mutant], meant, first=True)
        by = found and by_test(tree, mutant, found[0])
        if by:
            killed(mutant, by)
        else:
            left.append(mutant)
    return left


def read_raw():
    if not RAW.exists():
        return []
    return [json.loads(line)
            for line in RAW.read_text(encoding="utf-8").splitlines()]


def rows_of(seed):
    """place -> its newest row."""
    return {row["place"]: row for row in read_raw() if row["seed"] == seed}


def keep(seed, mutant, verdict, by, seconds):
    row = {"seed": seed, "place": mutant.place, "kind": mutant.kind,
           "before": mutant.before.strip(), "after": mutant.after.strip(),
           "verdict": verdict, "by": by, "seconds": round(seconds, 1),
           "date": str(datetime.date.today()), "commit": commit()}
    with open(RAW, "a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{verdict}: {mutant.place}: {row['after']} ({by or ''}, "
          f"{seconds:.0f} s)", flush=True)


def run_near(args, tree, order, end):
    """Whether each part has as many as are wanted."""
    wanted = dict(zip(mutants_draw.PARTS, map(int, args.of.split(","))))
    for part, mutants in order.items():
        for mutant in mutants:
            rows = rows_of(args.seed)
            if sum(row["verdict"] in REAL and place.startswith(part + "/")
                   for place, row in rows.items()) >= wanted[part]:
                break
            if mutant.place in rows:
                continue
            if time.monotonic() > end:
                return False
            begun = time.monotonic()
            keep(args.seed, mutant, *near(tree, mutant),
                 time.monotonic() - begun)
    return True


def run(args):
    tree = Tree(ROOT, args.build)
    order = mutants_draw.drawn(tree.at, args.seed)
    end = time.monotonic() + 60 * args.minutes
    if not run_near(args, tree, order, end):
        print("The time is over: the same call goes on.")
        return
    rows, begun = rows_of(args.seed), time.monotonic()
    left = [m for part in order.values() for m in part
            if rows.get(m.place, {}).get("verdict") == OPEN]
    for mutant in far(tree, left, lambda mutant, by: keep(
            args.seed, mutant, RED, by, time.monotonic() - begun)):
        keep(args.seed, mutant, GREEN, None, time.monotonic() - begun)
    show(args)


def show(args):
    """Rows for docs/tally/mutants.md."""
    rows = rows_of(args.seed).values()
    real = [r for r in rows if r["verdict"] in REAL]
    killed = sum(r["verdict"] == RED for r in real)
    print(f"{killed} of {len(real)} killed; {len(rows) - len(real)} that were "
          "drawn do not compile, or to the same code.")
    for r in real:
        print(f"| `{r['place']}` | `{r['before']}` is `{r['after']}` | "
              f"{r['by'] or r['verdict']} |".replace("||", "\\|\\|"))


def draw(args):
    order = mutants_draw.drawn(ROOT, args.seed)
    text = "".join(f"{m.place}\t{m.kind}\t{m.before}\t{m.after}\n"
                   for part in order.values() for m in part)
    sys.stdout.write(text)
    print(f"# sha256 {hashlib.sha256(text.encode()).hexdigest()}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("draw", "run", "show"))
    parser.add_argument("seed", type=int)
    parser.add_argument("--of", default="8,8,4")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--build", default=os.environ.get("BUILD", "build/gcc"))
    args = parser.parse_args()
    {"draw": draw, "run": run, "show": show}[args.what](args)


if __name__ == "__main__":
    main()
