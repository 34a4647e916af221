# SPDX-License-Identifier: Apache-2.0
"""8 Validity: noise, controls, verification, what did not run, resolution."""
import statistics

from report import (checks, disturbed, quality, repeat_budget, stats, trust, verdicts,
                    words)
from report.page import chip, details, esc, filter_box, none
from report.plot_rows import controls, height
from report.plot_trials import LANES, repeats, strip, strip_size

QUESTION = ("Would this run have noticed a 2 % difference, and would it have "
            "invented one?")
OK = "<b>✓ ok</b>"
FULL_TABLE = 1500  # cells; above it the table lists exceptions only
PLACES = 3  # so many are named, more are counted
MIX_LIMIT = 6  # standard errors; the runner voids beyond
HIT_LIMIT = 0.5  # per cent of lookups
NOTICED = 2  # per cent: the difference that the section asks about


def bad(word):
    return f'<b class="warn">✗ {word}</b>'


STRIP = ("trial", "block", "round", "map", "threads", "measure", "attempt",
         "status", *(member for member, _, _, _ in LANES))


def trust_table(report, found):
    """The questions that the word of the first screen answers."""
    return report.table("trust", "May one act on the answer? The word of the "
                        f"first screen is the worst of these: <b>"
                        f"{found['word']}</b>", trust.COLUMNS,
                        trust.rows(found))


def strip_alt(noise):
    """Text alternative of the strip, from its arrays."""
    again = len(noise) - int(noise.last.sum())
    told = [f"{words.plural(len(noise) - again, 'trial')}"
            + (f" and {words.plural(again, 'repetition')}" if again else "")
            + " in the order they ran"]
    ends = noise.speeds()
    if ends is not None:
        told.append(f"CPU speed {words.sig(ends[0])} to {words.sig(ends[1])} "
                    "additions per ns " + quality.speed_range(noise))
    waiting, known = noise.waits()
    told.append("threads with a CPU each waited for it in more than "
                f"{quality.WAITS} % of the window in "
                + words.part(waiting, known))
    told.append("steal in " + words.part(*noise.taken()))
    return "; ".join(told) + "."


def repeats_words(again):
    """Of the maps with repeated trials, for the caption."""
    if not again:
        return "No trial was measured again."
    red = any(r["unequal"] for r in again)
    return ("Counts are of last attempts, the strip has every one." + (
        " Red rows: a contrast of the map is marked below." if red else ""))


def noise_figure(report, a, noise):
    """One tick per trial, and what was repeated."""
    if not len(noise):
        return none("a strip of the campaign: no trial was started")
    rows, maps = noise.rows(), quality.map_rows(a, noise)
    panels = [report.panel("strip", "The campaign in the order it ran",
                           strip_alt(noise), strip_size(), strip, rows)]
    again = maps if any(r["repeated"] for r in maps) else []
    if again:
        told = ", ".join(
            f"{r['map']} {words.part(r['repeated'], r['places'])}"
            for r in again)
        panels.append(report.panel(
            "repeats", "Trials measured again", f"{told}.",
            (430, height(len(again))), repeats, again))
    caption = (
        "<b>What disturbed the trials.</b> CPU speed: dependent additions per"
        " ns of the first thread's CPU, mean of before and after the window. "
        "Waiting: time on the run queue, all threads together; it counts from"
        " the window's barriers, so that it may pass 100 %. Steal: what the "
        "hypervisor took. All are recorded and shown; no trial is dropped for its"
        f" value; of one whose threads lost more than {quality.WAITS} % of "
        "their time to others the last attempt counts. " + repeats_words(again))
    figure = report.figure("strip", caption, panels, STRIP, rows, "l")
    return (figure + budget_line(a) + uneven_contrasts(report, a)
            + map_table(report, a, maps))


def budget_line(a):
    """What the budget of repeats left disturbed, and what that makes of the
    ratios; docs/adr/0029."""
    told = []
    if quality.budget_words(a):
        told.append(f"{quality.budget_words(a)}, {spent(a)}.")
    if quality.machine_words(a):
        told.append(f"{quality.machine_words(a)}, not of one that nobody else "
                    "uses.")
    return f'<p class="warn">{esc(" ".join(told))}</p>' if told else ""


