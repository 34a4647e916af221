# SPDX-License-Identifier: Apache-2.0
"""What disturbed the trials: the campaign in the order it ran, a lane for each
thing that disturbs; what was measured again, a row for each map."""
import numpy as np
from matplotlib.path import Path
from matplotlib.patches import PathPatch

from report import words
from report.look import FAINT, INK, MUTED, PAPER, WARN
from report.plots import rows_axis

WIDTH, LANE = 690, 96  # CSS pixels of the strip, of one lane
TICK = 3  # pixels a tick is high
LANES = (  # member of a row, name, unit, tick from zero or at its value
    ("adds_per_ns", "CPU speed", "additions / ns", False),
    ("waited_percent", "waiting for a CPU", "% of the window", True),
    ("steal_percent", "steal", "% of all CPUs", True),
)


def strip_size():
    return WIDTH, LANE * len(LANES) + 30


def ticks(x, low, high, step):
    """One path of upright ticks. Of those that cover each other the highest
    is drawn: 10,000 trials cost no more than there is room for.

    step -- (along x, along y): ticks with both ends in one step are covered;
            those that stand on 0 whatever their height
    """
    level = np.floor(low / step[1])
    order = np.lexsort((-high, level, np.floor(x / step[0])))
    at = np.stack([np.floor(x / step[0]), level], axis=1)[order]
    _, first = np.unique(at, axis=0, return_index=True)
    drawn = np.sort(order[first])
    points = np.empty((2 * len(drawn), 2))
    points[0::2, 0] = points[1::2, 0] = x[drawn]
    points[0::2, 1], points[1::2, 1] = low[drawn], high[drawn]
    return Path(points, np.tile([Path.MOVETO, Path.LINETO], len(drawn)))


def span(values, from_zero):
    """Limits of a lane, with room for its name above the ticks."""
    top = values.max() if len(values) else 1.0
    floor = 0.0 if from_zero or not len(values) else 0.9 * values.min()
    return floor, floor + 1.3 * max(top - floor, 1e-9)


def lane(ax, x, values, blocks, about):
    """One quantity of every trial that knows it."""
    _, name, unit, from_zero = about
    known = ~np.isnan(values)
    if from_zero:  # a trial without waiting or steal has no tick
        known &= values > 0
    floor, top = span(values[known], from_zero)
    half = (top - floor) * TICK / LANE / 2
    low = 0 * values if from_zero else values - half
    high = values if from_zero else values + half
    ax.add_patch(PathPatch(
        ticks(x[known], low[known], high[known],
              ((len(x) + 1) / WIDTH, (top - floor) * TICK / LANE)),
        fc="none", ec=WARN if from_zero else INK, lw=0.7))
    for at in blocks:
        ax.axvline(at, color=FAINT, lw=0.6, zorder=0)
    ax.set(xlim=(0, len(x) + 1), ylim=(floor, top))
    ax.set_ylabel(unit, fontsize=9.5)
    ax.text(0.004, 0.97, name, transform=ax.transAxes, va="top",
            fontsize=10.5, weight="bold", bbox={"fc": PAPER, "ec": "none",
                                                "pad": 1})
    ax.grid(False)
    if not known.any():
        ax.text(0.5, 0.5, "none" if (values == 0).any() else "not recorded",
                transform=ax.transAxes, ha="center", va="center",
                color=MUTED)


def strip(ax, rows):
    """Every started trial, left to right in the order it ran; a line where
    another round begins."""
    ax.axis("off")
    x = np.array([r["trial"] for r in rows], float)
    numbers = np.array([r["round"] for r in rows])
    begins = x[1:][numbers[1:] != numbers[:-1]] - 0.5
    many = len(begins) > 60  # lines that would hide the trials
    part = 1 / len(LANES)
    for i, about in enumerate(LANES):
        values = np.array([np.nan if r[about[0]] is None else r[about[0]]
                           for r in rows], float)
        inner = ax.inset_axes([0, 1 - (i + 1) * part + 0.02, 1,
                               part - 0.05])
        lane(inner, x, values, () if many else begins, about)
        last = i + 1 == len(LANES)
        inner.tick_params(labelbottom=last)
        if last:
            inner.set_xlabel("trials in the order they ran; upright lines: "
                             "another round begins")


def repeats(ax, rows):
    """Share of each map's trials that were measured again; a mark where the
    shares of two sides of a contrast are more than a factor of two apart."""
    for i, r in enumerate(rows):
        share = 100 * r["repeated"] / r["places"]
        colour = WARN if r["unequal"] else INK
        ax.barh([i], [share], height=0.55, color=colour, gid=(
            f"tip||{r['map']}: {words.part(r['repeated'], r['places'])} "
            "trials measured again"))
        told = words.part(r["repeated"], r["places"])
        if r["unequal"]:
            told += (f"; uneven in {words.count(r['unequal'])} of "
                     f"{words.plural(r['contrasts'], 'contrast')}")
        ax.text(1.02, i, told, transform=ax.get_yaxis_transform(),
                va="center", fontsize=10, color=colour)
    rows_axis(ax, [r["map"] for r in rows])
    ax.set_xlim(0, None)
    ax.set_xlabel("trials measured again [%]; red: marked contrasts")
