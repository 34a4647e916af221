# SPDX-License-Identifier: Apache-2.0
"""Latency distributions: quantiles of trials, and over trials."""
import numpy as np

from report import journal, stats, words

MARKS = tuple(zip(("P50", "P90", "P99", "P99.9"), *zip(
    *journal.PERCENTILES.items())))
TICKS = 5  # points of a curve in each halving of 1 - p
# Write kind -> its operation that starts when the other one of the pair ends.
# Earlier programs recorded an intended start of it.
SECOND = {"churn": "upsert", "fresh": "remove"}
LATE = 1.2  # times the time of the arrivals: longer is an overload
KNOWN = 10  # most that the ends of an interval may be apart, as a factor


def entries(cells):
    """(operation, was_there, clock) -> map -> list of (block, entry)."""
    found = {}
    for cell in cells:
        for trial in cell.ok:
            for e in trial["result"].get("latency") or []:
                if e["clock"] == "intended" and \
                        e["operation"] == SECOND.get(cell.write_kind):
                    continue
                if e.get("count"):
                    key = e["operation"], e["was_there"], e["clock"]
                    found.setdefault(key, {}).setdefault(
                        cell.map, []).append((trial["block"], e))
    return found


def curve(folder, several):
    """Median over trials of the distribution, over x = 1 / (1 - p).

    several -- entries of one map; -> (x, ns): with histograms the whole
    curve, without them the percentiles of the journal.
    """
    count = min(e["count"] for _, e in several)
    read = [journal.histogram_of(folder, e) for _, e in several]
    if any(r is None for r in read):
        x = [2, 10, 100, 1000]
        y = [[e[k] for _, e in several] for k in
             ("p50_ns", "p90_ns", "p99_ns", "p999_ns")]
        keep = [i for i, v in enumerate(x) if v <= count
                and None not in y[i]]
        return [x[i] for i in keep], [float(np.median(y[i])) for i in keep]
    x = ticks(max(count, 2))
    values = [[r.quantile(1 - 1 / each) for each in x] for r in read]
    return list(x), list(np.median(values, axis=0))


def ticks(most):
    """1 / (1 - p) from P50 to `most`: five in each halving of 1 - p."""
    halvings, parts = np.mgrid[1:np.ceil(np.log2(most)) + 1, 0:TICKS]
    x = (2 ** halvings / (1 - parts / (2 * TICKS))).ravel()
    return x[x <= most]


# ---- one rule for all: are there enough operations? -----------------------

def least(several):
    """Operations of the trial that has fewest: what decides."""
    return min(e["count"] for _, e in several)


def reach(count, level=0.95):
    """1 / (1 - p) of the highest percentile p that a trial of `count`
    operations can tell: stats.needed_n(p) solved for p."""
    if count < stats.needed_n(0.5, level):
        return 1.0
    return 1 / (1 - ((1 - level) / 2) ** (1 / count))


def is_known(low, high):
    """Does an interval tell at least the order of magnitude?"""
    return low is None or high <= KNOWN * low


def in_words(ns, low, high):
    """A percentile without its interval, or that it is not known."""
    if is_known(low, high):
        return words.duration(ns)
    return f"not known ({words.duration(low)} to {words.duration(high)})"


def quantile(several, key, p):
    """A percentile of one map: ns, low and high (median over trials with
    its interval), n, and "text", which says why where one is missing."""
    need, count = stats.needed_n(p), least(several)
    row = {"ns": None, "low": None, "high": None, "n": len(several),
           "operations": count}
    if count < need:
        return row | {"text": f"n < {words.count(need)}"}
    values = [e[key] for _, e in several if e[key] is not None]
    if not values:
        return row | {"text": "none"}
    middle, low, high = stats.median_interval(values)
    row |= {"ns": float(middle), "n": len(values)}
    if np.isnan(low):
        return row | {"text": f"{words.duration(middle)} (n < "
                      f"{stats.needed_n(0.5)} trials)"}
    row |= {"low": float(low), "high": float(high)}
    return row | {"text": in_words(middle, low, high) + (
        f" [{words.duration(low)}, {words.duration(high)}]"
        if is_known(low, high) else "")}


def at_floor(tail, floor):
    """Whether a percentile, as by quantile(), is not shown to be above the
    floor's; nothing is known of one without an interval."""
    low, high = tail.get("low"), floor.get("high")
    return low is not None and high is not None and low <= high


def marks(several, name):
    """(1 / (1 - p), ns, low, high, tip) of the percentiles that exist."""
    result = []
    for label, key, p in MARKS:
        q = quantile(several, key, p)
        if q["ns"] is not None:
            result.append((1 / (1 - p), q["ns"], q["low"], q["high"],
                           tip(name, label, q)))
    return result


def tip(name, label, q):
    return f"{name} {label}: {q['text']}, median of {q['n']} trials"


# ---- did it keep up? ------------------------------------------------------

def took(cell):
    """Per trial: time from the first start to the last end, over the time
    in which the operations were to arrive."""
    times = []
    for trial in cell.ok:
        result = trial["result"]
        arrivals = cell.window_ns or (
            1e9 * cell.window_ops / cell.rate_per_s if cell.rate_per_s
            else 0)
        if arrivals and result.get("elapsed_ns"):
            times.append(result["elapsed_ns"] / arrivals)
    return times


def overload(cell):
    """In words, that an open loop did not keep up with its arrivals; None
    where it did: then its latencies are the queue's, and grow with the
    window. The median trial decides, so that one disturbance does not."""
    times = took(cell)
    if not times or np.median(times) <= LATE:
        return None
    return (f"overloaded at {words.count(round(cell.rate_per_s))}/s (took "
            f"{words.sig(min(times), 2)} to {words.sig(max(times), 2)} "
            "times the time)")
