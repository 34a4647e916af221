# SPDX-License-Identifier: Apache-2.0
"""Plots with one row per map or control: forest, trials, memory, controls.

Their height follows from the number of rows.
"""
import numpy as np

from report import words
from report.look import BAND, INK, MUTED, WARN
from report.plots import (bar, down, grouped_axis, log_axis, log_scale, points,
                          round_duration, rows_axis, ticks_between, words_at)
from report.verdicts import MARGIN, TIED

PIXELS = 17  # of one row
FAR = 50  # times the base: further away is said in words
SECOND = 1.5  # where the second column of numbers begins, in axes
SPANS = (1.1, 1.25, 1.5, 2, 4, 10)  # raw trials: half a row, as a factor


def height(rows, extra=70):
    return extra + PIXELS * rows


def forest_limits(rows):
    """Axis of the ratios that exist, 1 included, at most 1/FAR .. FAR."""
    seen = [1.0] + [v for r in rows for v in (r["low"], r["high"],
                                              r["ratio"]) if v]
    return max(min(seen), 1 / FAR), min(max(seen), FAR)


def forest(ax, groups, look, base, limits, title):
    """Ratio to the base with its interval, best first.

    groups -- (heading, rows); the base's absolute value is in the heading
    """
    low, high = limits
    log_scale(ax, "x", low, high, 1.3)
    places = grouped_axis(ax, groups)
    # numbers stand between name and marks: a phone shows the left part
    wide = max((text_width(forest_text(r, low, high)) for _, rows in groups
                for r in rows if r["ratio"] is not None), default=0)
    ax.tick_params(axis="y", pad=wide + 14)
    for (_, rows), (_, at) in zip(groups, places):
        for r, y in zip(rows, at):
            forest_row(ax, r, y, look, low, high)
        if rows:
            ax.fill_betweenx([at[0] - 0.5, at[-1] + 0.5], 1 / MARGIN,
                             MARGIN, color=BAND, lw=0, zorder=0)
    down(ax, 1, places, color=INK, lw=1)
    ax.set_xlabel(f"throughput ÷ that of {base} (log); right of 1 = faster")
    ax.set_title(title)
    ax.grid(True, axis="x")


def forest_row(ax, r, y, look, low, high):
    colour = look.colour(r["map"])
    if r["ratio"] is None:
        words_at(ax, y, r["short"], tip=r["why"])
        return
    text = forest_text(r, low, high)
    if not low <= r["ratio"] <= high:
        edge = low if r["ratio"] < low else high
        ax.plot([edge], [y], "<" if r["ratio"] < low else ">", color=colour,
                ms=6)
    else:
        bar(ax, r, y, colour, 2.4)
        cut_ends(ax, r, y, colour, low, high)
        points(ax, look, r["map"], [r["ratio"]], [y], [
            f"{r['map']}: {text}, n = {r['n']}, {verdict_text(r)}"])
    ax.text(-0.012, y, text, fontsize=10, ha="right", va="center", color=INK,
            transform=ax.get_yaxis_transform())


def verdict_text(r):
    """The word, and why it is that of an interval which leaves 1 out."""
    whole = r["low"] is not None and not r["low"] <= 1 <= r["high"]
    return r["verdict"] + (
        ": the interval is not wholly beyond the margin"
        if whole and r["verdict"] == TIED else "")


def forest_text(r, low, high):
    """Ratio and interval of a row, as printed beside its name."""
    outside = not low <= r["ratio"] <= high
    return (f"{words.sig(r['ratio'])} "
            f"{words.between(r['low'], r['high'], r['reason'])}"
            + (" off scale" if outside else ""))


def text_width(text):
    """Of a text of 10 pixels, in pixels: Arial's digits are 5.6 wide, its
    points, brackets and blanks half of it."""
    return sum(5.6 if c.isalnum() else 2.8 for c in text)


def beside(ax, y, text, x=1.02):
    """Numbers right of a row."""
    ax.text(x, y, text, fontsize=10, transform=ax.get_yaxis_transform(),
            va="center", color=INK)


