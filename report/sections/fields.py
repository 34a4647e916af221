# SPDX-License-Identifier: Apache-2.0
"""The two figures made of fields: where two maps flip, and who wins."""
from report import topology, verdicts, words
from report.page import chip, details, esc, slug
from report.plot_grid import flip_map, size_of, winner_map

OPEN_BOARDS = 3  # flip maps that are open; the others fold
FLIP_COLUMNS = ("workload", "keys", "write_kind", "write_share", "threads",
                "ratio", "low", "high", "n", "side", "base_mops", "why")
WINNER_COLUMNS = ("workload", "keys", "write_kind", "write_share", "threads",
                  "leader", "word", "weakest", "weakest_mops", "ratio", "low",
                  "high", "group_low", "group_high", "n", "front", "maps",
                  "why")


def flip_figure(report, a, where, hue):
    """Flip maps of every board; the first ones open."""
    panels, rows, names = [], [], (a.base, a.contender)
    drawn = [b for b in a.boards() if has_pair(a, b)] or a.boards()
    for board in a.boards():
        part = verdicts.fields(a, board)
        if not hue:
            part = verdicts.withhold(part, "side")
        rows += part
        if board not in drawn:
            continue
        threads, lines = a.threads_of(board), a.lines_of(board)
        marks = topology.marks(a.grid[board][lines[0]], where)
        panels.append(report.panel(
            slug("flip", len(panels)), f"Flip map: {board.text()}",
            flip_alt(names, part, hue), size_of(len(threads), len(lines)),
            flip_map, part, threads, lines, names, a.look, title_of(board),
            marks, hue))
    colours = (hue_words(a.look, names) if hue else
               '<b class="warn">No hue: a control failed.</b>')
    base, contender = map(esc, names)
    caption = (f"<b>Where the ranking flips between {base} and "
               f"{contender}.</b> Each field: throughput of {contender} ÷"
               f" {base}, paired by block, and its 95 % interval; the "
               f"absolute value of {base} is in the tool tip and the CSV. "
               + colours + undrawn_words(len(a.boards()) - len(drawn)))
    return folded(report, "flip", caption, panels, FLIP_COLUMNS, rows), rows


def hue_words(look, names):
    """What colours, hatching and lines of a flip map mean."""
    base, contender = (chip(look, name) for name in names)
    text = (f"Hue: the faster map ({base} or {contender}), where the interval "
            "lies wholly beyond 2 %, deeper = further "
            "apart (× 1.5, × 4). Hatched: tied, or no interval. Heavy line: "
            "a flip, one map leads on one side and the other on the other; "
            "thin line: a lead ends.")
    if look.family[names[0]] == look.family[names[1]]:
        text += (" Both are of one family, so of one hue: the mark in a "
                 "field's corner is that of the faster one.")
    return text


def has_pair(a, board):
    """Did the plan have both maps somewhere on this board?"""
    return any(a.base in cells and a.contender in cells
               for counts in a.grid[board].values()
               for cells in counts.values())


def undrawn_words(count):
    """Of boards that the pair was not planned for."""
    if not count:
        return ""
    return (f" {words.plural(count, 'more panel')} would be empty: there the "
            "plan has only one of the two maps, or neither.")


def title_of(board):
    """What tells one panel from the others."""
    parts = [board.workload, words.of_keys(board.keys)]
    for value, usual in ((board.dist, "uniform"), (board.shape, "u64x8"),
                         (board.placement, "cores"),
                         (board.memory, "first-touch")):
        if value != usual:
            parts.append(value)
    if board.miss_share:
        parts.append(f"{words.share(board.miss_share)} % misses")
    if not board.presize:
        parts.append("not presized")
    parts += board.unusual()
    return ", ".join(parts)