def spent(a):
    """Where the budget of repeats was spent, and how much of it in all."""
    told, share = a.campaign.budget, repeat_budget.share(
        a.campaign.cells.values())
    part = "" if share is None else (
        f", {words.percent(100 * share, 2)} of the trials of the rounds "
        "begun,")
    rounds = len(a.campaign.rounds)
    most = repeat_budget.most(a.campaign)
    return (f"{words.count(told.in_vain)} of them repeated in vain: the "
            f"budget of repeats{part} was spent in "
            f"{words.count(len(told.spent))} of "
            f"{words.plural(rounds, 'round')}; {words.count(told.made)} of "
            f"at most {words.plural(most, 'repeat')} "
            f"{'was' if told.made == 1 else 'were'} made")


def uneven_contrasts(report, a):
    """Contrasts whose sides were repeated in unequal shares."""
    rows = quality.contrasts(a)
    if not rows:
        return ""
    link = report.data("repeats", list(rows[0]), rows)
    marked = [r for r in rows if r["unequal"]]
    text = (f"<p>{words.part(len(marked), len(rows))} contrasts have sides "
            "that were measured again in shares more than a factor of two "
            "apart: read those ratios with care. A single repetition marks "
            f"none. {link}.</p>")
    if not marked:
        return text
    body = [[chip(a.look, r["first"]), chip(a.look, r["second"]),
             f"{r['first_repeated']} : {r['second_repeated']}", r["n"],
             f"<code>{esc(r['first_cell'])}</code>"] for r in marked]
    return text + details(
        f"⚠ {words.plural(len(marked), 'contrast')} repeated unevenly",
        report.table("repeats-uneven", "Contrasts whose sides were measured "
                     "again in unequal shares", [
                         ("one side", "html"), ("other side", "html"),
                         ("measured again", "num"), ("blocks", "num"),
                         ("cell of the one", "html")], body))


def map_table(report, a, maps):
    """What disturbed the trials of each map: is it the same for all?"""
    part = lambda r, some, of: words.part(r[some], r[of]) if r[of] else "–"
    body = [[chip(a.look, r["map"]), part(r, "repeated", "places"),
             part(r, "disturbed", "judged"),
             part(r, "waited", "waiting_known"),
             part(r, "uneven", "even_known"),
             "–" if r["least_even"] is None else words.sig(r["least_even"])]
            for r in maps]
    return details("The same by map", report.table(
        "noise", "Trials that were disturbed, by map; disturbed: of the "
        "timed trials that count and are judged; waiting: of the "
        f"{quality.WAITING}; evenness: of timed trials with a CPU per thread "
        "whose loop is closed", [
            ("map", "html"), ("measured again", "num"), ("disturbed", "num"),
            (f"waited > {quality.WAITS} % of the window", "num"),
            (f"slowest ÷ fastest thread < {checks.EVEN}", "num"),
            ("least even", "num")], body))


def control_figure(report, rows):
    told = "; ".join(f"{r['name']}: {r['word']}" + (
        f" ({r['why']})" if r["why"] else "") for r in rows)
    panel = report.panel("controls", "Controls", f"{told}.",
                         (430, height(len(rows), 70) + 14 * len(rows)),
                         controls, rows)
    drift = next(r for r in rows if not r["control"])
    arms = any(r["name"].startswith(("A/A", "+2")) for r in rows)
    caption = (
        "<b>Controls and drift of this run.</b> Shaded: declared limits; "
        f"{100 * checks.LEVEL:.0f} % interval over rounds. A control is ok "
        "where its interval lies within, fails where it lies wholly outside, "
        "and then no ranking is printed; it cannot decide below "
        f"{stats.RANKING_NEEDS} rounds that it can use. Of sound controls one "
        "in twenty may fail. + is slower, as costs are compared. Drift is "
        "shown, not judged: the maps of a ratio run in one round. Here it is "
        f"of {words.plural(drift['n'], 'round')} with "
        f"{words.plural(drift['trials'], 'undisturbed trial')} of "
        f"{words.plural(drift['cells'], 'cell')}."
        + ("" if arms else " This campaign has no A/A and no +2 % arm: those "
           "controls belong to <code>make regress</code>."))
    return report.figure("controls", caption, [panel], (
        "name", "percent", "low", "high", "limit_low", "limit_high", "n",
        "word", "why"), rows, "l", side=True)