def dumbbells(ax, rows, look, counts, limits):
    """Throughput of each map at two thread counts, joined; hollow is the
    smaller count. A map that was not run at both keeps its row, and an end
    that is off the axis has words in it.

    rows   -- first, last: rows of level_rows() or None; map, why
    limits -- (low, high) Mop/s
    """
    for i, r in enumerate(rows):
        name, ends = r["map"], [e for e in (r["first"], r["last"]) if e]
        colour, there = look.colour(name), []
        for e, up in zip(ends, (-0.16, 0.16) if len(ends) > 1 else (0,)):
            if limits[0] <= e["mops"] <= limits[1]:
                bar(ax, e, i + up, colour, 1.5)
                there.append(e["mops"])
                points(ax, look, name, [e["mops"]], [i + up],
                       [level_tip(e)], hollow=e["threads"] == counts[0])
        if len(there) == 2:
            ax.plot(there, [i - 0.16, i + 0.16], color=colour, lw=1,
                    zorder=2, gid=f"map|{name}")
        off = [e for e in ends if e["mops"] not in there]
        if off:
            words_at(ax, i, off_words(off), beside_marks(there, limits),
                     "; ".join(map(level_tip, off)))
        if not ends:
            words_at(ax, i, "not run", tip=r["why"])
        beside(ax, i, r["told"])
    log_scale(ax, "x", *limits)
    rows_axis(ax, [r["map"] for r in rows])
    ax.set_xlabel(f"Mop/s (log); hollow: {words.plural(counts[0], 'thread')}"
                  f", filled: {words.plural(counts[1], 'thread')}")


def off_words(ends):
    """The ends of a row that its axis does not reach, each by its count."""
    return "off the axis: " + ", ".join(
        f"{words.sig(e['mops'])} Mop/s at "
        f"{words.plural(e['threads'], 'thread')}" for e in ends)


def beside_marks(marks, limits):
    """Where on a log axis words begin that leave out its marks: on the left,
    or in the middle, if a mark is on the left."""
    middle = np.sqrt(limits[0] * limits[1])
    return 0.5 if any(v < middle for v in marks) else 0.02


def level_tip(e):
    """A throughput with all that belongs to it."""
    return (f"{e['map']}, {words.plural(e['threads'], 'thread')}: "
            f"{words.sig(e['mops'])} Mop/s "
            f"{words.between(e['low'], e['high'], e['reason'])}, "
            f"n = {e['n']}")


def efficiency_rows(ax, groups, look, bound):
    """Throughput as a share of the bound's, one row per map.

    groups -- (heading with the bound's own value, rows)
    """
    every = [r for _, rows in groups for r in rows]
    places = grouped_axis(ax, groups)
    for (_, rows), (_, at) in zip(groups, places):
        for r, y in zip(rows, at):
            bar(ax, r, y, look.colour(r["map"]))
            text = percent_text(r)
            points(ax, look, r["map"], [r["percent"]], [y], [
                f"{r['map']}: {text} of {bound}, which is "
                f"{words.sig(r['bound_mops'])} Mop/s, n = {r['n']}"])
            beside(ax, y, text)
    down(ax, 100, places, color=look.colour(bound), lw=1, ls=(0, (4, 2)))
    ax.grid(True, axis="x")
    ax.set(xlim=(0, 1.04 * max([105] + [r["high"] or r["percent"]
                                        for r in every])),
           xlabel=f"% of the throughput of {bound}, same threads")


def percent_text(r):
    """"72.6 [70.1, 75.0] %", "468 % (n < 6)"."""
    span = words.between(r["low"], r["high"], r["reason"])
    if r["low"] is None:
        return f"{words.sig(r['percent'])}{words.NARROW}% {span}"
    return f"{words.sig(r['percent'])} {span}{words.NARROW}%"


def percentiles(ax, rows, look, floor, title):
    """P50 and P99 of each map with their intervals, on one log axis.

    rows -- map, p50, p99: dicts with ns, low, high, tip, or None and
            "short" why there is none
    """
    seen = [v for r in rows for p in (r["p50"], r["p99"]) if p["ns"]
            for v in (p["ns"], p["low"], p["high"]) if v]
    low, high = min(seen), max(seen)
    log_scale(ax, "x", low, high, 1.5)
    log_axis(ax.xaxis, ticks_between(low / 1.5, high * 1.5, 6),
             round_duration)
    for i, r in enumerate(rows):
        name = r["map"]
        for p, up in ((r["p50"], -0.17), (r["p99"], 0.17)):
            if p["ns"] is None:
                continue
            bar(ax, p, i + up, look.colour(name), 1.6)
            points(ax, look, name, [p["ns"]], [i + up], [p["tip"]],
                   hollow=p is r["p99"])
        beside(ax, i, r["p50"]["text"])
        beside(ax, i, r["p99"]["text"], SECOND)
    for x, text in ((1.02, "P50"), (SECOND, "P99")):
        ax.text(x, -0.9, text, fontsize=10, weight="bold", color=INK,
                transform=ax.get_yaxis_transform(), va="center")
    rows_axis(ax, [r["map"] + (" (floor)" if r["map"] == floor else "")
                   for r in rows])
    ax.set_title(title, pad=14)
    ax.set_xlabel("from the intended start (log); filled: P50, hollow: P99")


