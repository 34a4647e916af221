# SPDX-License-Identifier: Apache-2.0
"""Would this run have noticed a difference, or invented one? Controls
decide whether a ranking may be printed; checks are shown beside them.

Controls are judged by 95 % signed-rank intervals over rounds. A 99 % interval
does not exist below 8 rounds, so that no control of a mode with 6 could ever
fail. Cells cannot replace rounds: those of one round share its bursts of
noise, and their interval would fail sound runs. A sound run's control fails
once in 20 at most, once in 32 with 6 rounds.
"""
import math
import types

import numpy as np

from report import analysis, journal, stats, words

LIMIT = 0.5  # per cent: A/A and slot effect
EXTRA = (1.5, 2.5)  # per cent: what +2 % work must measure as
LEVEL = 0.95  # of the intervals that controls are judged by
HALF = 3  # trials that half of a round needs to have a middle
EVEN = 0.8  # slowest over fastest thread
DRIVER_LIMIT = 20  # per cent of the fastest map's time


def control_row(name, n, limits, found, control=True, why=""):
    """One control: percent, interval, word.

    found -- log ratios (centre, low, high), + is slower; None: no value;
             low None: n is too small for an interval
    why -- what is lacking where there is no value, or no interval to judge
    """
    centre, low, high = found or (None, None, None)
    percent = [None if v is None or math.isnan(v) else stats.percent(v)
               for v in (centre, low, high)]
    return {"name": name, "percent": percent[0], "low": percent[1],
            "high": percent[2], "limit_low": limits[0],
            "limit_high": limits[1], "n": n, "control": control,
            "word": words.control_word(*percent[1:], *limits)
            if control else "",
            "why": why if found is None or control and percent[1] is None
            else ""}


def lacking(planned, trials):
    """Why a control has no interval: the plan's doing, or that of trials."""
    return f"too few {trials}" if planned >= stats.RANKING_NEEDS \
        else "too few blocks planned"


def signed_row(name, d, limits, why=""):
    """A control from log differences d, one for each block. What differs
    within a block does so in random order, so that blocks are independent."""
    return control_row(name, len(d), limits, stats.signed_rank_interval(
        d, LEVEL) if d else None, why=why)


def arm_rows(a):
    """A/A and +2 % arms, where the campaign ran them."""
    for (arm, cell_id), trials in sorted(a.campaign.arms.items()):
        cell = a.campaign.cells[cell_id]
        head = journal.rates(cell.ok)
        other = journal.rates([t for t in trials if journal.usable(t) and all(
            t["result"].get(k) for k in ("ops", "elapsed_ns"))])
        d = [math.log(head[b] / other[b]) for b in sorted(
            head.keys() & other.keys())]
        place = f"{cell.map}, {words.plural(cell.threads, 'thread')}"
        why = lacking(cell.blocks, "blocks in which both trials count")
        if arm.startswith("aa"):
            yield signed_row(f"A/A, {place}", d, (-LIMIT, LIMIT), why)
        elif arm == "control" or arm.endswith("extra"):
            yield signed_row(f"+2 % work, {place}", d, EXTRA, why)


def undisturbed(cell, rates):
    """{block: rate} of the places where the first attempt was good. The early
    ones of a round are measured again, out of their place, and what the budget
    of repeats leaves disturbed are its late ones."""
    spoilt = {t["block"] for t in cell.earlier} | {
        t["block"] for t in cell.ok if t.get("disturbed")}
    return {b: rate for b, rate in rates.items() if b not in spoilt}


def columns(a):
    """Cell id -> its column in residuals()."""
    return {cell["id"]: i for i, cell in enumerate(a.campaign.meta["cells"])}


def residuals(a):
    """ln(cost / the cell's median) as (rounds, cells of the plan); nan where
    no undisturbed trial is.

    Cells of fewer than half of the rounds are left out: what ran once is its
    own median, and its 0 would hide what the others show of that round.
    """
    index, when = columns(a), a.campaign.round_of

    def at(name, rates):
        """Rounds of these blocks; without an order each block is a round."""
        return [when.get((name, b), b) for b in rates]

    count = 1 + max((max(at(name, rates)) for name, rates in a.rates.items()
                     if rates), default=-1)
    # the plan may name a cell twice
    rest = np.full((count, len(a.campaign.meta["cells"])), np.nan)
    for name, rates in a.rates.items():
        rates = undisturbed(a.campaign.cells[name], rates)
        if 2 * len(rates) >= count:
            cost = -np.log(list(rates.values()))
            rest[at(name, rates), index[name]] = cost - np.median(cost)
    return rest


