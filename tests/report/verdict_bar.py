#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often the words of a ranking are wrong, and how often they are found.

    tests/report/verdict_bar.py [GROUPS]     1,000 unless told: seconds

Draws groups of maps whose truth is known, and has report/verdicts.py judge
them: the code of the page, not a copy of it. Simulated, nothing is measured.
"""
import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from report import modes, stats, verdicts  # noqa: E402

MAPS, SPREAD = 10, 0.2  # of a group; sd of ln rate of one trial
SLOW, SLOW_N = 0.7, 16  # the one map that must be found, and at which n
EXTRA = (11, 12, 16, 24)  # beside the n of the modes
MORE = 10  # times the groups at SLOW_N: 0.3 % of standard error at 1,000
LIMITS = {"behind": 0.05, "lead": 0.01, "found": 0.90}


def drawn(groups, n, slow=1.0, seed=0):
    """key -> {map: {block: rate}} of equal maps, of which the last is
    `slow` times as fast as the others."""
    rng = np.random.default_rng([seed, n])
    ln = rng.normal(0.0, SPREAD, (groups, MAPS, n))
    ln[:, -1] += math.log(slow)
    return {g: {m: dict(enumerate(row)) for m, row in enumerate(rows)}
            for g, rows in enumerate(np.exp(ln).tolist())}


def judged(contests):
    """The verdict of each group."""
    levels = stats.summarize({(g, m): list(r.values())
                              for g, rates in contests.items()
                              for m, r in rates.items()})
    centres = {g: {m: levels[g, m]["centre"] for m in rates}
               for g, rates in contests.items()}
    return [verdicts.judge(contests[g], compared) for g, compared in
            verdicts.compare(contests, centres).items()]


def behind(group, name=None):
    return any(r["outcome"] == verdicts.BEHIND for r in group["rivals"]
               if name in (None, r["map"]))


def shares(groups, n, parts=1):
    """What is said of `groups` groups at n blocks, as shares of them:
    behind, lead: of equal maps; found: the slow map is called behind, of
    `parts` times as many groups."""
    equal = judged(drawn(groups, n))
    slow = [group for part in range(1, 1 + parts)
            for group in judged(drawn(groups, n, SLOW, seed=part))]
    share = lambda found: float(np.mean(list(found)))
    return {"n": n, "open": share(g["word"] == verdicts.OPEN for g in equal),
            "behind": share(map(behind, equal)),
            "lead": share(g["word"] in verdicts.LEADS for g in equal),
            "found": share(behind(g, MAPS - 1) for g in slow)}


def counts():
    """The numbers of blocks that modes have, and EXTRA."""
    return sorted({n for _, _, n in modes.modes()} | set(EXTRA))


def failures(row):
    """Which bar a row of shares() does not meet."""
    bad = [k for k in ("behind", "lead") if row[k] > LIMITS[k]]
    if row["n"] < verdicts.needs(MAPS) and row["open"] < 1:
        bad.append("open")
    if row["n"] >= SLOW_N and row["found"] < LIMITS["found"]:
        bad.append("found")
    return bad


def main():
    groups = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"{groups} simulated groups of {MAPS} maps, sd of ln rate {SPREAD}"
          f"\n\n| n | not ranked | any equal map called behind | a lead "
          f"invented | one map at {SLOW} of the others called behind |\n"
          "|---:|---:|---:|---:|---:|")
    bad = []
    for n in counts():
        row = shares(groups, n, MORE if n == SLOW_N else 1)
        print("| {n} | {open:.1%} | {behind:.1%} | {lead:.1%} | {found:.1%} |"
              .format(**row))
        bad += [f"n = {n}: {name}" for name in failures(row)]
    print("\n" + ("\n".join(bad) or "all bars met"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