def verification_table(report, a):
    """Per map: verify trials and the sums of every timed trial."""
    per = {}
    for cell in a.campaign.cells.values():
        row = per.setdefault(cell.map, {"verify": [0, 0], "timed": [0, 0],
                                        "simulated": [0, 0], "writes": 0,
                                        "early": 0})
        for trial in cell.trials:
            got = (trial.get("result") or {}).get("verification")
            if not got or trial["status"] == "void":
                continue
            kind = row[cell.measure if cell.measure == "verify" else
                       "simulated" if cell.measure.startswith("simulated:")
                       else "timed"]
            kind[got.get("status") != "ok"] += 1
            row["writes"] += got.get("written") or 0
            row["early"] += bool(got.get("stopped_early"))
    rows, modelled = [], any(sum(r["simulated"]) for r in per.values())
    for name in sorted(per, key=lambda m: (m not in a.failed, m)):
        r = per[name]
        early = f" ({r['early']} stopped early)" if r["early"] else ""
        rows.append([chip(a.look, name),
                     f"{r['verify'][0]} of {sum(r['verify'])}{early}",
                     words.count(r["writes"]),
                     f"{words.count(r['timed'][0])} of "
                     f"{words.count(sum(r['timed']))}"]
                    + [f"{words.count(r['simulated'][0])} of "
                       f"{words.count(sum(r['simulated']))}"] * modelled
                    + [verified(a, name, r)])
    failed = (f"{words.plural(len(a.failed), 'map')} failed and took no part "
              "in any ranking" if a.failed else "no map failed")
    return report.table(
        "verification", f"Verification: {failed}; void trials are left out", [
            ("map", "html"), ("verify trials right", "num"),
            ("writes accounted for", "num"), ("timed trials right", "num"),
            *[("simulated trials right", "num")] * modelled,
            ("state", "html")], rows)


def verified(a, name, row):
    """The word for a map's answers: of one that holds nothing no write was
    looked for."""
    if name in a.failed:
        return bad(f"FAILED: {esc(a.failed[name])}")
    if not sum(row["verify"] + row["timed"] + row["simulated"]):
        return '<span class="warn">not verified: no result</span>'
    return OK if sum(row["verify"]) or row["writes"] else "nothing to verify"


def check_rows(a, noise):
    """(quantity, value, limit, state) of what trials tell of themselves."""
    rows = []
    off, seen = checks.misplaced(a)
    rows.append(["trials with every thread on its planned CPU",
                 words.part(seen - off, seen), "all",
                 OK if not off else bad("not met")])
    for name, got in checks.worst_mix(a).items():
        if got:
            rows.append([f"{name.replace('_', ' ')}, achieved − asked less "
                         "one draw, worst",
                         f"{words.sig(got[0], 2)} standard errors "
                         f"({got[1].map})", f"≤ {MIX_LIMIT} standard errors",
                         OK if got[0] <= MIX_LIMIT else bad("not met")])
    hits = checks.absent_hits(a)
    if hits:
        where = f" ({hits[1].map})" if hits[0] else ""
        rows.append(["lookups that missed a resident key, worst",
                     f"{words.percent(hits[0])}{where}",
                     f"≤ {HIT_LIMIT} %, fresh and churn only",
                     OK if hits[0] <= HIT_LIMIT else bad("not met")])
    return (rows + even_rows(a) + steady_rows(a) + floor_rows(a)
            + noise_rows(a, noise))


def even_rows(a):
    """Threads that got less done than their neighbours: of all timed trials
    of closed loops, and of the headline's."""
    head = {c.id for c in a.at(a.headline()).values()}
    rows, every = [], list(checks.evenness(a))
    for name, found in (("all", every), ("headline cells", [
            (c, e) for c, e in every if c.id in head])):
        if not found:
            continue
        uneven = sum(e < checks.EVEN for _, e in found)
        cell, least = min(found, key=lambda f: f[1])
        rows.append([
            "timed closed-loop trials whose slowest thread did less than "
            f"{checks.EVEN} of its fastest's operations, a CPU each: {name}",
            f"{words.part(uneven, len(found))}; least {words.sig(least)} "
            f"({cell.map})", "no trial", bad(
                f"{words.plural(uneven, 'trial')} below") if uneven else OK])
    return rows


