# SPDX-License-Identifier: Apache-2.0
"""What the rows of the data files hold: each reader of columns.txt gives all
that a row may say, as dicts by column."""
from report.lint import derive, figures, production, say, simulated
from report.lint.rows import LOOKS

EMPTY = {"ratio": None, "low": None, "high": None}


# ---- of any row -------------------------------------------------------------

def factor(row):
    """The factors of the cell, or of the place."""
    if row.cell is None:
        return [row.group.place if row.group else {}]
    return [{"rate_per_s": 0} | row.cell.factors | row.cell.place]


def board(row):
    return [{"workload": row.c.rows.shared.get(id(row.group))}]


def source(row):
    """Campaign and commit that the numbers are from; of counts that the
    repository keeps, its file."""
    kept = row.held.get("cell") or ""
    if "/simulated:" in kept and kept not in row.c.rows.cells:
        return [{"source": simulated.source()}]
    meta = row.c.rows.meta
    build = meta.get("build") or {}
    name = meta.get("name") or row.c.rows.folder.resolve().name
    commit = str(build.get("commit") or "unknown")[:12]
    return [{"source": f"{name}/trials.jsonl, commit {commit}"
             + " (dirty)" * bool(build.get("dirty"))}]


def about(row):
    """A cell of the plan, or none."""
    return [{"cell": row.cell and row.cell.id}]


def state(row):
    """What became of a planned cell."""
    cell, level = row.cell, row.c.level(row.cell)
    few = "n<6" if level and level.low is None else ""
    return [{"state": cell.state, "reason": cell.why or few,
             "planned": 0 if cell.skip else cell.blocks}]


# ---- of groups --------------------------------------------------------------

def pair_why(row):
    """Why base and contender have no interval."""
    f = row.c.field(row.group)
    return [{"why": f.why}]


def winner(row):
    d = row.decision
    why = ("" if d.front else f"n = {d.n}, {d.k} maps need {d.needs}" if d.k
           else "no ranked map has a result here")
    about = {"n": d.n, "maps": d.k, "why": why, "weakest_mops":
             row.c.centre(row.group.cells.get(row.held["weakest"]))}
    r = d.rival(row.held["weakest"])
    return [about | {"group_low": low, "group_high": high}
            for low, high in (r.spans(d.k) if r else [(None, None)])]


def rival(row):
    """One comparison of a group; its numbers are the rule "ranking"'s."""
    d = row.decision
    lead = row.group.cells.get(d.leader)
    return [{"leader_cell": lead and lead.id, "group_n": d.n, "maps": d.k,
             "why": rival_why(d, row.cell), "mops": row.c.centre(row.cell)}]


def rival_why(d, cell):
    if cell is None or cell.map == d.leader:
        return ""
    r, lead = d.rival(cell.map), d.group.cells.get(d.leader)
    if r is not None and r.outcome != "no interval":
        return ""
    return derive.why_open(r.n if r else 0, cell, lead, d.k)


def to_base(row):
    """A map against the base of its group."""
    c, base = row.c, row.group.cells.get(row.c.base)
    f = derive.Field(row.group, c.base, row.cell.map)
    known = {"base": c.base, "base_mops": c.centre(base), "n": f.pair.n}
    if not f.pair.n:
        return [known | EMPTY | no_ratio(c, row.cell, base)]
    word = {"contender": "ahead", "base": "behind"}.get(f.side, f.side)
    if not c.ranked and f.side != "no interval":
        word = "a control failed"
    return [known | spread(f.pair, s) | {"verdict": word, "why": ""}
            for s in f.pair.spans()]


def no_ratio(c, cell, base):
    """What stands in the place of a ratio, and why."""
    why = cell.why or cell.wrong
    if base is None:
        return {"verdict": "not run",
                "why": why or f"{c.base} is not planned here"}
    wrong = cell.wrong or base.wrong
    return {"verdict": "failed verification" if wrong else "not run",
            "why": why or base.why or base.wrong and f"{c.base}: {base.wrong}"}


def spread(pair, span, times=1):
    scaled = [None if v is None else times * v for v in (pair.centre, *span)]
    return dict(zip(("ratio", "low", "high"), scaled))


