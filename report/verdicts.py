# SPDX-License-Identifier: Apache-2.0
"""The fastest map of each group, and the word for its lead (docs/verdicts.md).

The only module that turns intervals into outcomes and words. Page, terminal
and files print its results.
"""
import math

import numpy as np

from report import journal, stats, words

MARGIN = 1.02  # practical margin: below it a difference does not matter
CLEAR = 1.10  # a lead above it is clear, below it small
ERROR = 0.05  # share of groups in which any verdict may be wrong
PAIR = 0.95  # level of what is printed beside a ratio
POWER = 1.645  # standard errors; 95 % of normal values lie below

BEHIND, TIED, NONE = "behind", "tied", "no interval"
LEAD, SMALL = "clear lead", "small lead"
UNCERTAIN = "lead of uncertain size"
OPEN, ALONE = "not ranked", "alone"
LEADS = (LEAD, SMALL, UNCERTAIN)
WITHHELD = "a control failed"  # in the place of a word that would rank


def level_for(maps):
    """Level of each interval such that all pairs of `maps` maps hold
    jointly (Bonferroni): the leader is chosen from the same data."""
    return 1.0 - ERROR / max(maps * (maps - 1) / 2, 1)


def needs(maps):
    """Least n at which a group of so many maps can be ranked."""
    return max(stats.RANKING_NEEDS, stats.needed_n_walsh(level_for(maps)))


def smallest_seen(centre, pair, decides, limit=MARGIN):
    """Minimum detectable effect (MDE): the smallest ratio that is found above
    the limit 19 times of 20 by intervals as wide as these; None without one.

    pair, decides -- (low, high) at 95 %, and of the interval that decides: its
    farther end has to clear the limit, also if the centre comes out POWER
    standard errors low.
    """
    if None in (*pair, *decides):
        return None
    low, high = decides
    error = stats.standard_error(*map(math.log, pair), PAIR)
    return limit * max(centre / low, high / centre) * math.exp(POWER * error)


def outcome(low):
    """Of a rival, from the lower bound of leader ÷ rival."""
    if low is None:
        return NONE
    return BEHIND if low > MARGIN else TIED


def word_of(maps, rivals):
    """(word, weakest rival or None) of a group of `maps` maps with a
    result; rivals: dicts with outcome, map, group_low and group_high."""
    if maps == 1:
        return ALONE, None
    used = [r for r in rivals if r["outcome"] != NONE]
    if not used:
        return OPEN, None
    weakest = min(used, key=lambda r: (r["group_low"], r["map"]))
    if weakest["outcome"] == TIED:
        return TIED, weakest
    if weakest["group_low"] >= CLEAR:
        return LEAD, weakest
    return SMALL if weakest["group_high"] < CLEAR else UNCERTAIN, weakest


def front(rates, centres):
    """The leader of {map: {block: rate}}; None where no map has a trial.

    centres -- map -> anything that grows with the pseudo-median of ln rate
    """
    known = [m for m in rates if rates[m]]
    need = needs(len(known))
    full = [m for m in known if len(rates[m]) >= need]
    return min(full or known, key=lambda m: (-centres[m], m), default=None)


def compare(contests, centres):
    """Leaders and comparisons of many groups at once.

    contests -- key -> {map: {block: rate}}; centres -- key -> as of front()
    Result per key: {"leader", "maps", "needs", "pairs"}; pairs is rival ->
    (summary at 95 %, the group's simultaneous summary).
    """
    result, plain, jointly = {}, {}, {}
    for key, rates in contests.items():
        first, maps = front(rates, centres[key]), sum(
            1 for r in rates.values() if r)
        result[key] = {"leader": first, "maps": maps, "needs": needs(maps),
                       "pairs": {}}
        for name in rates if first is not None else ():
            if name != first and rates[name]:
                d = rates[first], rates[name]
                plain[key, name] = d
                jointly.setdefault(maps, {})[key, name] = d
    alone = stats.ratios(plain, PAIR)
    for maps, pairs in jointly.items():
        for at, summary in stats.ratios(pairs, level_for(maps)).items():
            result[at[0]]["pairs"][at[1]] = alone[at], summary
    return result


