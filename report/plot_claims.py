# SPDX-License-Identifier: Apache-2.0
"""The figure of the claims ledger: measured over claimed, a row a claim."""
from report import words
from report.look import BAND, INK, MUTED, PAPER, WARN
from report.plots import log_scale, rows_axis

PIXELS = 15  # of one row
FAR = 8  # further away is said in words
MARKS = {"reproduced": ("o", INK), "depends": ("^", INK),
         "refuted": ("X", WARN), "inconclusive": ("D", MUTED),
         "not testable here": ("s", MUTED)}
OPEN = ("inconclusive", "depends", "not testable here")


def height(rows):
    return 60 + PIXELS * len(rows)


def tip(row):
    return (f"tip||{row['id']}: {words.sig(row['value'])} "
            f"{words.between(row['low'], row['high'])} times what is "
            f"claimed, n = {row['n']}, {row['verdict']}")


def one(ax, row, y):
    marker, colour = MARKS[row["verdict"]]
    if not 1 / FAR < row["value"] < FAR:
        left = row["value"] < 1
        edge = 1 / FAR if left else FAR
        ax.plot([edge], [y], "<" if left else ">", color=colour, ms=5,
                gid=tip(row))
        ax.text(edge * (1.1 if left else 1 / 1.1), y, words.sig(row["value"]),
                ha="left" if left else "right", va="center", fontsize=9.5,
                color=INK)
        return
    ax.plot([max(row["low"], 1 / FAR), min(row["high"], FAR)], [y, y],
            color=colour, lw=2, solid_capstyle="butt")
    ax.plot([row["value"]], [y], marker, color=colour, ms=6, gid=tip(row),
            mfc=PAPER if row["verdict"] in OPEN else colour)


def ratios(ax, rows):
    """rows -- id, value, low, high, n, verdict, tolerance; value is 1 where
    the claim is met exactly."""
    log_scale(ax, "x", 1 / FAR, FAR, 1.1)
    for y, row in enumerate(rows):
        one(ax, row, y)
        ax.fill_betweenx([y - 0.5, y + 0.5], 1 / row["tolerance"],
                         row["tolerance"], color=BAND, zorder=0, lw=0)
    ax.axvline(1, color=INK, lw=1)
    rows_axis(ax, [r["id"] for r in rows])
    ax.set_xlabel("measured ratio ÷ claimed ratio (log)")
    ax.grid(True, axis="x")
