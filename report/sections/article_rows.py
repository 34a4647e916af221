# SPDX-License-Identifier: Apache-2.0
"""5e The articles' rows: what each article measured, and what is here."""
import re

from report import articles, disturbed, ports, words
from report.page import esc, filter_box, none

TITLE = "5e The articles' rows"
QUESTION = ("What did the articles measure, and what is the same figure "
            "here?")
COLUMNS = ("cell", "row", "figure", "statistic", "unit", "value", "low",
           "high", "n", "n_of", "numbers", "note", "reason", "other_cell",
           "article")
TOOK = re.compile(r"others took ([\d.]+) %")  # why a trial is disturbed
NOT_OF_HERE = ("simulated", articles.REPLAYED)  # numbers; said before them
UNITS = {  # of a figure -> how it is printed
    "x": lambda value: f"× {words.sig(value)}",
    "1": words.sig,
    "%": lambda value: words.percent(100 * value),
    "ns": words.duration,
    "bytes": words.size,
    "1/s": lambda value: f"{words.sig(value)}/s",
    "bytes/s": lambda value: f"{words.size(value)}/s",
}


def is_replayed(answer):
    """Is a counter that the figure is made of one of a recording?"""
    _, above, below = articles.parsed(answer.figure.statistic)
    return any(e["quality"] == articles.REPLAYED
               and f"counter.{e['metric']}" in above + below
               for cell in answer.cells for trial in cell.ok
               for e in articles.events_of(trial))


def numbers(answer):
    """Where they come from, as the ledger calls it, or "replayed"; "" where
    there is no figure."""
    measures = {c.measure for c in answer.cells}
    if answer.value is None:
        return ""
    if any(m.startswith("simulated:") for m in measures):
        return "simulated"
    if is_replayed(answer):
        return articles.REPLAYED
    return "counters" if "counters" in measures else "native"


def said(answer):
    """The figure with its interval, or what stands in its place."""
    if answer.value is None:
        return f"no figure: {answer.reason}"
    amount = UNITS[answer.figure.unit]
    text = amount(answer.value)
    if answer.low is not None:
        text += f" [{amount(answer.low)}, {amount(answer.high)}]"
    where, few = numbers(answer), note(answer)
    text += f" ({few})" if few else ""
    return f"{where}: {text}" if where in NOT_OF_HERE else text


def note(answer):
    """What keeps it from standing beside the article's: that it is of one
    trial, and what others took from its trials."""
    if answer.value is None or numbers(answer) in NOT_OF_HERE:
        return ""
    trials = [(cell, t) for cell in answer.cells for t in cell.ok]
    taken = [t for cell, t in trials if disturbed.disturbed(cell, t)]
    told = []
    if answer.n == 1 and answer.of != "slice":
        told.append("1 trial" + " each" * (len(answer.cells) > 1))
    if taken and len(trials) == 1:
        told.append(f"in which others took {share_taken(taken[0])} of its "
                    "threads' time")
    elif taken:
        told.append(f"others disturbed {words.count(len(taken))} of "
                    + words.plural(len(trials), "trial"))
    return ", ".join(told)


def share_taken(trial):
    """As the runner says it; of what it could not judge, a part."""
    match = TOOK.match(trial.get("disturbed") or "")
    return words.percent(float(match[1])) if match else "a part"


def counted(answer):
    """n, and what it counts where that is no block."""
    if answer.value is None:
        return "–"
    return words.count(answer.n) if answer.of == "block" \
        else words.plural(answer.n, answer.of)


def source(campaign, figure):
    """Workload, cells and statistic, as the table of figures has them; and
    whether what the article calls sync.Map or RWMutex is a port here."""
    sides = " ÷ ".join(figure.cells_wanted())
    maps = {cell.map for side in figure.cells_wanted()
            for cell in articles.cells_for(campaign, figure, side)}
    port = any(ports.is_port(campaign, name) for name in maps)
    return (f"{figure.workload}, {figure.where}: {sides}; {figure.statistic}"
            + "; here a port in C, not Go's own" * port)


def data_row(answer):
    """Of the CSV: full precision, and why there is no value."""
    figure, cells = answer.figure, [c.id for c in answer.cells]
    return {"cell": cells[0] if cells else "", "row": figure.row,
            "figure": figure.what, "statistic": figure.statistic,
            "unit": figure.unit, "value": answer.value, "low": answer.low,
            "high": answer.high, "n": answer.n, "n_of": answer.of,
            "numbers": numbers(answer), "note": note(answer),
            "reason": answer.reason,
            "other_cell": "".join(cells[1:]),
            "article": figure.article}


def elsewhere(campaign, figures, shown):
    """In words, which rows this run has no cells for, and of what: some of
    their workloads ran at other settings."""
    have, lacking = {row for f in shown for row in f.row.split()}, {}
    for figure in figures:
        for row in figure.row.split():
            if row not in have and not lacking.get(row):
                lacking[row] = wanting(campaign, figure)
    near = [f"{row} ({what})" for row, what in lacking.items() if what]
    far = [row for row, what in lacking.items() if not what]
    told = [f"Without a cell at their settings: {'; '.join(near)}."] * bool(
        near) + [f"Workload not in this run: {words.joined(far)}."] * bool(far)
    return (f"<p>{esc(' '.join(told))} <code>make bench SET=articles</code> "
            "has them.</p>" if told else "")


def wanting(campaign, figure):
    """The cell that a figure lacks; "" where its workload was not run."""
    if figure.workload not in articles.by_workload(campaign):
        return ""
    side = next(s for s in figure.cells_wanted() or [""]
                if not articles.cells_for(campaign, figure, s))
    return (f"{figure.workload} has no cell with {figure.where} "
            f"{side}").rstrip()


def add(report, a):
    figures = articles.read()
    shown = [f for f in figures if articles.planned(a.campaign, f)]
    if not shown:
        report.section("rows", TITLE, QUESTION, none(
            "the plan has no cell that a row of the articles is made of"))
        return
    answers = [articles.answer(a.campaign, figure) for figure in shown]
    table = report.table(
        "rows", "Each row's own figures: centre and 95 % interval over "
        "blocks, or one value of all trials where the statistic adds up or "
        "takes the extreme one. Article and this computer differ in machine, "
        "language and much that the article leaves unstated: compare sizes "
        "and directions",
        [("row", "text"), ("figure", "text"), ("the article", "text"),
         ("this run", "text"), ("n", "text"), ("source", "text")],
        [[f.row, f.what, f.article, said(answer), counted(answer),
          source(a.campaign, f)]
         for f, answer in zip(shown, answers)])
    data = report.data("rows-all", COLUMNS, list(map(data_row, answers)))
    report.section("rows", TITLE, QUESTION, filter_box(
        "rows", "rows", "W25"), table, elsewhere(
            a.campaign, figures, shown), (
        "<p>Rows: docs/articles/workloads.tsv (W), measurements.tsv (T) and "
        "systems.tsv (M); which cells and which statistic are a row's: "
        "docs/articles/figures.tsv. <code>window.</code> is what the window "
        "added to a count, <code>counter.</code> a counter; a percentile is "
        f"of operations whose key was there. All digits: {data}.</p>"))
