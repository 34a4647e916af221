# SPDX-License-Identifier: Apache-2.0
"""Where the ranking of two maps flips, on the page of a search in stages
(docs/crossover.md): the flip maps with the boundaries that were found, a row
for each boundary, and which factor moves them. What is said of all that is
report.sweep's; here it is put in fields and tables."""
from report import topology, words
from report.analysis import Line, line_order
from report.page import chip, details, esc, filter_box, none, slug
from report.plot_grid import flip_map, size_of
from report.sections.fields import FLIP_COLUMNS, flip_alt, folded, hue_words
from report.sweep import grid, lines, moves, rows

TITLE = "1 Where the ranking flips"
QUESTION = ("On which side of which line does each of the two maps lead, and "
            "how well is the line known?")
FACTORS = "1b Which factor moves the boundary"
MOVED = ("Of two places that differ in one factor only: how far apart do the "
         "two maps change places?")
CARDS = "cards lines"  # on a phone a row is a card
SHORT = {"write_share": "share of writes"}
TABLE = [("line", "text"), ("along", "text"), ("last on one side", "html"),
         ("first on the other", "html"), ("position [95 %]", "text"),
         ("known to a step", "text"), ("blocks", "num"), ("between", "text")]


# ---- the flip maps ----------------------------------------------------------

def held(s, across):
    """The factors that a panel with these columns holds fixed."""
    return ["threads" if across == "keys" else "keys",
            *(f for f in s.varied if f != "write_kind")]


def values_of(factors, row):
    return tuple(row[f] for f in factors)


def word_of(row, unasked):
    """What stands in a field without a ratio."""
    if row["looks"]:
        return "no interval"
    return unasked[0] if row["why"] == unasked[1] else "skipped"


def fields(s):
    """A row for each planned point, with what its field says."""
    unasked = rows.unasked(s.search)
    others = [f for f in s.varied if f != "write_kind"]
    return [row | {"cell": row["cells"][1], "empty": word_of(row, unasked),
                   "where": "".join(f"{moves.value_words(f, row[f])}, "
                                    for f in ["keys", *others])}
            for row in s.rows["flip"]]


def boards(s, across, told):
    """[(values that a panel holds fixed, its rows)], panels that differ in
    the first of them only beside each other."""
    found, factors = {}, held(s, across)
    for row in told:
        found.setdefault(values_of(factors, row), []).append(row)
    return sorted(found.items(), key=lambda b: (*map(str, b[0][1:]), b[0][0]))


def marks_of(s, part):
    """Where threads leave the first socket, the cores, the CPUs."""
    planned = s.campaign.planned
    return topology.marks({r["threads"]: {s.names[1]: planned[r["cell"]]}
                           for r in part if r["cell"]}, s.spots)


def panel(report, s, across, number, fixed, part):
    """One flip map with the boundaries on its lines."""
    factors = held(s, across)
    columns = sorted({r[across] for r in part})
    shares = sorted({Line(r["write_kind"], r["write_share"]) for r in part},
                    key=line_order)
    bounds = [b for b in s.said["boundaries"]
              if b["axis"] in ("write_share", across)
              and values_of(factors, b) == fixed]
    title = ", ".join(map(moves.value_words, factors, fixed))
    return report.panel(
        slug("flip", across, number), f"Flip map: {title}",
        flip_alt(s.names, part, True) + bounds_alt(bounds),
        size_of(len(columns), len(shares)), flip_map, part, columns, shares,
        s.names, s.look, title,
        marks_of(s, part) if across == "threads" else (), True, bounds,
        across)


def bounds_alt(bounds):
    """How many boundaries a panel shows, for its text alternative."""
    flips = sum(b["kind"] == lines.FLIP for b in bounds)
    return (f" On its lines lie {words.plural(flips, 'flip')} and "
            f"{words.plural(len(bounds) - flips, 'end')} of a lead.")


def caption(s):
    """How to read fields, lines and bars."""
    base, contender = map(esc, s.names)
    level = words.percent(100 * s.said["level"])
    word, why = rows.unasked(s.search)
    return (
        f"<b>Where the ranking flips between {base} and {contender}.</b> Each"
        f" field: throughput of {contender} ÷ {base}, paired by block within "
        f"each stage, and its {level} interval, so that all looks at a field "
        f"hold at {words.share(1 - s.search.rule['error'])} %; the "
        f"absolute value of {base} is in the tool tip and the CSV. "
        + hue_words(s.look, s.names)
        + " At the edge of a field, a boundary: thin, the two points that it "
        "lies between; thick, the 95 % interval of its interpolated position,"
        f" which the tick marks. Fields without numbers: <i>{word}</i>, "
        f"{esc(why)}; <i>skipped</i>, the plan cannot run it; <i>no interval"
        "</i>, too few trials count. Their tool tips have the reason.")


