# SPDX-License-Identifier: Apache-2.0
"""1 The answer: claim box, decision table, flip map, crossover, winners."""
from report import ranking, topology, words
from report.page import chip, details, esc, none, slug
from report.plot_grid import flip_map, size_of, winner_map

OPEN_BOARDS = 3  # flip maps that are open; the others fold
QUESTION = ("Which map for this workload on this machine, and at which point "
            "would the answer be another one?")
FLIP_COLUMNS = ("workload", "keys", "write_kind", "write_share", "threads",
                "ratio", "low", "high", "n", "verdict", "base_mops", "why")
WINNER_COLUMNS = ("workload", "keys", "write_kind", "write_share", "threads",
                  "first", "second", "lead", "low", "high", "n", "verdict",
                  "tied", "of", "why")


def claim(a, rows, invalid):
    """The sentence, as plain text; verdicts, page and terminal share it."""
    if invalid:
        return invalid
    if not rows:
        return no_ranking(a)
    top = rows[0]
    won, level = top["won"], top["level"]
    if won is None:
        return no_ranking(a)
    if won["n"] < words.RANKING_NEEDS:
        return (f"No ranking: {words.plural(won['n'], 'block')} at "
                f"{top['place']}, a ranking needs {words.RANKING_NEEDS}.")
    text = f"On machine {machine(a)}, at {top['place']}, {first_words(won)}"
    text += (f" {words.sig(level['centre'])} Mop/s "
             f"{words.between(level['low'], level['high'])}")
    if len(won["tied"]) == 1 and won["second"]:
        text += (f", {words.sig(won['lead'])} times "
                 f"{words.between(won['low'], won['high'])} the second, "
                 f"{won['second']}")
    text += pair_words(a, top)
    return text + f" (n = {won['n']} blocks)."


def first_words(won):
    if len(won["tied"]) > 1:
        return (f"{words.joined(sorted(won['tied']))} are not told apart; "
                f"{won['first']} reaches")
    if won["word"] == "alone":
        return f"{won['first']}, the only ranked map with a result, reaches"
    lead = {"clear": "clearly fastest", "small lead": "fastest by a small "
            "lead"}[won["word"]]
    return f"{won['first']} is {lead}: it reaches"


def pair_words(a, row):
    """"; syncmap reaches 8.17 times [..] the throughput of gomap_rw, ..."."""
    pair, base = row["pair"], row["base_level"]
    if pair is None or base is None or pair["low"] is None:
        return ""
    side = row["pair_side"]
    told = "" if side else ", which is not told apart from it"
    return (f"; {a.contender} reaches {words.sig(pair['centre'])} times "
            f"{words.between(pair['low'], pair['high'])} the throughput of "
            f"{a.base}, {words.sig(base['centre'])} Mop/s "
            f"{words.between(base['low'], base['high'], base['reason'])}"
            f"{told}")


def no_ranking(a):
    if not a.campaign.trials:
        return "No ranking: the journal has no trial yet."
    timed = [c.map for c in a.by_measure.get("throughput", [])]
    peers = {m for m in timed if a.peer(m)}
    if peers and peers <= set(a.failed):
        return ("No ranking: every map failed verification "
                f"({words.joined(sorted(peers))}).")
    if not timed:
        return "No ranking: the plan has no throughput cell."
    return "No ranking: no ranked map has a result yet."


def machine(a):
    return str((a.campaign.meta.get("machine") or {}).get("id", "unknown"))


def crossover_words(a, row):
    """Second sentence: where on the way up the two change places."""
    if row is None or not row["crossings"] or row["n"] < words.RANKING_NEEDS:
        return ""
    parts = []
    for c in row["crossings"]:
        name = a.contender if c["ahead"] == "contender" else a.base
        parts.append(f"from {words.sig(c['threads'])} threads on {name}")
    return (f"On the way up {row['ahead']} is ahead first, "
            + words.joined(parts) + " (interpolated).")


def changes(a, rows, head):
    """What would change the answer, from the flip map's fields."""
    board, line, threads = head
    here = next((r for r in rows if r["threads"] == threads
                 and r["write_kind"] == line.kind
                 and r["write_share"] == line.share), None)
    if here is None or not here["side"]:
        return []
    groups = {}
    for r in rows:
        if r["side"] != here["side"] and r["ratio"] is not None:
            key = words.mix_kind(r["write_share"], r["write_kind"]), r["side"]
            groups.setdefault(key, []).append(str(r["threads"]))
    lead = a.base if here["side"] > 0 else a.contender
    return [f"{mix} at {words.joined(t)} thread{'s' * (t != ['1'])} "
            + (f"({lead} ahead)" if side else "(tie or undecided)")
            for (mix, side), t in groups.items()]


