# SPDX-License-Identifier: Apache-2.0
"""3 Ratios: how much faster than the named base, and every trial."""
import math

import numpy as np

from report import ports, stats, verdicts, words
from report.page import esc, none, slug
from report.plot_rows import forest, forest_limits, height, raw_trials

COLUMNS = ("workload", "keys", "write_kind", "write_share", "threads", "map",
           "base", "base_mops", "ratio", "low", "high", "n", "verdict", "why")
GAP = 0.6  # of the range of the trials: a wider gap makes two groups
GROUPS = 4  # thread counts in one forest
STANDING = ("Ahead, behind: the interval lies wholly beyond 2 %; tied: it "
            "does not, also where it is wholly above 1")
QUESTION = ("How much faster than the map everybody writes first, and is the "
            "difference larger than what matters?")


def why_none(a, base, cell):
    """(word of the verdict, of the mark, reason) of a map without a ratio to
    the base; base -- its cell, None: not planned."""
    own = cell.reason or a.wrong(cell.map)
    short = cell.state if a.comparable(base) else f"no {a.base}"
    if cell.map in a.failed:
        short = "failed verification"
    if base is None:
        return "not run", short, own or f"{a.base} is not planned here"
    wrong = a.wrong(a.base) and f"{a.base}: {a.wrong(a.base)}"
    verdict = ("failed verification" if wrong or cell.map in a.failed
               else "not run")
    return verdict, short, own or base.reason or wrong


def ratio_rows(a, board, line, threads):
    """Ratios of every other map to the base in one group of cells."""
    cells = a.grid[board][line][threads]
    base, rows = cells.get(a.base), []
    for name, cell in cells.items():
        if name == a.base or not a.peer(name):
            continue
        pair = a.ratio(base, cell)
        row = {"cell": cell.id, "workload": board.workload,
               "keys": board.keys, "write_kind": line.kind, "write_share": line.share,
               "threads": threads, "map": name, "base": a.base,
               "base_mops": a.mops(base), "ratio": None, "low": None,
               "high": None, "n": 0, "verdict": "not run",
               "reason": None, "why": "", "short": ""}
        if pair is None:
            row.update(zip(("verdict", "short", "why"),
                           why_none(a, base, cell)))
        else:
            row.update(ratio=pair["centre"], low=pair["low"],
                       high=pair["high"], n=pair["n"],
                       verdict=verdicts.standing(pair),
                       reason=pair["reason"])
        rows.append(row)
    return sorted(rows, key=lambda r: (r["ratio"] is None,
                                       -(r["ratio"] or 0), r["map"]))


def heading(a, board, line, threads):
    """Group heading with the base's absolute value (R1)."""
    base = a.grid[board][line][threads].get(a.base)
    level = a.level(base)
    value = (f"{words.estimate(level)} Mop/s" if level
             else f"not run ({base.reason if base else 'not planned'})")
    return f"{words.plural(threads, 'thread')} · {a.base} {value}"


def some(counts):
    """At most GROUPS thread counts: both ends and between."""
    counts = sorted(counts)
    if len(counts) <= GROUPS:
        return counts
    step = (len(counts) - 1) / (GROUPS - 1)
    return [counts[round(i * step)] for i in range(GROUPS)]


def listed(rows):
    """"syncmap 1.24, shard_seg 2.04": what a drawing of them shows."""
    return ", ".join(f"{r['map']} {words.sig(r['ratio'])}" for r in rows
                     if r["ratio"]) or "no ratio"