def against_leader(row):
    """A map below the highest of its group, where that is known."""
    c, d, cell = row.c, row.decision, row.cell
    lead = row.group.cells[d.leader] if d.front else None
    known = {"leader": lead and lead.map, "leader_mops": c.centre(lead),
             "mops": c.centre(cell)} | EMPTY | {"n": 0}
    if cell.map in c.rows.failed:
        return [known | {"word": "failed verification",
                         "why": c.rows.failed[cell.map]}]
    if not cell.ok:
        return [known | {"word": cell.state, "why": cell.why}]
    if cell is lead:
        return [known | {"ratio": 1, "low": 1, "high": 1, "n": len(cell.ok),
                         "word": "highest", "why": ""}]
    r = d.rival(cell.map)
    if lead is None or r and r.outcome == "no interval":
        n = r.n if r else len(cell.ok)
        why = rival_why(d, cell) if r else f"n = {n}"
        return [known | {"n": n, "word": f"not ranked ({n})", "why": why}]
    return compared(c, known, lead, cell, r)


def compared(c, known, lead, cell, r):
    """With an interval, or of a map that is set aside."""
    pair = r.pair if r else c.ratio(lead, cell)
    why = LOOKS["maps"].get(cell.map, {}).get("aside", "") if not r else ""
    word = r.outcome if r else "set aside"
    if pair is None:
        return [known | {"word": word, "why": why}]
    return [known | spread(pair, s) | {"n": pair.n, "word": word, "why": why}
            for s in pair.spans()]


def mde(row):
    """The smallest difference that the ratio to the base would show."""
    c, base = row.c, row.group.cells.get(row.c.base)
    pair = c.ratio(row.cell, base)
    value = (None if pair is None or pair.low is None
             else derive.smallest_seen(pair))
    why = ("n<6" if value is None else "" if value else
           "every block has the same ratio")
    return [{"base": c.base, "n": pair and pair.n, "mde_percent": value,
             "why": why, "place": lambda text: line_told(row, text)}]


def line_told(row, text):
    """"97 % lookups, 3 % updates, smoke + crossover, 1 Ki keys, ..."."""
    place, mix = row.group.place, say.mixes(text)
    return (mix is not None and say.fits_mix(place, mix)
            and say.keys(text) == place["keys"]
            and row.c.rows.shared[id(row.group)] in text.split(", "))


# ---- which rows there are ---------------------------------------------------

def key_of(line):
    """What a row is about: its cell, or where it has none its place."""
    place = ("workload", "keys", "write_kind", "write_share", "threads")
    key = line.get("cell") or tuple(line.get(k) for k in place)
    return (key, line["block"]) if "block" in line else key


def place_key(c, group):
    p = group.place
    return (c.rows.shared[id(group)], str(p["keys"]), p["write_kind"],
            f"{p['write_share']:.6g}", str(p["threads"]))


def contenders(c, groups=None):
    return [group.cells[c.contender].id if c.contender in group.cells
            else place_key(c, group) for group in groups or c.rows.groups]


def leaders(c):
    found = [(g, c.decision(g)) for g in c.rows.groups]
    return [g.cells[d.front[0]].id if d.front else place_key(c, g)
            for g, d in found]


def clusters(c):
    """Also a leader that others are not ranked below has its cell there."""
    found = [(g, c.decision(g)) for g in production.groups(c)]
    return [g.cells[d.leader].id if d.leader else place_key(c, g)
            for g, d in found]


def cluster_contenders(c):
    return contenders(c, production.groups(c))


def cells(c):
    return list(c.rows.cells)


def peers(c, groups=None):
    return [x.id for g in groups or c.rows.groups for x in g.cells.values()
            if c.rows.peer(x.map)]


def headline(c):
    """All maps of the first screen's group but the base; None where no
    sentence names it."""
    return [x.id for m, x in c.head().cells.items()
            if c.rows.peer(m) and m != c.base] if c.head() else None


def headline_trials(c):
    return [(x.id, str(b)) for m, x in c.head().cells.items()
            if c.rows.peer(m) for b in x.logs] if c.head() else None


def attempts(c):
    return [(t["cell"], str(t["block"])) for t in c.rows.begun]


ROWS = {"contenders": contenders, "leaders": leaders, "cells": cells,
        "clusters": clusters, "clusters' contenders": cluster_contenders,
        "peers": peers, "headline": headline,
        "headline trials": headline_trials, "attempts": attempts}
READERS = {f.__name__: f for f in (
    factor, board, source, about, state, pair_why, winner, rival, to_base,
    against_leader, mde, production.traffic, *figures.READERS)}
