# SPDX-License-Identifier: Apache-2.0
"""What all plots share. A plot function draws on the axes it is given,
reads rows, returns nothing and computes no statistics.

Artists carry a gid: "tip|map|text" becomes a tool tip, "map|id" a class.
"""
import math

from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from report import words
from report.look import BAND, INK, MUTED, PAPER, WARN

DECADE = (1, 2, 5)
WIDE = 20  # counts further apart than this get a logarithmic axis


def ticks_between(low, high, most=7):
    """1, 2, 5 series inside [low, high]; only decades where that is much."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in (DECADE, (1, 3), (1,)):
        ticks = [s * 10.0 ** e for e in range(first, last + 1) for s in steps]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) <= most:
            break
    return ticks or [low, high]


def log_axis(axis, ticks, text=words.sig):
    axis.set(major_locator=FixedLocator(ticks), minor_locator=NullLocator(),
             major_formatter=FixedFormatter([text(t) for t in ticks]))


def short(value):
    """A tick label: 0.2, 5, 1 000."""
    return f"{value:,.10g}".replace(",", words.THIN)


def round_duration(ns):
    """A tick label: 200 ns, 5 µs."""
    for limit, unit in ((1e3, "ns"), (1e6, "µs"), (1e9, "ms")):
        if ns < limit:
            return f"{ns / limit * 1e3:g} {unit}"
    return f"{ns / 1e9:g} s"


def log_scale(ax, which, low, high, pad=1.25, most=7):
    """Log axis from low / pad to high * pad with plain numbers."""
    low, high = low / pad, high * pad
    if which == "x":
        ax.set_xscale("log")
        ax.set_xlim(low, high)
        log_axis(ax.xaxis, ticks_between(low, high, most), short)
    else:
        ax.set_yscale("log")
        ax.set_ylim(low, high)
        log_axis(ax.yaxis, ticks_between(low, high, most), short)


def with_room(counts, most=14):
    """Those of ascending counts that get a label on a log axis: the first,
    the last, and what is a fourteenth of the axis from its neighbours."""
    apart = (counts[-1] / counts[0]) ** (1 / most)
    labelled = [counts[0]]
    for count in counts[1:-1]:
        if count >= apart * labelled[-1] and counts[-1] >= apart * count:
            labelled.append(count)
    return labelled + list(counts[1:][-1:])


def thread_axis(ax, threads, label="threads (log)"):
    ax.set_xscale("log", base=2)
    log_axis(ax.xaxis, with_room(threads), str)
    ax.set_xlim(threads[0] / 1.18, threads[-1] * 1.18)
    ax.set_xlabel(label)


def boundaries(ax, marks, named=True):
    """Where the placement leaves the first socket, the cores, the CPUs.

    marks -- (position between two thread counts, text), from the plan
    """
    for at, text in marks:
        ax.axvline(at, color=MUTED, lw=0.8, ls=(0, (2, 2)), zorder=1)
        if named:
            ax.text(at * 1.03, 0.995, text, fontsize=9.5, color=MUTED,
                    transform=ax.get_xaxis_transform(), rotation=90,
                    ha="left", va="top")


def spread(at, gap, low, high):
    """Ascending positions moved as little as may be, so that they keep
    `gap` (less where there is no room) and stay inside [low, high]."""
    n = len(at)
    gap = min(gap, (high - low) / max(n - 1, 1))
    pools = []  # neighbours that touch share one place: [sum, how many]
    for i, value in enumerate(at):
        pools.append([value - i * gap, 1])
        while len(pools) > 1 and (pools[-1][0] / pools[-1][1]
                                  < pools[-2][0] / pools[-2][1]):
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    flat = [total / count for total, count in pools for _ in range(count)]
    return [min(max(v, low), high - (n - 1) * gap) + i * gap
            for i, v in enumerate(flat)]


def end_labels(ax, items, x, gap=13, size=10.5):
    """Names right of the last points, pushed apart so that none overlap and
    none leaves the height of the axes; a leader where one was moved.

    items -- (y, text, colour)
    """
    to_px = ax.transData.transform
    items = sorted(items)
    scale = ax.figure.dpi / 72
    low, high = ax.transAxes.transform([(0, 0), (0, 1)])[:, 1]
    own = [to_px((x, y))[1] for y, _, _ in items]
    px = spread(list(own), gap * scale, low + gap * scale / 2,
                high - gap * scale / 2)
    for (y, text, colour), at, was in zip(items, px, own):
        away = (at - was) / scale
        lead = {"arrowstyle": "-", "lw": 0.6, "color": colour, "shrinkA": 1,
                "shrinkB": 0, "relpos": (0, 0.5)}
        ax.annotate(text, (x, y), xytext=(20, away), fontsize=size,
                    textcoords="offset points", va="center", color=colour,
                    annotation_clip=False, arrowprops=lead)


def count_axis(ax, which, values):
    """An axis of counts that may be 0: linear from 0 where they lie within
    a factor of WIDE; else logarithmic down to the smallest count that
    shows, and linear from there to 0. Says so in the axis' label."""
    seen = [v for v in values if v > 0]
    top = max(seen, default=1)
    if not seen or top / min(seen) <= WIDE:
        ax.set(**{f"{which}lim": (0, top * 1.12)})
        return ""
    low = max(10 ** math.floor(math.log10(min(seen))), top / 1e5)
    low = float(f"{low:.1g}")  # the label has it in full
    getattr(ax, f"set_{which}scale")("symlog", linthresh=low, linscale=0.4)
    ax.set(**{f"{which}lim": (0, top * 1.6)})
    log_axis(getattr(ax, f"{which}axis"),
             [0] + ticks_between(low, top * 1.6, 6), short)
    return f" (log from {short(low)}, linear below)"


