# SPDX-License-Identifier: Apache-2.0
"""1 The answer: claim box, all maps, decision table, flip map, crossovers,
winners."""
from report import (glossary, ports, ranking, sentences, trust, verdicts,
                    words)
from report.page import chip, details, esc, none
from report.sections import go, rivals
from report.sections.fields import flip_figure, winner_figure

QUESTION = ("Which map for this workload on this machine, and at which point "
            "would the answer be another one?")
METHOD = ("Throughput: pseudo-median of trials in fresh processes, taken of "
          "logarithms (median of the geometric means of all pairs); [ ]: 95 % "
          "signed-rank interval, wider if each block is like the one before; "
          "of a throughput for the mean of this campaign, not for other days; "
          "ratios are paired by block; practical margin 2 %. A verdict rests "
          "on simultaneous intervals, which hold for all pairs of its group at "
          "once. A share of writes counts operations: of churn and fresh "
          "writes, which are two each, both.")
CROSSOVERS = ("workload", "keys", "dist", "shape", "placement",
              "write_kind", "write_share", "leads_below", "leads_above",
              "from_threads", "to_threads", "position", "low", "high", "n")


NO_WINNER = f"{verdicts.WITHHELD}, so that no field has a winner"


def box(a, said, rows, flips, seen, invalid, found):
    """The claim box: the first sentence large, whether to trust it and where
    it ends, how to read it, what it costs, then the other sentences, each in
    a line of its own; folded, how it was measured and `seen`, what this run
    can see.
    """
    first = (f'<p class="lead" id="claim">{esc(said[0])}</p>'
             + trust_line(said[1], found["word"]))
    if invalid:
        return f'<div class="claim bad">{first}</div>'
    head, limit = rows[0]["where"] if rows else None, sentences.limit(a)
    first += limit_line(limit) if limit in said else ""
    leader, rest = rivals.leader_words(a, head), "".join(
        f"<p>{esc(text)}</p>" for text in said[2:] if text != limit)
    about = f'<p class="about">{esc(leader)}</p>' if leader else ""
    note = go.note(a)
    whose = f'<p class="ports">{esc(note)}</p>' if note else ""
    failed = "".join(
        f'<p class="warn">Excluded, failed verification: {chip(a.look, m)} '
        f"({esc(why)}).</p>" for m, why in sorted(a.failed.items()))
    how = details("How it was measured, what this run can see, what would "
                  "change the answer", f'<p class="quality">{esc(seen)}</p>'
                  f'<p class="meta">{METHOD}'
                  f"{other_answers(a, rows, flips)}</p>", css="print")
    return (f'<div class="claim">{first}{rivals.index(a, head)}{key(head)}'
            f'{about}{rest}{whose}{failed}'
            f'<p class="maps">{esc(rivals.maps_line(a, head))}</p>{how}</div>')


def key(head):
    """What stands between the words of the answer: brackets, blocks, and
    what is called a write."""
    if head is None:
        return ""
    known, line = glossary.meanings(), head[1]
    told = ("[ ]: 95 % interval of the number before it. Block: a round in "
            "which every map runs once; a ratio is taken within each block, "
            "so it need not be the quotient of two speeds shown. Mop/s: "
            + known["Mop/s"] + ".")
    if line.share and line.kind in known:
        told += (f" {line.kind.capitalize()}: {known[line.kind]}."
                 + words.share_counts(line.text()))
    return f'<p class="key">{esc(told)}</p>'


def trust_line(text, word):
    """May one act on it? The first words stand out."""
    opening = trust.OPENING[word]
    mark = ' class="warn"' if word == trust.NOT else ""
    return (f'<p id="trust"><b{mark}>{opening}</b>'
            f"{esc(text.removeprefix(opening))}</p>")


def limit_line(text):
    """What the answer says nothing of; what was measured stands out."""
    opening, colon, rest = text.partition(":")
    return f'<p id="limit"><b>{esc(opening)}</b>{esc(colon + rest)}</p>'


def other_answers(a, rows, flips):
    """What would change the answer about the pair."""
    if not rows or rows[0]["pair_side"] not in ("base", "contender"):
        return ""
    head = rows[0]["where"]
    more = sentences.changes(a, flips, head)
    shown = "; ".join(more[:4]) + (f"; and {len(more) - 4} more rows of the "
                                   "flip map" if len(more) > 4 else "")
    if not more:
        shown = ("nothing measured here: no field of the headline's flip map "
                 "has another leader")
    return (" <b>This would change the answer</b> "
            f"({esc(a.contender)} against "
            f"{esc(a.base)}): {esc(shown)}; another machine.")