def steady_rows(a):
    """Programs whose code may still have been compiled in the window: a rate
    of theirs is of less than their map can."""
    every = list(checks.steady(a))
    late = [cell for cell, steady in every if not steady]
    told = words.part(len(every) - len(late), len(every))
    each = [(name, [c.id for c in late if c.map == name])
            for name in dict.fromkeys(c.map for c in late)]
    if late:
        told += "; not: " + ", ".join(
            f"{words.count(len(ids))} of {name} in "
            f"{words.plural(len(set(ids)), 'cell')}" for name, ids in each)
    return [["warm-ups that ended steady, of programs that are compiled while "
             "they run", told, "all", bad(
                 f"{words.count(len(late))} not met") if late else OK]
            ] if every else []


def floor_row(a, head, name):
    """One floor; `name` is the program's where it has none."""
    floor = a.level(a.at(head).get(name))
    told = f"{name}: the driver alone, headline cell"
    if not floor:
        return [told, "not run", "shown, never subtracted", bad("no floor")]
    ns = 1e3 * head[2] / floor["centre"]
    return [told, f"{words.sig(ns)} ns per operation and thread",
            "shown, never subtracted", "–"]


def floor_rows(a):
    """What the driver alone costs, in each language, beside the fastest map
    of each group."""
    head, shares = a.headline(), checks.driver_shares(a)
    rows = [floor_row(a, head, floor or program)
            for program, floor in a.floors.items()]
    if not shares:
        return rows
    own = [r for r in shares if r["where"] == head]
    told = (f"{words.percent(shares[0]['percent'])} ({shares[0]['map']}, "
            f"{a.place(shares[0]['where'])})")
    worst = disturbed.told(shares[0]["cells"], "its")
    if worst:
        told += f": {worst}"
    if own:
        told += f"; headline {words.percent(own[0]['percent'])}"
    told += floorless_words(a)
    rows.append([f"driver's share of the fastest map's time, worst of "
                 f"{words.plural(len(shares), 'cell group')}", told,
                 f"≤ {checks.DRIVER_LIMIT} %", over_limit(shares)])
    return rows


def floorless_words(a):
    """Of groups that have no such share; a few by their place."""
    lost = checks.floorless(a)
    if not lost:
        return ""
    return (f"; not known in {words.count(len(lost))} more, without a floor's "
            "result" + (": " + "; ".join(f"({a.place(w)})" for w in lost)
                        if len(lost) <= PLACES else ""))


def over_limit(shares):
    """How many shares are over the limit. Of trials that others disturbed the
    larger share may be theirs: there it is not known."""
    over = [r for r in shares if r["percent"] > checks.DRIVER_LIMIT]
    sure = sum(not follows_others(r["cells"]) for r in over)
    told = [f"{words.count(sure)} of {words.count(len(shares))} over the "
            "limit"] if sure else []
    if len(over) > sure:
        told.append(f"{words.count(len(over) - sure)} of "
                    f"{words.count(len(shares))} not known: above it in "
                    "disturbed trials")
    return bad(", ".join(told)) if told else OK


def follows_others(cells):
    """Were so many trials of one of the cells disturbed that its centre
    follows them?"""
    return any(some > quality.BROKEN * of for cell in cells
               for some, of in [disturbed.some_of([cell])])


def noise_rows(a, noise):
    """Speed, waiting and steal: one denominator, all trials started."""
    ends, (waiting, known) = noise.speeds(), noise.waits()
    taken, readable = noise.taken()
    limit, again = "recorded, none dropped", "what others took is repeated"
    rows = [] if ends is None else [
        ["speed of the first thread's CPU, from the slowest to the fastest "
         "hundredth of the trials", f"{words.sig(ends[0])} to "
         f"{words.sig(ends[1])} additions per ns: × "
         f"{words.sig(ends[1] / ends[0])}", limit, "–"]]
    rows.append(["trials whose threads, with a CPU each, waited for it in "
                 f"more than {quality.WAITS} % of the window, also void ones "
                 "and verification",
                 words.part(waiting, known) if known else "not readable",
                 again, "–"])
    stayed = disturbed.stayed(a)
    if stayed[0]:
        rows.append(["timed trials that count, are judged and were disturbed "
                     "by others", stayed_words(a, *stayed),
                     "repeated, within a budget", "–"])
    rows.append(["trials while the hypervisor took time (steal)",
                 words.part(taken, readable) if readable else "not readable",
                 limit, "–"])
    return rows


def stayed_words(a, some, of):
    """Trials that others disturbed: what repeats did for them, and how many
    more may be so, as nobody asked."""
    vain, rest = disturbed.in_vain(a), disturbed.unjudged(a)
    told = (f"{words.part(some, of)}: {words.count(vain)} repeated in vain, "
            f"{words.count(some - vain)} never repeated")
    return told + (f"; {words.count(rest)} more not judged (repeat-wait 0)"
                   if rest else "")