def slot_row(a, rest):
    """Does it matter when in its round a trial runs: per round, the median of
    the second half less the median of the first."""
    d, index = [], columns(a)
    for cells, trials in zip(rest, a.campaign.rounds):
        here = cells[[index[name] for name, _ in trials]]
        here = here[~np.isnan(here)]
        half = len(here) // 2
        if half >= HALF:
            d.append(np.median(here[-half:]) - np.median(here[:half]))
    return signed_row("slot: second half of a round − first", d,
                      (-LIMIT, LIMIT), slot_lacks(a))


def slot_lacks(a):
    """Only where rounds have trials enough did disturbance take them."""
    whole = sum(sum(block in a.rates.get(name, ()) for name, block in trials)
                >= 2 * HALF for trials in a.campaign.rounds)
    return lacking(len(a.campaign.rounds), "trials in a round"
                   if whole < stats.RANKING_NEEDS
                   else "undisturbed trials in a round")


def drift_row(rest):
    """First round to last, along the median slope (Theil and Sen). It is no
    control and not judged: the maps of a ratio run in one round, and its
    interval is wider where blocks are like their neighbours
    (signed_rank.widening)."""
    middle = np.array([np.nanmedian(cells) for cells in rest
                       if not np.isnan(cells).all()])
    n = len(middle)
    found = None if n < 3 else [
        v and v * (n - 1) for v in stats.trend(middle, LEVEL)[:3]]
    row = control_row("drift: last round − first", n, (None, None), found,
                      control=False, why="fewer than 3 rounds")
    seen = ~np.isnan(rest)
    return row | {"word": direction(row["low"], row["high"]),
                  "trials": int(seen.sum()),
                  "cells": int(seen.any(axis=0).sum())}


def direction(low, high):
    """Of a drift of costs with this interval, in words that do not depend on
    whether a cost or a throughput is meant."""
    if low is not None and low > 0:
        return "later rounds slower"
    if high is not None and high < 0:
        return "later rounds faster"
    return "direction not known"


def control_rows(a):
    """All controls and the drift."""
    rest = residuals(a)
    return [*arm_rows(a), slot_row(a, rest), drift_row(rest)]


def undecidable(rows):
    """What the controls leave open, as a part of a sentence; "" if nothing."""
    controls = [r for r in rows if r["control"]]
    if any(r["word"] == "FAILED" for r in controls):
        return "a control failed"
    blind = [r for r in controls if r["word"] == "cannot decide"]
    if blind:
        least = min(blind, key=lambda r: r["n"])
        return f"controls cannot decide: {least['why']} (n = {least['n']})"
    wide = [r for r in controls if r["word"] == "undecided"]
    if wide:
        return "undecided controls: " + words.joined(
            f"{r['name'].split(':')[0]} "
            f"{words.between(r['low'], r['high'])}{words.NARROW}%"
            for r in wide)
    return ""


def invalid(rows):
    """The sentence that replaces the ranking; None where controls hold."""
    failed = [r for r in rows if r["control"] and r["word"] == "FAILED"]
    if not failed:
        return None
    said = words.joined(
        f"{r['name']} shows {words.percent(r['percent'], sign=True)} "
        f"{words.between(r['low'], r['high'])}, allowed "
        f"{words.sig(r['limit_low'])} to {words.sig(r['limit_high'])}"
        f"{words.NARROW}%" for r in failed)
    return f"INVALID: {said}; no ranking is reported."


def refusal(campaign):
    """The same of a campaign that nobody analysed: None where it may rank."""
    return invalid(control_rows(types.SimpleNamespace(
        campaign=campaign, rates=analysis.rates_of(campaign))))


# ---- what every trial tells of itself -------------------------------------

def finished(a):
    """(cell, trial) of every trial that counts, timed measures only."""
    for cell in a.campaign.cells.values():
        if cell.measure != "verify":
            for trial in cell.ok:
                yield cell, trial


def alone(cell):
    """Has every thread a CPU of its own?"""
    return bool(cell.cpus) and len(set(cell.cpus)) == cell.threads


def misplaced(a):
    """(trials with a thread off its CPU, trials that were looked at)."""
    bad = seen = 0
    for cell, trial in finished(a):
        threads = trial["result"].get("by_thread") or []
        if not cell.cpus or not threads:
            continue
        seen += 1
        bad += any(t.get(k) is not None and t[k] != t["cpu"]
                   for t in threads for k in ("cpu_start", "cpu_end"))
    return bad, seen


