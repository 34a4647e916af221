# SPDX-License-Identifier: Apache-2.0
"""Plots with a mark for each machine: one ratio within each of them. Colour
says virtual or not (grey), marker and dash say the machine: the colours of
families belong to maps."""
from report import verdicts, words
from report.look import BAND, INK, MUTED, WARN
from report.plots import (bar, end_labels, log_scale, rows_axis, thread_axis,
                          words_at)

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "h", "*")
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1.5)), (0, (6, 1.5, 1, 1.5)))
PIXELS = 24  # of a row


def marker(index):
    return MARKERS[index % len(MARKERS)]


def colour(virtual):
    return MUTED if virtual else INK


def mark(ax, x, y, index, virtual, tip):
    ax.plot([x], [y], ls="none", marker=marker(index), ms=5.5, mew=1.2,
            color=colour(virtual), zorder=4, gid=f"tip||{tip}")


def tip_of(r):
    return (f"{r['machine']}, {words.plural(r['threads'], 'thread')}: "
            f"{r['map']} ÷ {r['base']} = {words.sig(r['ratio'])} "
            f"{words.between(r['low'], r['high'], r['why'])}, n = {r['n']}, "
            f"{r['base']} {words.sig(r['base_mops'])} Mop/s there")


def limits(rows):
    seen = [1.0] + [v for r in rows for v in (r["low"], r["high"],
                                              r["ratio"]) if v]
    return min(seen), max(seen)


def band(ax, across):
    """The margin within which a difference does not matter."""
    draw = ax.axhspan if across else ax.axvspan
    draw(1 / verdicts.MARGIN, verdicts.MARGIN, color=BAND, lw=0, zorder=0)
    (ax.axhline if across else ax.axvline)(1, color=INK, lw=1)


def over_threads(ax, lines, threads, virtual, names):
    """One ratio against threads, a line for each machine.

    lines   -- machine -> rows with a ratio, by thread count
    virtual -- machine -> is it a virtual one
    names   -- (base, contender)
    """
    base, other = names
    log_scale(ax, "y", *limits([r for rows in lines.values() for r in rows]))
    band(ax, True)
    for index, (name, rows) in enumerate(lines.items()):
        x, y = [r["threads"] for r in rows], [r["ratio"] for r in rows]
        ax.plot(x, y, color=colour(virtual[name]), lw=1.5, zorder=3,
                ls=DASHES[index % len(DASHES)])
        for r in rows:
            bar(ax, r, r["threads"], colour(virtual[name]), 1.5,
                upright=True)
            mark(ax, r["threads"], r["ratio"], index, virtual[name],
                 tip_of(r))
    thread_axis(ax, threads)
    ax.set_ylabel(f"{other} ÷ {base} (log)")
    end_labels(ax, [(rows[-1]["ratio"], name, colour(virtual[name]))
                    for name, rows in lines.items() if rows], threads[-1])


def at_one_place(ax, rows, virtual, names):
    """The ratio at one place, a row for each machine; words where a machine
    has none."""
    base, other = names
    log_scale(ax, "x", *limits(rows))
    band(ax, False)
    for i, r in enumerate(rows):
        if r["ratio"] is None:
            words_at(ax, i, r["why"][:40], tip=r["why"])
            continue
        bar(ax, r, i, colour(virtual[r["machine"]]), 2.4)
        mark(ax, r["ratio"], i, i, virtual[r["machine"]], tip_of(r))
        ax.text(1.02, i, f"{words.sig(r['ratio'])} "
                f"{words.between(r['low'], r['high'])}",
                transform=ax.get_yaxis_transform(), fontsize=10,
                va="center", color=INK if r["low"] else WARN)
    rows_axis(ax, [r["machine"] for r in rows])
    ax.set_xlabel(f"{other} ÷ {base} (log); right of 1: {other} is faster")


def height(rows):
    return 66 + PIXELS * max(len(rows), 2)
