# SPDX-License-Identifier: Apache-2.0
"""What a search found as rows: points, boundaries, and the columns that the
page's figures `flip` and crossover table read (report/sections)."""
from report import stats, words
from report.sweep import grid, lines, next as following, outcome
from report.sweep.moves import value_words

BOUNDARY_COLUMNS = (
    "axis", "kind", "leads_below", "leads_above", "from", "to", "steps",
    "resolved", "position", "low", "high", "n", "between", "why")


def base_mops(search, points):
    """point -> pseudo-median of A's throughput [Mop/s], over all stages."""
    rates = {p: outcome.by_block(p.cells[0], search.stages) for p in points}
    return {p: s["centre"] for p, s in stats.throughputs(rates).items()}


def unasked(search):
    """Why no stage has measured a point that can run, by how the search
    stands: in a word or two, and in words."""
    if search.next()[1]:
        return "not yet", "not run: no complete stage has it so far"
    if following.wanted(search.lattice, search.states):
        return "not paid", ("not run: the budget of "
                            f"{words.plural(search.budget, 'trial')} was "
                            "spent")
    return "not needed", "not run: the search did not need it"


def why_of(point, state, planned, lost, missing):
    """Why a point has no outcome, or is left as it is; "" where one leads.

    lost    -- cell id -> in words, what became of its trials that do not
               count
    missing -- why a point without a state was not run
    """
    if point.skip:
        return f"not run: {point.skip}"
    if state is None:
        return missing
    if state.side == outcome.NONE:
        told = [lost[c] for c in point.cells if c in lost]
        return ", ".join([f"{state.n} of {words.plural(planned, 'block')}",
                          *told])
    if state.decided:
        return ""
    if state.proved:
        return "within the margin"
    seen = max(state.high, 1 / state.low) - 1
    return (f"they may differ by {words.percent(100 * seen)}, after "
            f"{words.plural(state.n, 'block')}")


def points(search, every=False, lost=()):
    """One row per measured point (every: also of those that were not), in
    the columns of `flip`; low and high at the level of the rule; lost as of
    why_of()."""
    result = []
    chosen = (search.lattice.points() if every
              else list(search.states))
    mops, missing = base_mops(search, chosen), unasked(search)[1]
    for point in chosen:
        state = search.states.get(point)
        row = search.lattice.place(point) | dict.fromkeys(
            ("ratio", "low", "high")) | {
            "n": 0, "looks": 0, "side": outcome.NONE, "cells": point.cells,
            "base_mops": mops[point], "open": False}
        planned = 0
        if state:
            row |= {k: getattr(state, k) for k in (
                "ratio", "low", "high", "n", "looks", "side", "open")}
            planned = sum(search.rule["blocks"][:state.looks])
        row["leads"] = lines.leader(search.lattice.maps, row["side"])
        row["why"] = why_of(point, state, planned, dict(lost), missing)
        result.append(row)
    return result


def boundaries(search, found):
    """One row per boundary: the factors of its line, then BOUNDARY_COLUMNS.

    low and high are the 95 % interval of position; from and to, the last
    clear point and the first, are what the boundary lies between.
    """
    states, result = search.states, []
    for group, b in found:
        ends = b.line[b.below], b.line[b.above]
        place = search.lattice.place(ends[0])
        del place[b.axis]
        inner = b.line[b.below + 1:b.above]
        result.append(place | {
            "axis": b.axis, "kind": b.kind,
            "leads_below": lines.leader(search.lattice.maps, b.leads[0]),
            "leads_above": lines.leader(search.lattice.maps, b.leads[1]),
            "from": group.values(ends[0])[b.axis],
            "to": group.values(ends[1])[b.axis], "steps": b.steps,
            "resolved": lines.is_resolved(b, states),
            "position": b.position, "low": b.low, "high": b.high,
            "n": min(states[p].n for p in ends),
            "between": [{"at": group.values(p)[b.axis],
                         "n": states[p].n, "side": states[p].side}
                        for p in inner if p in states],
            "why": b.why})
    return result


def crossovers(found_rows):
    """Rows of the page's crossover table: flips on the way to more threads,
    in its columns."""
    return [{**{k: v for k, v in row.items()
                if k not in BOUNDARY_COLUMNS},
             **{k: row[k] for k in ("leads_below", "leads_above", "position",
                                    "low", "high", "n")},
             "from_threads": row["from"], "to_threads": row["to"]}
            for row in found_rows
            if row["axis"] == "threads" and row["kind"] == lines.FLIP]


def line_rows(search, found):
    """One row per line with two measured points or more: how many flips and,
    where there is none, who leads at which of its points."""
    flips = {}
    for group, b in found:
        if b.kind == lines.FLIP:
            key = b.axis, b.line[0]
            flips[key] = flips.get(key, 0) + 1
    result = []
    for group in search.lattice.groups:
        for axis in grid.ORDERED:
            for _, line in group.lines(axis):
                sides = [search.states[p].side for p in line
                         if p in search.states]
                if len(sides) < 2:
                    continue
                place = search.lattice.place(line[0])
                del place[axis]
                result.append(place | {
                    "axis": axis, "points": len(line),
                    "measured": len(sides),
                    "flips": flips.get((axis, line[0]), 0),
                    **{side.replace(" ", "_"): sides.count(side)
                       for side in (outcome.BASE, outcome.CONTENDER,
                                    outcome.TIED, outcome.NONE)}})
    return result


def rows(search, found, lost=()):
    """{"flip", "crossover", "boundary", "line"}: all that sections draw."""
    told = boundaries(search, found)
    return {"flip": points(search, True, lost),
            "crossover": crossovers(told), "boundary": told,
            "line": line_rows(search, found)}


def where(row, varied):
    """The place of a point or a line in words: "4 threads, 64 Ki keys".
    Factors that the row does not have are left out."""
    parts = [value_words(f, row[f]) for f in grid.ORDERED if f in row]
    kind = row.get("write_kind")
    if "write_share" in row:
        parts[0] = (words.mix(row["write_share"], kind) if kind
                    else f"{parts[0]} writes")
    elif kind and "write_kind" in varied:
        parts.append(words.writes(kind))
    parts += [str(row[f]) for f in varied if f != "write_kind" and f in row]
    return ", ".join(parts)


def position(row):
    """An interpolated position with its interval: "1.7 % [1.4, 2.1]"."""
    percent = row["axis"] == "write_share"
    centre, low, high = (v and v * (100 if percent else 1) for v in (
        row["position"], row["low"], row["high"]))
    unit = f"{words.NARROW}%" if percent else f" {row['axis']}"
    told = words.between(low, high, "its interval leaves these points")
    return f"{words.sig(centre)}{unit} {told}"


def sentence(row, varied):
    """A boundary in words: "4 threads, 64 Ki keys: gomap_rw leads at 1 %,
    syncmap at 3 %"."""
    low, high = (value_words(row["axis"], row[k]) for k in ("from", "to"))
    if row["kind"] == lines.FLIP:
        text = (f"{row['leads_below']} leads at {low}, {row['leads_above']} "
                f"at {high}")
        if row["position"] is not None:
            text += (f"; they change places at about {position(row)} "
                     "(interpolated)")
    elif row["leads_below"]:
        text = f"{row['leads_below']} leads at {low}, not told apart at {high}"
    else:
        text = f"not told apart at {low}, {row['leads_above']} leads at {high}"
    return f"{where(row, varied)}: {text}"
