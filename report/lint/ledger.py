# SPDX-License-Identifier: Apache-2.0
"""A claim's verdict by another hand: the ledger's text, the numbers of each
cell from the journal, and the word that docs/claims.md has for them."""
import re

from scipy.stats import binomtest

from report.lint import articles
from report.lint.rows import TOP

FOLDER = TOP / "workloads/claims"
WORDS = (REPRODUCED, DEPENDS, REFUTED, OPEN, NOT_HERE) = (
    "reproduced", "depends", "refuted", "inconclusive", "not testable here")
ALPHA = 0.01  # of the tests of all claims that speak of speed
ROUNDING = 1e-9  # of logarithms
SUMS = ("never", "can-happen")


class Figures:
    """What the trials of a claim's cell, or pair of cells, come to."""

    def __init__(self, value, low, high, n, base=None, other=None):
        self.value, self.low, self.high, self.n = value, low, high, n
        self.base = base  # centre of what it is divided by
        self.other = other  # all that was counted in the second cell


# ---- the text ---------------------------------------------------------------

def keys_of(text):
    """key -> its values, of lines "KEY = VALUE"."""
    found = {}
    for key, value in re.findall(r"(?m)^\s*([\w-]+)\s*=\s*(.+?)\s*$", text):
        found.setdefault(key, []).append(value)
    return found


def read():
    """id -> key -> values, of all claims."""
    found = {}
    for path in sorted(FOLDER.glob("*.claims")):
        text = re.sub(r"(?m)(^|[ \t])#.*$", "", path.read_text("utf-8"))
        text = re.sub(r"[ \t]*\\[ \t]*\n", " ", text)
        common, *parts = re.split(r"(?m)^\s*\[(S\d-\d\d)\]\s*$", text)
        for name, body in zip(parts[::2], parts[1::2]):
            found[name] = keys_of(common) | keys_of(body)
    return found


def lines(claim):
    """key -> value of each cell of a claim, as Go's maps call it, too."""
    alone = {k: v[0] for k, v in claim.items()}
    for text in claim.get("cells", []) + claim.get("go_cells", []):
        where, *own = (part.strip() for part in text.split("|"))
        said = alone | {"where": where} | {
            k: v[0] for k, v in keys_of("\n".join(own)).items()}
        yield said
        if "go_statistic" in said:
            yield said | {"statistic": said["go_statistic"]}


def number(text):
    text = text.strip()
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def limits(line):
    """(low, high) that the claimed amount allows."""
    ends = [number(part) for part in line["claimed"].split("..")]
    factor = 1.0 if line["rule"] == "slope" else float(
        line.get("tolerance", 1.2))
    return (ends[0] / factor * (1 - ROUNDING),
            ends[-1] * factor * (1 + ROUNDING))


# ---- the numbers ------------------------------------------------------------

def figures(rows, line, ids):
    """Figures of a cell or a pair; articles.No where there are none."""
    cells = [rows.cells[name] for name in ids]
    blocks = [articles.pairs(rows, x, line["statistic"]) for x in cells]
    added = [sum(above for above, _ in each.values()) for each in blocks]
    other = added[1] if len(added) > 1 else None
    if line["rule"] in SUMS:
        return summed(line["statistic"], added[0], len(blocks[0]), other)
    both = sorted(set.intersection(*map(set, blocks)))
    if len(cells) > 1 and line.get("numbers") == "simulated" and \
            not any(added):
        values = [1.0] * len(both)  # none on either side: no difference
    else:
        values = [articles.divided_all([
            articles.divided(*each[b]) for each in blocks]) for b in both]
    if not values:
        raise articles.No("no block has both")
    spans = (sorted(values)[len(values) // 2], min(values), max(values)) \
        if line["rule"] == "count" else articles.estimate(values)
    return Figures(*spans, len(values), base(blocks[1]) if other else None)


def summed(statistic, total, n, other):
    """A number of events; of whole trials their share, and where it lies."""
    if not set(statistic.split("+")) <= {"failed", "crashed"}:
        return Figures(total, None, None, n, other=other)
    if not n:
        raise articles.No("no trial")
    span = binomtest(total, n).proportion_ci(0.95, "exact")
    return Figures(total / n, float(span.low), float(span.high), n,
                   other=other)


def base(blocks):
    """Pseudo-median of one side; None where a value is 0 or less."""
    values = [articles.divided(*v) for v in blocks.values()]
    return articles.estimate(values)[0] if min(values) > 0 else None


# ---- the words --------------------------------------------------------------

def word(line, f, p):
    """What docs/claims.md calls figures; p: corrected, of the side that was
    taken, or None."""
    rule = line["rule"]
    if rule in SUMS:
        if rule == "never":
            return REFUTED if f.value > 0 else REPRODUCED
        return OPEN if not f.value else REFUTED if f.other else REPRODUCED
    if f.low is None:
        return OPEN
    sure = line.get("speaks", "speed") != "speed" or (
        p is not None and p <= ALPHA)
    inside, outside = sized(line, f)
    if rule == "count":
        return REPRODUCED if inside else REFUTED
    if rule in ("figure", "slope"):
        return (REPRODUCED if inside and (sure or rule == "slope")
                else REFUTED if outside else OPEN)
    margin = 1 + number(line.get("band", "2 %"))
    above, below = f.low > margin, f.high < 1 / margin
    same = f.low >= 1 / margin * (1 - ROUNDING) and \
        f.high <= margin * (1 + ROUNDING)
    if rule == "equal":
        return (REPRODUCED if same and sure
                else REFUTED if above or below else OPEN)
    up = line["side"] == "above" if "side" in line else \
        number(line["claimed"].split("..")[0]) > 1
    claimed, opposite = (above, below) if up else (below, above)
    if same or opposite and sure or rule == "ratio" and outside:
        return REFUTED
    return REPRODUCED if claimed and sure and (
        rule == "direction" or inside) else OPEN


def sized(line, f):
    """(inside, outside) of the limits of what is claimed."""
    if "claimed" not in line:
        return False, False
    low, high = limits(line)
    return low <= f.low and f.high <= high, f.high < low or f.low > high


def whole(claim, told):
    """The verdict of a claim whose cells have these words."""
    if len(set(told)) == 1:
        return told[0]
    unstated = claim.get("conditions", ["unstated"])[0] == "unstated"
    if {REPRODUCED, REFUTED} <= set(told):
        return DEPENDS if unstated else REFUTED
    if claim.get("conditions") == ["parts"] and REFUTED in told:
        return REFUTED
    return OPEN if told else NOT_HERE