def figure(report, s):
    """Flip maps over threads, one for each number of keys and all else that
    is held fixed; where a boundary lies along keys the same over keys, folded
    if more lines flip along another axis."""
    told = fields(s)
    columns = (*FLIP_COLUMNS, "looks", *s.varied)

    def panels(across):
        return [panel(report, s, across, i, fixed, part) for i, (fixed, part)
                in enumerate(boards(s, across, told))]

    text = folded(report, "flip", caption(s), panels("threads"), columns,
                  told, "numbers of keys and other factors")
    along = sum(b["axis"] == "keys" for b in s.said["boundaries"])
    if not along:
        return text
    more = report.figure(
        "flip-keys", "<b>The same fields, with keys from left to right.</b>",
        panels("keys"), columns, told, "f")
    if s.said["moves"]["axis"] == "keys":
        return text + more
    return text + details("The same fields over keys; boundaries along them: "
                          f"{along}", more)


# ---- the table of boundaries ------------------------------------------------

def end(s, row, leader, at):
    """One end of a boundary: who leads there, and where that is."""
    who = chip(s.look, leader) if leader else "not told apart"
    return f"{who} at {esc(moves.value_words(row['axis'], at))}"


def between(row):
    """What lies between the two ends of a boundary."""
    sides = {}
    for point in row["between"]:
        sides.setdefault(point["side"], []).append(
            moves.value_words(row["axis"], point["at"]))
    told = [f"{'not told apart' if side == 'tied' else side} at "
            + words.joined(at) for side, at in sorted(sides.items())]
    left = row["steps"] - 1 - len(row["between"])
    if left:
        told.append(f"{words.plural(left, 'point')} not measured")
    return "; ".join(told) or "nothing, they are neighbours"


def place_of(row):
    """Where a flip is interpolated; why not."""
    if row["kind"] != lines.FLIP:
        return "–"
    if row["position"] is None:
        return f"none: {row['why']}"
    return rows.position(row)


def table_row(s, row):
    return [rows.where(row, s.varied), SHORT.get(row["axis"], row["axis"]),
            end(s, row, row["leads_below"], row["from"]),
            end(s, row, row["leads_above"], row["to"]), place_of(row),
            "yes" if row["resolved"] else
            f"no, {words.plural(row['steps'], 'step')}", row["n"],
            between(row)]


def tables(report, s):
    """Every flip, and folded every other end of a lead."""
    told, first = s.said["boundaries"], s.said["moves"]["axis"]
    order = sorted(told, key=lambda b: (b["axis"] != first, b["axis"]))
    flips, ends = ([b for b in order if (b["kind"] == lines.FLIP) is flip]
                   for flip in (True, False))
    columns = dict.fromkeys((*grid.ORDERED, *s.varied,
                             *rows.BOUNDARY_COLUMNS, "words"))
    link = report.data("boundaries", tuple(columns), [
        row | {"between": between(row)} for row in told])
    parts = [none("on no line do both maps lead, each at a point")]
    if flips:
        some = rows.where(flips[0], s.varied).split(", ", maxsplit=1)[0]
        parts = [filter_box("crossover", "flips", some),
                 report.table(
                     "crossover", "Every flip: on its line one map leads at "
                     "the one point, the other at the other, and no point "
                     "between them is clear. A position is interpolated on "
                     "the logarithm of the axis, its interval resamples "
                     "blocks; nothing is extrapolated", TABLE,
                     [table_row(s, b) for b in flips], css=CARDS)]
    if ends:
        parts.append(details(
            f"{words.plural(len(ends), 'more end')} of a lead: beside it the "
            "maps are not told apart", report.table(
                "ends", "Where a lead ends without the other map taking it "
                "over", TABLE, [table_row(s, b) for b in ends], css=CARDS)))
    return "".join(parts) + f"<p>All boundaries: {link}.</p>"


# ---- what moves them --------------------------------------------------------

def factor_row(s, row):
    return [moves.name_of(row["factor"]), moves.example(row),
            *(words.percent(100 * row[k]) for k in ("share", "most")),
            row["comparisons"], rows.where(row["where"], s.varied)]


def factors(report, s):
    """1b: the sentence, and each factor's figure."""
    found = s.said["moves"]
    said = f'<p class="lead">{esc(found["words"])}</p>'
    if not found["factors"]:
        return said
    axis = moves.name_of(found["axis"])
    return said + report.table(
        "moves", f"How far each factor moves the boundary along {axis}: share"
        " of the axis on which two lines that differ in that factor only have"
        " opposite leaders. Of each choice of the other factors the two lines"
        " furthest apart count", [
            ("factor", "text"), ("where it is most", "text"),
            ("mean share of the axis", "num"), ("at most", "num"),
            ("comparisons", "num"), ("it is most at", "text")],
        [factor_row(s, r) for r in found["factors"]], css=CARDS)


def add(report, s):
    """Both sections."""
    if not s.said["points"]:
        report.section("answer", TITLE, QUESTION, figure(report, s))
        return
    report.section("answer", TITLE, QUESTION, figure(report, s),
                   tables(report, s))
    report.section("moves", FACTORS, MOVED, factors(report, s))
