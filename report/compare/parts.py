# SPDX-License-Identifier: Apache-2.0
"""The sections of a comparison's page, from rows that are computed elsewhere."""
from report import plot_machines, topology, verdicts, words
from report.claims.model import Word
from report.compare import claims, ranks, versions
from report.page import chip, esc, none, slug
from report.plot_grid import flip_map, size_of
from report.sections import answer, fields, since

RATIO = "Is the answer the same on all machines, and by how much?"
RATIO_COLUMNS = (
    "machine", "workload", "shape", "keys", "miss_share", "dist",
    "placement", "memory", "presize", "optional", "write_kind",
    "write_share", "threads", "map", "base", "ratio", "low", "high", "n",
    "side", "base_mops", "why")
FLIPS = ("machine", "shape", "miss_share", "dist", "placement", "memory",
         "presize", *fields.FLIP_COLUMNS)
CROSSOVERS = ("machine", "write_kind", "write_share", "leads_below",
              "leads_above", "from_threads", "to_threads", "position", "low",
              "high", "n")


# ---- 1 machines -----------------------------------------------------------

def machine_row(c, side):
    m = side.member
    machine, build = (m.campaign.meta.get(k) or {} for k in ("machine",
                                                             "build"))
    done = sum(len(cell.ok) for cell in m.campaign.planned)
    planned = sum(cell.blocks for cell in m.campaign.planned)
    return [m.label, m.kind or "unknown", m.fact("cpu_name") or "unknown",
            str(machine.get("cpus") or "unknown"),
            {"yes": "virtual", "no": "no"}.get(m.fact("hypervisor_flag"),
                                               "unknown"),
            build.get("compiler_version") or "unknown",
            (m.campaign.meta.get("created_utc") or "")[:10],
            f"{words.count(done)} of {words.count(planned)}",
            "complete" if m.whole else "incomplete"]


def lost(c):
    """(label, word, why) of what is not, or not whole, in the tables below;
    the same that stands above the page."""
    found = c.found
    return [*((label, "missing", f"{state}: {why}" if state != "missing"
               else why) for label, state, why in found.absent),
            *((label, "refused", why) for label, why in found.refused),
            *((m.label, "incomplete", "; ".join(m.notes))
              for m in found.members if m.notes),
            *((m.label, "marked", m.marked) for m in found.members
              if m.marked)]


def machines(report, c):
    rows = [machine_row(c, s) for s in c.sides]
    named = lost(c)
    rows += [[label, *"–" * 7, word] for label, word, _ in named
             if word in ("missing", "refused")]
    table = report.table(
        "machines", "Campaigns of this comparison, each a machine. Trials: "
        "those that count, of those planned. Two with one id are of one "
        "kind: the id is a hash of what only other hardware changes", [
            ("machine", "text"), ("id", "text"), ("CPU", "text"),
            ("CPUs", "num"), ("virtual", "text"), ("compiler", "text"),
            ("day", "text"), ("trials", "num"), ("state", "text")], rows)
    said = "".join(f"<li class=warn>⚠ {esc(label)} is {word}: {esc(why)}</li>"
                   for label, word, why in named)
    report.section(
        "machines", "1 Machines", "Which machines are compared, and which "
        "are missing?", table, f"<ul class='text'>{said}</ul>" if said else "")


# ---- 2 one ratio ----------------------------------------------------------

def ratio_cell(r):
    if r["ratio"] is None:
        return r["why"]
    return f"{words.sig(r['ratio'])} {words.between(r['low'], r['high'], r['why'])}"


def ratio_table(report, c, rows):
    body = [[r["machine"], words.count(r["threads"]), words.sig(
        r["base_mops"]) if r["base_mops"] else "–", ratio_cell(r), r["n"],
        r["side"]] for r in rows.line if r["n"] or r["threads"]
        == c.head.threads]
    return report.table(
        "machine-ratios", f"{esc(c.contender)} ÷ {esc(c.base)}, paired by "
        "block on each machine, 95 % interval, at "
        f"{esc(c.head.line.text())}, {esc(c.head.board.text())}. Absolute "
        "values are of the row's machine and compare with no other row", [
            ("machine", "text"), ("threads", "num"),
            (f"{c.base}, Mop/s there", "num"),
            (f"{c.contender} ÷ {c.base} [95 %]", "num"), ("blocks", "num"),
            (f"{c.contender} is", "text")], body)


def alt_of(rows):
    told = [r for r in rows if r["ratio"] is not None]
    return "; ".join(f"{r['machine']} at {words.plural(r['threads'], 'thread')}"
                     f" {words.sig(r['ratio'])}" for r in told) or "no ratio"