def rival_of(name, pair):
    """One comparison of compare() with its outcome; pair None: no trial."""
    single, group = pair or (dict.fromkeys(("centre", "low", "high")) | {
        "n": 0}, {"low": None, "high": None})
    return {"map": name, "outcome": outcome(group["low"]),
            "ratio": single["centre"], "low": single["low"],
            "high": single["high"], "group_low": group["low"],
            "group_high": group["high"], "n": single["n"], "why": ""}


def judge(rates, compared):
    """The verdict of one group: what compare() found, in outcomes and one
    word; "tied" are the maps in front, the leader first."""
    first = compared["leader"]
    rivals = [rival_of(m, compared["pairs"].get(m)) for m in rates
              if m != first]
    word, weakest = word_of(compared["maps"], rivals)
    used = [r["n"] for r in rivals if r["outcome"] != NONE]
    n = min(used) if used else max((r["n"] for r in rivals), default=0)
    if word == ALONE:
        n = len(rates[first])
    return {"leader": first, "word": word, "n": n, "rivals": rivals,
            "needs": compared["needs"], "maps": compared["maps"],
            "weakest": weakest and weakest["map"],
            "front": [first, *sorted(r["map"] for r in rivals
                                     if r["outcome"] == TIED)]
            if word != OPEN else []}


# ---- the groups of a campaign ---------------------------------------------

def entrants(a, cells):
    """Cells of the ranked maps of one group, by map; skipped ones have no
    part in it."""
    return {m: c for m, c in cells.items() if a.ranked(m) and not c.skip}


def settle(a):
    """(board, line, threads) -> verdict of every group of a campaign, with
    its place, the leader's cell and, per rival, cell and reason."""
    places = {(board, line, t): entrants(a, cells)
              for board, lines in a.grid.items()
              for line, counts in lines.items() for t, cells in counts.items()}
    contests = {at: {m: a.rates.get(c.id, {}) for m, c in cells.items()}
                for at, cells in places.items()}
    centres = {at: {m: a.mops(c) for m, c in cells.items()}
               for at, cells in places.items()}
    result = {}
    for at, compared in compare(contests, centres).items():
        group, cells = judge(contests[at], compared), places[at]
        lead = cells.get(group["leader"])
        for r in group["rivals"]:
            cell = cells[r["map"]]
            r["cell"] = cell.id
            if r["outcome"] == NONE:
                r["why"] = why_open(group, r["n"], cell, lead)
        group["rivals"].sort(key=lambda r: (-(centres[at][r["map"]] or 0),
                                            r["map"]))
        result[at] = group | {"where": at, "place": a.place(at),
                              "cell": lead and lead.id}
    return result


def lost(cell):
    """What became of the blocks without a trial that counts: "1 void"."""
    have, states = {t["block"] for t in cell.ok}, {}
    for trial in cell.trials:
        if trial["block"] not in have and not journal.usable(trial):
            states[trial["block"]] = trial["status"]
    told = [f"{list(states.values()).count(s)} {s}"
            for s in sorted(set(states.values()))]
    if cell.pending:
        told.append(f"{cell.pending} not run yet")
    return told


def why_open(group, n, cell, lead):
    """Why a rival has no interval: "5 of 6 blocks, 1 void"."""
    told = lost(cell)
    if lead is not None:
        told += [f"{part} of {group['leader']}" for part in lost(lead)]
    if not told:
        told = [f"{group['maps']} maps need {group['needs']}"]
    return (f"{n} of {words.plural(cell.blocks, 'block')}, "
            f"{', '.join(told)}")


# ---- two maps -------------------------------------------------------------

def side(pair):
    """Who leads a pair, from the summary of contender ÷ base at 95 %."""
    if pair is None or pair["low"] is None:
        return NONE
    if pair["low"] > MARGIN:
        return "contender"
    return "base" if pair["high"] < 1 / MARGIN else TIED


def standing(pair):
    """The same of a map against the base: ahead, behind, tied."""
    return {"contender": "ahead", "base": BEHIND}.get(side(pair), side(pair))


def withhold(rows, key):
    """Rows without the word in `key` that an interval gave them: of a
    campaign whose control failed the ratios are shown, and rank nobody."""
    return [r if r["low"] is None else r | {key: WITHHELD} for r in rows]


