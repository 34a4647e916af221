#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decides the ledger of claims again, by another hand than report/.

    claims_again.py DIR [--ledger FOLDER] [--ids ID... | --rows 30 --seed N]
                    [--against VERDICTS.json]

DIR is a campaign (campaign.json, trials.jsonl), or what `readmostly claims
run` made, with one campaign in it. Prints each claim's verdict by the words of
docs/claims.md. With --against (what `python3 -m report decide DIR` printed) it
prints both verdicts of each row, which fields differ, and at last "30 of 30
equal". --rows takes that many of its ids by a seed.

Exit status: 0 done, 1 a row differs, 2 something cannot be read.
"""
import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from again import arithmetic, compare, ledger, numbers, rules  # noqa: E402
from again.compare import ABSENT, Cell, Verdict  # noqa: E402
from again.journal import TOP, Campaign  # noqa: E402
from again.places import places  # noqa: E402
from again.seen import Seen  # noqa: E402

GO, OWN, PORT = "Go", "own", "the C port"


def lacking(campaign, claim):
    """Why this machine cannot decide a claim; "" where it can."""
    if claim["rule"] == "none":
        return claim["lacks"] or "no experiment"
    what, _, amount = claim["needs"].partition(":")
    meta = campaign.meta
    if what == "cpus" and meta["machine"].get("cpus", 0) < int(amount):
        return claim["needs"]
    backend = (meta.get("counters") or {}).get("backend", "none")
    if backend in ("none", "replay") and "counters" in (what, claim["numbers"]):
        return "counters"
    if what == "go":
        wanted = tuple(map(int, amount.strip().split(".")[:2]))
        if not any(v >= wanted for v in campaign.go_versions):
            return claim["needs"]
    return ""


def seen_of(campaign, claim):
    """{whose: [what each place has]}: of what the ledger names, and of Go's
    own maps."""
    own = claim.lines()
    go = [(where, c.of_go) for where, c in claim.lines("go_cells") or own]
    lines = {OWN: own, GO: [(where, c) for where, c in go if c]}
    return {whose: [Seen(campaign, p) for p in places(campaign, of)]
            for whose, of in lines.items() if of or whose == OWN}


def correct(found):
    """One family of all tests of claims that speak of speed."""
    ps = {(name, whose, i, what): p for name, sides in found.items()
          for whose, all_of in sides.items() for i, s in enumerate(all_of)
          for what, p in s.tests.items()}
    fixed = numbers.holm(ps)
    for (name, whose, i, what), p in fixed.items():
        one = found[name][whose][i]
        one.p = (one.p or {}) | {what: p}


def verdict_of(claim, all_of, of=""):
    each = [rules.outcome(s) for s in all_of]
    cells = [Cell(*said, s.cells, s.value, s.low, s.high)
             for said, s in zip(each, all_of)]
    return Verdict(*rules.joined(claim, each), of, cells)


def computed(claim):
    value = arithmetic.evaluate(claim["compute"])
    if value is None:
        return Verdict("cannot say", f"no function for {claim['compute']}")
    right = rules.inside((value, value), *claim.limits)
    return Verdict(rules.REPRODUCED if right else rules.REFUTED,
                   f"{rules.COMPUTED}{value:.6g}")


def decided(claim, sides):
    """Verdict of a claim with cells in the plan: Go's own maps say it where
    they ran; of a claim in parts all of them."""
    if not any(s.planned for all_of in sides.values() for s in all_of):
        return Verdict(ABSENT, "")
    own = verdict_of(claim, sides[OWN], PORT if claim["about"] == "go" else "")
    if GO not in sides:
        return own
    go = verdict_of(claim, sides[GO], own.of and GO)
    enough = all if claim["conditions"] == "parts" else any
    ran = enough(cell.word != rules.NOT_HERE for cell in go.cells) and (
        enough is any or len(go.cells) == len(own.cells))
    if not ran:
        return own
    if [cell.ids for cell in go.cells] == [cell.ids for cell in own.cells]:
        return go  # of its own maps in both: that is no port
    return go._replace(port=own)


def decide(campaign, claims):
    """{id: Verdict} of the claims that the run was for."""
    claims = {name: claim for name, claim in claims.items()
              if campaign.asked is None or name in campaign.asked}
    verdicts, found = {}, {}
    for name, claim in claims.items():
        why = lacking(campaign, claim)
        if claim["rule"] == "arithmetic":
            verdicts[name] = computed(claim)
        elif why:
            verdicts[name] = Verdict(rules.NOT_HERE, why)
        else:
            found[name] = seen_of(campaign, claim)
    correct(found)
    return {name: verdicts.get(name) or decided(claims[name], found[name])
            for name in claims}


# ---- against another hand -------------------------------------------------

def compared(mine, other, ids):
    """Prints both verdicts of each row and what differs; -> exit status."""
    equal = 0
    for name in ids:
        row = other.get(name)
        wrong = (compare.differences(mine[name], row) if row
                 else ["there is no such row"])
        equal += not wrong
        print(name, said(mine[name]), row["verdict"] if row else "nothing",
              "; ".join(wrong) or "equal", sep="\t")
    print(f"{equal} of {len(ids)} equal")
    return 0 if equal == len(ids) else 1


def said(verdict):
    words = [cell.word for cell in verdict.cells]
    return verdict.word + (f" ({verdict.how})" if verdict.how else "") + (
        f" [{', '.join(words)}]" if len(words) > 1 else "")


def drawn(names, asked):
    """The ids that are asked for by name, by a seed, or all."""
    if asked.ids:
        strange = sorted(set(asked.ids) - set(names))
        if strange:
            raise ValueError(f"{' '.join(strange)}: no claim of this run")
        return asked.ids
    if asked.rows is None:
        return names
    return sorted(random.Random(asked.seed).sample(
        names, min(asked.rows, len(names))))


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("campaign", type=Path, metavar="DIR")
    parser.add_argument("--ledger", type=Path, default=TOP /
                        "workloads/claims")
    parser.add_argument("--ids", nargs="+")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--against", type=Path)
    return parser.parse_args(argv)


def main(argv):
    asked = arguments(argv)
    try:
        found = decide(Campaign(asked.campaign), ledger.read(asked.ledger))
        ids = drawn(sorted(found), asked)
        other = asked.against and compare.theirs(asked.against)
    except (OSError, ValueError, ledger.Wrong) as error:
        print(f"claims_again: {error}", file=sys.stderr)
        return 2
    if other is not None:
        return compared(found, other, ids)
    for name in ids:
        print(name, said(found[name]), sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