def flip_alt(names, rows, hue):
    """Text alternative, from the rows; names: (base, contender)."""
    base, contender = names
    known = [r for r in rows if r["ratio"] is not None]
    if not known:
        return "No field was measured."
    if not hue:
        return f"{len(known)} ratios, no winner: a control failed."
    low = min(known, key=lambda r: r["ratio"])
    high = max(known, key=lambda r: r["ratio"])
    ahead = sum(r["side"] == "contender" for r in known)
    behind = sum(r["side"] == "base" for r in known)
    return (f"{contender} leads in {ahead} of {len(known)} measured fields,"
            f" {base} in {behind}; from {words.sig(low['ratio'])} to "
            f"{words.sig(high['ratio'])} times {base}.")


def folded(report, key, caption, panels, columns, rows,
           rest_of="sizes and workloads"):
    """First boards open, the rest under one line to open."""
    figure = report.figure(key, caption, panels[:OPEN_BOARDS], columns, rows,
                           "f")
    rest = panels[OPEN_BOARDS:]
    if rest:
        figure += details(f"{len(rest)} more: other {rest_of}",
                          f'<div class="panels f">{"".join(rest)}</div>')
    return figure


def winner_row(a, board, line, threads):
    """One group for the winner map and its CSV: the verdict, and the ratio
    of the weakest comparison."""
    group = a.verdicts[board, line, threads]
    row = {**board._asdict(), "group": group,
           "write_kind": line.kind, "write_share": line.share,
           "threads": threads, "front": " ".join(group["front"]), "why": "",
           **{k: group[k] for k in ("word", "weakest", "n", "maps")}}
    row["leader"] = group["leader"] if group["front"] else None
    if group["front"]:
        row["cell"] = a.at((board, line, threads))[group["leader"]].id
    if not group["maps"]:
        row["why"] = "no ranked map has a result here"
    elif not group["front"]:
        row["why"] = (f"n = {group['n']}, {group['maps']} maps need "
                      f"{group['needs']}")
    return row | weakest(a, (board, line, threads))


def weakest(a, at):
    """The ratio of a group's weakest comparison, and what it is a ratio to
    reached; None where there is none."""
    group = a.verdicts[at]
    rival = next((r for r in group["rivals"]
                  if r["map"] == group["weakest"]), {})
    return {k: rival.get(k) for k in ("ratio", "low", "high", "group_low",
                                      "group_high")} | {
        "weakest_mops": a.mops(a.at(at).get(rival.get("map")))}


def winner_alt(rows):
    told = [r["leader"] for r in rows if r["word"] in verdicts.LEADS]
    return "; ".join(f"{m} leads in {words.plural(told.count(m), 'field')}"
                     for m in sorted(set(told))) or "no map leads"


def winner_figure(report, a, where):
    """Fastest of all ranked maps, per board."""
    panels, data = [], []
    for board in a.boards():
        threads, lines = a.threads_of(board), a.lines_of(board)
        rows = [winner_row(a, board, line, t) | {"row": i}
                for i, line in enumerate(lines)
                for t in sorted(a.grid[board][line])]
        data += rows
        marks = topology.marks(a.grid[board][lines[0]], where)
        panels.append(report.panel(
            slug("winner", len(panels)), f"Fastest map: {board.text()}",
            f"Of {words.plural(len(rows), 'field')}: {winner_alt(rows)}.",
            size_of(len(threads), len(lines)), winner_map, rows, threads,
            lines, a.look, title_of(board), marks))
    aside = "".join(f" {chip(a.look, m)} takes no part: {esc(why)}."
                    for m, why in sorted(a.look.aside.items()))
    caption = ("<b>Fastest of all ranked maps.</b> Hue = family, text = the "
               "leader and its ratio in the weakest comparison: to the rival "
               "whose simultaneous interval reaches lowest, which the tool "
               "tip has (the ratio to another one may be lower); "
               "hatched = not told apart. Heavy line: another map leads; thin"
               " line: a lead ends. Bounds and maps that failed verification "
               "take no part." + aside)
    return folded(report, "winner", caption, panels, WINNER_COLUMNS, data)
