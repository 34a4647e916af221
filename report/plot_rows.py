# SPDX-License-Identifier: Apache-2.0
"""Plots with one row per map or control: forest, trials, memory, controls.

Their height follows from the number of rows.
"""
import numpy as np

from report import words
from report.look import BAND, INK, MUTED, PAPER, WARN
from report.plots import bar, log_scale, points, rows_axis, words_at
from report.verdicts import MARGIN

PIXELS = 17  # of one row
SPANS = (15, 30, 60, 120)  # raw trials: half a row in per cent


def height(rows, extra=70):
    return extra + PIXELS * rows


def forest_limits(rows):
    """Axis of the ratios that exist, 1 included, at most 1/1000 .. 1000."""
    seen = [1.0] + [v for r in rows for v in (r["low"], r["high"],
                                              r["ratio"]) if v]
    return max(min(seen), 1e-3), min(max(seen), 1e3)


def forest(ax, groups, look, base, limits, title):
    """Ratio to the base with its interval, best first.

    groups -- (heading, rows); the base's absolute value is in the heading
    """
    y, ticks = 0.0, []
    low, high = limits
    for heading, rows in groups:
        ax.text(0, y, heading, fontsize=10.5, weight="bold", va="center",
                transform=ax.get_yaxis_transform(), zorder=5, bbox={
                    "fc": PAPER, "ec": "none", "pad": 1})
        y += 1
        for r in rows:
            forest_row(ax, r, y, look, low, high)
            ticks.append((y, r["map"]))
            y += 1
        y += 0.35
    ax.axvspan(1 / MARGIN, MARGIN, color=BAND, zorder=0)
    ax.axvline(1, color=INK, lw=1)
    log_scale(ax, "x", low, high, 1.3)
    ax.set(ylim=(y - 0.3, -0.8), yticks=[t for t, _ in ticks],
           xlabel=f"throughput ÷ that of {base} (log); right of 1 = faster")
    ax.set_title(title)
    ax.set_yticklabels([m for _, m in ticks])
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.spines["left"].set_visible(False)


def forest_row(ax, r, y, look, low, high):
    colour = look.colour(r["map"])
    if r["ratio"] is None:
        words_at(ax, y, r["short"], tip=r["why"])
        return
    text = (f"{words.sig(r['ratio'])} "
            f"{words.between(r['low'], r['high'], r['reason'])}")
    outside = not low <= r["ratio"] <= high
    if outside:
        edge = low if r["ratio"] < low else high
        ax.plot([edge], [y], "<" if r["ratio"] < low else ">", color=colour,
                ms=6)
    else:
        bar(ax, r, y, colour, 2.4)
        cut_ends(ax, r, y, colour, low, high)
        points(ax, look, r["map"], [r["ratio"]], [y], [
            f"{r['map']}: {text}, n = {r['n']}, "
            f"{r['verdict']}"])
    ax.text(1.02, y, text + (" off scale" if outside else ""), fontsize=10,
            transform=ax.get_yaxis_transform(), va="center", color=INK)


def cut_ends(ax, r, y, colour, low, high):
    """An interval that leaves the axis ends in an arrow."""
    if r["low"] is not None and r["low"] < low:
        ax.plot([low], [y], "<", color=colour, ms=5)
    if r["high"] is not None and r["high"] > high:
        ax.plot([high], [y], ">", color=colour, ms=5)


def span_of(rows, names):
    """Half a row in per cent, such that nine tenths of the trials fit."""
    away = []
    for name in names:
        mops = np.array([r["mops"] for r in rows if r["map"] == name])
        away += list(np.abs(100 * (mops / np.median(mops) - 1)))
    need = np.quantile(away, 0.9) * 1.1
    return next((s for s in SPANS if s >= need), SPANS[-1])


