# SPDX-License-Identifier: Apache-2.0
"""Is head slower? Looks that a bisect's plan fixes beforehand.

    python3 -m report.why.looks CAMPAIGN...

Each campaign is `readmostly run` of one cell with arms base and head; all of
them together are one look. Looks are at 60, 120 and 240 pairs, a quarter, half
and all of the most. One-sided O'Brien-Fleming bounds of alpha 1 % for four
looks (z = 4.740, 3.352, 2.737, 2.370), of which the third is left out: so the
error is 1 % at most. What is asked is what `make regress` asks (report/
regress.json): slower than the margin and large enough, or shown to be less
slow than the tolerance. Exit status: 0 good, 1 bad, 3 open, 2 usage or input.
"""
import math
import sys
from pathlib import Path

import numpy as np

from report import damage, ending, gate, gate_rules, journal, stats
from report.rows import rows_of
from report.stats import hodges_lehmann, signed_ranks

LOOKS = {60: 4.740, 120: 3.352, 240: 2.370}
GOOD, BAD, OPEN, USAGE = 0, 1, 3, 2


def pairs_of(folder):
    """The log ratios of one campaign's pairs, those that are whole."""
    meta = journal.read_meta(folder)
    cells = [c for c in meta["cells"] if c["measure"] == "throughput"]
    if len(cells) != 1:
        raise ending.InputError(f"{folder}: {len(cells)} timed cells, "
                                 "expected one")
    contrast = {"cell": cells[0]["id"], "base": "base", "head": "head",
                "verified": [c["id"] for c in meta["cells"]]}
    rows = rows_of(folder, damage.is_sealed(meta))
    found = gate.pairs_of(rows, contrast, cells[0]["blocks"])
    return found["d"][~np.isnan(found["d"])], \
        gate.failure_of(found, "head"), gate.failure_of(found, "base")


def z_of(x):
    """How far the signed rank sum of x lies above none, in its deviations."""
    ranks = signed_ranks([x])[0]
    spread = math.sqrt(float(np.sum(ranks ** 2)))
    return float(np.sum(ranks)) / spread if spread else 0.0


def bound_of(n):
    """The bound of a look with n pairs: what was lost asks for more."""
    return next((z for most, z in LOOKS.items() if n <= most),
                LOOKS[max(LOOKS)])


def decide(d, rules):
    """(status, words) of all pairs so far."""
    if len(d) < rules["min_pairs"]:
        return OPEN, f"{len(d)} pairs, expected {rules['min_pairs']:g}"
    bound = bound_of(len(d))
    slower = z_of(d - math.log1p(rules["margin"]))
    within = z_of(math.log1p(rules["tolerance"]) - d)
    size = hodges_lehmann(d)
    told = (f"{stats.percent(size):+.2f} % in {len(d)} pairs, z {slower:.2f} "
            f"of slower, {within:.2f} of not slower, bound {bound:.3f}")
    if slower >= bound and size >= math.log1p(rules["fail_at"]):
        return BAD, told
    return (GOOD, told) if within >= bound else (OPEN, told)


def judge(folders):
    found = [pairs_of(Path(folder)) for folder in folders]
    for _, head, base in found:
        if base:
            return OPEN, f"base: {base}"
        if head:
            return BAD, head
    return decide(np.concatenate([d for d, _, _ in found]),
                  gate_rules.load_rules()[0])


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0].startswith("-"):
        print("usage: python3 -m report.why.looks CAMPAIGN...",
              file=sys.stderr)
        return USAGE
    try:
        status, told = judge(argv)
    except (ending.InputError, journal.JournalError) as error:
        print(f"looks: {error}", file=sys.stderr)
        return USAGE
    print({GOOD: "good", BAD: "bad", OPEN: "open"}[status] + f": {told}")
    return status


if __name__ == "__main__":
    sys.exit(ending.end(main))
