# SPDX-License-Identifier: Apache-2.0
"""8 Validity: controls, verification, what did not run, resolution."""
import statistics

from report import checks, words
from report.page import chip, details, esc, filter_box, none
from report.plot_rows import controls, detectable, height

QUESTION = ("Would this run have noticed a 2 % difference, and would it have "
            "invented one?")
OK = "<b>✓ ok</b>"
FULL_TABLE = 1500  # cells; above it the table lists exceptions only
MIX_LIMIT = 6  # standard errors; the runner voids beyond
HIT_LIMIT = 0.5  # per cent of lookups


def bad(word):
    return f'<b class="warn">✗ {word}</b>'


def control_figure(report, rows):
    told = "; ".join(f"{r['name']}: {r['word']}" for r in rows)
    panel = report.panel("controls", "Controls", f"{told}.",
                         (430, height(len(rows), 70) + 14 * len(rows)),
                         controls, rows)
    arms = any(r["name"].startswith(("A/A", "+2")) for r in rows)
    caption = (
        "<b>Controls and drift of this run.</b> Shaded: declared limits; 99 %"
        " interval. A control fails when its interval lies wholly outside; "
        "then no ranking is printed. Drift is shown, not judged: ratios are "
        "paired by block."
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
            if not got:
                continue
            kind = row[cell.measure if cell.measure == "verify" else
                       "simulated" if cell.measure.startswith("simulated:")
                       else "timed"]
            kind[got.get("status") != "ok"] += 1
            row["writes"] += got.get("written") or 0
            row["early"] += bool(got.get("stopped_early"))
    rows = []
    for name in sorted(per, key=lambda m: (m not in a.failed, m)):
        r = per[name]
        if name in a.failed:
            state = bad(f"FAILED: {esc(a.failed[name])}")
        elif sum(r["verify"] + r["timed"] + r["simulated"]) == 0:
            state = '<span class="warn">not verified: no result</span>'
        else:
            state = OK
        early = f" ({r['early']} stopped early)" if r["early"] else ""
        rows.append([chip(a.look, name),
                     f"{r['verify'][0]} of {sum(r['verify'])}{early}",
                     words.count(r["writes"]),
                     f"{words.count(r['timed'][0])} of "
                     f"{words.count(sum(r['timed']))}",
                     f"{words.count(r['simulated'][0])} of "
                     f"{words.count(sum(r['simulated']))}", state])
    failed = (f"{words.plural(len(a.failed), 'map')} failed and took no part "
              "in any ranking" if a.failed else "no map failed")
    return report.table(
        "verification", f"Verification: {failed}", [
            ("map", "html"), ("verify trials right", "num"),
            ("writes accounted for", "num"), ("timed trials right", "num"),
            ("simulated trials right", "num"),
            ("state", "html")], rows)


def check_rows(a):
    """(quantity, value, limit, state) of what trials tell of themselves."""
    rows = []
    off, seen = checks.misplaced(a)
    rows.append(["trials with every thread on its planned CPU",
                 f"{words.count(seen - off)} of {words.count(seen)}", "all",
                 OK if not off else bad("not met")])
    for name, got in checks.worst_mix(a).items():
        if got:
            rows.append([f"{name.replace('_', ' ')}, achieved − asked, worst",
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
    even = checks.fairness(a)
    if even:
        rows.append(["slowest ÷ fastest thread, least even trial whose "
                     "threads have a CPU each",
                     f"{words.sig(even[0])} ({even[1].map}, "
                     f"{words.plural(even[1].threads, 'thread')})", "≥ 0.8",
                     OK if even[0] >= 0.8 else bad("not met")])
    rows += floor_rows(a)
    steal = [t.get("steal_ticks") for _, t in checks.finished(a)]
    known = [s for s in steal if s is not None]
    rows.append(["trials while the hypervisor took time (steal)",
                 f"{sum(s > 0 for s in known)} of {len(known)}" if known
                 else "not readable", "recorded, none dropped", "–"])
    return rows


def floor_rows(a):
    """What the driver alone costs, beside the fastest map."""
    head = a.headline()
    cells = a.at(head)
    floor = a.level(cells.get("null_map"))
    if floor is None:
        return [["null_map: the driver alone", "not run",
                 "shown, never subtracted", bad("no floor")]]
    ns = lambda mops: 1e3 * head[2] / mops
    best = max((a.mops(c) for m, c in cells.items() if a.peer(m) and c.ok),
               default=None)
    value = f"{words.sig(ns(floor['centre']))} ns per operation and thread"
    rows = [["null_map: the driver alone, headline cell", value,
             "shown, never subtracted", "–"]]
    if best:
        share = 100 * best / floor["centre"]
        rows.append(["driver's share of the fastest map's time",
                     words.percent(share), "≤ 20 %",
                     OK if share <= 20 else bad("not met")])
    return rows


def lost_table(report, a):
    """Trials that do not count, those of one reason in one row."""
    groups = {}
    for cell, block, status, reason in checks.lost_trials(a):
        groups.setdefault((cell.map, cell.measure, status, reason),
                          []).append((cell.id, block))
    if not groups:
        return ("<p>No trial that was started is void or failed; none was "
                "dropped for its value.</p>")
    rows = []
    for (name, measure, status, reason), where in sorted(groups.items()):
        cells = {c for c, _ in where}
        place = (f"<code>{esc(where[0][0])}</code>, block {where[0][1] + 1}"
                 if len(where) == 1 else words.plural(len(cells), "cell"))
        rows.append([chip(a.look, name), measure, status, len(where), place,
                     reason])
    total = sum(len(w) for w in groups.values())
    return report.table(
        "lost", f"Void, failed and skipped: {words.count(total)} of "
        f"{words.plural(a.campaign.trials, 'trial')}; none was dropped for "
        "its value", [("map", "html"), ("measure", "text"),
                      ("status", "text"), ("trials", "num"),
                      ("where", "html"), ("reason", "text")], rows,
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
    find = filter_box("all-cells", "cells", "syncmap /t2/ throughput")
    return details(f"All {words.plural(len(rows), 'planned cell')}, measured "
                   "or with a reason", f"<p>{link}</p>", find, table)


def resolution(report, a):
    """MDE of every ratio to the base, and cells by n."""
    rows = []
    for board in a.boards():
        for line in a.lines_of(board):
            for threads, cells in sorted(a.grid[board][line].items()):
                for name, cell in sorted(cells.items()):
                    pair = a.ratio(cells.get(a.base), cell)
                    if pair is None or name == a.base or not a.peer(name):
                        continue
                    mde = a.judged(pair)[2]
                    if mde is not None:
                        rows.append({
                            "cell": cell.id, "map": name,
                            "threads": threads, "n": pair["n"],
                            "mde_percent": 100 * mde - 100,
                            "place": f"{line.text()}, "
                            f"{words.keys(board.keys)} keys",
                            "workload": board.workload})
    if not rows:
        return none(f"a smallest detectable difference needs "
                    f"{words.RANKING_NEEDS} blocks of a map and of {a.base}")
    by_n = {}
    for r in rows:
        by_n.setdefault(r["n"], []).append(r["mde_percent"])
    body = [[n, len(v), words.seen(statistics.median(v)),
             words.seen(max(v)), words.percent(
                 100 * sum(x <= 2 for x in v) / len(v), 2)]
            for n, v in sorted(by_n.items())]
    table = report.table(
        "resolution", f"Ratios to {a.base} by number of blocks: smallest "
        "difference that would have been seen (95 % power)",
        [("n", "num"), ("ratios", "num"), ("MDE, median", "num"),
         ("MDE, worst", "num"), ("resolve 2 %", "num")], body)
    head = a.headline()[0]
    drawn = [r for r in rows if r["workload"] == head.workload
             and r["place"].endswith(f", {words.keys(head.keys)} keys")]
    threads = sorted({r["threads"] for r in drawn})
    figure = ""
    if drawn:
        panel = report.panel(
            "mde", "Smallest detectable difference",
            f"{sum(r['mde_percent'] <= 2 for r in drawn)} of {len(drawn)} "
            "ratios resolve 2 per cent.", (520, 320), detectable, drawn,
            a.look, threads, 2.0)
        figure = report.figure(
            "mde", "<b>Smallest difference each ratio could have shown</b>, "
            f"{esc(head.text())}; all write kinds and shares. Above the red "
            "line a tie is printed as undecided. The CSV has every ratio.",
            [panel], ("workload", "place", "threads", "map", "mde_percent",
                      "n"), rows, "l", side=True)
    return figure + table


def add(report, a, control_rows):
    broken = "".join(f"<li>{esc(p)}</li>" for p in
                     a.campaign.problems[:30])
    journal = (f'<p class="warn">The journal has problems '
               f"({len(a.campaign.problems)}):</p><ul class='text'>{broken}"
               "</ul>" if broken else "<p>The journal is whole: no torn, "
               "unreadable, unplanned or duplicate line.</p>")
    parts = [control_figure(report, control_rows),
             '<div class="two"><div>', verification_table(report, a),
             "</div><div>",
             report.table("checks", "What the trials tell of themselves",
                          [("quantity", "text"), ("value", "text"),
                           ("limit", "text"), ("state", "html")],
                          check_rows(a)), "</div></div>",
             resolution(report, a), without_result(report, a),
             lost_table(report, a), journal, all_cells(report, a)]
    report.section("validity", "8 Validity", QUESTION, *parts)
