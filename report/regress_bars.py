# SPDX-License-Identifier: Apache-2.0
"""make regress-tally: what the runs of docs/tally/regress.jsonl come to.

    python3 -m report.regress_bars next KIND=N...   the kind to run now
    python3 -m report.regress_bars page [FILE]      docs/tally/regress.md
    python3 -m report.regress_bars bars             status 1: one is not met

A kind is a head: base itself, a real slowdown, another layout; its bar says how
often it is to be FAIL and PASS. Only runs of the newest plan of a kind count.
`next` says nothing where each kind has its number. Status: 0; 1; 2 usage or
input. Reads the tally, and nothing else (docs/method.md 5).
"""
import argparse
import collections
import math
import sys

from report import ending, folders, stats
from report.regress_again import AGAIN, read_again
from report.regress_tally import TALLY, VERDICTS, mend, read_tally

PAGE = "docs/tally/regress.md"
RUN_S = 330.0  # longest that a run may take: allowed_s, and repeats
QUIET = "nobody else works here"  # how `doctor --busy` begins then

# kind: what head is, how many runs the bar asks, the least share that is to be
# `wanted`; the other verdict of PASS and FAIL is never to be.
Kind = collections.namedtuple("Kind", "words runs wanted share")
KINDS = {
    "aa": Kind("base; one cell, 60 blocks", 300, "PASS", 0.90),
    "full": Kind("base; the whole plan", 20, "PASS", 0.80),
    "+2%": Kind("base with 2 % more operations; the whole plan", 20, "FAIL",
                0.95),
    "look-ups": Kind("every 50th look-up once more", 20, "FAIL", 0.95),
    "line": Kind("one cache line more in each look-up", 20, "FAIL", 0.95),
    "lock": Kind("one lock more in each write; half of all are writes", 20,
                 "FAIL", 0.95),
    "padding": Kind("a function before the hot code", 20, "PASS", 0.95),
    "renamed": Kind("a header of another name", 20, "PASS", 0.95),
    "linked": Kind("objects linked in another order", 20, "PASS", 0.95)}


def kind_of(line):
    """Lines from before kinds were of a plan of three cells, and are shown
    where they were, in no bar."""
    return line.get("kind") or f"{line['head']}, before kinds"


def counted(lines):
    """kind -> its lines, of the plan of its last one."""
    found = {}
    for line in lines:
        found.setdefault(kind_of(line), []).append(line)
    return {kind: [x for x in mine if x.get("plan_sha256") ==
                   mine[-1].get("plan_sha256")]
            for kind, mine in found.items()}


def next_kind(lines, wanted):
    """Of kind -> number, the one with the smallest share done, so that a bad
    quarter of an hour does not meet one kind only; None: all are done."""
    done = counted(lines)
    short = [kind for kind, n in wanted.items()
             if len(done.get(kind, [])) < n]
    return min(short, key=lambda kind: len(done.get(kind, []))
               / wanted[kind], default=None)


def verdicts_of(lines):
    count = collections.Counter(x["verdict"] for x in lines)
    return {verdict: count[verdict] for verdict in VERDICTS}


def shortfalls(kind, lines):
    """What the bar of a kind asks and its runs do not give, as texts. Too few
    runs are no failure of the gate, and said apart."""
    bar, count, n = KINDS[kind], verdicts_of(lines), len(lines)
    never = "FAIL" if bar.wanted == "PASS" else "PASS"
    found = []
    if count[never]:
        found.append(f"{kind}: {count[never]} {never}, allowed 0")
    # Others than are wanted: as many as a full number of runs may have, and
    # more only with more runs.
    most = math.floor((1 - bar.share) * max(n, bar.runs) + 1e-9)
    if n - count[bar.wanted] > most:
        found.append(f"{kind}: {count[bar.wanted]} of {n} {bar.wanted}, "
                     f"expected {100 * bar.share:g} %")
    late = sum(x["seconds"] > RUN_S for x in lines)
    if late:
        found.append(f"{kind}: {late} runs took over {RUN_S:.0f} s")
    return found + one_sided(kind, lines)