def box(a, rows, flips, invalid):
    """The claim box."""
    text = claim(a, rows, invalid)
    if invalid or not rows or rows[0]["won"] is None:
        bad = " bad" if invalid else ""
        return (f'<div class="claim{bad}"><p class="lead" id="claim">'
                f"{esc(text)}</p></div>")
    head = rows[0]["where"]
    more = changes(a, flips, head)
    shown = "; ".join(more[:4]) + (f"; and {len(more) - 4} more rows of the "
                                   "flip map" if len(more) > 4 else "")
    if not more:
        shown = (f"nothing measured here: no field of the flip map at "
                 f"{words.keys(head[0].keys)} keys has another leader")
    cross = crossover_words(a, ranking.crossover_row(a, head[0], head[1]))
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


DECISION = [("workload and threads", "text"), ("fastest", "html"),
            ("Mop/s [95 %]", "num"), ("lead over the second [95 %]", "text"),
            ("confidence", "text"), ("n", "num"), ("pair [95 %]", "html"),
            ("base, Mop/s [95 %]", "num")]


def decision_cells(a, row, html=True):
    """One row of the decision table as text."""
    mark = (lambda m: chip(a.look, m)) if html else str
    won, pair = row["won"], row["pair"]
    base = (words.estimate(row["base_level"]) if row["base_level"]
            else row["pair_why"] or "none")
    if pair is None:
        two = f'not run: {row["pair_why"]}'
    else:
        name = {1: a.contender, -1: a.base, 0: "tie"}[row["pair_side"]]
        if pair["n"] < words.RANKING_NEEDS:
            name = f"n < {words.RANKING_NEEDS}"
        two = f"{name} × {words.estimate(pair)}"
        two = f"<b>{esc(name)}</b> × {esc(words.estimate(pair))}" if html \
            else two
    if won is None:
        return [row["place"], "none", "none", "no ranked map has a result",
                "–", "0", two, base]
    if won["n"] < words.RANKING_NEEDS:
        return [row["place"], "–", "–", "no ranking", won["word"]
                if won["word"] != "alone" else "n < 6", won["n"], two, base]
    lead = "–" if not won["second"] else (
        f"× {words.sig(won['lead'])} {words.between(won['low'], won['high'])}"
        f" {won['second']}")
    ties = [m for m in won["tied"] if m != won["first"]]
    names = " ≈ ".join(mark(m) for m in [won["first"], *ties][:3])
    if len(ties) > 2:
        names += f" ≈ {len(ties) - 2} more"
    said = words.phrase(won["word"], won["mde"])
    return [row["place"], names, words.estimate(row["level"]), lead, said,
            won["n"], two, base]


def decision_columns(a):
    """Headings that name the pair and the base."""
    columns = list(DECISION)
    columns[6] = f"{a.contender} ÷ {a.base}: who leads [95 %]", "html"
    columns[7] = f"{a.base}, Mop/s [95 %]", "num"
    return columns


def flip_figure(report, a, where, hue):
    """Flip maps of every board; the first ones open."""
    panels, rows = [], []
    for board in a.boards():
        part = ranking.flips(a, board)
        rows += part
        threads, lines = a.threads_of(board), a.lines_of(board)
        marks = topology.marks(a.grid[board][lines[0]], where)
        title = f"{board.workload}, {words.keys(board.keys)} keys"
        extra = [board.dist] * (board.dist != "uniform") + [
            board.placement] * (board.placement != "cores") + [
            board.shape] * (board.shape != "u64x8")
        title = ", ".join([title, *extra])
        panels.append(report.panel(
            slug("flip", len(panels)), f"Flip map: {board.text()}",
            flip_alt(a, part, hue), size_of(threads, lines) if False else
            size_of(len(threads), len(lines)), flip_map, part, threads,
            lines, (a.base, a.contender), a.look, title, marks, hue))
    colours = (f"Hue: the faster map ({chip(a.look, a.base)} or "
               f"{chip(a.look, a.contender)}), deeper = further apart (× 1.5,"
               " × 4). Hatched and thin: tie or undecided. The heavy line is "
               "the flip." if hue else
               '<b class="warn">No hue: a control failed.</b>')
    caption = (f"<b>Where the ranking flips between {a.base} and "
               f"{a.contender}.</b> Each field: throughput of {a.contender} ÷"
               f" {a.base}, paired by block, and its 95 % interval; the "
               f"absolute value of {a.base} is in the tool tip and the CSV. "
               + colours)
    return folded(report, "flip", caption, panels, FLIP_COLUMNS, rows), rows


def flip_alt(a, rows, hue):
    """Text alternative, from the rows."""
    known = [r for r in rows if r["ratio"] is not None]
    if not known:
        return "No field was measured."
    if not hue:
        return f"{len(known)} ratios, no winner: a control failed."
    low = min(known, key=lambda r: r["ratio"])
    high = max(known, key=lambda r: r["ratio"])
    ahead = sum(r["side"] > 0 for r in known)
    behind = sum(r["side"] < 0 for r in known)
    return (f"{a.contender} ahead in {ahead} of {len(known)} measured fields,"
            f" {a.base} in {behind}; from {words.sig(low['ratio'])} to "
            f"{words.sig(high['ratio'])} times {a.base}.")


