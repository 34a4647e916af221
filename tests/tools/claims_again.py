#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decides the ledger of claims again, by another hand than report/.

    claims_again.py LEDGER CAMPAIGN [--ids ID... | --draw 30 --seed N]
                    [--against VERDICTS.json]

LEDGER is a folder of *.claims, CAMPAIGN one with campaign.json and
trials.jsonl. Prints each claim's verdict by the words of docs/claims.md. With
--against (what `python3 -m report decide CAMPAIGN` printed, or a campaign's
verdicts.json) it prints how many are equal ("30 of 30") and each that is not.
--draw takes that many ids of the whole ledger by a seed.

Exit status: 0 done, 1 a verdict differs, 2 something cannot be read.
"""
import argparse
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from again import arithmetic, ledger, numbers, rules  # noqa: E402
from again.journal import Campaign  # noqa: E402

ABSENT = "not in this run"
GO, OWN = "Go", "own"


def lacking(campaign, claim):
    """Why this machine cannot decide a claim; "" where it can."""
    if claim["rule"] == "none":
        return claim["lacks"] or "no experiment"
    what, _, amount = claim["needs"].partition(":")
    meta = campaign.meta
    if what == "cpus" and meta["machine"].get("cpus", 0) < int(amount):
        return claim["needs"]
    backend = (meta.get("counters") or {}).get("backend", "none")
    if backend == "none" and "counters" in (what, claim["numbers"]):
        return "counters"
    if what == "go":
        wanted = tuple(map(int, amount.strip().split(".")[:2]))
        if not any(v >= wanted for v in campaign.go_versions):
            return claim["needs"]
    return ""


def seen_of(campaign, claim):
    """{whose: [what each line `cells` has]}: of what the ledger names, and
    of Go's own maps."""
    own = claim.lines()
    go = [(where, c.of_go) for where, c in claim.lines("go_cells") or own]
    found = {OWN: [rules.Seen(campaign, c, where) for where, c in own]}
    if any(c for _, c in go):
        found[GO] = [rules.Seen(campaign, c, where) for where, c in go if c]
    return found


def correct(found):
    """One family of all tests of claims that speak of speed."""
    ps = {(name, whose, i, what): p for name, sides in found.items()
          for whose, all_of in sides.items() for i, s in enumerate(all_of)
          for what, p in s.tests.items()}
    fixed = numbers.holm(ps)
    for (name, whose, i, what), p in fixed.items():
        one = found[name][whose][i]
        one.p = (one.p or {}) | {what: p}


def word_of(claim, all_of):
    """(word, how, [word of each line of cells])."""
    each = [rules.outcome(s) for s in all_of]
    return *rules.joined(claim, each), [word for word, _ in each]


def computed(claim):
    value = arithmetic.evaluate(claim["compute"])
    if value is None:
        return "cannot say", f"no function for {claim['compute']}", []
    right = rules.inside((value, value), *claim.limits)
    return rules.REPRODUCED if right else rules.REFUTED, f"{value:.6g}", []


def decided(claim, sides):
    """Verdict of a claim with cells in the plan: Go's own maps say it where
    they ran; of a claim in parts all of them."""
    if not any(s.planned for all_of in sides.values() for s in all_of):
        return ABSENT, "", []
    said = {whose: word_of(claim, all_of) for whose, all_of in sides.items()}
    words = said[GO][2] if GO in said else [rules.NOT_HERE]
    enough = all if claim["conditions"] == "parts" else any
    ran = enough(word != rules.NOT_HERE for word in words) and (
        enough is any or len(words) == len(sides[OWN]))
    return said[GO if ran else OWN]


def decide(campaign, claims):
    """{id: (word, how, [word of each line of cells])}."""
    verdicts, found = {}, {}
    for name, claim in claims.items():
        why = lacking(campaign, claim)
        if claim["rule"] == "arithmetic":
            verdicts[name] = computed(claim)
        elif why:
            verdicts[name] = rules.NOT_HERE, why, []
        else:
            found[name] = seen_of(campaign, claim)
    correct(found)
    return {name: verdicts.get(name) or decided(claims[name], found[name])
            for name in claims}


# ---- against another hand -------------------------------------------------

def theirs(path):
    """{id: (verdict, how, [word of each line of cells])} of verdicts.json."""
    document = json.loads(Path(path).read_text("utf-8"))
    document = document.get("claims_ledger", document)
    found = {row["id"]: (row["verdict"], row["how"],
                         [c["word"] for c in row["cells"]])
             for row in document["claims"]}
    return found | {name: (ABSENT, "", [])
                    for name in document.get("not_in_this_run", [])}


def same(mine, other):
    """Equal words; of a refutation the same kind, and of several cells each
    cell's word."""
    kinds = (rules.OPPOSITE, rules.NONE_SEEN, rules.SIZE)
    kind = next((k for k in kinds if mine[1].startswith(k)), "")
    return (mine[0] == other[0] and (not kind or kind in other[1])
            and (not mine[2] or mine[2] == other[2]))


def compared(mine, other, ids):
    """Prints what differs; -> exit status."""
    wrong = [name for name in ids
             if name not in other or not same(mine[name], other[name])]
    for name in wrong:
        print(f"{name}: here {said(mine[name])}; "
              f"there {said(other.get(name, ('nothing', '', [])))}")
    print(f"{len(ids) - len(wrong)} of {len(ids)}")
    return 1 if wrong else 0


def said(verdict):
    word, how, each = verdict
    return word + (f" ({how})" if how else "") + (
        f" [{', '.join(each)}]" if len(each) > 1 else "")


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ledger", type=Path)
    parser.add_argument("campaign", type=Path)
    parser.add_argument("--ids", nargs="+")
    parser.add_argument("--draw", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--against", type=Path)
    return parser.parse_args(argv)


def main(argv):
    asked = arguments(argv)
    try:
        claims = ledger.read(asked.ledger)
        found = decide(Campaign(asked.campaign), claims)
        ids = asked.ids or sorted(claims)
        if asked.draw:
            ids = sorted(random.Random(asked.seed).sample(
                sorted(claims), min(asked.draw, len(claims))))
        other = asked.against and theirs(asked.against)
    except (OSError, ValueError, ledger.Wrong) as error:
        print(f"claims_again: {error}", file=sys.stderr)
        return 2
    for name in ids:
        print(name, said(found[name]), sep="\t")
    return compared(found, other, ids) if other is not None else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
