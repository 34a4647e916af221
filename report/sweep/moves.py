# SPDX-License-Identifier: Apache-2.0
"""Which factor moves the boundary most, computed from the lines.

Along one axis each line says who leads at which of its values (lines.
profile()). Two lines that differ in one factor only are set beside each
other: the share of the axis on which they have opposite leaders is how far
that factor moves the boundary between them. So lines with one flip, several
and none are compared alike, and nothing is assumed beyond an axis' ends. For
each choice of the other factors the two lines that are furthest apart count;
a factor's figure is the mean of these.
"""
from report import words
from report.sweep import grid, lines

LEAST = 0.5  # of an axis must be known of both lines that are compared


def known_lines(lattice, states, axis):
    """[(factors but the axis, group, line, profile)] along one axis."""
    result = []
    for group in lattice.groups:
        for _, line in group.lines(axis):
            told = lines.profile(group, axis, line, states)
            if any(told):
                place = lattice.place(line[0])
                del place[axis]
                result.append((place, group, line, told))
    return result


def apart(one, two):
    """Share of the values known in both profiles at which their leaders
    differ; None where fewer than LEAST of the axis are known in both.

    one, two -- {value of the axis: side or None}
    """
    both = [(one[v], two[v]) for v in one if one[v] and two.get(v)]
    if len(both) < LEAST * max(len(one), len(two)):
        return None
    return sum(a != b for a, b in both) / len(both)


def contexts(found, factor):
    """Lines that differ in `factor` only, in lists of two or more."""
    groups = {}
    for entry in found:
        rest = tuple((k, str(v)) for k, v in entry[0].items() if k != factor)
        groups.setdefault(rest, []).append(entry)
    return [g for _, g in sorted(groups.items()) if len(g) > 1]


def furthest(context, axis):
    """(share, one line, other line) of the two furthest apart, or None."""
    told = [dict(zip(group.axes[axis], profile))
            for _, group, _, profile in context]
    pairs = [(apart(told[i], told[j]), i, j) for i in range(len(told))
             for j in range(i + 1, len(told))]
    pairs = [p for p in pairs if p[0] is not None]
    if not pairs:
        return None
    share, i, j = max(pairs, key=lambda p: (p[0], -p[1], -p[2]))
    return share, context[i], context[j]


def flips_at(lattice, axis, entry, found):
    """"between 1 % and 3 %", of a line with one flip; else in words what it
    has: "nowhere (syncmap leads)", "at 2 places"."""
    _, group, line, profile = entry
    here = [b for g, b in found if g is group and b.axis == axis
            and b.line[0] == line[0] and b.kind == lines.FLIP]
    if not here:
        sides = sorted({side for side in profile if side})
        return "nowhere" + "".join(f" ({lines.leader(lattice.maps, s)} leads)"
                                   for s in sides if len(sides) == 1)
    if len(here) > 1:
        return f"at {words.plural(len(here), 'place')}"
    low, high = (value_words(axis, group.values(line[i])[axis])
                 for i in (here[0].below, here[0].above))
    return f"between {low} and {high}"


def value_words(axis, value):
    """One value of a factor, as a sentence has it."""
    if axis == "write_share":
        return f"{words.share(value)}{words.NARROW}%"
    if axis == "keys":
        return words.of_keys(value)
    if axis == "threads":
        return words.plural(value, "thread")
    return str(value)


def of_axis(lattice, states, found, axis):
    """Rows of all factors that could move the boundary along one axis."""
    have, rows = known_lines(lattice, states, axis), []
    ordered = [a for a in grid.ORDERED if a != axis]
    for factor in ordered + lattice.varied():
        pairs = [p for c in contexts(have, factor)
                 for p in [furthest(c, axis)] if p]
        if not pairs:
            continue
        share, one, two = max(pairs, key=lambda p: p[0])
        rows.append({
            "axis": axis, "factor": factor, "comparisons": len(pairs),
            "share": sum(p[0] for p in pairs) / len(pairs), "most": share,
            "example": [{"value": e[0][factor],
                         "flips": flips_at(lattice, axis, e, found)}
                        for e in (one, two)],
            "where": {k: v for k, v in one[0].items() if k != factor}})
    return sorted(rows, key=lambda r: (-r["share"], r["factor"]))


def main_axis(lattice, states, found):
    """The ordered factor along which the largest share of the lines with two
    measured points flips; None: none does."""
    share = {}
    for axis in grid.ORDERED:
        count = sum(sum(p in states for p in line) > 1 for group in
                    lattice.groups for _, line in group.lines(axis))
        flipping = {b.line[0] for _, b in found
                    if b.axis == axis and b.kind == lines.FLIP}
        share[axis] = len(flipping) / max(count, 1)
    best = max(grid.ORDERED, key=lambda a: share[a])
    return best if share[best] else None


def ranking(lattice, states, found):
    """{"axis", "factors": rows of of_axis(), "words"}."""
    axis = main_axis(lattice, states, found)
    if axis is None:
        return {"axis": None, "factors": [],
                "words": "The ranking flips along no axis."}
    rows = of_axis(lattice, states, found, axis)
    return {"axis": axis, "factors": rows, "words": said(axis, rows)}


NAMES = {"write_share": "the share of writes", "threads": "the number of "
         "threads", "keys": "the number of keys", "dist": "the distribution "
         "of keys", "write_kind": "the kind of writes"}


def name_of(factor):
    return NAMES.get(factor, factor.replace("_", " "))


def example(row):
    """Of a row of of_axis(), what the two lines furthest apart have."""
    one, two = (f"with {value_words(row['factor'], e['value'])}"
                for e in row["example"])
    first, other = (e["flips"] for e in row["example"])
    return f"{one} it flips {first}, {two} {other}"


def said(axis, rows):
    """The sentence of a ranking."""
    if not rows or not rows[0]["share"]:
        return (f"No factor is seen to move the boundary along "
                f"{name_of(axis)}.")
    first = rows[0]
    mean, most = (words.percent(100 * first[k]) for k in ("share", "most"))
    text = (f"Along {name_of(axis)} the boundary is moved most by "
            f"{name_of(first['factor'])}: by {mean} of the axis, the mean "
            f"over {words.plural(first['comparisons'], 'comparison')}; at most"
            f" by {most}: {example(first)}.")
    rest = [f"{name_of(r['factor'])} by {words.percent(100 * r['share'])}"
            for r in rows[1:]]
    return text + (f" Then {words.joined(rest)}." if rest else "")
