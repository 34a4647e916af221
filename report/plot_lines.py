# SPDX-License-Identifier: Apache-2.0
"""Plots with lines: scaling, efficiency, latency, counters."""
import numpy as np
from matplotlib.patches import Rectangle

from report import words
from report.look import FAINT, INK, MUTED, PAPER, WARN
from report.plots import (bar, boundaries, count_axis, end_labels, log_axis,
                          log_scale, points, round_duration, rows_axis, stamp,
                          thread_axis, words_at)

PERCENTILES = {2: "50", 10: "90", 100: "99", 1e3: "99.9", 1e4: "99.99",
               1e5: "99.999", 1e6: "99.9999"}


def throughput_tip(name, r):
    return (f"{name}, {words.plural(r['threads'], 'thread')}: "
            f"{words.sig(r['mops'])} Mop/s "
            f"{words.between(r['low'], r['high'], r['reason'])}, "
            f"n = {r['n']}")


def scaling(ax, lines, focus, threads, look, marks, limits, many):
    """Throughput against threads of one map, the others in grey behind.

    lines  -- map -> rows with threads, mops, low, high, n, reason
    limits -- (low, high) Mop/s, the same in every panel
    many   -- True: the others as one band, not as lines
    """
    others = [m for m in lines if m != focus and not look.bound(m)]
    if many:
        grey_band(ax, [lines[m] for m in others], threads)
    for name, rows in lines.items():
        x, y = [r["threads"] for r in rows], [r["mops"] for r in rows]
        if name == focus:
            continue
        if look.bound(name):
            ax.plot(x, y, color=look.colour(name), lw=1.1, zorder=2,
                    ls=look.dash(name))
            if max(y) > 1.25 * limits[1]:  # never clipped silently
                ax.text(0.02, 0.03, f"above: {name} to {words.sig(max(y))}",
                        transform=ax.transAxes, fontsize=9.5, color=MUTED)
        elif not many:
            ax.plot(x, y, color=FAINT, lw=1.1, zorder=1)
    rows = lines.get(focus, [])
    in_colour(ax, rows, focus, look)
    if rows and max(r["mops"] for r in rows) < limits[0]:
        ax.text(0.5, 0.12, "below the axis: " + " to ".join(
            words.sig(rows[i]["mops"]) for i in (0, -1)) + " Mop/s",
            transform=ax.transAxes, ha="center", fontsize=10, color=WARN)
    log_scale(ax, "y", *limits)
    thread_axis(ax, threads)
    boundaries(ax, marks)
    ax.set_title(focus, color=look.text_colour(focus), pad=21)
    ax.set_ylabel("Mop/s (log)")


def in_colour(ax, rows, focus, look):
    """The map of the panel, its ideal line and what it gained."""
    x, y = [r["threads"] for r in rows], [r["mops"] for r in rows]
    colour = look.colour(focus)
    if not rows:
        ax.text(0.5, 0.5, "not run", transform=ax.transAxes, ha="center",
                color=WARN, fontsize=11)
        return
    ax.plot(x, y, color=colour, ls=look.dash(focus), zorder=3,
            gid=f"map|{focus}")
    for r in rows:
        bar(ax, r, r["threads"], colour, 1.5, upright=True)
    points(ax, look, focus, x, y, [throughput_tip(focus, r) for r in rows])
    if len(rows) > 1:
        ax.plot(x, [y[0] * t / x[0] for t in x], color=INK, lw=0.9,
                ls=(0, (1, 2)), zorder=2)
        ax.text(0, 1.03, f"{gain_text(rows[-1])}, {x[0]} to {x[-1]} threads",
                transform=ax.transAxes, va="bottom", fontsize=10,
                color=MUTED)


def gain_text(r):
    """What a map gained, with interval and the value it started from; or why
    that is not known."""
    if r["gain"] is None:
        return r["gain_why"]
    return (f"× {words.sig(r['gain'])} "
            f"{words.between(r['gain_low'], r['gain_high'], r['gain_why'])}"
            f" of {words.sig(r['from_mops'])} Mop/s")


def grey_band(ax, lines, threads):
    """Range and quartiles of the other maps."""
    at = {t: [r["mops"] for rows in lines for r in rows
              if r["threads"] == t] for t in threads}
    x = [t for t in threads if at[t]]
    for low, high, part in ((0, 100, 0.35), (25, 75, 0.6)):
        ax.fill_between(x, [np.percentile(at[t], low) for t in x],
                        [np.percentile(at[t], high) for t in x],
                        color=FAINT, alpha=part, lw=0, zorder=1)


