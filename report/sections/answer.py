# SPDX-License-Identifier: Apache-2.0
"""1 The answer: claim box, decision table, flip map, crossover, winners."""
from report import ranking, sentences, words
from report.page import chip, esc, none
from report.sections.fields import flip_figure, winner_figure

QUESTION = ("Which map for this workload on this machine, and at which point "
            "would the answer be another one?")

def box(a, rows, flips, invalid):
    """The claim box."""
    text = sentences.claim(a, rows, invalid)
    if invalid or not rows or rows[0]["won"] is None:
        bad = " bad" if invalid else ""
        return (f'<div class="claim{bad}"><p class="lead" id="claim">'
                f"{esc(text)}</p></div>")
    head = rows[0]["where"]
    more = sentences.changes(a, flips, head)
    shown = "; ".join(more[:4]) + (f"; and {len(more) - 4} more rows of the "
                                   "flip map" if len(more) > 4 else "")
    if not more:
        shown = (f"nothing measured here: no field of the flip map at "
                 f"{words.keys(head[0].keys)} keys has another leader")
    cross = sentences.crossover_words(a, ranking.crossover_row(
        a, head[0], head[1]))
    failed = "".join(
        f'<p class="warn">Excluded, failed verification: {chip(a.look, m)} '
        f"({esc(why)}).</p>" for m, why in sorted(a.failed.items()))
    return (
        f'<div class="claim"><p class="lead" id="claim">{esc(text)}</p>'
        f"<p>{esc(cross)}</p>{failed}"
        '<p class="meta">Throughput: pseudo-median of trials in fresh '
        "processes; [ ]: 95 % signed-rank interval; ratios are paired by "
        "block; practical margin 2 %. Intervals hold one at a time, not for "
        f"the whole page. <b>This would change the answer</b> ({a.contender} "
        f"against {a.base}): {esc(shown)}; another machine.</p></div>")


CROSSOVERS = ("workload", "keys", "dist", "shape", "placement",
              "write_kind", "write_share", "threads", "low", "high", "ahead",
              "n")


def crossover_table(report, a):
    """Thread counts from which the other map is ahead; the table shows the
    headline board, crossovers.csv has all."""
    rows, data = [], []
    for board in a.boards():
        for line in a.lines_of(board):
            row = ranking.crossover_row(a, board, line)
            if row is None:
                continue
            data += [{**board._asdict(), **row, **c}
                     for c in row["crossings"] or [{}]]
            if board == a.boards()[0]:
                rows.append([line.text(), ranking.crossover_text(a, row),
                             ranking.crossover_interval(row),
                             ranking.clear_text(a, row), row["n"]])
    if not rows:
        return none("a crossover needs two thread counts at which both "
                    f"{a.base} and {a.contender} have results")
    link = report.data("crossovers", CROSSOVERS, data)
    table = report.table(
        "crossover", f"Crossover, {esc(a.boards()[0].text())}: threads from "
        f"which the other of {a.base} and {a.contender} is ahead", [
            ("lookups:writes", "text"), ("crossover, threads", "text"),
            ("95 % interval", "num"), ("first lasting lead at", "num"),
            ("n", "num")], rows)
    note = ("<p>Between measured counts the crossover is interpolated on "
            "log₂ threads; the interval resamples blocks. It is never "
            "extrapolated: outside the measured range the row says who is "
            "ahead throughout.</p><p>Ties stay ties: a hatched field is no "
            f"weak win.</p><p>Other sizes and workloads: {link}.</p>")
    return f'<div class="two"><div>{table}</div><div>{note}</div></div>'


def add(report, a, where, invalid):
    """Writes the section; returns (claim sentence, decision rows)."""
    places = ranking.decision_places(a)
    rows = [ranking.decision(a, p) for p in places[:ranking.DECISION_ROWS]]
    sentence = sentences.claim(a, rows, invalid)
    if not a.grid or a.contender is None or a.base is None:
        report.section("answer", "1 The answer", QUESTION,
                       f'<div class="claim"><p class="lead" id="claim">'
                       f"{esc(sentence)}</p></div>",
                       none(short_of(a)))
        return sentence, []
    figure, flips = flip_figure(report, a, where, hue=not invalid)
    parts = [box(a, rows, [r for r in flips if same_board(r, rows)], invalid)]
    if not invalid:
        caption = (f"Decision table, machine {esc(sentences.machine(a))}. "
                   f"Tied maps are all named; {len(rows)} rows of "
                   f"{sum(1 for _ in a.groups())} cell groups chosen by rule "
                   "(headline, thread counts, write kinds, sizes, other "
                   "workloads), all in ranking.csv.")
        parts.append(report.table(
            "decision", caption, sentences.decision_columns(a),
            [sentences.decision_cells(a, r) for r in rows], css="decision"))
    parts += [figure]
    if not invalid:
        parts += [crossover_table(report, a)]
    parts += [winner_figure(report, a, where, not invalid)]
    report.section("answer", "1 The answer: which map, and where it flips",
                   QUESTION, *parts)
    return sentence, [] if invalid else rows


def same_board(flip, rows):
    board = rows[0]["where"][0] if rows else None
    return board and (flip["workload"], flip["keys"]) == (board.workload,
                                                          board.keys)


def short_of(a):
    if not a.grid:
        return "the plan has no throughput cells"
    return "fewer than two maps that can be compared have a result"
