# SPDX-License-Identifier: Apache-2.0
"""Would this run have noticed a difference, or invented one? Controls
decide whether a ranking may be printed; checks are shown beside them."""
import math
import statistics

from report import journal, stats, words

LIMIT = 0.5  # per cent: A/A and slot effect
EXTRA = (1.5, 2.5)  # per cent: what +2 % work must measure as


def control_row(name, d, limits, control=True, level=0.99, why=None):
    """One control from log differences d (+ is slower): percent, interval,
    word. Below the n that the level needs it is not decidable."""
    row = {"name": name, "percent": None, "low": None, "high": None,
           "limit_low": limits[0], "limit_high": limits[1], "n": len(d),
           "control": control, "word": "not decidable",
           "why": why or "no trial"}
    if not d:
        return row
    s = stats.summarize({0: d}, level, log=False)[0]
    row["percent"] = stats.percent(s["centre"])
    if s["low"] is not None:
        row["low"], row["high"] = stats.percent(s["low"]), stats.percent(
            s["high"])
        row["word"] = words.control_word(row["low"], row["high"], *limits)
    else:
        row["word"] = f"n = {s['n']}: open"
    return row


def arm_rows(a):
    """A/A and +2 % arms, where the campaign ran them."""
    for (arm, cell_id), trials in sorted(a.campaign.arms.items()):
        cell = a.campaign.cells[cell_id]
        head = journal.rates(cell.ok)
        other = journal.rates([t for t in trials if journal.usable(t)])
        d = [math.log(head[b] / other[b]) for b in sorted(
            head.keys() & other.keys())]
        place = f"{cell.map}, {words.plural(cell.threads, 'thread')}"
        if arm.startswith("aa"):
            yield control_row(f"A/A, {place}", d, (-LIMIT, LIMIT))
        elif arm == "control" or arm.endswith("extra"):
            yield control_row(f"+2 % work, {place}", d, EXTRA)


def residuals(a):
    """(block, cell index in the plan) -> ln(cost / the cell's median)."""
    index = {cell_id: i for i, cell_id in enumerate(a.campaign.cells)}
    result = {}
    for cell_id, rates in a.rates.items():
        middle = statistics.median(rates.values())
        for block, rate in rates.items():
            result[block, index[cell_id]] = math.log(middle / rate)
    return result


def slot_row(a, rest):
    """Does it matter when in its block a trial runs: per block, the cost of
    the second half over that of the first."""
    d = []
    for block, order in enumerate(a.campaign.meta.get("order", [])):
        here = [rest[block, i] for i in order if (block, i) in rest]
        half = len(here) // 2
        if half >= 3:
            d.append(statistics.median(here[-half:])
                     - statistics.median(here[:half]))
    return control_row("slot: second half of a block − first", d,
                       (-LIMIT, LIMIT), why="too few trials in a block")


def drift_row(a, rest):
    """First third of the blocks against the last; a check, no control:
    ratios are paired by block, so a drift is not in them."""
    by_block = {}
    for (block, _), value in rest.items():
        by_block.setdefault(block, []).append(value)
    middle = [statistics.median(by_block[b]) for b in sorted(by_block)]
    third = len(middle) // 3
    row = control_row("drift: last third of the blocks − first", [],
                      (-2 * LIMIT, 2 * LIMIT), control=False,
                      why="fewer than 3 blocks")
    if third < 1:
        return row
    first, last = middle[:third], middle[-third:]
    row.update(n=2 * third, percent=stats.percent(
        statistics.median(last) - statistics.median(first)))
    low, high = stats.shift_interval(last, first, 0.95)
    if math.isnan(low):
        row["word"] = "no interval"
    else:
        row.update(low=stats.percent(low), high=stats.percent(high))
        row["word"] = words.control_word(row["low"], row["high"],
                                         row["limit_low"], row["limit_high"])
    return row


def control_rows(a):
    """All controls and the drift."""
    rest = residuals(a)
    return [*arm_rows(a), slot_row(a, rest), drift_row(a, rest)]


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


# ---- what every trial tells of itself -------------------------------------

def finished(a):
    """(cell, trial) of every trial with a result, timed measures only."""
    for cell in a.campaign.cells.values():
        if cell.measure != "verify":
            for trial in cell.ok:
                yield cell, trial


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


def worst_mix(a):
    """Largest |achieved - asked| of write and miss share, in standard
    errors of that many draws (churn draws its writes in pairs)."""
    worst = {"write_share": None, "miss_share": None}  # as asked
    for cell, trial in finished(a):
        for name in worst:
            asked = getattr(cell, name)
            got = trial["result"].get("achieved_" + name)
            if got is None or not trial["result"].get("ops"):
                continue
            if name == "miss_share" and not asked:
                continue  # misses of resident keys have their own row
            draws = trial["result"]["ops"]
            if name == "miss_share":
                draws = trial["result"].get("lookups") or draws
            pairs = 2 if cell.write_kind == "churn" else 1
            error = math.sqrt(pairs * asked * (1 - asked) / draws)
            # one operation more or less is no deviation
            off = max(abs(got - asked) - pairs / draws, 0)
            off = off / error if error else (math.inf if off else 0.0)
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


def fairness(a):
    """(slowest / fastest thread, cell): the least even trial."""
    worst = None
    for cell, trial in finished(a):
        ops = [t["ops"] for t in trial["result"].get("by_thread") or []]
        alone = len(set(cell.cpus)) == cell.threads
        if alone and len(ops) > 1 and max(ops):
            even = min(ops) / max(ops)
            if worst is None or even < worst[0]:
                worst = even, cell
    return worst


def lost_trials(a):
    """(cell, block, status, reason) of trials that do not count; cells
    that the plan skips are told of by cell."""
    for cell in a.campaign.cells.values():
        if cell.skip:
            continue
        for trial in cell.trials:
            if not journal.usable(trial):
                reason = trial.get("reason") or f"exit {trial.get('exit')}"
                yield cell, trial["block"], trial["status"], reason