def efficiency(ax, lines, threads, look, marks, bound):
    """Throughput over that of the unsynchronised map, same threads."""
    top = 100
    for name, rows in lines.items():
        x, y = [r["threads"] for r in rows], [r["percent"] for r in rows]
        top = max(top, *y)
        colour = look.colour(name)
        ax.plot(x, y, color=colour, ls=look.dash(name), lw=1.5, zorder=3,
                gid=f"map|{name}")
        for r in rows:
            bar(ax, r, r["threads"], colour, 1.5, upright=True)
        points(ax, look, name, x, y, [
            f"{name}, {words.plural(r['threads'], 'thread')}: "
            f"{words.percent(r['percent'])} of {bound}, which is "
            f"{words.sig(r['bound_mops'])} Mop/s" for r in rows])
    ax.axhline(100, color=look.colour(bound), lw=1, ls=(0, (4, 2)))
    ax.text(threads[0], 101, f"{bound}, no synchronisation = 100 %",
            fontsize=9.5, color=MUTED, va="bottom")
    thread_axis(ax, threads)
    ax.set(ylim=(0, top * 1.15), ylabel=f"% of the throughput of {bound}")
    boundaries(ax, marks, named=False)
    end_labels(ax, [(rows[-1]["percent"], name, look.text_colour(name))
                    for name, rows in lines.items()
                    if rows[-1]["threads"] == threads[-1]], threads[-1])


def per_operation(ax, rows, look):
    """One thread count only: ns per operation and thread, one row a map."""
    values = [v for r in rows if r["ns"] for v in (r["ns"], r["low"],
                                                   r["high"]) if v]
    for i, r in enumerate(rows):
        if r["ns"] is None:
            words_at(ax, i, "not run", tip=r["why"])
            continue
        bar(ax, r, i, look.colour(r["map"]))
        points(ax, look, r["map"], [r["ns"]], [i], [
            f"{r['map']}: {words.sig(r['ns'])} ns per operation and thread "
            f"{words.between(r['low'], r['high'], r['reason'])}"])
    log_scale(ax, "x", min(values, default=1), max(values, default=10))
    rows_axis(ax, [r["map"] for r in rows])
    ax.set_xlabel("ns per operation and thread (log), less is faster")


def latency(ax, curves, look, title, floor):
    """Quantiles over x = 1/(1-p), both logarithmic.

    curves -- rows: map, clock, x, ns, beyond (x from which a trial has too few
              operations for an interval), marks: (x, ns, low, high, tip)
    """
    ns = [v for c in curves for v in c["ns"] if v > 0]
    for c in curves:
        name, colour = c["map"], look.colour(c["map"])
        x, y = np.asarray(c["x"]), np.asarray(c["ns"])
        sure = x <= c["beyond"]
        service = c["clock"] == "service"
        ax.plot(x[sure], y[sure], color=colour, zorder=2 if service else 3,
                lw=0.9 if service else 1.7,
                ls=(0, (2, 1.5)) if service else look.dash(name),
                gid=f"map|{name}")
        ax.plot(x[~sure], y[~sure], color=colour, lw=0.9, ls=(0, (1, 2.5)),
                zorder=2, gid=f"map|{name}")
        for at, value, low, high, tip in c["marks"]:
            if low is not None:
                ax.vlines(at, low, high, color=colour, lw=3, zorder=3)
            points(ax, look, name, [at], [value], [tip], hollow=service)
    log_scale(ax, "y", min(ns), max(ns), 1.5)
    log_axis(ax.yaxis, [t for t in 10.0 ** np.arange(0, 11)
                        if min(ns) / 1.5 <= t <= max(ns) * 1.5],
             round_duration)
    ax.set_xscale("log")
    widest = max(max(c["x"]) for c in curves)
    shown = [p for p in PERCENTILES if p <= widest * 1.2]
    log_axis(ax.xaxis, shown, lambda t: PERCENTILES[t])
    ax.set(xlim=(1.8, widest * 1.25), title=title,
           xlabel="percentile of operations (log of the rest)",
           ylabel="latency (log)")
    end_labels(ax, [(c["ns"][-1], c["map"] + (" (floor)" if c["map"] == floor
                                              else ""),
                     look.text_colour(c["map"])) for c in curves
                    if c["clock"] == "intended"], widest, 12.5, 10)


def counter(ax, lines, threads, look, title, unit, source, marks, unreal,
            noun="thread"):
    """A counter per operation against threads, its source under the title.

    noun   -- what is counted on the x axis
    unreal -- True: simulated or replayed, so hatched and named in red
    """
    if unreal:
        ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes,
                               fc=PAPER, ec=FAINT, hatch="//", lw=0,
                               zorder=0))
    for name, rows in lines.items():
        x, y = [r["threads"] for r in rows], [r["value"] for r in rows]
        ax.plot(x, y, color=look.colour(name), ls=look.dash(name), lw=1.5,
                zorder=3, gid=f"map|{name}")
        for r in rows:
            bar(ax, r, r["threads"], look.colour(name), 1.5, upright=True)
        points(ax, look, name, x, y, [
            f"{name}, {words.plural(r['threads'], noun)}: "
            f"{words.sig(r['value'])} {unit}, n = {r['n']}" for r in rows])
    thread_axis(ax, threads, f"{noun}s (log)")
    boundaries(ax, marks, named=False)
    how = count_axis(ax, "y", [r["value"] for rows in lines.values()
                               for r in rows])
    ax.set(ylabel=unit + how)
    ax.set_title(title, pad=22)
    stamp(ax, source, bad=unreal)
    end_labels(ax, [(rows[-1]["value"], name, look.text_colour(name))
                    for name, rows in lines.items()
                    if rows[-1]["threads"] == threads[-1]],
               threads[-1], 12.5, 10)
