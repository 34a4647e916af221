# SPDX-License-Identifier: Apache-2.0
"""Plots made of fields: flip map, winner map, pin map."""
import math

import numpy as np
from matplotlib.patches import Rectangle

from report import verdicts, words
from report.look import BAND, FAINT, INK, MUTED, PAPER, WARN, tint

DEPTH = (1.5, 4.0)  # ratios from which a field is deeper
EDGE = {"flip": 2.4, "end": 0.8}
LANES = 0.455, 0.475  # beside and below the words of a field, from its middle
NO_FAULT = ("not needed", "not yet")  # of empty fields: nothing is wrong
GLYPH = {"*": 9, "P": 8.5, "X": 8.5}
FIELD = 78  # CSS pixels a field is wide
ROW, ROW_TIGHT = 42, 36  # the second for more than 8 rows


def size_of(columns, rows, left=120):
    """CSS pixels of a panel with that many fields; `left` for the labels."""
    row = ROW if rows <= 8 else ROW_TIGHT
    return left + FIELD * columns, 74 + max(row * rows, 3 * ROW)


def field(ax, x, y, face, tip, hatched=False, edge=PAPER):
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fc=face, ec=edge, lw=1,
                           hatch="////" if hatched else None,
                           gid=f"tip||{tip}"))


def grid_axes(ax, columns, rows, title, xlabel, ylabel, marks=()):
    """Labels of the fields; rows[0] is at the bottom."""
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-0.5, len(rows) - 0.5),
           xticks=range(len(columns)), yticks=range(len(rows)),
           xlabel=xlabel, ylabel=ylabel)
    text = words.keys if xlabel == "keys" else str
    ax.set_xticklabels([text(c) for c in columns])
    ax.set_yticklabels(rows)
    ax.grid(False)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title(title, pad=20 if marks else 8)
    top = len(rows) - 0.5
    for at, text in marks:
        x = sum(1 for c in columns if c < at) - 0.5
        ax.plot([x, x], [top, top + 0.14], color=MUTED, lw=0.8,
                clip_on=False)
        ax.text(x + 0.04, top + 0.04, text, fontsize=9.5, color=MUTED,
                va="bottom")


def row_labels(lines):
    return [words.writes_part(n.share, n.kind) for n in lines]


def edges(ax, leaders, kinds):
    """Heavy lines where two neighbours have different leaders, thin ones
    where a lead ends.

    leaders -- (row, column) -> as of verdicts.border(); kinds: write kind
    of each row, for rows of different kinds are not neighbours
    """
    for (y, x), here in leaders.items():
        sides = [(leaders.get((y, x + 1)), [x + 0.5] * 2, [y - 0.5, y + 0.5])]
        if y + 1 < len(kinds) and kinds[y] == kinds[y + 1]:
            sides.append((leaders.get((y + 1, x)), [x - 0.5, x + 0.5],
                          [y + 0.5] * 2))
        for there, xs, ys in sides:
            what = verdicts.border(here, there)
            if what:
                ax.plot(xs, ys, color=INK, lw=EDGE[what], zorder=5,
                        solid_capstyle="projecting")


def kind_gaps(ax, kinds, columns):
    """White band between the write kinds."""
    for y in range(len(kinds) - 1):
        if kinds[y] != kinds[y + 1]:
            ax.plot([-0.5, columns - 0.5], [y + 0.5] * 2, color=PAPER, lw=5,
                    solid_capstyle="butt", zorder=4)


def flip_map(ax, rows, columns, lines, names, look, title, marks, hue,
             bounds=(), across="threads"):
    """Threads x write kind and share; hue = the faster of two maps.

    rows   -- from verdicts.fields()
    names  -- (base, contender)
    hue    -- False: a control failed, no field has a winner
    bounds -- boundaries to draw, as of bound()
    across -- factor of the columns, "threads" or "keys"
    """
    index = {(n.kind, n.share): i for i, n in enumerate(lines)}
    leaders = {}
    for r in rows:
        at = (index[r["write_kind"], r["write_share"]],
              columns.index(r[across]))
        leaders[at] = flip_field(ax, at, r, names, look, hue,
                                 r.get("where", ""))
    kinds = [n.kind for n in lines]
    edges(ax, leaders, kinds)
    kind_gaps(ax, kinds, len(columns))
    for b in bounds:
        bound(ax, b, across, columns, index)
    grid_axes(ax, columns, row_labels(lines), title, across,
              "share of operations that write", marks)