def ratio_panels(report, c, rows):
    """A line over threads, where any machine has two counts; and a row for
    each machine at the headline place."""
    virtual = {s.label: s.member.virtual for s in c.sides}
    names = c.base, c.contender
    lines = {s.label: [r for r in rows.line if r["machine"] == s.label
                       and r["ratio"] is not None] for s in c.sides}
    lines = {label: of for label, of in lines.items() if of}
    panels = []
    if any(len(of) > 1 for of in lines.values()):
        counts = sorted({r["threads"] for of in lines.values() for r in of})
        panels.append(report.panel(
            "machines-threads", f"{c.contender} ÷ {c.base} on each machine",
            alt_of(rows.line), (430, 330), plot_machines.over_threads, lines,
            counts, virtual, names))
    panels.append(report.panel(
        "machines-place", f"{c.contender} ÷ {c.base} at {c.head.text()}",
        alt_of(rows.head), (330, plot_machines.height(rows.head)),
        plot_machines.at_one_place, rows.head, virtual, names))
    return panels


def ratio(report, c, rows):
    figure = report.figure(
        "machines", f"<b>{esc(c.contender)} ÷ {esc(c.base)} on each machine"
        f"</b>, at {esc(c.head.line.text())}, {esc(c.head.board.text())}; "
        f"right: at {words.plural(c.head.threads, 'thread')}. Bars: 95 % "
        "interval of that machine's blocks; shaded: the margin of 2 %; grey: "
        "a virtual machine. A machine without a point has not that cell: the "
        "table says why.", ratio_panels(report, c, rows), RATIO_COLUMNS,
        rows.line)
    link = report.data("ratios-all", ("cell", *RATIO_COLUMNS), rows.ratios)
    report.section("ratio", "2 One ratio on all machines", RATIO, figure,
                   ratio_table(report, c, rows),
                   f"<p>Every map ÷ {esc(c.base)} at every shared place on "
                   f"every machine: {link}.</p>")


# ---- 3 flips --------------------------------------------------------------

def board_here(c, side):
    """The headline's board as this machine's plan has it, with the pair;
    None where it has not both."""
    if (side.a.base, side.a.contender) != (c.base, c.contender):
        return None
    head = c.head.board
    return next((b for b in side.a.grid if b[1:] == head[1:]
                 and head.workload in b.workloads
                 and fields.has_pair(side.a, b)), None)


def crossover_rows(c):
    """One row a crossover on the headline's board, machine by machine."""
    rows = []
    for side in c.sides:
        board = None if side.invalid else board_here(c, side)
        for line in side.a.lines_of(board) if board else ():
            rows += [{**x, "machine": side.label}
                     for x in verdicts.crossovers(side.a, board, line)]
    return rows


def flip_panels(report, c):
    """(panels, rows) of the flip map of each machine that has the board."""
    panels, rows = [], []
    for side in c.sides:
        board = board_here(c, side)
        if board is None:
            continue
        part = [{**r, "machine": side.label}
                for r in verdicts.fields(side.a, board)]
        if side.invalid:
            part = verdicts.withhold(part, "side")
        rows += part
        threads, lines = side.a.threads_of(board), side.a.lines_of(board)
        marks = topology.marks(side.a.grid[board][lines[0]], topology.spots(
            side.member.campaign.path / "topology.xml"))
        panels.append(report.panel(
            slug("flip", len(panels)), f"Flip map of {side.label}",
            fields.flip_alt((c.base, c.contender), part, not side.invalid),
            size_of(len(threads), len(lines)), flip_map, part, threads,
            lines, (c.base, c.contender), c.look, side.label, marks,
            not side.invalid))
    return panels, rows


def crossover_body(c):
    """Who leads where, a row for each machine and line of the board."""
    body = []
    for side in c.sides:
        board = board_here(c, side)
        if board is None or side.invalid:
            body.append([side.label, "–", "not both maps on this board"
                         if board is None else verdicts.WITHHELD, "–", "–",
                         "–"])
            continue
        part = verdicts.fields(side.a, board)
        for line in side.a.lines_of(board):
            here = [f for f in part if f["ratio"] is not None
                    and (f["write_kind"], f["write_share"]) == line]
            if here:
                body.append([side.label, *answer.crossover_cells(
                    side.a, line, here, verdicts.crossovers(
                        side.a, board, line))])
    return body


