# SPDX-License-Identifier: Apache-2.0
"""Forms of what trials tell: nothing, zero, percentiles, windows, counters.
Each function makes a campaign's claims and cells (again_forms.Form)."""
N = 20


def zeros(made):
    """Ratios of which a side is nothing, in some blocks or in all."""
    few = [0, 0, 0] + [3] * (N - 3)
    for above, below in (([0] * N, [0] * N), ([5] * N, [0] * N),
                         ([0] * N, [5] * N), (few, [3] * N), ([3] * N, few),
                         (few, few[::-1]), (few, few)):
        for rule in ("direction", "ratio", "equal"):
            for speaks in ("count", "speed"):
                w = made.say(rule, against="gomap_rw", side="above"
                             if rule == "direction" else None,
                             claimed="3" if rule == "ratio" else None,
                             speaks=speaks)
                made.put(w, "syncmap", above)
                made.put(w, "gomap_rw", below)


def zero_figures(made):
    """Figures that are zero, in some blocks or in all."""
    few = [0, 0] + [1] * (N - 2)
    for values in ([0] * N, few, [1, 0] * (N // 2)):
        for claimed in ("0 .. 0.5", "1", "0 .. 10%"):
            for rule in ("figure", "count"):
                made.put(made.say(rule, claimed=claimed, tolerance="1"),
                         "syncmap", values)


def denominators(made):
    """Nothing to divide by, in one trial or in all."""
    for writes in ([0] * N, [0] + [10] * (N - 1), [10] * N):
        each = [{"ops": 100, "writes": w, "x": 5.0} for w in writes]
        for rule, more in (("figure", {"claimed": "0.5"}),
                           ("count", {"claimed": "0.5", "tolerance": "1"}),
                           ("never", {}), ("can-happen", {})):
            made.put(made.say(rule, statistic="x/writes", **more), "syncmap",
                     each)
        w = made.say("direction", statistic="x/writes", against="gomap_rw",
                     side="above")
        made.put(w, "syncmap", each)
        made.put(w, "gomap_rw", [{"x": 2.0, "writes": 10}] * N)


def untold(made):
    """A statistic that some trials, or all, do not tell."""
    for lost in (1, 10, N):
        values = [{"x": None}] * lost + [{"x": 5}] * (N - lost)
        other = [{"y": 5}] * lost + [{"x": 5}] * (N - lost)
        for each in (values, other):
            made.put(made.say("figure", claimed="5"), "syncmap", each)
            made.put(made.say("count", claimed="5"), "syncmap", each)
            made.put(made.say("can-happen"), "syncmap", each)
            w = made.say("equal", against="gomap_rw")
            made.put(w, "syncmap", each)
            made.put(w, "gomap_rw", [5] * N)
        made.put(made.say("never"), "syncmap",
                 [{"x": None}] * lost + [{"x": 0}] * (N - lost))


def waits(operations, p99, clock="intended", there=True):
    return {"operation": "lookup", "was_there": there, "clock": clock,
            "count": operations, "min_ns": 1, "max_ns": 9 * p99,
            "mean_ns": p99 / 3, "p50_ns": p99 // 4, "p90_ns": p99 // 2,
            "p99_ns": p99, "p999_ns": 2 * p99, "saturated": 0, "buckets": []}


def latency(made):
    """Percentiles: of few operations, of a loop that was late, of a clock
    that is not asked for."""
    for statistic in ("lookup.p99_ns", "lookup.mean_ns", "lookup.p50_ns"):
        for count, elapsed in ((5000, 1.0), (300, 1.0), (5, 1.0), (5000, 1.1),
                               (5000, 1.3)):
            w = made.say("direction", side="above", against="gomap_rw",
                         statistic=statistic, cells="loop=paced")
            for name, p99 in (("syncmap", 900), ("gomap_rw", 400)):
                cell = made.cell(w, name, 1000, N, measure="latency",
                                 loop="paced", rate_per_s=10000)
                late = elapsed if name == "syncmap" else 1.0
                for block in range(N):
                    each = made.rng.randrange(p99, p99 + 100)
                    made.trial(cell, block, {"ops": 10000}, patch={
                        "elapsed_ns": round(late * 1e9), "late_starts": 0,
                        "latency": [waits(count, 7 * each, "service"),
                                    waits(count, 3, there=False),
                                    waits(count, each)]})


def simulated_zeros(made):
    """Counts of a simulated machine that are nothing on both sides, in all
    blocks or in some."""
    nothing, few = [0] * N, [0, 0, 0] + [3] * (N - 3)
    for rule, more in (("direction", {"side": "above"}), ("equal", {}),
                       ("ratio", {"claimed": "3"})):
        for numbers in ("simulated", "native"):
            for above, below in ((nothing, nothing), (few, few),
                                 (few, nothing), (nothing, few)):
                w = made.say(rule, against="gomap_rw", numbers=numbers,
                             **more)
                made.put(w, "syncmap", above)
                made.put(w, "gomap_rw", below)


def parts_untold(made):
    """Parts of which the second is open or was not run, beside a first that
    holds or is refuted."""
    for conditions in ("parts", "stated", "unstated"):
        for first in (5, 9):
            for second in (made.near(2.4, sd=0.5), None):
                w = made.say("figure", claimed="5", conditions=conditions,
                             cells=["keys=1000", "keys=1000 | claimed = 2"
                                    " | subject = gomap_rw"])
                made.put(w, "syncmap", made.near(first))
                if second:
                    made.put(w, "gomap_rw", second)


def ratios_of_hits(made):
    """Hits of all look-ups, and those that a sync.Map's read map answers."""
    for statistic, measure in (("hits/lookups", "throughput"),
                               ("read_hits/lookups", "causes"),
                               ("read_hits/lookups", "throughput")):
        for misses in (0, 300000):
            w = made.say("count", claimed="0.9 .. 1", tolerance="1",
                         statistic=statistic, cells=f"measure={measure}")
            made.put(w, "syncmap", [{"misses": misses + i}
                                    for i in range(N)], measure=measure)


def windows(made):
    """A regression over the slices of a run: pauses make its P99."""
    for per_ms, few in ((0.87, 0), (2.0, 0), (0.87, 1)):
        for term in ("pause_ms", "heap_ratio"):
            for speaks in ("speed", "count"):
                w = made.say("figure", claimed="0.87", speaks=speaks,
                             statistic=f"slope {term}")
                cell = made.cell(w, "syncmap", 1000, N, measure="causes")
                for block in range(2 if few else N):
                    made.trial(cell, block, {}, patch={
                        "slices": slices(made.rng, per_ms, 5 if few else 60)})


def behind(made):
    """The same of an open loop that took half as long again as its window."""
    for elapsed_ns in (10 ** 9, 15 * 10 ** 8):
        w = made.say("figure", claimed="0.87", statistic="slope pause_ms")
        cell = made.cell(w, "syncmap", 1000, N, measure="causes")
        cell |= {"loop": "paced", "rate_per_s": 1000, "window_ns": 10 ** 9}
        for block in range(N):
            made.trial(cell, block, {}, patch={
                "elapsed_ns": elapsed_ns, "slices": slices(made.rng, 0.87,
                                                           60)})


def slices(rng, per_ms, count):
    found = []
    for i in range(count):
        ns, size = rng.randrange(10 ** 7), rng.randrange(10 ** 6, 10 ** 7)
        found.append({"at_ns": i * 5 * 10 ** 7, "p50_ns": 1, "max_ns": 10 ** 9,
                      "operations": rng.choice((50, 500, 500, 500)),
                      "p99_ns": round(per_ms * ns + 0.087 * size
                                      + 10 ** 5 * (1 + rng.random())),
                      "bytes": size,
                      "pauses": [
                          {"event": "rebuild", "count": 2, "ns": ns},
                          {"event": "wait", "count": 9, "ns": 10 ** 8}]})
    return found


def counted(made, cell, block, totals, quality="exact"):
    """A trial that counted these: metric -> total."""
    made.trial(cell, block, {}, patch={"counters": {
        "backend": "perf", "reason": None, "events": [{
            "metric": metric, "event": "X", "per_thread": [1], "total": total,
            "quality": quality, "reason": None}
            for metric, total in totals.items()]}})


def counters(made):
    """What a machine with counters and a simulated one count."""
    made.backend = "perf"
    for measure, numbers in (("counters", "counters"),
                             ("simulated:icelake-sp", "simulated")):
        for ratio in (0.4, 2.0):
            w = made.say("direction", side="below", against="gomap_rw",
                         numbers=numbers, cells=f"measure={measure[:9]}*",
                         statistic="counter.l1d_load_miss/ops")
            for name, middle in (("syncmap", ratio), ("gomap_rw", 1)):
                cell = made.cell(w, name, 1000, N, measure=measure)
                for block in range(N):
                    counted(made, cell, block, {"l1d_load_miss": round(
                        middle * made.rng.uniform(900, 1000))})
    made.put(made.say("figure", needs="counters", claimed="5"), "syncmap",
             [5] * N)


def turns(made):
    """Blocks that count sets of events in turn, as a PMU with few counters
    has them do: two metrics of one set, of two, and one that none has."""
    made.backend = "perf"
    sets = (("cycles", "instructions"), ("l1d_load_miss", "l1d_load"),
            ("l1d_fill", "snoop_hitm"))
    for statistic in ("l1d_load_miss/counter.l1d_load", "l1d_load_miss/ops",
                      "l1d_load_miss/counter.cycles", "llc_miss/ops"):
        for ratio in (0.4, 2.0):
            w = made.say("direction", side="below", against="gomap_rw",
                         numbers="counters", cells="measure=counters",
                         statistic=f"counter.{statistic}")
            for name, middle in (("syncmap", ratio), ("gomap_rw", 1)):
                cell = made.cell(w, name, 1000, N, measure="counters")
                for block in range(N):
                    total = round(middle * made.rng.uniform(900, 1000))
                    counted(made, cell, block, {
                        m: total if m == "l1d_load_miss" else 10 ** 5
                        for m in sets[block % 3]})


def scaled(made):
    """Totals of which one, or each, was scaled up from a part of a window."""
    made.backend = "perf"
    for lost in (1, N):
        w = made.say("figure", numbers="counters", claimed="1",
                     cells="measure=counters",
                     statistic="counter.l1d_load_miss/ops")
        cell = made.cell(w, "syncmap", 1000, N, measure="counters")
        for block in range(N):
            counted(made, cell, block, {"l1d_load_miss": 10 ** 6},
                    "multiplexed" if block < lost else "exact")


FORMS = {f.__name__: f for f in (
    zeros, zero_figures, simulated_zeros, parts_untold, denominators, untold,
    latency, ratios_of_hits, windows, behind, counters, turns, scaled)}
