# SPDX-License-Identifier: Apache-2.0
"""The models from which make_journal.py computes speeds, latencies and counts."""
import base64
import struct
import zlib

KINDS = ("update", "churn", "fresh")
#        family, Mop/s of one thread, gain for each doubling of threads,
#        cost of a write in look-ups: update, churn, fresh; bytes per entry
MAPS = {
    "null_map": ("bound", 700, 1.99, (1, 1, 1), 0),
    "gomap": ("bound", 70, 1.97, (1.2, 2, 3), 24),
    "unsync_probe": ("bound", 120, 1.97, (1.1, 2, 3), 33),
    "gomap_mutex": ("lock", 33, 0.62, (1, 1.6, 2), 25),
    "gomap_rw": ("lock", 29, 0.95, (2, 3, 4), 25),
    "rwlock_probe": ("lock", 34, 0.94, (2, 2.4, 2.6), 33),
    "syncmap": ("sync", 25, 1.90, (6, 40, 90), 71),
    "syncmap_leak": ("sync", 25.6, 1.90, (5, 38, 88), 90),
    "shard_rw_32": ("shard", 27, 1.72, (2, 3, 4), 27),
    "snapshot": ("rcu", 58, 1.93, (300, 600, 600), 24),
    "urcu_lfht": ("rcu", 41, 1.95, (4, 9, 9), 56),
    "ck_ht": ("free", 52, 1.91, (2, 3, 5), 33),
}


def mops(c):
    """Models throughput: Amdahl's law for writes, and saturation by the map's gain."""
    _, one, gain, costs, _ = MAPS.get(c["map"], MAPS["gomap_rw"])
    t = c["threads"]
    doublings = max(t.bit_length() - 1, 0) + (t & (t - 1) != 0) * 0.5
    w = costs[KINDS.index(c["write_kind"])]
    if c["map"] == "snapshot":
        w *= c["keys"] / 65536
    cost = 1 - c["write_share"] + c["write_share"] * w
    cache = (65536 / c["keys"]) ** 0.12
    return one * gain ** doublings / cost * cache


def quantiles(base, rng, stall):
    """Makes a latency distribution as an HdrHistogram percentile table."""
    points, tail = [], 1.0
    for i in range(0, 60):
        p = 1 - 2 ** (-i / 4)
        ns = base * (1 + 0.10 * i) * 1.05 ** max(i - 20, 0) ** 1.15
        if stall and i > 36:
            ns = max(ns, 2e5 * tail)
            tail *= 1.3
        points.append((p, round(ns * rng.lognormvariate(0, 0.01), 1)))
    return points


def bucket(ns):
    """Returns the index of a value in a histogram of 2048 sub-buckets."""
    shift = max(int(ns).bit_length() - 11, 0)
    return (int(ns) >> shift) + 1024 * shift


def leb128(value):
    """Encodes a count, or the negative of a number of zeros, in ZigZag LEB128."""
    word, data = (value << 1) ^ (value >> 63), b""
    while word > 127 and len(data) < 8:
        data, word = data + bytes([word & 127 | 128]), word >> 7
    return data + bytes([word])


def encoded(counts):
    """Encodes {index: count} in HdrHistogram's format V2, without compression."""
    data, at = b"", 0
    for index in sorted(counts):
        zeros = index - at
        data += (leb128(-zeros) if zeros > 1 else leb128(0) * zeros) + leb128(counts[index])
        at = index + 1
    return struct.pack(">iiiiqqd", 0x1C849313, len(data), 0, 3, 1, 2 ** 41 - 1, 1.0) + data


def hlog(plain):
    """Formats a log that contains one encoded histogram."""
    packed = zlib.compress(plain)
    payload = base64.b64encode(struct.pack(">iI", 0x1C849314, len(packed)) + packed).decode()
    return f"#[Histogram log format version 1.3]\nTag=x,0.0,1.0,1.0,{payload}\n"


