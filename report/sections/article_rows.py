# SPDX-License-Identifier: Apache-2.0
"""5e The articles' rows: what each article measured, and what is here."""
from report import articles, ports, words
from report.page import esc, filter_box, none

TITLE = "5e The articles' rows"
QUESTION = ("What did the articles measure, and what is the same figure "
            "here?")
COLUMNS = ("cell", "row", "figure", "statistic", "unit", "value", "low",
           "high", "n", "n_of", "numbers", "reason", "other_cell", "article")
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
    where = numbers(answer)
    return f"{where}: {text}" if where in NOT_OF_HERE else text


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
            "numbers": numbers(answer), "reason": answer.reason,
            "other_cell": "".join(cells[1:]),
            "article": figure.article}


def elsewhere(figures, shown):
    """In words, which rows this run has no cells for."""
    have = {row for figure in shown for row in figure.row.split()}
    lacking = dict.fromkeys(row for figure in figures
                            for row in figure.row.split() if row not in have)
    return (f"<p>Without a cell in this run: {esc(words.joined(lacking))} "
            "(<code>make bench MODE=articles</code> has them).</p>"
            if lacking else "")


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
        "rows", "rows", "W25"), table, elsewhere(figures, shown), (
        "<p>Rows: docs/articles/workloads.tsv (W), measurements.tsv (T) and "
        "systems.tsv (M); which cells and which statistic are a row's: "
        "docs/articles/figures.tsv. <code>window.</code> is what the window "
        "added to a count, <code>counter.</code> a counter; a percentile is "
        f"of operations whose key was there. All digits: {data}.</p>"))