def flips(report, c, rows):
    panels, part = flip_panels(report, c)
    if not panels:
        report.section("flips", "3 Flip map and crossover", "Where does the "
                       "ranking of the two flip on each machine?",
                       none("no machine has both maps on one board"))
        return
    caption = (f"<b>Where the ranking of {esc(c.base)} and "
               f"{esc(c.contender)} flips, machine by machine</b>, "
               f"{esc(c.head.board.text())}. "
               + fields.hue_words(c.look, (c.base, c.contender)))
    grey = [side.label for side in c.sides if side.invalid]
    if grey:
        caption += (f' <b class="warn">No hue: {verdicts.WITHHELD} on '
                    f"{esc(words.joined(grey))}.</b>")
    figure = report.figure("flip", caption, panels,
                           FLIPS, part, "f")
    table = report.table(
        "crossover", f"Crossover on each machine: which of {esc(c.base)} and "
        f"{esc(c.contender)} leads, by threads; nothing is extrapolated", [
            ("machine", "text"), ("operations", "text"),
            ("who leads", "text"), ("change places between, threads", "text"),
            ("interpolated [95 %]", "num"), ("blocks", "num")],
        crossover_body(c))
    link = report.data("crossovers", CROSSOVERS, rows.crossovers)
    report.section("flips", "3 Flip map and crossover", "Where does the "
                   "ranking of the two flip on each machine?", figure, table,
                   f"<p>All crossovers: {link}.</p>")


# ---- 4 ranks --------------------------------------------------------------

def rank_table(report, c, rows):
    labels = [s.label for s in c.sides if (s.label, c.head) in rows.groups]
    _, lacking = ranks.at(c, rows.groups, c.head)
    body = [[chip(c.look, r["map"]), *(r["ranks"][name] for name in labels),
             f"{r['best']} to {r['worst']}" if r["best"] != r["worst"]
             else f"{r['best']}", f"{r['leads']} of {len(labels)}",
             words.joined(r["reversed"]) or "none"] for r in rows.ranks]
    caption = (f"Rank of each map on each machine at {esc(c.head.text())}, "
               "by the centre of its throughput among the maps that all "
               "machines have. “Leads on”: its lead over every rival is "
               "decided there. “Reversed with”: maps that are ahead of it on "
               "one machine and behind it on another, both decided jointly "
               "for all pairs of that machine")
    if lacking:
        caption += f". Not on all machines: {esc(words.joined(lacking))}"
    return report.table("ranks", caption, [
        ("map", "html"), *((name, "num") for name in labels),
        ("ranks", "text"), ("leads on", "text"), ("reversed with", "text")],
        body)


def agreement_table(report, rows):
    body = [[words.joined(r["machines"]), r["places"],
             words.part(r["same_leader"], r["places"]),
             words.sig(r["tau"]) if r["tau"] is not None else "–",
             words.sig(r["tau_least"]) if r["tau_least"] is not None else "–",
             r["alike"], r["reversed"], r["open"]] for r in rows.agree]
    return report.table(
        "rank-agreement", "How stable the ranks are, over all shared places: "
        "Kendall's tau of the two orders of centres (1: the same order; 0: "
        "unrelated), and orders of two maps that both machines decide", [
            ("machines", "text"), ("places", "num"),
            ("same map first", "num"), ("tau, median", "num"),
            ("tau, least", "num"), ("alike", "num"), ("reversed", "num"),
            ("open", "num")], body)


def reversal_rows(rows):
    for r in rows.agree:
        one, two = r["machines"]
        for x in r["reversals"]:
            yield {"machine_one": one, "machine_two": two,
                   "place": x["place"].text(), "ahead_one": x["ahead_one"],
                   "ahead_two": x["ahead_two"]}


def ranking(report, c, rows):
    if not rows.ranks:
        report.section("ranks", "4 Ranks", "Do the maps keep their order "
                       "elsewhere?", none("no map may be ranked there"))
        return
    turned = list(reversal_rows(rows))
    link = report.data("reversals", ("machine_one", "machine_two", "place",
                                     "ahead_one", "ahead_two"), turned)
    report.section(
        "ranks", "4 Ranks, and whether they hold", "Do the maps keep their "
        "order elsewhere?", rank_table(report, c, rows),
        agreement_table(report, rows) if rows.agree else "",
        f"<p>Every reversal: {link}.</p>")


# ---- 5 claims -------------------------------------------------------------

def claim_text(said):
    if said is None:
        return "not in this run"
    whose = f" (of {said['of']})" if said["of"] else ""
    how = f": {said['how']}" if said["how"] else ""
    return f"{said['verdict']}{whose}{how}"