def counted(points, count):
    """Returns {index: count} for a distribution of percentiles."""
    counts, before = {}, 0
    for p, ns in points[1:] + [(1.0, points[-1][1])]:
        until = round(count * p)
        counts[bucket(ns)] = counts.get(bucket(ns), 0) + until - before
        before = until
    return {index: n for index, n in counts.items() if n}


def latency(c, rng, out, block):
    entries = []
    base = 90 + 9e3 / mops(c | {"threads": 1})
    for operation, share in (("lookup", 0.973), ("upsert", 0.027)):
        for clock in ("intended", "service"):
            count = round(c["rate_per_s"] * 5 * share)
            points = quantiles(base * (1 if clock == "service" else 1.6),
                               rng, c["map"] == "syncmap")
            name = (f"histograms/{c['map']}-r{c['rate_per_s']:g}-"
                    f"{operation}-{clock}-b{block}")
            (out / f"{name}.hlog").write_text(hlog(encoded(counted(points, count))))
            entries.append({
                "operation": operation, "was_there": True, "clock": clock,
                "count": count, "min_ns": round(points[0][1]),
                "max_ns": round(points[-1][1]), "mean_ns": points[20][1],
                "histogram": name})
    return entries


def counters(c, ops, rng, backend):
    _, _, _, costs, _ = MAPS.get(c["map"], MAPS["gomap_rw"])
    per = {"instructions": 20 + costs[0] * 3, "l1d_fill": 0.3 + costs[0] / 4
           + (c["threads"] > 1) * (c["map"] in ("gomap_rw", "gomap_mutex")),
           "snoop_hitm": (c["threads"] > 1) * costs[0] / 9, "llc_miss": 0}
    events = []
    for metric, value in per.items():
        total = round(ops * value * rng.lognormvariate(0, .004))
        bad = metric == "llc_miss"
        events.append({
            "metric": metric, "event": metric.upper(), "code": "raw 0x1",
            "per_thread": [None if bad else total / c["threads"]]
            * c["threads"], "total": None if bad else total,
            "enabled_ns": None, "running_ns": None,
            "quality": "never-scheduled" if bad else "exact",
            "reason": "no free counter for this event" if bad else None})
    return {"backend": backend, "reason": None, "cpu": "zen3",
            "events": events, "empty": []}


def simulated(c, ops, machine):
    """Returns counts of a simulated machine by a model; they are exact and have no noise."""
    shared = (c["threads"] - 1) / c["threads"] * (
        3 if c["map"] == "gomap_rw" else 0.1)
    per = {"loads": 9, "stores": 2, "atomics": 2 * (c["map"] == "gomap_rw"),
           "l1d_load_misses": 0.5 + shared, "l1d_store_misses": 0.25,
           "cold_misses": 0.01, "capacity_misses": 0.74,
           "coherence_misses": shared, "invalidations": shared,
           "false_sharing_invalidations": shared / 10, "upgrades": shared,
           "transfers_modified": shared, "transfers_clean": 0}
    return {"backend": "sim", "machine": machine, "reason": None,
            "events": [{"metric": metric, "event": metric, "code": machine,
                        "per_thread": None, "total": round(value * ops),
                        "enabled_ns": None, "running_ns": None,
                        "quality": "simulated", "reason": None}
                       for metric, value in per.items()], "empty": []}


def topology(sockets, cores, smt):
    """Returns hwloc's XML with the elements that the report reads, that is, kernel CPU numbers."""
    pu = lambda s, k, t: s * cores + k + t * sockets * cores
    packages = "".join(
        f'<object type="Package" os_index="{s}">' + "".join(
            f'<object type="Core" os_index="{k}">' + "".join(
                f'<object type="PU" os_index="{pu(s, k, t)}"/>'
                for t in range(smt)) + "</object>"
            for k in range(cores)) + "</object>" for s in range(sockets))
    return (f'<?xml version="1.0"?><topology version="2.0"><object '
            f'type="Machine">{packages}</object></topology>')
