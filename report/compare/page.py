# SPDX-License-Identifier: Apache-2.0
"""The page of a comparison: OUT/report/index.html, its tables and figures,
and comparison.json, which says the same for programs."""
import shlex
from pathlib import Path
from types import SimpleNamespace

from report import datafiles, words
from report.build import legend
from report.compare import (as_json, claims, parts, ranks, tell, twins,
                            versions)
from report.page import ALL_DATA, Report, details, esc, none

FILES = [
    ["comparison.json", "all rows and words of this page, for programs"],
    ["figures/machines.csv", "one ratio on all machines, by threads"],
    ["tables/ratios-all.csv", "every ratio to the base at every shared place "
     "on every machine, six digits"],
    ["tables/NAME.md, .tex, .csv", "every table"],
    ["data.zip", "every CSV and JSON file of this folder"]]


class Rows:
    """All rows of a comparison, computed once."""

    def __init__(self, c):
        self.ratios = c.ratio_rows()
        self.head = c.pair_rows([c.head]) if c.head else []
        self.line = c.pair_rows(c.line_places()) if c.head else []
        self.groups, self.orders = ranks.settled(c), ranks.orders(c)
        self.agree = ranks.agreement(c, self.groups, self.orders)
        self.ranks = ranks.table_rows(c, self.groups, self.orders) \
            if c.head else []
        self.twins = twins.pair_rows(c, self.ratios)
        self.documents = claims.documents(c)
        self.claims = claims.rows_of(self.documents)
        self.versions = versions.of(c.found)
        self.crossovers = parts.crossover_rows(c) if c.head else []
        self.said = tell.all_of(c, self.head, self.groups, self.agree,
                                self.twins)


def banner(c):
    """Red lines above everything: what is not here, and what is made up."""
    lines = []
    if any(s.member.campaign.meta.get("synthetic") for s in c.sides):
        lines.append("<b>Synthetic.</b> No number on this page was measured: "
                     "the campaigns were written by a program.")
    lines += [f"<b>{esc(word.capitalize())}: {esc(label)}</b>: {esc(why)}."
              for label, word, why in parts.lost(c)]
    return "".join(f'<div class="banner" role="note">{line}</div>'
                   for line in lines)


def status(c):
    lost = [label for label, word, _ in parts.lost(c)
            if word != "marked"]
    if not lost:
        return f"complete: {words.plural(c.found.wanted, 'campaign')}", False
    return (f"incomplete: {words.joined(lost)}: see the top of the page",
            True)


def header(c, text):
    first = c.sides[0].member
    what = " · ".join([
        f"{words.plural(len(c.sides), 'machine')}: "
        + words.joined(s.label for s in c.sides),
        f"mode {first.campaign.meta['mode']}"
        if first.campaign.meta.get("mode") else
        "workloads " + ", ".join(w["name"] for w in
                                 first.campaign.meta.get("workloads") or []),
        f"commit {first.commit}"])
    return ("<header><h1>Readmostly: the same maps on "
            f"{words.plural(len(c.sides), 'machine')}</h1>"
            + details(esc(what), f'<p class="meta">{esc(text)}</p>',
                      css="print") + "</header>")


def box(rows):
    first, *rest = rows.said
    return (f'<div class="claim"><p class="lead" id="claim">{esc(first)}</p>'
            + "".join(f"<p>{esc(text)}</p>" for text in rest) + "</div>")


def limits(report):
    said = ["Each machine's interval is of its own trials, on that day. "
            "Section 6 says what can be said of what it leaves out.",
            "Absolute throughput is shown beside each ratio of one machine "
            "and compared with no other machine's: clock, memory and "
            "compiler differ.",
            "No mean is taken over machines: they are no sample of anything.",
            "Intervals of ratios hold one at a time; a reversal needs "
            "intervals that hold jointly for all pairs of one place on one "
            "machine, and is not corrected over places: of a hundred places, "
            "five may show one that is none."]
    report.section("limits", "8 Limits", "What should keep you from "
                   "believing this?", "<ul class='text'>"
                   + "".join(f"<li>{s}</li>" for s in said) + "</ul>")


def again(c):
    """The command that makes this page of the same folders, wherever they
    lie now."""
    pair = [word for name, value in zip(("--base", "--contender"), c.asked)
            if value for word in (name, value)]
    return shlex.join(["python3", "-m", "report", "compare",
                       *c.found.folders, *pair])


def artefacts(report, c):
    report.section(
        "artefacts", "9 Artefacts", "How do I get the numbers, and this page "
        "again?", f"<p>{ALL_DATA}</p>",
        f"<pre># this page again, of these folders\n{esc(again(c))}</pre>",
        report.table(
            "files", "Files, relative to this page",
            [("file", "text"), ("content", "text")], FILES))


def build(c, out, pdf=False):
    """Writes OUT/report; -> (lines for the terminal, incomplete)."""
    report = Report(Path(out) / "report", pdf)
    report.source = datafiles.Source()
    rows = Rows(c)
    text, incomplete = status(c)
    parts.machines(report, c)
    if c.head is None:
        report.section("ratio", "2 One ratio on all machines", parts.RATIO,
                       none("no two machines share a place" if c.contender
                            else "no machine has results of two maps"))
    else:
        parts.ratio(report, c, rows)
        parts.flips(report, c, rows)
        parts.ranking(report, c, rows)
    parts.claims_table(report, rows)
    parts.twins_table(report, rows)
    parts.version_tables(report, rows)
    limits(report)
    artefacts(report, c)
    report.legend = legend(SimpleNamespace(
        campaign=c.sides[0].member.campaign, look=c.look))
    as_json.write(c, rows, report.out, text)
    path = report.write(
        f"Readmostly: {words.plural(len(c.sides), 'machine')} compared",
        header(c, text) + box(rows), banner(c))
    return [*rows.said, f"status: {text}", f"report: {path}"], incomplete
