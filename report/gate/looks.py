# SPDX-License-Identifier: Apache-2.0
"""Decides during a bisect whether head is slower, at looks that are fixed in advance.

    python3 -m report.gate.looks CAMPAIGN...

Each campaign is a `readmostly run` of one cell with arms base and head; all of them together
form one look. The looks are after 60, 120 and 240 pairs: a quarter, half and all of the
maximum. The one-sided O'Brien-Fleming bounds for four looks at alpha = 1 % are z = 4.740,
3.352, 2.737 and 2.370. The third look is left out, so the error is at most 1 %. The tests are
the same as in `make regress` (regress.json): slower than the margin and large enough, or shown
to be less slow than the tolerance.
"""
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from report import ending, stats
from report.ending import USAGE, InputError
from report.gate.campaign import last_of, read_attempts, read_meta
from report.gate.model import Contrast, Floats, Pairs, Role
from report.gate.pairs import failure_of, pairs_of
from report.gate.rules import Rules, load_rules

LOOKS = {60: 4.740, 120: 3.352, 240: 2.370}
GOOD, BAD, OPEN = 0, 1, 3


def read_pairs(folder: Path) -> Pairs:
    """Returns the pairs of the only timed cell of a campaign."""
    meta, sealed = read_meta(folder)
    cells = [c for c in meta.cells if c.measure == "throughput"]
    if len(cells) != 1:
        raise InputError(f"{folder}: {len(cells)} timed cells, expected one")
    contrast = Contrast(Role.GATE, cells[0].id, "base", "head", tuple(c.id for c in meta.cells))
    trials = last_of(read_attempts(folder, meta, sealed), meta, folder)
    return pairs_of(trials, contrast, cells[0].blocks)


def z_of(x: Floats) -> float:
    """Signed rank sum of x, in standard deviations above 0."""
    ranks = stats.signed_ranks([x])[0]
    spread = math.sqrt(float(np.sum(ranks ** 2)))
    return float(np.sum(ranks)) / spread if spread else 0.0


def bound_of(n: int) -> float:
    """Returns the bound of the first look that has at least n pairs."""
    return next((z for most, z in LOOKS.items() if n <= most), LOOKS[max(LOOKS)])


def decide(d: Floats, rules: Rules) -> tuple[int, str]:
    """Decides from all pairs so far; returns the exit status and its explanation."""
    if len(d) < rules.min_pairs:
        return OPEN, f"{len(d)} pairs, expected {rules.min_pairs}"
    bound = bound_of(len(d))
    slower = z_of(d - math.log1p(rules.margin))
    within = z_of(math.log1p(rules.tolerance) - d)
    size = float(stats.hodges_lehmann(d))
    words = (f"{stats.percent(size):+.2f} % in {len(d)} pairs, z {slower:.2f} for slower, "
             f"{within:.2f} for not slower, bound {bound:.3f}")
    if slower >= bound and size >= math.log1p(rules.fail_at):
        return BAD, words
    return (GOOD, words) if within >= bound else (OPEN, words)


def judge(folders: Sequence[str]) -> tuple[int, str]:
    looks = [read_pairs(Path(folder)) for folder in folders]
    for pairs in looks:
        base, head = failure_of(pairs, "base"), failure_of(pairs, "head")
        if base:
            return OPEN, f"base: {base}"
        if head:
            return BAD, head
    return decide(np.concatenate([p.d[~np.isnan(p.d)] for p in looks]), load_rules())


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0].startswith("-"):
        print("usage: python3 -m report.gate.looks CAMPAIGN...", file=sys.stderr)
        return USAGE
    try:
        status, words = judge(argv)
    except InputError as error:
        print(f"looks: {error}", file=sys.stderr)
        return USAGE
    print({GOOD: "good", BAD: "bad", OPEN: "open"}[status] + f": {words}")
    return status


if __name__ == "__main__":
    sys.exit(ending.end(main))