def claims_table(report, rows):
    title, question = "5 Claims, machine by machine", (
        "Does a published statement hold on one machine and not on another?")
    if not rows.claims:
        report.section("claims", title, question, none(
            "no campaign was made for claims: <code>make bench SET=claims</code>"))
        return
    labels = list(rows.documents)
    counts = report.table("claim-counts", "Verdicts on each machine", [
        ("machine", "text"), *((word, "num") for word in Word)], [
            [label, *(document["count"][word] for word in Word)]
            for label, document in rows.documents.items()])
    table = report.table(
        "claims-machines", "Every claim on every machine; each verdict is of "
        "its machine alone", [
            ("claim", "text"), ("says", "text"),
            *((label, "text") for label in labels), ("machines", "text")],
        [[r["id"], r["says"], *(claim_text(r["verdicts"].get(label))
                                for label in labels), r["word"]]
         for r in rows.claims], sort=True)
    report.section("claims", title, question,
                   f"<p>{esc(claims.told(rows.claims))}"
                   f"{esc(claims.doubts(rows.documents))}</p>", counts, table)


# ---- 6 twins --------------------------------------------------------------

def twins_table(report, rows):
    title, question = "6 Machines of one kind", (
        "How far do two machines of one model disagree beyond their "
        "intervals?")
    if not rows.twins:
        report.section("twins", title, question, none(
            "no two machines have one id"))
        return
    body = [[words.joined(r["machines"]), r["kind"], r["what"], r["ratios"],
             words.part(r["apart"], r["ratios"]),
             words.percent(r["median_percent"]),
             words.percent(r["largest_percent"]),
             f"± {words.percent(r['half_width_percent'])}",
             "too few ratios" if r["left_out_percent"] is None else
             f"± {words.percent(r['left_out_percent'])}"] for r in rows.twins]
    table = report.table(
        "twins", "Ratios to the base at all shared places, on two campaigns "
        "of one machine id. Apart: the interval of their quotient, from both "
        "intervals, leaves 1 out; by chance 5 % would. Left out: by how much "
        "an interval of one machine would have to reach further each way, "
        "beside its own half width, to hold for the kind", [
            ("machines", "text"), ("id", "text"), ("they are", "text"),
            ("ratios", "num"), ("apart", "num"),
            ("median difference", "num"), ("largest", "num"),
            ("half width of one", "num"), ("left out", "num")], body)
    report.section("twins", title, question, table, (
        "<p>What is left out adds to a half width as squares do: 3 % and "
        "4 % make 5 %. It is an estimate of two machines, and an interval of "
        "the kind needs many.</p>"))


# ---- 7 versions -----------------------------------------------------------

def version_part(report, index, v):
    shown = sorted((r for r in v.rows if r["cell"] in v.here),
                   key=lambda r: (-(r["mops"] or 0), r["map"]))
    body = [[chip(v.look, r["map"]), words.sig(r.get("mops_then")),
             words.sig(r["mops"]), since.span(r), r["n_then"], r["n"],
             r["word"] or r["why"]] for r in shown]
    count = words.joined(f"{n} {word}" for word, n in v.counted().items())
    table = report.table(
        f"version-{index}", f"{esc(v.label)}, one machine: throughput now ÷ "
        f"then at {esc(v.place)}. {esc(v.differs())}. Trials are not "
        "paired: Moses' exact interval; the words hold for all cells at "
        "once (Bonferroni)", [
            ("map", "html"), ("Mop/s then", "num"), ("Mop/s now", "num"),
            ("now ÷ then [95 %]", "num"), ("n then", "num"),
            ("n now", "num"), ("word", "text")], body)
    items = "".join(f"<li{' class=warn' if bad else ''}>{esc(text)}</li>"
                    for bad, text in v.warnings())
    return (f"<p>{esc(v.label)}: of {words.plural(len(v.rows), 'cell')} "
            f"{esc(count)}.{esc(v.doubt)}</p>{table}<p>What else differs:</p>"
            f"<ul class='text'>{items}</ul>")


def version_tables(report, rows):
    title, question = "7 Version against version", (
        "Did the maps become faster or slower on one machine?")
    if not rows.versions:
        report.section("versions", title, question, none(
            "all campaigns are of one version"))
        return
    link = report.data("versions-all", ("cell", *versions.COLUMNS), [
        r for v in rows.versions for r in v.rows])
    report.section("versions", title, question, *(
        version_part(report, i, v)
        for i, v in enumerate(rows.versions, 1)),
        f"<p>Every cell: {link}.</p>")
