# SPDX-License-Identifier: Apache-2.0
"""Latency distributions: reads .hgrm files, takes quantiles over trials."""
import functools
from pathlib import Path

import numpy as np

from report import stats, words

MARKS = ((2, "p50_ns", 0.5), (100, "p99_ns", 0.99), (1000, "p999_ns", 0.999))
STEP = 0.25  # of log2 of 1 / (1 - p)
REMAIN = 10  # operations beyond a percentile that make it comparable


@functools.lru_cache(maxsize=None)
def percentile_table(path):
    """(percentile, ns) of a .hgrm file, ascending; None where unreadable.
    Its values are microseconds, as HdrHistogram's tools expect."""
    p, ns = [], []
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        parts = line.split()
        if line.startswith("#") or len(parts) < 3:
            continue
        try:
            value, at = float(parts[0]), float(parts[1])
        except ValueError:
            continue  # the heading
        ns.append(1e3 * value)
        p.append(at)
    return (np.array(p), np.array(ns)) if p else None


def find(folder, name):
    """The histogram's percentile table: NAME or NAME.hgrm."""
    if not name:
        return None
    for path in (folder / name, folder / f"{name}.hgrm"):
        if path.suffix == ".hgrm" and path.is_file():
            return percentile_table(path)
    return None


def entries(cells):
    """(operation, was_there, clock) -> map -> list of (block, entry)."""
    found = {}
    for cell in cells:
        for trial in cell.ok:
            for e in trial["result"].get("latency") or []:
                if e.get("count"):
                    key = e["operation"], e["was_there"], e["clock"]
                    found.setdefault(key, {}).setdefault(
                        cell.map, []).append((trial["block"], e))
    return found


def curve(folder, several):
    """Median over trials of the distribution on a grid of 1 / (1 - p).

    several -- entries of one map; -> (x, ns): with histograms the whole
    curve, without them the percentiles of the journal.
    """
    count = min(e["count"] for _, e in several)
    read = [find(folder, e.get("histogram")) for _, e in several]
    if any(r is None for r in read):
        x = [2, 10, 100, 1000]
        y = [[e[k] for _, e in several] for k in
             ("p50_ns", "p90_ns", "p99_ns", "p999_ns")]
        keep = [i for i, v in enumerate(x) if v <= count
                and None not in y[i]]
        return [x[i] for i in keep], [float(np.median(y[i])) for i in keep]
    x = 2.0 ** np.arange(0.9, np.log2(max(count, 2)), STEP)
    at = 1 - 1 / x
    values = [ns[np.minimum(np.searchsorted(p, at), len(ns) - 1)]
              for p, ns in read]
    return list(x), list(np.median(values, axis=0))


def marks(several, name):
    """P50, P99, P99.9 with the interval of the median over trials."""
    count = min(e["count"] for _, e in several)
    result = []
    for x, key, p in MARKS:
        values = [e[key] for _, e in several if e[key] is not None]
        if not values or count < x * REMAIN:
            continue
        middle, low, high = stats.median_interval(values)
        gap = np.isnan(low)
        tip = (f"{name} P{100 * p:g}: {words.duration(middle)}, median of "
               f"{len(values)} trials")
        result.append((x, middle, None if gap else float(low),
                       None if gap else float(high), tip))
    return result


def quantile_text(several, key, p):
    """"1.2 µs [1.1, 1.3]" or "n < 3 688"."""
    need, count = stats.needed_n(p), min(e["count"] for _, e in several)
    if count < need:
        return f"n < {words.count(need)}"
    values = [e[key] for _, e in several if e[key] is not None]
    if not values:
        return "none"
    middle, low, high = stats.median_interval(values)
    if np.isnan(low):
        return f"{words.duration(middle)} (n < {stats.needed_n(0.5)} trials)"
    return (f"{words.duration(middle)} [{words.duration(low)}, "
            f"{words.duration(high)}]")