def points(ax, look, name, x, y, tips, hollow=False):
    """Markers one by one, so that each carries its own tool tip."""
    colour, marker = look.colour(name), look.marker(name)
    face = PAPER if hollow else colour
    for xi, yi, tip in zip(x, y, tips):
        ax.plot([xi], [yi], ls="none", marker=marker, ms=look.size(name),
                color=colour, mfc=face, mew=1.2, zorder=4,
                gid=f"tip|{name}|{tip}")


def bar(ax, row, at, colour, width=2.2, upright=False):
    """An interval, where there is one."""
    if row.get("low") is None:
        return
    draw = ax.vlines if upright else ax.hlines
    draw([at], [row["low"]], [row["high"]], color=colour, lw=width, zorder=3)


def rows_axis(ax, names):
    """One row per name, first on top."""
    ax.set(yticks=range(len(names)), ylim=(len(names) - 0.4, -0.6))
    ax.set_yticklabels(names)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.spines["left"].set_visible(False)


def grouped_axis(ax, groups):
    """Headings and rows from top to bottom: [(heading, position of each of
    its rows)]. Headings stand left, in the place of a row."""
    y, result, ticks = 0.0, [], []
    for heading, rows in groups:
        ax.text(0, y, heading, fontsize=10.5, weight="bold", va="center",
                transform=ax.get_yaxis_transform(), zorder=5,
                bbox={"fc": PAPER, "ec": "none", "pad": 1})
        at = [y + 1 + i for i in range(len(rows))]
        ticks += zip(at, (r["map"] for r in rows))
        result.append((y, at))
        y += len(rows) + 1.35
    ax.set(ylim=(y - 0.65, -0.8), yticks=[t for t, _ in ticks])
    ax.set_yticklabels([m for _, m in ticks])
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.grid(False, axis="y")
    ax.spines["left"].set_visible(False)
    return result


def down(ax, at, groups, **how):
    """A vertical line beside the rows of each group, not through their
    headings: [(y of the heading, positions of the rows)]."""
    for _, rows in groups:
        if rows:
            ax.plot([at, at], [rows[0] - 0.5, rows[-1] + 0.5], zorder=1,
                    **how)


def words_at(ax, y, text, x=0.02, tip=None):
    """Words in the place of a mark."""
    ax.text(x, y, text, transform=ax.get_yaxis_transform(), fontsize=9.5,
            color=WARN, va="center", gid=f"tip||{tip}" if tip else None)


def frame_of_reason(ax, title, reason, source):
    """The empty state: same frame, the reason in words, never a zero."""
    ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, fc=BAND,
                           ec=WARN, lw=1, zorder=0))
    ax.text(0.5, 0.5, f"unavailable\n{wrapped(reason, 34)}",
            transform=ax.transAxes, ha="center", va="center", color=WARN,
            fontsize=11, linespacing=1.5)
    ax.set(xticks=[], yticks=[], xlabel="threads", ylabel="not measured")
    ax.grid(False)
    ax.set_title(title, pad=22)
    stamp(ax, source, bad=True)


def stamp(ax, text, bad=False):
    """Source of a counter, printed on the figure itself."""
    ax.text(0, 1.02, text, transform=ax.transAxes, fontsize=9.5, va="bottom",
            color=WARN if bad else MUTED)


def wrapped(text, width):
    """Text in lines of about `width` letters."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join(lines + [line])