def lost_table(report, a):
    """Trials that do not count, those of one reason in one row."""
    groups = {}
    for cell, block, status, reason in checks.lost_trials(a):
        groups.setdefault((cell.map, cell.measure, status, reason),
                          []).append((cell.id, block))
    if not groups:
        return "<p>No trial that was started is void or failed.</p>"
    rows = []
    for (name, measure, status, reason), where in sorted(groups.items()):
        cells = {c for c, _ in where}
        place = (f"<code>{esc(where[0][0])}</code>, block {where[0][1] + 1}"
                 if len(where) == 1 else words.plural(len(cells), "cell"))
        rows.append([chip(a.look, name), measure, status, len(where), place,
                     reason])
    total = sum(len(w) for w in groups.values())
    return report.table(
        "lost", f"Without a value: {words.plural(total, 'trial')}, void, "
        "failed or not started, by reason", [
            ("map", "html"), ("measure", "text"), ("status", "text"),
            ("trials", "num"), ("where", "html"), ("reason", "text")], rows,
        css="why")


def without_result(report, a):
    """Cells that have no result, grouped by reason: none is blank."""
    groups = {}
    for cell in a.campaign.cells.values():
        if not cell.ok:
            groups.setdefault((cell.state, cell.measure, cell.reason),
                              []).append(cell)
    if not groups:
        return "<p>Every planned cell has a result.</p>"
    rows = [[measure, state, len(cells), chips(a, cells), reason]
            for (state, measure, reason), cells in sorted(groups.items())]
    total = sum(len(c) for c in groups.values())
    return report.table(
        "excluded", f"Cells without a result: {words.count(total)} of "
        f"{words.count(len(a.campaign.cells))} (each by its id in the table "
        "of all cells)", [("measure", "text"), ("state", "text"),
                          ("cells", "num"), ("maps", "html"),
                          ("reason", "text")], rows, css="why")


def chips(a, cells):
    """The maps of some cells, each once."""
    return " ".join(chip(a.look, m) for m in sorted({c.map for c in cells}))


def cell_rows(a):
    """Every planned cell, measured or with a reason."""
    for cell in a.campaign.cells.values():
        level = a.level(cell)
        yield {"cell": cell.id, "measure": cell.measure, "state": cell.state,
               "planned": 0 if cell.skip else cell.blocks, "n": len(cell.ok),
               "mops": level and level["centre"],
               "low": level and level["low"],
               "high": level and level["high"], "reason": cell.reason or
               (level and level["reason"]) or ""}


def all_cells(report, a):
    """The full table, folded; the CSV always has every cell."""
    rows = list(cell_rows(a))
    link = report.data("cells", list(rows[0]) if rows else ("cell",), rows)
    shown = rows if len(rows) <= FULL_TABLE else [
        r for r in rows if r["state"] != "measured"]
    body = [[f"<code>{esc(r['cell'])}</code>", f"{r['n']} of {r['planned']}",
             words.sig(r["mops"]) + " " + words.between(
                 r["low"], r["high"], r["reason"])
             if r["mops"] else r["state"],
             "" if r["n"] else r["reason"]] for r in shown]
    why = ("" if len(shown) == len(rows) else f" Only the {len(shown)} "
           "without a result are shown; all are in the CSV.")
    table = report.table(
        "all-cells", f"All {words.plural(len(rows), 'planned cell')}.{why}",
        [("cell", "html"), ("n", "num"), ("Mop/s [95 %] or state", "num"),
         ("reason", "text")], body, sort=True,
        ids=[r["cell"] for r in shown]) if body else ""
    find = filter_box("all-cells", "cells", "syncmap /t2/ throughput") \
        if body else ""
    return details(f"All {words.plural(len(rows), 'planned cell')}, measured "
                   "or with a reason", f"<p>{link}</p>", find, table)


