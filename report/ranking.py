# SPDX-License-Identifier: Apache-2.0
"""Rankings: who is fastest where, where two maps change places, and the
sentence that says so."""
import math

from report import stats, words

DECISION_ROWS = 14  # of the table on the page; all are in ranking.csv


def winner(a, cells):
    """The fastest ranked map of one {map: Cell} and its lead.

    -> row with first, second, lead, low, high, n, word, tied (ids that are
    not behind the first, it included), of (how many were compared); None
    where no ranked map has a result.
    """
    order = sorted((m for m, c in cells.items() if c.ok and a.ranked(m)),
                   key=lambda m: (-(a.mops(cells[m]) or 0), m))
    if not order:
        return None
    first = order[0]
    row = {"first": first, "second": None, "lead": None, "low": None,
           "high": None, "n": a.level(cells[first])["n"], "word": "alone",
           "mde": None, "tied": [first], "of": len(order)}
    for name in order[1:]:
        pair = a.ratio(cells[name], cells[first])
        if pair is None:
            continue
        side, word, mde = a.judged(pair)
        if row["second"] is None:
            row.update(second=name, lead=pair["centre"], low=pair["low"],
                       high=pair["high"], n=pair["n"], word=word, mde=mde)
        if side <= 0:
            row["tied"].append(name)
    return row


def prepare(a):
    """Ratios to each group's fastest map, all at once (speed only)."""
    a.fill_pairs(lambda cells: None)
    groups = {}
    for cells in a.groups():
        names = [m for m, c in cells.items() if c.ok and a.ranked(m)]
        if not names:
            continue
        first = min(names, key=lambda m: (-(a.mops(cells[m]) or 0), m))
        for name in names:
            key = cells[name].id, cells[first].id
            if key not in a.pairs:
                groups[key] = a.quotients(cells[name], cells[first])
    a.pairs.update(stats.summarize(groups))


def flips(a, board):
    """One row per line and thread count: contender over base."""
    rows = []
    for line in a.lines_of(board):
        for threads, cells in sorted(a.grid[board][line].items()):
            base, other = cells.get(a.base), cells.get(a.contender)
            row = {"cell": other and other.id,
                   "workload": board.workload, "keys": board.keys,
                   "write_kind": line.kind, "write_share": line.share,
                   "threads": threads, "ratio": None, "low": None,
                   "high": None, "n": 0, "verdict": "not run", "side": 0,
                   "mde": None, "base_mops": a.mops(base), "why": ""}
            pair = a.ratio(base, other)
            if pair is None:
                row["why"] = why_not(a, base, other)
            else:
                side, word, mde = a.judged(pair)
                row.update(ratio=pair["centre"], low=pair["low"],
                           high=pair["high"], n=pair["n"], side=side,
                           verdict=word, mde=mde)
            rows.append(row)
    return rows


def why_not(a, base, other):
    """Why a ratio does not exist, in words."""
    for name, cell in ((a.base, base), (a.contender, other)):
        if cell is None:
            return f"{name} is not planned here"
        if not cell.ok:
            return f"{name}: {cell.reason}"
    return "no block in which both have a result"


def crossover_row(a, board, line):
    """From how many threads the contender is ahead on one line.

    -> row with text, low, high, first_clear, or None where there are fewer
    than two thread counts with both maps.
    """
    counts = a.grid[board][line]
    threads = [t for t in sorted(counts) if a.ratio(
        counts[t].get(a.base), counts[t].get(a.contender))]
    if len(threads) < 2:
        return None
    pairs = [a.ratio(counts[t][a.base], counts[t][a.contender])
             for t in threads]
    row = {"workload": board.workload, "keys": board.keys,
           "write_kind": line.kind, "write_share": line.share,
           "n": min(p["n"] for p in pairs), "crossings": [],
           "first_clear": None, "ahead": None}
    if any(p["low"] is None for p in pairs):
        return row
    row["crossings"] = stats.crossover(threads, block_matrix(
        a, counts, threads))
    row["first_clear"] = stats.first_clear(
        threads, [math.log(p["low"]) for p in pairs],
        [math.log(p["high"]) for p in pairs], math.log(words.MARGIN))
    row["ahead"] = a.contender if pairs[0]["centre"] > 1 else a.base
    row["sides"] = [a.judged(p)[0] for p in pairs]
    return row


def block_matrix(a, counts, threads):
    """ln(contender / base) as (blocks, thread counts); nan: no trial."""
    import numpy as np
    rates = [(a.rates[counts[t][a.base].id], a.rates[
        counts[t][a.contender].id]) for t in threads]
    blocks = sorted({b for x, y in rates for b in x.keys() | y.keys()})
    return np.array([[math.log(y[b] / x[b]) if b in x and b in y else np.nan
                      for x, y in rates] for b in blocks])


def crossover_text(a, row):
    """The crossover column: a position, several, or who leads throughout."""
    if row["n"] < words.RANKING_NEEDS:
        return f"n < {words.RANKING_NEEDS}"
    if not row["crossings"]:
        sides = set(row["sides"])
        if len(sides) > 1 or sides == {0}:
            return "none found"
        return f"none: {row['ahead']} ahead throughout"
    return "; ".join(words.sig(c["threads"]) for c in row["crossings"])


def crossover_interval(row):
    edge = lambda v, text: text if v is None else words.sig(v)
    return "; ".join(f"[{edge(c['low'], 'below range')}, "
                     f"{edge(c['high'], 'above range')}]"
                     for c in row["crossings"]) or "–"


def clear_text(a, row):
    """The first measured count of a lead that lasts."""
    if row["n"] < words.RANKING_NEEDS:
        return f"n < {words.RANKING_NEEDS}"
    if not row["first_clear"]:
        return "none"
    threads, side = row["first_clear"]
    name = a.contender if side == "contender" else a.base
    return f"{threads:.0f} ({name})"


def decision_places(a):
    """Cells of the decision table, the most telling first.

    Headline; one thread; the other write kinds; the other thread counts;
    the other sizes; then one row of every other board.
    """
    head = a.headline()
    if head is None:
        return []
    board, line, threads = head
    counts = sorted(a.grid[board][line])
    same = [n for n in a.lines_of(board) if n.share == line.share]
    places = [head, (board, line, counts[0])]
    places += [(board, n, threads) for n in same]
    places += [(board, n, t) for n in same for t in (counts[0],)]
    places += [(board, line, t) for t in counts]
    for other in a.boards()[1:]:
        lines = a.grid[other]
        near = min(lines, key=lambda n: (
            abs(n.share - line.share), n.kind != line.kind))
        places.append((other, near, threads if threads in lines[near]
                       else max(lines[near])))
    return [p for p in dict.fromkeys(places) if a.at(p)]


def decision(a, where):
    """One row of the decision table."""
    cells = a.at(where)
    won = winner(a, cells)
    base = cells.get(a.base)
    pair = a.ratio(base, cells.get(a.contender))
    return {"where": where, "place": a.place(where), "won": won,
            "level": won and a.level(cells[won["first"]]),
            "base_level": a.level(base), "pair": pair,
            "pair_side": pair and a.judged(pair)[0],
            "pair_why": None if pair else why_not(
                a, base, cells.get(a.contender))}


def ranking_rows(a):
    """Every group of cells with its winner, for ranking.csv."""
    for board in a.boards():
        for line in a.lines_of(board):
            for threads in sorted(a.grid[board][line]):
                won = winner(a, a.grid[board][line][threads])
                yield board, line, threads, won