def one_sided(kind, lines):
    """R32: over equal builds, head is slower as often as it is faster."""
    if kind not in ("aa", "full"):
        return []
    signs = [x["cells"][0]["slowdown_percent"] > 0 for x in lines
             if x["cells"] and x["cells"][0].get("slowdown_percent")
             is not None]
    p = stats.sign_test(sum(signs), len(signs) - sum(signs))
    return [f"{kind}: slower in {sum(signs)} of {len(signs)} runs, "
            f"p = {p:.4f}"] if p <= 0.01 else []


def wrong_of(kind, lines):
    """(runs that err, their 95 % upper bound): a false alarm where head is no
    slower, else anything but FAIL."""
    fails = verdicts_of(lines)["FAIL"]
    wrong = fails if KINDS[kind].wanted == "PASS" else len(lines) - fails
    return wrong, stats.clopper_pearson(wrong, len(lines))


# ---- words ----------------------------------------------------------------

HEAD = """# Does the gate keep its word on real runs?

Made by `make regress-tally` from [regress.jsonl](regress.jsonl), which has of each run the ratio of every pair, the order in it, machine, commit, and the load before its
trials; last run {last}. Each kind is base against a head ([patches](../../tests/fixtures/gate)); a bar asks of its runs one verdict at the least in the
share that stands there, and never the opposite one. *Err*: FAIL of a head that is no slower, else anything but FAIL, with the 95 % upper bound
(Clopper and Pearson). *Loaded*: runs before which `readmostly doctor --busy` did not find that nobody else works there.

| head | runs (of) | PASS | FAIL | INCONCLUSIVE | INVALID | err | at most [%] | loaded | bar |
|---|---|---|---|---|---|---|---|---|---|
"""


def is_loaded(line):
    """By the probe: the load of a minute counts the run before, too."""
    return not (line.get("probe") or "").startswith(QUIET)


def bar_of(kind, lines):
    """Its bar in words."""
    missed = shortfalls(kind, lines)
    if missed:
        return "not met: " + "; ".join(missed)
    if len(lines) < KINDS[kind].runs:
        return "not shown yet"
    return "met"


def row_of(kind, lines):
    count, (wrong, bound) = verdicts_of(lines), wrong_of(kind, lines)
    cells = [f"`{kind}`: {KINDS[kind].words}",
             f"{len(lines)} ({KINDS[kind].runs})",
             *(count[v] for v in VERDICTS), wrong, f"{100 * bound:.2f}",
             sum(map(is_loaded, lines)), bar_of(kind, lines)]
    return "| " + " | ".join(map(str, cells)) + " |"


def place_of(line):
    """Where and of what a run was."""
    return (line.get("date", "?"), line.get("machine", "?"),
            line.get("cpus", "?"), str(line.get("commit", "?"))[:12])


def places(lines):
    """A row for each machine, day, commit, kind and plan, those that count no
    longer too."""
    found = {}
    for line in lines:
        plan = line.get("plan_sha256", "?")[:12]
        found.setdefault((*place_of(line), kind_of(line), plan),
                         []).append(line)
    yield ("| day | machine | CPUs | commit | head | plan | runs | verdicts "
           "| load |")
    yield "|---|---|---|---|---|---|---|---|---|"
    for key, mine in sorted(found.items(), key=str):
        said = ", ".join(f"{n} {v}" for v, n in verdicts_of(mine).items()
                         if n)
        loads = [x["load"][0] for x in mine if x.get("load")]
        load = f"{min(loads):g} to {max(loads):g}" if loads else "not kept"
        yield "| " + " | ".join(map(str, [*key, len(mine), said, load])) + \
            " |"


def unwanted(done):
    """Runs that did not come out as their kind is to, with their load."""
    for kind, lines in done.items():
        for line in lines:
            if line["verdict"] != KINDS[kind].wanted:
                load = line.get("load")
                load = f"load {load[0]:g}, at most {load[1]:g}" if load else \
                    "load not kept"
                probe = line.get("probe")
                yield (f"- {kind}, {line.get('created_utc', '?')}: "
                       f"{line['verdict']}: {line.get('reason') or '-'} "
                       f"({load}{f'; {probe}' if probe else ''})")