def mde_rows(a):
    """MDE of every ratio to the base that has an interval."""
    for board in a.boards():
        for line in a.lines_of(board):
            for threads, cells in sorted(a.grid[board][line].items()):
                for name, cell in sorted(cells.items()):
                    pair = a.ratio(cells.get(a.base), cell)
                    if pair is None or name == a.base or not a.peer(name):
                        continue
                    ends = pair["low"], pair["high"]
                    mde = verdicts.smallest_seen(pair["centre"], ends, ends,
                                                 1)
                    yield {"map": name, "threads": threads, "n": pair["n"],
                           "place": f"{line.text()}, {board.text()}",
                           "mde_percent": mde and 100 * mde - 100,
                           "cell": cell.id, "base": a.base, "why":
                           pair["reason"] or ("every block has the same "
                                              "ratio" if mde == 1 else "")}


def resolution(report, a):
    """Would a 2 % difference have been noticed? In words, then by n."""
    rows = list(mde_rows(a))
    if not rows:
        return none("a minimum detectable effect (MDE) needs blocks with a "
                    f"result of a map and of {esc(a.base or 'the base')}")
    link = report.data("mde", list(rows[0]), rows)
    by_n = {}
    for r in rows:
        by_n.setdefault(r["n"], []).append(r)
    return report.table(
        "resolution", "Minimum detectable effect (MDE) of the ratios to "
        f"{esc(a.base)}, by number of blocks: the smallest difference that "
        "would have been told from none 19 times of 20, one comparison at a "
        "time; to be called a lead it has to be larger by the margin of "
        f"{100 * verdicts.MARGIN - 100:.2g} %", [
            ("n", "num"), ("ratios", "num"), ("best MDE", "num"),
            ("median", "num"), ("worst", "num"),
            (f"resolve {NOTICED} %", "num"), ("without an MDE", "text")],
        [resolution_row(n, found) for n, found in sorted(by_n.items())]
    ) + f"<p>{link}</p>"


def resolution_row(n, found):
    """Ratios of n blocks: those with a spread, and why not the others."""
    mdes = sorted(r["mde_percent"] for r in found if r["mde_percent"])
    why = {}
    for r in found:
        if not r["mde_percent"]:
            why[r["why"]] = why.get(r["why"], 0) + 1
    told = "; ".join(f"{words.count(k)}: {w.replace('<', ' < ')}"
                     for w, k in sorted(why.items()))
    if not mdes:
        return [n, len(found), "–", "–", "–", "–", told]
    return [n, len(found), words.seen(mdes[0]),
            words.seen(statistics.median(mdes)), words.seen(mdes[-1]),
            words.part(sum(m <= NOTICED for m in mdes), len(mdes)), told]


def answer(a, rows):
    """The section's question, answered first."""
    mdes = [r["mde_percent"] for r in mde_rows(a) if r["mde_percent"]]
    able = sum(m <= NOTICED for m in mdes)
    said = "<b>Not known</b>: no ratio has an interval"
    if mdes:
        word = "No" if not able else (
            "Yes" if able == len(mdes) else "In part")
        said = (f"<b>{word}</b>: {words.part(able, len(mdes))} ratios to "
                f"{esc(a.base)} would have told a difference of {NOTICED} % "
                f"from none; smallest one told (MDE): {words.seen(min(mdes))} "
                f"at best, median {words.seen(statistics.median(mdes))}")
    few = quality.unranked(a)
    idle = "" if not few else (
        "<p>Too few blocks to rank anything: " + "; ".join(
            f"{esc(name)} (n = {n})" for name, n in sorted(few.items()))
        + ". These cells show that the maps run and are verified.</p>")
    return (f'<p class="lead">{said}.</p>'
            f"<p>{esc(quality.line(a, rows))}</p>{idle}")


def add(report, a, control_rows, found):
    broken = "".join(f"<li>{esc(p)}</li>" for p in
                     a.campaign.problems[:30])
    journal = (f'<p class="warn">The journal has problems '
               f"({len(a.campaign.problems)}):</p><ul class='text'>{broken}"
               "</ul>" if broken else "<p>The journal is whole: no torn, "
               "unreadable, unplanned or duplicate line.</p>")
    noise = quality.noise_of(a)
    parts = [answer(a, control_rows), trust_table(report, found),
             noise_figure(report, a, noise),
             control_figure(report, control_rows),
             report.table("checks", "What the trials tell of themselves",
                          [("quantity", "text"), ("value", "text"),
                           ("limit", "text"), ("state", "html")],
                          check_rows(a, noise)),
             f"<p>{esc(quality.counts_line(a))}</p>", lost_table(report, a),
             verification_table(report, a), resolution(report, a),
             without_result(report, a), journal, all_cells(report, a)]
    report.section("validity", "8 Validity", QUESTION, *parts)
