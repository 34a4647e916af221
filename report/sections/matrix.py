# SPDX-License-Identifier: Apache-2.0
"""1b Every map at every place: how far below the highest of its group."""
import re

from report import verdicts, words
from report.guarantees import promises
from report.page import chip, esc, none
from report.sections import tradeoff

COLUMNS = ("leader", "leader_mops", "mops", "ratio", "low", "high", "word",
           "why")
GROUPS = 40  # columns on the page; the CSV has every group
QUESTION = ("How far is each map below the highest throughput, at each place "
            "that was measured, and what does it promise?")


def against_leader(a, where, cells):
    """(leader or None, {map: comparison}) of one group of cells.

    A comparison has ratio, low, high (leader ÷ map, paired by block), n, and
    a word; the verdicts are those of report/verdicts.py.
    """
    group = a.verdicts[where]
    leader = group["leader"] if group["front"] else None
    rivals = {r["map"]: r for r in group["rivals"]}
    return leader, {m: compared(a, cells, leader, m, rivals.get(m))
                    for m in cells if a.peer(m)}


def compared(a, cells, leader, name, rival):
    """One map against the leader of its group; rival -- its row of the
    verdict, None: the leader, or a map that takes no part."""
    cell, row = cells[name], {"ratio": None, "low": None, "high": None}
    if name in a.failed:
        return row | {"n": 0, "word": "failed verification",
                      "why": a.failed[name]}
    if not cell.ok:
        return row | {"n": 0, "word": cell.state, "why": cell.reason}
    n = len(cell.ok)
    if name == leader:
        return {"ratio": 1.0, "low": 1.0, "high": 1.0, "n": n,
                "word": "highest", "why": ""}
    if leader is None or rival and rival["outcome"] == verdicts.NONE:
        n = rival["n"] if rival else n
        return row | {"n": n, "word": f"not ranked ({n})",
                      "why": rival["why"] if rival else f"n = {n}"}
    if rival:
        return {k: rival[k] for k in ("ratio", "low", "high", "n")} | {
            "word": rival["outcome"], "why": ""}
    pair = a.ratio(cell, cells[leader])
    if pair is None:
        return row | {"n": 0, "word": "set aside", "why": a.look.aside[name]}
    return {k: pair[k] for k in ("low", "high", "n")} | {
        "ratio": pair["centre"], "why": a.look.aside.get(name, ""),
        "word": "set aside"}


def groups_of(a):
    """Every group of the plan, the headline's first: places with their
    leader and comparisons."""
    found, head = [], a.headline()
    for board in a.boards():
        for line in a.lines_of(board):
            for threads, cells in sorted(a.grid[board][line].items()):
                leader, rows = against_leader(
                    a, (board, line, threads), cells)
                found.append({"where": (board, line, threads),
                              "cells": cells, "leader": leader,
                              "mops": a.mops(cells[leader]) if leader
                              else None, "rows": rows})
    return sorted(found, key=lambda g: g["where"] != head)


def data_rows(a, groups):
    """matrix.csv: one row per map and group."""
    for group in groups:
        for name, row in group["rows"].items():
            cell = group["cells"][name]
            yield {"cell": cell.id, "leader": group["leader"],
                   "leader_mops": group["mops"], "mops": a.mops(cell), **row}


# ---- the table ------------------------------------------------------------

class Notes:
    """Reasons as numbered notes below the table."""

    def __init__(self):
        self.numbers = {}

    def mark(self, row):
        """Lost trials differ in their numbers: those are in the CSV."""
        reason = row["why"]
        if row["word"] in ("void", "failed"):
            reason = re.sub(r"\d[\d.]*", "…", reason)
        number = self.numbers.setdefault(reason, len(self.numbers) + 1)
        return f"<sup class=note>{number}</sup>"

    def text(self):
        items = "".join(f"<li>{esc(why)}</li>" for why in self.numbers)
        return f'<ol class="notes">{items}</ol>' if items else ""


def ratio_cell(row, notes):
    """One field: a ratio with its interval, or words and their reason."""
    if row is None:
        return "<td class=num>not planned</td>"
    mark = notes.mark(row) if row["why"] else ""
    if row["ratio"] is None:
        return f'<td class="num words">{esc(row["word"])}{mark}</td>'
    span = ("highest" if row["word"] == "highest"
            else words.between(row["low"], row["high"]))
    tied = "≈ " if row["word"] == "tied" else ""
    return (f'<td class="num bar" data-value="{row["ratio"]:.6g}" '
            f'style="--r:{min(1 / row["ratio"], 1):.3f}">'
            f"{tied}{words.sig(row['ratio'])}{mark}<small>{span}</small></td>")


def heading(group, several):
    """A column's place, and the level that its ratios are against."""
    board, line, threads = group["where"]
    place = [board.workload] if several else []
    place += [line.text(), words.of_keys(board.keys),
              words.plural(threads, "thread")]
    top = (f"{esc(group['leader'])} {words.sig(group['mops'])} Mop/s"
           if group["leader"] else "nothing ranked")
    return (f'<th scope="col" class="num" data-keys="{board.keys}" '
            f'data-threads="{threads}" data-workload="{esc(board.workload)}" '
            f'data-kind="{esc(line.kind)}" title="{esc(board.text())}">'
            f'<button type="button">{"<br>".join(map(esc, place))}</button>'
            f"<small>{top}</small></th>")