def spot(spots, value):
    """Where a value stands among fields: on its own or, by its logarithm,
    between two others. spots -- value -> place."""
    if value in spots:
        return spots[value]
    known = sorted(v for v in spots if v > 0)
    return float(np.interp(math.log(value), np.log(known),
                           [spots[v] for v in known]))


def bound(ax, row, across, columns, index):
    """A boundary at the edge of its line of fields: a thin line between the
    two that it lies between, a thick one the interval of its position, with
    a tick at the position.

    row   -- of sweep.rows.boundaries(), with its "words"
    index -- (write kind, share) -> row of fields
    """
    upright = row["axis"] == "write_share"
    if upright:
        spots = {share: y for (kind, share), y in index.items()
                 if kind == row["write_kind"]}
        lane, tick = columns.index(row[across]) + LANES[0], "_"
    else:
        spots = {value: x for x, value in enumerate(columns)}
        lane = index[row["write_kind"], row["write_share"]] - LANES[1]
        tick = "|"

    def draw(values, **how):
        along = [spot(spots, v) for v in values]
        beside = [lane] * len(along)
        ax.plot(*((beside, along) if upright else (along, beside)),
                color=INK, zorder=6, solid_capstyle="butt", **how)

    ends = row["from"], row["to"]
    draw(ends, lw=EDGE["end"], marker=tick, ms=4, gid=f"tip||{row['words']}")
    if row["position"] is not None:
        draw([end if row[side] is None else row[side]
              for side, end in zip(("low", "high"), ends)], lw=4)
        draw([row["position"]], ls="none", marker=tick, ms=9, mew=1.8)


def flip_rows(ax, rows, columns, labels, names, look, title, hue):
    """Threads x rows that are no neighbours of each other, such as workloads;
    rows as of flip_map() with the "row" that each is in."""
    leaders = {}
    for r in rows:
        at = r["row"], columns.index(r["threads"])
        leaders[at] = flip_field(ax, at, r, names, look, hue,
                                 f"{labels[r['row']]}, ")
    edges(ax, leaders, labels)
    grid_axes(ax, columns, labels, title, "threads", "")


def flip_field(ax, at, r, names, look, hue, where=""):
    """One field of two maps at (row, column); -> as of verdicts.border().

    where -- what its tool tip begins with, "" where the panel says it
    """
    base, other = names
    y, x = at
    place = (f"{where}{words.plural(r['threads'], 'thread')}, "
             f"{words.mix(r['write_share'], r['write_kind'])}: ")
    if r["ratio"] is None:
        word = r.get("empty", "not run")
        ax.text(x, y, word, ha="center", va="center", fontsize=9.5,
                color=MUTED if word in NO_FAULT else WARN,
                gid=f"tip||{where and place}{r['why']}")
        return None
    leader = {"base": base, "contender": other}.get(r["side"], "")
    leader = leader if hue else ""
    away = max(r["ratio"], 1 / r["ratio"])
    level = sum(away >= limit for limit in DEPTH)
    face = tint(look.family[leader], level) if leader else BAND
    span = words.between(r["low"], r["high"], f"n = {r['n']}")
    tip = (f"{place}{other}"
           f" / {base} = {words.sig(r['ratio'])} {span}, n = {r['n']}, "
           f"{leader + ' leads' if leader else r['side']}; {base} "
           f"{words.sig(r['base_mops'])} Mop/s"
           + (f"; {r['why']}" if r["why"] else ""))
    field(ax, x, y, face, tip, hatched=not leader)
    if leader and look.family[base] == look.family[other]:
        corner(ax, x, y, leader, look)  # their hue is the same
    ax.text(x, y + 0.13, words.sig(r["ratio"]), ha="center", va="center",
            fontsize=12.5, color=INK, weight="bold" if leader else "normal")
    ax.text(x, y - 0.25, span, ha="center", va="center", color=INK,
            fontsize=9.5 if len(span) < 17 else 8.6)
    return leader if r["side"] != verdicts.NONE else None


def corner(ax, x, y, name, look):
    """The marker of a map in the corner of a field."""
    marker = look.marker(name)
    ax.plot([x - 0.38], [y + 0.31], ls="none", marker=marker, mew=0.7,
            ms=GLYPH.get(marker, 6), color=look.colour(name), zorder=6)