def doubt(invalid, what, where=""):
    """A sentence behind others: what may not be believed; "" where no control
    failed.

    invalid -- of checks.invalid(); where -- " then", " on b": which campaign's
    """
    return (f" {WITHHELD.capitalize()}{where}, {what}: {invalid}"
            if invalid else "")


def led(a, which):
    """The map that "contender" or "base" stands for; else None."""
    return {"contender": a.contender, "base": a.base}.get(which)


def unplanned(names):
    """"go_map_rw is not planned here", also of two."""
    return (f"{words.joined(names)} {'are' if names[1:] else 'is'} not "
            "planned here")


def why_no_pair(a, base, other):
    """Why base and contender have no interval here, in words."""
    pair = (a.base, base), (a.contender, other)
    absent = [name or "a second map" for name, cell in pair if cell is None]
    if absent:
        return unplanned(absent)
    for name, cell in pair:
        if not a.comparable(cell):
            return f"{name}: {cell.reason or a.wrong(name)}"
    group = {"leader": a.base, "maps": 2, "needs": needs(2)}
    both = stats.paired(*a.sides(other, base))
    return why_open(group, len(both), other, base)


def fields(a, board):
    """One row per line and thread count: contender over base."""
    rows = []
    for line in a.lines_of(board):
        for threads, cells in sorted(a.grid[board][line].items()):
            base, other = cells.get(a.base), cells.get(a.contender)
            pair = a.ratio(base, other)
            row = {**board._asdict(), "cell": other and other.id,
                   "write_kind": line.kind, "write_share": line.share,
                   "threads": threads, "ratio": None, "low": None,
                   "high": None, "n": 0, "side": side(pair),
                   "base_mops": a.mops(base), "why": ""}
            if pair:
                row.update({"ratio": pair["centre"]} | {
                    k: pair[k] for k in ("low", "high", "n")})
            if row["side"] == NONE:
                row["why"] = why_no_pair(a, base, other)
            if {a.base, a.contender} & a.failed.keys():
                row["empty"] = "failed"
            elif not base or not other:
                row["empty"] = "not run"
            rows.append(row)
    return rows


def border(here, there):
    """What lies between two neighbours: "flip" where different maps lead,
    "end" where only one of them has a leader, None otherwise.

    here, there -- the map that leads, "" where none does, None: not run
    """
    if here is None or there is None or here == there:
        return None
    return "flip" if here and there else "end"


def crossovers(a, board, line):
    """Where base and contender change places on the way to more threads:
    between two counts that are decided for opposite sides."""
    counts = a.grid[board][line]
    decided = []
    for threads in sorted(counts):
        pair = a.ratio(counts[threads].get(a.base),
                       counts[threads].get(a.contender))
        if side(pair) in ("base", "contender"):
            decided.append((threads, side(pair), pair["n"]))
    return [{"workload": board.workload, "keys": board.keys,
             "write_kind": line.kind, "write_share": line.share,
             "leads_below": led(a, one), "leads_above": led(a, two),
             "from_threads": low, "to_threads": high, "n": min(n, m),
             **position(a, counts, low, high)}
            for (low, one, n), (high, two, m) in zip(decided, decided[1:])
            if one != two]


def position(a, counts, low, high):
    """Interpolated crossing between two thread counts: only where a count
    that was not measured lies between, and the medians cross once. A count
    without an interval places nothing: the few blocks that it has would."""
    empty = {"position": None, "low": None, "high": None}
    pairs = {t: a.ratio(counts[t].get(a.base), counts[t].get(a.contender))
             for t in sorted(counts) if low <= t <= high}
    if high - low + 1 == sum(map(bool, pairs.values())):
        return empty
    sure = [t for t, pair in pairs.items() if side(pair) != NONE]
    found = stats.crossover(sure, block_matrix(a, counts, sure))
    if len(found) != 1:
        return empty
    return {"position": found[0].threads, "low": found[0].low,
            "high": found[0].high}


def block_matrix(a, counts, threads):
    """ln(contender / base) as (blocks, thread counts); nan: no trial."""
    rates = [(a.rates[counts[t][a.base].id], a.rates[
        counts[t][a.contender].id]) for t in threads]
    blocks = sorted({b for x, y in rates for b in x.keys() | y.keys()})
    return np.array([[math.log(y[b] / x[b]) if b in x and b in y else np.nan
                      for x, y in rates] for b in blocks])
