# SPDX-License-Identifier: Apache-2.0
"""Scatter plots of maps, named where their markers are."""
import math

import numpy as np
from matplotlib.textpath import TextPath
from matplotlib.transforms import Bbox

from report import words
from report.look import INK
from report.plots import log_axis, log_scale, points

NAMED = 16  # maps; above it only the outermost ones have a name
FONT = 10  # points
ANGLES = (0, 180, 90, 270, 45, 315, 135, 225)  # where a name goes, in turn


def outermost(rows):
    """Rows that no other row beats in both: more Mop/s at a smaller x."""
    kept, best = [], 0.0
    for row in sorted(rows, key=lambda r: (r["x"], -r["mops"])):
        if row["mops"] > best:
            kept.append(row)
            best = row["mops"]
    return kept


def spot(size, at, angle, away):
    """Box [px] of a name of this size, `away` px from its marker."""
    turn = math.radians(angle)
    x, y = at[0] + away * math.cos(turn), at[1] + away * math.sin(turn)
    left = x - size[0] * (1 - math.cos(turn)) / 2
    low = y - size[1] * (1 - math.sin(turn)) / 2
    return Bbox.from_bounds(left, low, *size)


def place(sizes, marks, frame, bars=()):
    """Boxes for names of these sizes, so that none covers a marker, another
    name, the frame or, where that can be, a bar; None: there is no room.

    sizes, marks -- [(width, height)], [(x, y)] in px; bars -- boxes
    """
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in marks]
    found = []
    for size, at in zip(sizes, marks):
        tries = [box for away in range(8, 200, 6) for angle in ANGLES
                 for box in [spot(size, at, angle, away)]
                 if frame.contains(box.x0, box.y0)
                 and frame.contains(box.x1, box.y1)
                 and not box.count_overlaps(taken)]
        clear = [b for b in tries if not b.count_overlaps(bars)]
        box = (clear or tries or [None])[0]
        found.append(box)
        taken += [box] if box else []
    return found


def bars_of(ax, rows):
    """Boxes [px] of all intervals."""
    corner = ax.transData.transform
    ends = [((r["x"], r["low"]), (r["x"], r["high"])) for r in rows
            if r["low"] is not None]
    ends += [((r["x_low"], r["mops"]), (r["x_high"], r["mops"]))
             for r in rows if r["x_low"] is not None]
    return [Bbox([corner(a) - 1, corner(b) + 1]) for a, b in ends]


def text_width(text):
    """How wide a text is [pt], by the points that its outlines are made of:
    a font has one wherever a curve turns back. The library solves an equation
    for every curve instead."""
    path = TextPath((0, 0), text, size=FONT)
    x = path.vertices[path.codes != path.CLOSEPOLY, 0]
    return np.ptp(x) if len(x) else 0


def names(ax, rows, look):
    """A name beside each marker, with a line to it where it had to move."""
    named = rows if len(rows) <= NAMED else outermost(rows)
    scale = ax.figure.dpi / 72
    marks = [tuple(ax.transData.transform((r["x"], r["mops"])))
             for r in named]
    places = place([(scale * (text_width(r["map"]) + 6), scale * (FONT + 4))
                    for r in named], marks, ax.bbox, bars_of(ax, rows))
    back = ax.transData.inverted()
    for row, box, mark in zip(named, places, marks):
        if box is None:
            continue
        middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        near = (min(max(mark[0], box.x0), box.x1),
                min(max(mark[1], box.y0), box.y1))
        if math.dist(near, mark) > 12:
            ax.plot(*zip(back.transform(near), (row["x"], row["mops"])),
                    color=look.colour(row["map"]), lw=0.7, zorder=2)
        ax.text(*back.transform(middle), row["map"], fontsize=FONT,
                color=INK, ha="center", va="center", zorder=5)


def scatter(ax, rows, look, x_label, y_label, tick):
    """Mop/s over a price, both logarithmic; rows: map, mops, low, high, x,
    x_low, x_high, told: the price in words; tick(x): how an axis has it."""
    xs = [v for r in rows for v in (r["x"], r["x_low"], r["x_high"]) if v]
    ys = [v for r in rows for v in (r["mops"], r["low"], r["high"]) if v]
    log_scale(ax, "x", min(xs), max(xs), 1.6)
    log_axis(ax.xaxis, ax.get_xticks(), tick)
    log_scale(ax, "y", min(ys), max(ys), 1.6)
    ax.set(xlabel=x_label, ylabel=y_label)
    for r in rows:
        colour = look.colour(r["map"])
        if r["low"] is not None:
            ax.vlines(r["x"], r["low"], r["high"], color=colour, lw=1.2)
        if r["x_low"] is not None:
            ax.hlines(r["mops"], r["x_low"], r["x_high"], color=colour,
                      lw=1.2)
        points(ax, look, r["map"], [r["x"]], [r["mops"]], [
            f"{r['map']}: {words.sig(r['mops'])} Mop/s "
            f"{words.between(r['low'], r['high'])}, {r['told']}"])
    names(ax, rows, look)