def folded(report, key, caption, panels, columns, rows):
    """First boards open, the rest under one line to open."""
    figure = report.figure(key, caption, panels[:OPEN_BOARDS], columns, rows,
                           "m")
    rest = panels[OPEN_BOARDS:]
    if rest:
        figure += details(f"{len(rest)} more: other sizes and workloads",
                          f'<div class="panels m">{"".join(rest)}</div>')
    return figure


def winner_figure(report, a, where, hue):
    """Fastest of all ranked maps, per board."""
    panels, data = [], []
    for board in a.boards():
        threads, lines = a.threads_of(board), a.lines_of(board)
        rows = []
        for i, line in enumerate(lines):
            for t, cells in sorted(a.grid[board][line].items()):
                won = ranking.winner(a, cells)
                why = "no ranked map has a result here" if won is None else ""
                rows.append({"row": i, "threads": t, "won": won, "why": why
                             or won["word"]})
                data.append({
                    "workload": board.workload, "keys": board.keys,
                    "write_kind": line.kind, "write_share": line.share,
                    "threads": t, "why": why} | ({} if won is None else {
                        **won, "verdict": won["word"],
                        "tied": " ".join(won["tied"])}))
        marks = topology.marks(a.grid[board][lines[0]], where)
        told = [r["won"] for r in rows if r["won"] and r["won"]["word"] in
                ("clear", "small lead") and len(r["won"]["tied"]) == 1]
        firsts = {m: sum(w["first"] == m for w in told)
                  for m in sorted({w["first"] for w in told})}
        alt = "; ".join(f"{m} alone in front in {n} fields"
                        for m, n in firsts.items()) or "no single winner"
        panels.append(report.panel(
            slug("winner", len(panels)), f"Fastest map: {board.text()}",
            f"Of {len(rows)} fields: {alt}.",
            size_of(len(threads), len(lines)), winner_map, rows, threads,
            lines, a.look, f"{board.workload}, {words.keys(board.keys)} keys",
            marks, hue))
    aside = "".join(f" {chip(a.look, m)} takes no part: {esc(why)}."
                    for m, why in sorted(a.look.aside.items()))
    caption = ("<b>Fastest of all ranked maps.</b> Hue = family, text = map "
               "and its lead over the second; hatched = not told apart. "
               "Bounds and maps that failed verification take no part."
               + aside)
    return folded(report, "winner", caption, panels, WINNER_COLUMNS, data)


def crossover_table(report, a):
    """Thread counts from which the contender is ahead."""
    rows = []
    for board in a.boards():
        for line in a.lines_of(board):
            row = ranking.crossover_row(a, board, line)
            if row:
                rows.append([
                    f"{line.text()}, {words.keys(board.keys)} keys, "
                    f"{board.workload}", ranking.crossover_text(a, row),
                    ranking.crossover_interval(row),
                    ranking.clear_text(a, row), row["n"]])
    if not rows:
        return none("a crossover needs two thread counts at which both "
                    f"{a.base} and {a.contender} have results")
    table = report.table(
        "crossover", f"Crossover: threads from which the other of "
        f"{a.base} and {a.contender} is ahead", [
            ("mix and keys", "text"), ("crossover, threads", "num"),
            ("95 % interval", "num"), ("first lasting lead at", "num"),
            ("n", "num")], rows[:24])
    note = ("<p>Between measured counts the crossover is interpolated on "
            "log₂ threads; the interval resamples blocks. It is never "
            "extrapolated: outside the measured range the row says who is "
            "ahead throughout.</p><p>Ties stay ties: a hatched field is no "
            "weak win.</p>")
    if len(rows) > 24:
        note += f"<p>{len(rows) - 24} more rows are in the flip CSV.</p>"
    return f'<div class="two"><div>{table}</div><div>{note}</div></div>'


def add(report, a, where, invalid):
    """Writes the section; returns (claim sentence, decision rows)."""
    places = ranking.decision_places(a)
    rows = [ranking.decision(a, p) for p in places[:ranking.DECISION_ROWS]]
    sentence = claim(a, rows, invalid)
    if not a.grid or a.contender is None or a.base is None:
        report.section("answer", "1 The answer", QUESTION,
                       f'<div class="claim"><p class="lead" id="claim">'
                       f"{esc(sentence)}</p></div>",
                       none(short_of(a)))
        return sentence, []
    figure, flips = flip_figure(report, a, where, hue=not invalid)
    parts = [box(a, rows, [r for r in flips if same_board(r, rows)], invalid)]
    if not invalid:
        caption = (f"Decision table, machine {esc(machine(a))}. Tied maps are"
                   f" all named; {len(places)} rows of "
                   f"{sum(1 for _ in a.groups())} cell groups chosen by rule "
                   "(headline, thread counts, write kinds, sizes, other "
                   "workloads), all in ranking.csv.")
        parts.append(report.table("decision", caption, decision_columns(a),
                                  [decision_cells(a, r) for r in rows],
                                  css="decision"))
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