def raw_trials(ax, rows, look, names):
    """Every trial, in the order run, as deviation from its map's median."""
    most, span = max(r["block"] for r in rows) + 1, span_of(rows, names)
    for i, name in enumerate(names):
        part = [r for r in rows if r["map"] == name]
        block = np.array([r["block"] for r in part])
        mops = np.array([r["mops"] for r in part])
        middle = np.median(mops)
        away = 100 * (mops / middle - 1)
        ax.axhspan(i - 2.5 / span, i + 2.5 / span, color=BAND, zorder=0)
        ax.axhline(i, color=look.colour(name), lw=0.8)
        y = i - np.clip(away, -span, span) / span / 2 * 0.9
        points(ax, look, name, block + 1, y,
               [f"{name}, block {b + 1}: {words.sig(v)} Mop/s "
                f"({words.percent(d, 2, sign=True)} of its median)"
                for b, v, d in zip(block, mops, away)], hollow=True)
        for b, d, at in zip(block, away, y):
            if abs(d) > span:
                ax.annotate(words.percent(d, 2, sign=True), (b + 1, at),
                            fontsize=8.5, color=WARN, xytext=(6, 0),
                            textcoords="offset points", va="center")
        ax.text(1.02, i, f"{words.sig(middle)} Mop/s", fontsize=10,
                transform=ax.get_yaxis_transform(), va="center", color=INK)
    rows_axis(ax, names)
    ax.grid(False)
    ax.set(xlim=(0.3, most + 0.7), xticks=range(1, most + 1,
                                                max(1, most // 8)),
           xlabel=f"block, in the order run; a row is ± {span} % of the "
                  "median, shaded ± 5 %")


def memory(ax, rows, look, payload):
    """Bytes per entry: filled after prefill, hollow at the peak."""
    for i, r in enumerate(rows):
        if r["filled"] is None:
            words_at(ax, i, r["short"], tip=r["why"])
            continue
        colour = look.colour(r["map"])
        ax.plot([r["filled"], r["peak"]], [i, i], color=colour, lw=1.2)
        points(ax, look, r["map"], [r["peak"]], [i], [
            f"{r['map']}: {words.sig(r['peak'])} bytes per entry at the "
            f"peak"], hollow=True)
        points(ax, look, r["map"], [r["filled"]], [i], [
            f"{r['map']}: {words.sig(r['filled'])} bytes per entry after "
            f"prefill"])
    ax.axvline(payload, color=MUTED, lw=1, ls=(0, (4, 2)))
    ax.text(payload, -0.62, f" {payload} B: key and value alone",
            fontsize=9.5, color=MUTED, va="bottom")
    rows_axis(ax, [r["map"] for r in rows])
    top = max([payload] + [r["peak"] or 0 for r in rows])
    ax.set(xlim=(0, top * 1.08),
           xlabel="bytes per entry above the empty process (filled: after "
                  "prefill; hollow: peak)")


def controls(ax, rows):
    """Controls and drift against their declared limits."""
    for i, r in enumerate(rows):
        ax.plot([r["limit_low"], r["limit_high"]], [i, i], color=BAND, lw=13,
                solid_capstyle="butt", zorder=1)
        if r["percent"] is None:
            words_at(ax, i, f"{r['word']}: {r['why']}")
            continue
        good = r["word"] not in ("FAILED", "outside")
        bar(ax, r, i, INK if good else WARN)
        ax.plot([r["percent"]], [i], "o", color=INK if good else WARN, ms=5,
                zorder=4, gid=f"tip||{r['name']}: "
                f"{words.percent(r['percent'], sign=True)}, n = {r['n']}")
        ax.text(1.02, i, f"{words.percent(r['percent'], sign=True)}  "
                f"{r['word']}, n = {r['n']}", va="center",
                transform=ax.get_yaxis_transform(), fontsize=10.5,
                color=INK if good else WARN)
    ax.axvline(0, color=INK, lw=0.8)
    rows_axis(ax, [r["name"] for r in rows])
    ax.set_xlabel("measured difference [%]; shaded = declared limits")