AGAIN_HEAD = """
## The same pairs, decided by today's rules

Made by `make regress-again`: a verdict is a function of pairs and rules, and what was measured stays. Rules {rules}; the numbers of blocks are those
of the time, which bars of the whole plan are about; plans before are in. *Then*: of the same runs, by the rules of their time.

| head | runs | PASS | FAIL | INCONCLUSIVE | INVALID | then |
|---|---|---|---|---|---|---|
"""


def again_of(lines, known):
    """Rows of the runs, of plans before too, that were decided again; [] where
    none was."""
    rows = []
    for kind in KINDS:
        then = [x for x in lines if kind_of(x) == kind
                and x.get("created_utc") in known]
        now = [known[x["created_utc"]] for x in then]
        if now:
            said = ", ".join(f"{n} {v}"
                             for v, n in verdicts_of(then).items() if n)
            rows.append("| " + " | ".join(map(str, [
                f"`{kind}`", len(now), *verdicts_of(now).values(), said]))
                + " |")
    rules = sorted({x["rules_sha256"][:12] for x in known.values()})
    return [AGAIN_HEAD.format(rules=", ".join(rules)) + "\n".join(rows)] \
        if rows else []


def text_of(lines, known=None):
    """The page; known: what report.regress_again decided, by created_utc."""
    found = counted(lines)
    done = {kind: found[kind] for kind in KINDS if kind in found}
    last = max((str(x.get("created_utc") or x.get("date")) for x in lines),
               default="none")
    out = [HEAD.format(last=last) + "\n".join(
        row_of(kind, done.get(kind, [])) for kind in KINDS)]
    out += again_of(lines, known or {})
    out += ["", "## Where and when", "", "Bars count the newest plan of a kind.",
            "", *places(lines)]
    out += ["", "## Runs that came out otherwise", "",
            *(list(unwanted(done)) or ["None."])]
    return "\n".join(out) + "\n"


def bars(lines):
    """(texts, whether none is missed)"""
    done = counted(lines)
    rows = [(kind, done[kind]) for kind in KINDS if kind in done]
    said = [f"{kind}: {len(mine)} runs: " + ", ".join(
        f"{n} {v}" for v, n in verdicts_of(mine).items()) + "; "
            + bar_of(kind, mine) for kind, mine in rows]
    return said, not any(shortfalls(kind, mine) for kind, mine in rows)


def numbers(words):
    """kind -> number of KIND=N words; InputError names one that is none."""
    found = {}
    for word in words:
        kind, _, n = word.rpartition("=")
        if kind not in KINDS or not n.isdecimal():
            raise ending.InputError(f"{word}: expected KIND=N, of "
                                     + ", ".join(KINDS))
        found[kind] = int(n)
    return found


def run(args):
    if args.what == "next":
        wanted = numbers(args.words)
        mend(args.tally)
        found = next_kind(read_tally(args.tally), wanted)
        print(found or "", end="\n" if found else "")
        return 0
    lines = read_tally(args.tally)
    if args.what == "page":
        folders.replace((args.words or [PAGE])[0],
                        text_of(lines, read_again(args.again)))
        return 0
    said, met = bars(lines)
    print("\n".join(said))
    return 0 if met else 1


def main(argv=None):
    p = argparse.ArgumentParser(prog="python3 -m report.regress_bars",
                                description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("what", choices=("next", "page", "bars"))
    p.add_argument("words", nargs="*")
    p.add_argument("--tally", default=TALLY, metavar="FILE")
    p.add_argument("--again", default=AGAIN, metavar="FILE")
    args = p.parse_args(argv)
    return ending.refusing(lambda: run(args), "regress-tally",
                           ending.InputError)


if __name__ == "__main__":
    sys.exit(ending.end(main))