def winner_map(ax, rows, columns, lines, look, title, marks):
    """Hue = family of the fastest map; text = its id and its lead.

    rows -- dicts with threads, line index "row", the "group" of
            Analysis.verdicts and its members
    """
    leaders = {}
    for r in rows:
        x, y, group = columns.index(r["threads"]), r["row"], r["group"]
        if not group["front"]:
            ax.text(x, y, f"not ranked\n(n = {group['n']})" if group["maps"]
                    else "not run", ha="center", va="center", fontsize=9.5,
                    color=WARN, gid=f"tip||{r['why']}")
            continue
        winner_field(ax, x, y, r, look)
        if group["word"] != verdicts.ALONE:
            leaders[y, x] = group["leader"] if group[
                "word"] in verdicts.LEADS else ""
    kinds = [n.kind for n in lines]
    edges(ax, leaders, kinds)
    kind_gaps(ax, kinds, len(columns))
    grid_axes(ax, columns, row_labels(lines), title, "threads",
              "operations that write", marks)


def winner_field(ax, x, y, r, look):
    """One field: marker, id, ratio to the weakest rival or the tie."""
    name, group = r["leader"], r["group"]
    tie = group["word"] == verdicts.TIED
    family = look.family[name]
    tip = (f"{group['word']} of {words.plural(group['maps'], 'map')}: "
           f"{words.joined(group['front'])}")
    if r["weakest"]:
        tip += (f"; {name} ÷ {r['weakest']} = {words.sig(r['ratio'])} "
                f"{words.between(r['low'], r['high'])}, simultaneous "
                f"{words.between(r['group_low'], r['group_high'])}, "
                f"n = {r['n']}")
    field(ax, x, y, PAPER if tie else tint(family, 0), tip, tie,
          FAINT if tie else PAPER)
    corner(ax, x, y, name, look)
    ax.text(x + 0.04, y + 0.09, name, ha="center", va="center", color=INK,
            fontsize=10.5 if len(name) < 10 else 9.5, weight="bold")
    text = lead_text(r)
    ax.text(x, y - 0.25, text, ha="center", va="center", color=INK,
            fontsize=9.5 if len(text) < 12 else 8.6)


def lead_text(r):
    tied = r["group"]["front"][1:]
    if len(tied) == 1:
        return f"≈ {tied[0]}"
    if tied:
        return f"≈ {len(tied) + 1} maps"
    return f"× {words.sig(r['ratio'])}" if r["weakest"] else "alone"


def pin_map(ax, spots, threads_on, look_family, caption):
    """CPUs as squares by socket and core; the number is the thread there.

    spots      -- cpu -> (socket, core position, smt position)
    threads_on -- cpu -> list of threads
    """
    depth = max(smt for _, _, smt in spots.values()) + 1
    sockets = sorted({s for s, _, _ in spots.values()})
    for cpu, (socket, core, smt) in sorted(spots.items()):
        y = -sockets.index(socket) * (depth + 1.0) - smt
        threads = threads_on.get(cpu, [])
        used = bool(threads)
        text = str(threads[0]) if used else "idle"
        if len(threads) > 1:
            text += f"+{len(threads) - 1}"
        tip = (f"cpu {cpu}, socket {socket}, core {core}, hardware thread "
               f"{smt}: " + (f"threads {', '.join(map(str, threads))}" if used
                             else "no thread"))
        ax.add_patch(Rectangle(
            (core, y), 0.92, 0.92, ec=MUTED, lw=0.7, gid=f"tip||{tip}",
            fc=tint(look_family, 1 if smt == 0 else 0) if used else PAPER))
        ax.text(core + 0.46, y + 0.46, text, ha="center", va="center",
                fontsize=9.5, color=INK if used else MUTED)
    for i, socket in enumerate(sockets):
        ax.text(-0.25, -i * (depth + 1.0) + 0.46, f"socket {socket}",
                ha="right", va="center", fontsize=10, color=MUTED)
    wide = max(core for _, core, _ in spots.values()) + 1
    ax.set(xlim=(-1.4, wide + 0.1), xticks=[], yticks=[],
           ylim=(-(len(sockets) - 1) * (depth + 1.0) - depth + 0.8, 1.1))
    ax.set_aspect("equal")
    ax.grid(False)
    ax.set_title(caption)
    for spine in ax.spines.values():
        spine.set_visible(False)
