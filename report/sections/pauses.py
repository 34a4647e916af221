# SPDX-License-Identifier: Apache-2.0
"""Part of 5c: does what a map does now and then explain its P99?"""
import numpy as np

from report import factors, stats, words
from report.page import chip, esc

# What a map does now and then. Not lock_wait: that is what others suffer.
PAUSES = ("grow", "evacuate", "resize", "promote", "rebuild", "clone",
          "reclaim", "grace_wait")
OPERATIONS = 100  # of a slice, at least: of fewer the P99 is the longest one
SLICES = 20  # of a cell, at least
SMALL = 1e-4  # a p below it is not spelt
REGRESSORS = ("pause_ms", "heap_ratio", "pauses")
SLICE_COLUMNS = ("cell", "map", "trial", "at_ms", "operations", "p99_ms",
                 "max_ms", "pause_ms", "pauses", "held_bytes", "heap_ratio")
FIT_COLUMNS = ("cell", "map", "term", "coefficient", "low", "high", "error",
               "p", "vif", "r_squared", "n", "reason")


def heap_ratios(slices):
    """Bytes held at each slice's end over the most of the trial."""
    held = [s["bytes"] for s in slices]
    most = max(held)
    return [b / most if most else 0 for b in held]


def slices_of(cell):
    """Rows of the slices that have a P99, of all trials that count."""
    rows = []
    for number, trial in enumerate(cell.ok):
        slices = trial["result"].get("slices") or []
        if any(s["pauses"] is None or s["bytes"] is None for s in slices):
            continue
        for s, ratio in zip(slices, heap_ratios(slices) if slices else ()):
            own = [p for p in s["pauses"] if p["event"] in PAUSES]
            if s["operations"] < OPERATIONS:
                continue
            rows.append({
                "cell": cell.id, "map": cell.map, "trial": number,
                "at_ms": s["at_ns"] / 1e6, "operations": s["operations"],
                "p99_ms": s["p99_ns"] / 1e6, "max_ms": s["max_ns"] / 1e6,
                "pause_ms": sum(p["ns"] for p in own) / 1e6,
                "pauses": sum(p["count"] for p in own),
                "held_bytes": s["bytes"], "heap_ratio": ratio})
    return rows


def fit_of(rows):
    """Least squares of P99 on pause, heap and number of pauses; None where
    there are too few slices."""
    if len(rows) < SLICES:
        return None
    return stats.least_squares([r["p99_ms"] for r in rows],
                               {name: [r[name] for r in rows]
                                for name in REGRESSORS})


def fit_rows(cell, fit):
    """Of the CSV: a row for each term, also for those without a value."""
    base = {"cell": cell.id, "map": cell.map, "n": fit.n,
            "r_squared": fit.r_squared}
    return [{**base, "term": name, "coefficient": c.value, "low": c.low,
             "high": c.high, "error": c.error, "p": c.p, "vif": c.vif}
            for name, c in fit.coefficients.items()] + \
        [{**base, "term": name, "reason": why}
         for name, why in fit.left_out.items()]


def said(fit, name):
    """Coefficient with its interval, p and inflation; or why there is none."""
    c = fit.coefficients.get(name)
    if c is None:
        return f"none: {fit.left_out[name]}"
    return (f"{words.sig(c.value)} [{words.sig(c.low)}, {words.sig(c.high)}], "
            f"{probability(c.p)}, VIF {words.sig(c.vif)}")


def probability(p):
    """"p 0.018"; below a ten-thousandth no digit means anything."""
    return (f"p < {words.sig(SMALL, 1)}" if p < SMALL
            else f"p {words.sig(p, 2)}")


def row_of(a, cell, rows, fit):
    mean = np.mean([r["pause_ms"] for r in rows])
    conditions = (f"{words.mix(cell.write_share, cell.write_kind)}, "
                  f"{words.of_keys(cell.keys)}, "
                  f"{words.plural(cell.threads, 'thread')}"
                  f"{factors.told(cell)}")
    return [chip(a.look, cell.map), esc(conditions), words.sig(float(mean)),
            *(said(fit, name) for name in REGRESSORS),
            "none" if fit.r_squared is None else f"{fit.r_squared:.2f}",
            words.count(fit.n)]


def parts(report, a):
    """Table and CSVs; nothing where no trial has slices with causes."""
    slices, fits, table = [], [], []
    for cell in a.by_measure.get("causes", []):
        rows = slices_of(cell)
        fit = fit_of(rows)
        slices += rows
        if fit:
            fits += fit_rows(cell, fit)
            table.append(row_of(a, cell, rows, fit))
    if not slices:
        return []
    data = (f"Slices: {report.data('pause-slices', SLICE_COLUMNS, slices)}; "
            "all terms: "
            f"{report.data('pause-regression', FIT_COLUMNS, fits)}.")
    if not table:
        return [f"<p>Fewer than {SLICES} slices of {OPERATIONS} operations "
                f"in each cell: no regression. {data}</p>"]
    return [report.table(
        "pauses", "P99 of slices of 50 ms, by least squares: what it changes "
        "by for each ms that the map's threads spent in growth, rebuilds and "
        "reclamation in that slice, from none to all of the most that the "
        "trial held, and for each such pause, the others held; with its 95 % "
        "interval. In trials with hooks",
        [("map", "html"), ("cell", "html"), ("pause per slice, ms", "num"),
         ("P99, ms per ms of pause", "text"),
         ("P99, ms per heap ratio", "text"),
         ("P99, ms per pause", "text"), ("R²", "text"), ("slices", "num")],
        table),
        "<p>The article's own figures, of a JVM with G1: 0.87 ms per ms and "
        "12.4 ms per heap ratio, p 0.018, VIF 2.15. Slices are taken for "
        "independent, as there; those of one trial are not quite, so that "
        f"the intervals are rather too narrow. {data}</p>"]