def forest_figure(report, a, board, line, invalid):
    """One forest per write kind at the headline share."""
    def rows_of(one, threads):
        rows = ratio_rows(a, board, one, threads)
        return verdicts.withhold(rows, "verdict") if invalid else rows

    panels, data = [], []
    lines = sorted((n for n in a.lines_of(board) if n.share == line.share),
                   key=lambda n: n != line)
    shown = {one: [(t, rows_of(one, t)) for t in
                   some(a.grid[board][one])] for one in lines}
    every = [r for groups in shown.values() for _, rows in groups
             for r in rows]
    limits = forest_limits(every)
    for one, groups in shown.items():
        told = "; ".join(f"{words.plural(t, 'thread')}: {listed(rows)}"
                         for t, rows in groups)
        size = sum(len(rows) + 1.35 for _, rows in groups)
        panels.append(report.panel(
            slug("forest", one.kind, words.share(one.share)),
            f"Ratios to {a.base}, {one.text()}", f"{told}.",
            (400, height(size)), forest,
            [(heading(a, board, one, t), rows) for t, rows in groups],
            a.look, a.base, limits, one.text()))
        data += [r for t in sorted(a.grid[board][one])
                 for r in rows_of(one, t)]
    kinds = ", ".join(one.text() for one in lines)
    counts = sorted({t for n in lines for t in a.grid[board][n]})
    caption = (
        f"<b>Throughput relative to {esc(a.base)}: {esc(kinds)}; "
        f"{esc(board.text())}.</b> Bar: 95 % interval of the ratio, paired by"
        f" block. Shaded: ± 2 %, no practical difference. {STANDING}. The "
        f"absolute value of {esc(a.base)} stands in each heading. A map that "
        "did not run keeps its row, with words in the place of the mark."
        + esc(ports.other_base(a))
        + (f" Shown: {GROUPS} of {len(counts)} thread counts, all are in the "
           "CSV." if len(counts) > GROUPS else ""))
    return report.figure("forest", caption, panels, COLUMNS, data, "m")


def two_groups(mops):
    """Medians of two groups that the trials fall into, or None: an empty
    part between two trials on each side, wider than GAP of the whole range
    of logarithms. Six normal values look so in 4 of 100 cases, ten in 0.1.
    """
    x = np.sort(np.log(mops))
    gaps = np.diff(x)[1:-1]
    if not gaps.size or gaps.max() <= GAP * (x[-1] - x[0]):
        return None
    at = int(gaps.argmax()) + 2
    return math.exp(np.median(x[:at])), math.exp(np.median(x[at:]))


def centre_text(level, mops):
    """The centre of the ranking; where no trial is near it, both groups."""
    text, groups = f"{words.sig(level['centre'])} Mop/s", two_groups(mops)
    if groups:
        text += f"; groups at {' and '.join(map(words.sig, groups))}"
    return text


def raw_figure(report, a, head):
    """All trials of the headline cells, in the order run."""
    cells = a.at(head)
    names = [m for m in sorted(cells, key=lambda m: -(a.mops(cells[m]) or 0))
             if cells[m].ok and a.peer(m)]
    rows = [{"cell": cells[m].id, "n": 1, "map": m, "block": b,
             "mops": v / 1e6,
             "away": math.log(v / 1e6 / a.mops(cells[m]))}
            for m in names for b, v in sorted(a.rates[cells[m].id].items())]
    if not rows:
        return none("the headline cell has no trial")
    trials = {m: [r["mops"] for r in rows if r["map"] == m] for m in names}
    severe = sum(int((stats.outliers(v) == 2).sum())
                 for v in trials.values())
    told = {m: centre_text(a.level(cells[m]), trials[m]) for m in names}
    panel = report.panel(
        "raw", "All trials of the headline cells",
        f"{len(rows)} trials of {len(names)} maps; {severe} beyond Tukey's "
        "outer fence.", (520, 60 + 30 * len(names)), raw_trials, rows,
        a.look, told)
    caption = (f"<b>Every trial of the headline cells</b> "
               f"({esc(a.place(head))}) in the order run: look for drift and "
               f"for a second mode. {words.plural(severe, 'far outlier')} "
               "(Tukey), none dropped. Right: the pseudo-median, as "
               "everywhere, and where trials fall into two groups the median "
               "of each.")
    return report.figure("raw", caption, [panel], ("map", "block", "mops"),
                         rows, "l", side=True)


def add(report, a, invalid):
    """The section; the ratios are no ranking where a control failed."""
    head = a.headline()
    if head is None or not a.rates or a.base is None:
        report.section("ratio", "3 Ratios", QUESTION,
                       none("no throughput cell has a result"))
        return
    report.section("ratio", "3 Ratios to a named base", QUESTION,
                   forest_figure(report, a, head[0], head[1], invalid),
                   raw_figure(report, a, head))