def standard_errors(cell, name, got, draws):
    """How far a share is off, in its standard errors.

    Churn and fresh write in pairs, an insert and a remove by one draw: of I
    draws with probability q = w / (2 - w) come I (1 + q) operations, whose
    share of writes has the variance (2 - w) w (1 - w) / operations.
    """
    asked = getattr(cell, name)
    paired = name == "write_share" and cell.write_kind != "update"
    spread = (2 - asked if paired else 1) * asked * (1 - asked)
    # one draw more or less is no deviation
    off = max(abs(got - asked) - (1 + paired) / draws, 0)
    if not off:
        return 0.0
    return off / math.sqrt(spread / draws) if spread else math.inf


def empty(a, name):
    """Does a map hold nothing? It says yes to every key, and never misses."""
    return "no-state" in (a.campaign.maps[name].get("caps") or ())


def worst_mix(a):
    """Largest |achieved - asked| of write and miss share, in standard
    errors of that many draws; other loops write by their own rules."""
    worst = {"write_share": None, "miss_share": None}  # as asked
    for cell, trial in finished(a):
        for name in worst if cell.loop in analysis.COMMON else ():
            asked = getattr(cell, name)
            got = trial["result"].get("achieved_" + name)
            if got is None or not trial["result"].get("ops"):
                continue
            if name == "miss_share" and (not asked or empty(a, cell.map)):
                continue  # misses of resident keys have their own row
            draws = trial["result"]["ops"]
            if name == "miss_share":
                draws = trial["result"].get("lookups") or draws
            off = standard_errors(cell, name, got, draws)
            if worst[name] is None or off > worst[name][0]:
                worst[name] = off, cell
    return worst


def absent_hits(a):
    """Largest share of lookups that missed a key that should be there."""
    worst = None
    for cell, trial in finished(a):
        result = trial["result"]
        if result.get("misses_resident") is None or not result.get("lookups"):
            continue
        share = 100 * result["misses_resident"] / result["lookups"]
        if worst is None or share > worst[0]:
            worst = share, cell
    return worst


def evenness(a):
    """(cell, slowest / fastest thread) of every trial that counts and whose
    two or more threads have a CPU each and do as much as they can: those of
    an open loop are even since their operations are scheduled."""
    for cell, trial in finished(a):
        if (cell.threads < 2 or not alone(cell)
                or cell.loop not in analysis.CLOSED):
            continue
        ops = [t["ops"] for t in trial["result"].get("by_thread") or []]
        if len(ops) > 1 and max(ops):
            yield cell, min(ops) / max(ops)


def steady(a):
    """(cell, whether its warm-up ended steady) of every trial that counts and
    whose program a virtual machine compiles while it runs. None steady is one
    that was too short to say."""
    for cell, trial in finished(a):
        result = trial["result"]
        if (result.get("environment") or {}).get("vm"):
            yield cell, bool((result.get("warm_up") or {}).get("steady"))


def fastest(a):
    """(where, its fastest map, that map's rate and cell, the floor's cell) of
    every group with a result."""
    for board in a.boards():
        for line in a.lines_of(board):
            for threads, cells in sorted(a.grid[board][line].items()):
                best = max(((a.mops(c), m) for m, c in cells.items()
                            if c.ok and a.peer(m)), default=None)
                if best:
                    rate, name = best
                    yield ((board, line, threads), name, rate, cells[name],
                           cells.get(a.floor_of(name)))


def driver_shares(a):
    """Rows of every group that ran the floor of its fastest map, largest
    share first: where, that map, the driver's share of its time in per
    cent, and both cells, whose trials may have been disturbed."""
    rows = [{"where": where, "map": name, "cells": (cell, floor),
             "percent": 100 * rate / a.mops(floor)}
            for where, name, rate, cell, floor in fastest(a)
            if a.mops(floor)]
    return sorted(rows, key=lambda r: -r["percent"])


def floorless(a):
    """Where no floor ran beside the fastest map."""
    return [where for where, *_, floor in fastest(a) if not a.mops(floor)]


def lost_trials(a):
    """(cell, block, status, reason) of trials that do not count; cells
    that the plan skips are told of by cell, repeated trials by map."""
    for cell in a.campaign.cells.values():
        if cell.skip:
            continue
        for trial in cell.trials:
            if not journal.usable(trial):
                reason = trial.get("reason") or f"exit {trial.get('exit')}"
                yield cell, trial["block"], trial["status"], reason
