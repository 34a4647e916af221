# SPDX-License-Identifier: Apache-2.0
"""Which groups of cells the decision table shows, and its rows as data."""
from report import verdicts

DECISION_ROWS = 14  # of the table on the page; all are in ranking.csv
GROUP = ("leader", "word", "n", "needs", "maps", "weakest")
RIVAL = ("map", "cell", "outcome", "ratio", "low", "high", "group_low",
         "group_high", "n", "why")


def decision_places(a):
    """Cells of the decision table, the most telling first.

    Headline; one thread; the other write kinds; the other thread counts;
    the other sizes; then one row of every other board. A place without a map
    that may be ranked has nothing to decide.
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
    return [p for p in dict.fromkeys(places) if any(
        map(a.ranked, a.at(p)))]


def decision(a, where):
    """One row of the decision table: the group's verdict, and the pair."""
    cells, group = a.at(where), a.verdicts[where]
    base, other = cells.get(a.base), cells.get(a.contender)
    pair = a.ratio(base, other)
    open_pair = verdicts.side(pair) == verdicts.NONE
    return {"where": where, "place": group["place"], "group": group,
            "level": a.level(cells.get(group["leader"])),
            "base_level": a.level(base), "pair": pair,
            "pair_side": verdicts.side(pair),
            "pair_why": verdicts.why_no_pair(a, base, other)
            if open_pair else ""}


def decisions(rows):
    """The decision table's groups for verdicts.json."""
    return [{"place": r["place"], "cell": r["group"]["cell"],
             **{k: r["group"][k] for k in GROUP},
             "rivals": [{k: rival[k] for k in RIVAL}
                        for rival in r["group"]["rivals"]]} for r in rows]


def ranking_rows(a):
    """Every comparison of every group of cells, for ranking.csv."""
    for board in a.boards():
        for line in a.lines_of(board):
            for threads in sorted(a.grid[board][line]):
                group = a.verdicts[board, line, threads]
                cells = a.grid[board][line][threads]
                head = {**board._asdict(), "write_kind": line.kind,
                        "write_share": line.share, "threads": threads,
                        "leader_cell": group["cell"], "group_n": group["n"],
                        **{k: group[k] for k in GROUP if k != "n"}}
                for rival in group["rivals"] or [{}]:
                    yield head | {k: rival.get(k) for k in RIVAL} | {
                        "mops": a.mops(cells.get(rival.get("map")))}
