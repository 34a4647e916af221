# SPDX-License-Identifier: Apache-2.0
"""Plots of a regression check: one row per contrast, one per pair."""
from report import words
from report.look import BAND, INK, MUTED, PAPER, WARN

MARKS = {"PASS": ("o", INK), "FAIL": ("X", WARN),
         "INCONCLUSIVE": ("D", MUTED), "INVALID": ("s", WARN)}
PIXELS = 22  # of one row
SPAN = 12.0  # percent; further away is an arrow with the value in words


def height(rows):
    return 90 + PIXELS * len(rows)


def slowdowns(ax, rows, limits):
    """Slowdown with its interval, one row per contrast.

    rows    verdict rows of gate.decide() with "label"
    limits  (margin, tolerance) in percent
    """
    margin, tolerance = limits
    ends = [v for r in rows for v in (r["low_percent"], r["high_percent"],
                                      r["slowdown_percent"]) if v is not None]
    low = max(min([-2 * margin, *ends]), -SPAN)
    high = min(max([2 * tolerance, *ends]), SPAN)
    for y, row in enumerate(rows):
        slowdown_row(ax, row, y, low, high)
    ax.axvspan(-margin, margin, color=BAND, zorder=0)
    ax.axvline(0, color=INK, lw=0.8)
    ax.axvline(tolerance, color=MUTED, lw=0.8, ls=(0, (4, 2)))
    ax.annotate(f"tolerance {tolerance:g} %", (tolerance, -0.8), (4, 0),
                textcoords="offset points", va="center", fontsize=9.5,
                color=MUTED)
    ax.set(xlim=(low - 0.4, high + (high - low) * 0.28),
           ylim=(len(rows) - 0.4, -1.3), yticks=range(len(rows)),
           xlabel="cost of the second arm against the first [%]; "
           "right = slower")
    ax.set_yticklabels([r["label"] for r in rows])
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")


def slowdown_row(ax, row, y, low, high):
    """One mark, its interval and its word; words alone where no value."""
    marker, colour = MARKS[row["verdict"]]
    centre = row["slowdown_percent"]
    if centre is None:
        ax.text(low, y, f"no pair: {row['words'][:60]}", va="center",
                fontsize=9.5, color=WARN)
        return
    ends = row["low_percent"], row["high_percent"]
    if None not in ends:
        a, b = (min(max(end, low), high) for end in ends)
        ax.plot([a, b], [y, y], color=colour, lw=2, solid_capstyle="butt")
    at = min(max(centre, low), high)
    hollow = row["verdict"] == "INCONCLUSIVE"
    mark = marker if at == centre else (">" if centre > 0 else "<")
    ax.plot([at], [y], mark, ms=6, color=colour, mec=colour,
            mfc=PAPER if hollow else colour,
            gid=f"tip||{row['label']}: {words.percent(centre, sign=True)} "
                f"{words.between(*ends)} {row['verdict']}")
    said = row["verdict"] if at == centre else (
        f"{row['verdict']}, at {words.percent(centre, sign=True)}")
    if row["words"] == "faster":
        said += ", faster"
    right = at if None in ends else min(max(ends[1], at), high)
    ax.annotate(said, (right, y), (6, 0), textcoords="offset points",
                va="center", fontsize=9.5, color=colour)


def levels(ax, rows, labels):
    """Head's cost in each run, one line per cell [% of its middle].

    rows    dicts "label", "run", "percent", "changed"
    labels  of the lines, top to bottom
    """
    for y, label in enumerate(labels):
        ax.axhline(y, color=MUTED, lw=0.6)
        for changed in (False, True):
            mine = [r for r in rows
                    if r["label"] == label and r["changed"] == changed]
            offset = [y + max(min(r["percent"], SPAN), -SPAN) / (2.2 * SPAN)
                      for r in mine]
            ax.plot([r["run"] for r in mine], offset,
                    "^" if changed else "o", ms=7 if changed else 3,
                    color=WARN if changed else INK,
                    mfc=WARN if changed else "none", ls="none")
    ax.set(ylim=(len(labels) - 0.4, -0.6), yticks=range(len(labels)),
           xlabel="run, oldest first")
    ax.set_yticklabels(labels)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.grid(False, axis="y")


def pairs(ax, rows, labels):
    """Every pair in the order run: difference of its two trials [%].

    rows    dicts "label", "block", "percent", "base_first"
    labels  of the lines, top to bottom
    """
    for y, label in enumerate(labels):
        ax.axhline(y, color=MUTED, lw=0.6)
        for first, marker in ((True, "o"), (False, "^")):
            mine = [r for r in rows
                    if r["label"] == label and r["base_first"] == first]
            offset = [y - max(min(r["percent"], SPAN), -SPAN) / (2.2 * SPAN)
                      for r in mine]
            ax.plot([r["block"] for r in mine], offset, marker, ms=3,
                    color=INK, mfc="none", ls="none")
    ax.set(ylim=(len(labels) - 0.4, -0.6), yticks=range(len(labels)),
           xlabel="block")
    ax.set_yticklabels(labels)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.grid(False, axis="y")