def beside(facts, key, text):
    """A cost beside the ratios, from the row of the trade-off figures."""
    if not facts or facts[key] is None:
        return '<td class="num words">none</td>'
    value, bracket, rest = re.fullmatch(r"(.*?)(?: ([\[(])(.*))?",
                                        text(facts)).groups()
    span = f"<small>{bracket}{rest}</small>" if bracket else ""
    sorts = f' data-value="{facts[key]:.6g}"' if value[:1].isdigit() else ""
    return f'<td class="num"{sorts}>{value}{span}</td>'


def silent(about):
    """Of a map that describes no promise: its fact sheet may know one."""
    return ("of its fact sheet: section 6b" if about.get("facts")
            else "none recorded")


def map_row(a, name, groups, facts, notes):
    about = a.campaign.maps[name]
    told = promises(about)
    cells = "".join(ratio_cell(g["rows"].get(name), notes) for g in groups)
    return (f'<tr id="matrix-{esc(name)}" data-family="'
            f'{esc(a.look.family[name])}" data-promise="{esc("|".join(told))}'
            f'"><th scope="row">{chip(a.look, name)}</th><td class="text">'
            f"<small>{esc('; '.join(told)) or silent(about)}</small></td>"
            + beside(facts, "bytes_per_entry", lambda r: words.sig(
                r["bytes_per_entry"]))
            + beside(facts, "p99_ns", lambda r: r["p99_text"])
            + f"{cells}</tr>")


def table(a, groups, facts):
    """The matrix and its notes; maps by the first column."""
    notes, shown = Notes(), groups[:GROUPS]
    names = {m: None for g in groups for m in g["rows"]}
    first = shown[0]["rows"]
    order = sorted(names, key=lambda m: (
        (first.get(m) or {}).get("ratio") or float("inf"), m))
    several = len({g["where"][0].workload for g in shown}) > 1
    head = "".join(
        f'<th scope="col" class="{css}"><button type="button">{title}'
        "</button></th>" for title, css in (
            ("map", "text"), ("promises", "text"),
            ("bytes per entry", "num"), ("P99 of lookups", "num")))
    head += "".join(heading(g, several) for g in shown)
    body = "".join(map_row(a, m, shown, facts.get(m), notes) for m in order)
    return ('<div class="scroll"><table class="matrix sort" id="table-matrix">'
            f"<caption><span>{caption(groups)}"
            f"{words.share_counts(head)}</span></caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"</div>{notes.text()}")


def caption(groups):
    shown = min(len(groups), GROUPS)
    return (
        "<b>How far below the highest throughput of its column each map is"
        "</b>: that of the map named in the heading, which is ranked, ÷ this "
        "map's, paired by block, with its 95 % interval. ≈: not told apart, by "
        "the simultaneous interval, which is in ranking.csv. Bar: this map's "
        "share of the highest. Bounds take no part. "
        "Bytes and P99: as in the figure below. Promises: of the map's own "
        "description; what its fact sheet says stands in section 6b. Where "
        "the description is silent on waiting, some operation may wait."
        + (f" {shown} of {len(groups)} groups, the headline's first; all are "
           "in the CSV." if shown < len(groups) else "")
        + ('<span class="on-paper"> On paper: the first 3 places.</span>'
           if shown > 4 else ""))


# ---- filters --------------------------------------------------------------

def choice(name, label, options):
    """A list to choose from, where there is something to choose."""
    if len(options) < 2:
        return ""
    items = "".join(f'<option value="{esc(str(value))}">{esc(str(text))}'
                    "</option>" for value, text in options)
    return (f'<label>{label} <select name="{name}"><option value="">all'
            f"</option>{items}</select></label>")


def filters(a, groups):
    """Choices for the script; hidden where there is none."""
    places = [g["where"] for g in groups[:GROUPS]]
    names = sorted({m for g in groups for m in g["rows"]})
    told = sorted({t for m in names for t in promises(a.campaign.maps[m])})
    plain = lambda values: [(v, v) for v in values]
    return (
        '<form class="filters" data-filters="matrix" hidden aria-label="Filter'
        ' the matrix">'
        + choice("family", "family", plain(sorted(
            {a.look.family[m] for m in names})))
        + choice("promise", "promises", plain(told))
        + choice("workload", "workload", plain(dict.fromkeys(
            b.workload for b, _, _ in places)))
        + choice("kind", "writes", plain(sorted(
            {n.kind for _, n, _ in places})))
        + choice("keys", "keys", [(k, words.keys(k)) for k in sorted(
            {b.keys for b, _, _ in places})])
        + choice("threads", "threads", plain(sorted(
            {t for _, _, t in places})))
        + '<button type="reset">show all</button> <output></output></form>')


def add(report, a, invalid):
    """The section; the ratios are no ranking where a control failed."""
    if invalid or not a.rates:
        report.section("matrix", "1b Every map", QUESTION, none(
            "a control failed, so that nothing is ranked" if invalid
            else "no throughput cell has a result"))
        return
    groups, facts = groups_of(a), tradeoff.rows_of(a)
    link = report.data("matrix", COLUMNS, list(data_rows(a, groups)))
    report.section(
        "matrix", "1b Every map, everywhere", QUESTION, filters(a, groups),
        table(a, groups, {r["map"]: r for r in facts}),
        f"<p>Every map in every group: {link}.</p>",
        tradeoff.figure(report, a, facts))