def cut_ends(ax, r, y, colour, low, high):
    """An interval that leaves the axis ends in an arrow."""
    if r["low"] is not None and r["low"] < low:
        ax.plot([low], [y], "<", color=colour, ms=5)
    if r["high"] is not None and r["high"] > high:
        ax.plot([high], [y], ">", color=colour, ms=5)


def span_of(rows):
    """Half a row as a factor, such that nine tenths of the trials fit."""
    away = np.exp(np.abs([r["away"] for r in rows]))
    need = np.quantile(away, 0.9)
    return next((s for s in SPANS if s >= need), SPANS[-1])


def raw_trials(ax, rows, look, told):
    """Every trial, in the order run, as a ratio to its map's centre; a row
    is logarithmic, so that half and double are equally far.

    rows -- map, block, mops, away: ln of the ratio to the map's centre
    told -- map -> what stands right of its row, first on top
    """
    most, span = max(r["block"] for r in rows) + 1, span_of(rows)
    rung = 0.45 / np.log(span)  # of a row, for a factor of e
    for i, name in enumerate(told):
        part = [r for r in rows if r["map"] == name]
        ax.axhspan(i - rung * np.log(1.05), i + rung * np.log(1.05),
                   color=BAND, zorder=0)
        ax.axhline(i, color=look.colour(name), lw=0.8)
        y = [i - rung * np.clip(r["away"], -np.log(span), np.log(span))
             for r in part]
        points(ax, look, name, [r["block"] + 1 for r in part], y,
               [f"{name}, block {r['block'] + 1}: {words.sig(r['mops'])} "
                f"Mop/s (× {words.sig(np.exp(r['away']))} of its centre)"
                for r in part], hollow=True)
        for r, at in zip(part, y):
            if abs(r["away"]) > np.log(span):
                ax.annotate(f"× {words.sig(np.exp(r['away']), 2)}",
                            (r["block"] + 1, at), fontsize=9.5, color=WARN,
                            xytext=(6, 0), textcoords="offset points",
                            va="center")
        beside(ax, i, told[name])
    rows_axis(ax, list(told))
    ax.grid(False)
    ax.set(xlim=(0.3, most + 0.7), xticks=range(1, most + 1,
                                                max(1, most // 8)),
           xlabel=f"block, in the order run; a row is ÷ {span:g} to "
                  f"× {span:g} of the centre (log), shaded ± 5 %")


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
    seen = [r[k] or 0 for r in rows for k in ("filled", "peak")]
    ax.set(xlim=(1.08 * min([0, *seen]), 1.08 * max([payload, *seen])),
           xlabel="bytes per entry above the empty process (filled: after "
                  "prefill; hollow: peak)")


def controls(ax, rows):
    """Controls against their declared limits; the drift has none."""
    for i, r in enumerate(rows):
        if r["control"]:
            ax.plot([r["limit_low"], r["limit_high"]], [i, i], color=BAND,
                    lw=13, solid_capstyle="butt", zorder=1)
        if r["percent"] is None:
            words_at(ax, i, f"{r['word']}: {r['why']}")
            continue
        good = r["word"] != "FAILED"
        bar(ax, r, i, INK if good else WARN)
        ax.plot([r["percent"]], [i], "o", color=INK if good else WARN, ms=5,
                zorder=4, gid=f"tip||{r['name']}: "
                f"{words.percent(r['percent'], sign=True)}, n = {r['n']}"
                + (f"; {r['why']}" if r["why"] else ""))
        ax.text(1.02, i, f"{words.percent(r['percent'], sign=True)}  "
                f"{r['word']}, n = {r['n']}", va="center",
                transform=ax.get_yaxis_transform(), fontsize=10.5,
                color=INK if good else WARN)
    ax.axvline(0, color=INK, lw=0.8)
    rows_axis(ax, [r["name"] for r in rows])
    ax.set_xlabel("measured difference in cost [%], + = slower; shaded = "
                  "declared limits")