def crossover_cells(a, line, fields, found):
    """One row of the crossover table: who leads where, and between which
    counts the lead passes over."""
    between = "; ".join(f"{c['from_threads']} and {c['to_threads']}"
                        for c in found) or "–"
    at = "; ".join(f"{words.sig(c['position'])} {sentences.span(c)}"
                   for c in found if c["position"]) or "–"
    n = min((c["n"] for c in found), default=min(f["n"] for f in fields))
    return [line.text(), sentences.who_leads(a, fields), between, at, n]


def crossover_table(report, a):
    """Where the two change places; the table shows the headline board,
    crossovers.csv has all."""
    rows, data, able = [], [], False
    for board in a.boards():
        fields = verdicts.fields(a, board)
        for line in a.lines_of(board):
            here = [f for f in fields if f["ratio"] is not None
                    and (f["write_kind"], f["write_share"]) == line]
            if len(here) < 2:
                continue
            able, found = True, verdicts.crossovers(a, board, line)
            data += [{**board._asdict(), **c} for c in found]
            if board == a.boards()[0]:
                rows.append(crossover_cells(a, line, here, found))
    needs = ("a crossover needs two thread counts at which both "
             f"{esc(a.base)} and {esc(a.contender)} have results")
    if not able:
        return none(needs)
    link = report.data("crossovers", CROSSOVERS, data)
    if not rows:
        return none(f"{needs}, and {esc(a.boards()[0].text())} has not") + (
            f"<p>All crossovers: {link}.</p>")
    table = report.table(
        "crossover", f"Crossover, {esc(a.boards()[0].text())}: which of "
        f"{esc(a.base)} and {esc(a.contender)} leads, by threads", [
            ("operations", "text"), ("who leads", "text"),
            ("change places between, threads", "text"),
            ("interpolated [95 %]", "num"), ("blocks", "num")], rows)
    note = ("<p>Both counts of a crossover are decided, for opposite sides. "
            "Where a count that was not measured lies between them, the "
            "position is interpolated on log₂ threads; its interval resamples"
            " blocks. Nothing is extrapolated.</p><p>Ties stay ties: a "
            f"hatched field is no weak win.</p><p>All crossovers: {link}.</p>")
    return f'<div class="two"><div>{table}</div><div>{note}</div></div>'


def decision_table(report, a, rows):
    caption = (f"Decision table, machine {esc(sentences.machine(a))}. Tied "
               "maps are all named; the ratio is that of the weakest "
               "comparison, with the rival whose simultaneous interval, by "
               "which the verdict is, reaches lowest: the ratio to another "
               "rival may be lower; blocks: the fewest of those used. "
               f"{words.plural(len(rows), 'row')} of "
               f"{words.plural(len(a.verdicts), 'cell group')} chosen by "
               "rule (headline, thread counts, write kinds, sizes, other "
               "workloads), all in ranking.csv."
               f"{esc(ports.other_base(a))}")
    return report.table(
        "decision", caption, sentences.decision_columns(a),
        [sentences.decision_cells(a, r) for r in rows], css="decision")


def add(report, a, where, seen, invalid, found):
    """Writes the section; returns (sentences, decision rows, claim box)."""
    places = ranking.decision_places(a)
    rows = [ranking.decision(a, p) for p in places[:ranking.DECISION_ROWS]]
    said = sentences.claim(a, rows, invalid, found)
    head = places[0] if places and not invalid else None
    table = rivals.table(report, a, head)
    if not a.grid or a.contender is None or a.base is None:
        report.section("answer", "1 The answer", QUESTION,
                       none(short_of(a)))
        return said, [], box(a, said, rows, [], seen, invalid, found) + table
    figure, flips = flip_figure(report, a, where, hue=not invalid)
    parts = []
    if not invalid:
        parts = [rivals.forest_figure(report, a, head),
                 decision_table(report, a, rows)]
    parts += [figure]
    parts += [none(NO_WINNER)] if invalid else [
        crossover_table(report, a), winner_figure(report, a, where)]
    report.section("answer", "1 The answer: which map, and where it flips",
                   QUESTION, *parts)
    return said, [] if invalid else rows, box(
        a, said, rows, [r for r in flips if same_board(r, rows)], seen,
        invalid, found) + table


def same_board(flip, rows):
    """Is a field of the flip maps on the headline's board? Two may share
    workload and keys and differ in any other factor."""
    board = rows[0]["where"][0] if rows else None
    return board and all(flip[name] == value
                         for name, value in board._asdict().items())


def short_of(a):
    if not a.grid:
        return "the plan has no throughput cells"
    return "fewer than two maps that can be compared have a result"
