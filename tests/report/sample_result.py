# SPDX-License-Identifier: Apache-2.0
"""Results for tests of the output. The rates are from a short run on two virtual CPUs; the other
numbers are invented, but close to that run."""
from dataclasses import replace

from report.model.cards import Card, Scan, Wait
from report.model.number import Comparison, Estimate, Unit, Verdict, unknown
from report.model.place import Entry, Group, Outcome, Place
from report.model.result import (
    FORMAT, Answer, BoardRow, Campaign, ClaimRow, Condition, EarlierRun,
    GoAnswer, Latency, LatencyRow, Need, Next, Pick, Result, Runs, Scaling, Winner)
from report.model.table import Table
from report.model.trust import Assessment, Check, Question, State, Trust

# id, label, language, file, package, grows, writers, wait, scan,
# rate at 2 threads, margin, rate at 1, bytes, median ns, P99 ns
MAPS = (
    ("shard_seg_grow", "64 segments, growing", "C",
     "impls/shard/shard_seg_grow.c", None, 1, 1, "no", "each entry once",
     62.6, .09, 41.9, 49.0, 1140, 5970),
    ("ck_ht", "Concurrency Kit hash table", "C", "impls/lib/ck_ht.c",
     "libck-dev", 1, 0, "no", "one moment", 43.7, .1, 28.2, 66.6, 1080, 5810),
    ("syncmap", "C port of Go 1.19's sync.Map", "C", "impls/syncmap/syncmap.c",
     None, 1, 1, "sometimes", "each entry once", 32.8, .05, 19.7, 101, 1060,
     None),
    ("hashtriemap", "C port, Go 1.24 sync.Map: typed entries", "C",
     "impls/syncmap/hashtriemap.c", None, 1, 1, "no", "each entry once",
     32.1, .09, 18.7, 118, 1350, None),
    ("urcu_lfht", "Userspace RCU, lock-free table", "C",
     "impls/lib/urcu_lfht.c", "liburcu-dev", 1, 1, "no", "each entry once",
     24.5, .12, 15.2, 80.5, 1050, 8160),
    ("shard_rw_32", "32 shards, reader-writer lock each", "C",
     "impls/shard/shard_rw_32.c", None, 1, 1, "yes", "each entry once",
     19.4, .04, 16.1, 38.6, 816, 4470),
    ("go_map_mutex", "Go 1.26: map + Mutex", "Go", None, None, 1, 0, "yes",
     "one moment", 15.64, .17, 19.7, 38.9, 644, 196000),
    ("go_sync_map", "Go 1.26: sync.Map", "Go", None, None, 1, 1, "sometimes",
     "no promise", 15.6, .2, 9.6, 163, 1480, 261000),
    ("go_map_rw", "Go 1.26: map + RWMutex", "Go", None, None, 1, 0, "yes",
     "one moment", 14.6, .12, 20.1, 38.9, 621, 277000),
    ("gomap_mutex", "C port of Go 1.19's map + Mutex", "C",
     "impls/gomap/gomap_mutex.c", None, 1, 0, "yes", "one moment",
     13.6, .11, 24.3, 37.2, 653, None),
    ("rwlock_probe", "linear probing under one rwlock", "C",
     "impls/bound/rwlock_probe.c", None, 1, 0, "yes", "one moment",
     5.21, .05, 29.8, 48.4, 653, 3430),
    ("gomap_rw", "C port of Go 1.19's map + RWMutex", "C", "impls/gomap/gomap_rw.c",
     None, 1, 0, "yes", "one moment", 4.92, .07, 23.6, 36.9, 685, None),
    ("snapshot", "copy on write", "C", "impls/snapshot/snapshot.c", None, 1,
     0, "no", "one moment", .00411, .51, .0041, 37.3, None, None))
CLASSIC = tuple((row[0].replace("go_", "go_classic_"), row[1].replace("1.26", "1.19"),
                 *row[2:9], row[9] * 0.7, *row[10:]) for row in MAPS if row[2] == "Go")
PLACE = Place("uniform-97-3", "mix", "u64x8", 65536, "update", .03, 0,
              "uniform", 2, "cores", "first-touch", True, False)


def estimate(value, margin=.05, unit=Unit.RATE, n=26):
    if value is None:
        return unknown(unit, "too few operations for this percentile")
    return Estimate(value, value / (1 + margin), value * (1 + margin), n, unit)


def card(row, **change):
    name, label, language, file, package, grows, many, wait, scan = row[:9]
    return replace(Card(
        name, label, "family", language, file, package, "Apache-2.0",
        "by hand", "epoch", bool(grows), bool(many), Wait(wait), "blocking",
        Scan(scan), "none", False, name == "snapshot", False, True, False,
        False, port=label.startswith("C port"),
        version={"1.26:": "1.26.1", "1.19:": "1.19.8"}[label.split()[1]]
        if language == "Go" else None,
        design=label.partition(": ")[2].replace(" + ", "+") or None), **change)


def bound(name="null_map", language="C", misuse=False):
    return card((name, "driver alone", language, "impls/bound/null_map.c",
                 None, 1, 1, "no", "no promise"), reference=True, misuse=misuse)


def ratio(value, n=26):
    return estimate(value, .07, Unit.RATIO, n)


def group(rows, place=PLACE, outcome=Outcome.DECIDED, column=9, scale=1e6):
    """Makes a group of rows of MAPS, ranked by a column of rates."""
    rows = sorted(rows, key=lambda row: -row[column])
    best = rows[0]
    verdict = Verdict.FASTER if outcome == Outcome.DECIDED else Verdict.UNDECIDED
    compared = tuple(Comparison(
        best[0], row[0], ratio(best[column] / row[column]),
        best[column] / row[column] * .9, best[column] / row[column] * 1.2,
        verdict, 1.11) for row in rows[1:])
    front = best[:1] + (tuple(sorted(row[0] for row in rows[1:3]))
                        if outcome == Outcome.TIED else ())
    return Group(place, outcome, best[0], front, 12, tuple(Entry(
        row[0], f"{place.workload}/{row[0]}/t{place.threads}",
        estimate(row[column] * scale, row[10]),
        ratio(best[column] / row[column]) if row is not best else None, True,
        scheduling="free goroutines, GOMAXPROCS 2" if row[2] == "Go" else None)
        for row in rows) + (Entry("broken", "c", estimate(9e9), None, False),),
        compared)


def board(rows):
    best = max(row[9] for row in rows)
    return tuple(BoardRow(
        row[0], estimate(row[9] * 1e6, row[10]),
        ratio(best / row[9]) if row[9] < best else None,
        ratio(row[9] / row[11]), estimate(row[12], .01, Unit.PER_ENTRY),
        estimate(row[13], .08, Unit.TIME)) for row in rows)


def picks(rows):
    def best(need, keep, key=lambda row: -row[9], number=None):
        some = sorted(filter(keep, rows), key=key)
        if not some:
            return ()
        one = some[0]
        rate = estimate(one[9] * 1e6, one[10])
        return (Pick(need, (one[0],), number(one) if number else rate,
                     (rate,)),)
    go = sorted((r for r in rows if r[1].startswith("Go 1.26")), key=lambda r: -r[9])[:2]
    return (*best(Need.GROWS, lambda r: r[5]),
            *best(Need.PACKAGE, lambda r: r[4]),
            *best(Need.PACKAGE_WRITERS, lambda r: r[4] and r[6]),
            *((Pick(Need.GO, tuple(r[0] for r in go),
                    estimate(go[0][9] * 1e6, .1),
                    tuple(estimate(r[9] * 1e6, .1) for r in go)),)
              if go else ()),
            *best(Need.MEMORY, lambda r: True, lambda r: r[12],
                  lambda r: estimate(r[12], .01, Unit.PER_ENTRY)),
            *best(Need.LOOKUP, lambda r: r[13], lambda r: r[13],
                  lambda r: estimate(r[13], .08, Unit.TIME)))


def of_go(rows):
    """Rankings of Go's maps by two compilers. With one compiler, three maps are equally fast; with
    the other, one map clearly leads."""
    def comparison(one, two, verdict):
        return Comparison(one, two, ratio(1.3), 1.1, 1.5, verdict)
    found = []
    for arm, version, differs in (("go_", "1.26", False), ("go_classic_", "1.19", True)):
        ids = tuple(arm + name for name in ("map_mutex", "sync_map", "map_rw"))
        if not set(ids) <= {row[0] for row in rows}:
            continue
        verdict = Verdict.FASTER if differs else Verdict.UNDECIDED
        found.append(GoAnswer(
            version, "free", Outcome.DECIDED if differs else Outcome.TIED,
            ids[1:2] if differs else ids[:2], comparison(ids[1], ids[2], verdict),
            comparison(ids[1], ids[2], verdict), differs and bool(found)))
    return tuple(found)


def checks(state=State.PASSED):
    def check(question, state=State.PASSED, weight=Trust.CARE, **numbers):
        return Check(question, state, weight, **numbers)
    return (
        check(Question.VERIFIED, count=8, of=8),
        check(Question.COMPLETE, count=0, of=338),
        check(Question.SAME_MAP, found=1.04, limit=1.12, maps=("syncmap",),
              estimate=ratio(1.01)),
        check(Question.STEADY, state, found=.88, limit=1.02, maps=("ck_ht",),
              estimate=ratio(.88), first=ratio(1.93), second=ratio(1.69)),
        check(Question.UNDISTURBED, count=4, of=338, found=.04, limit=.1),
        check(Question.SPEED, State.FAILED, Trust.GOOD, found=1.2, limit=1.1),
        check(Question.POWER, count=26, of=12, limit=1.1))


def trust(state=State.PASSED):
    all_ = checks(state)
    if state == State.PASSED:
        return Assessment(Trust.GOOD, None, all_)
    return Assessment(Trust.CARE, all_[3], all_)


def condition(rows, index, **factors):
    some = sorted(rows, key=lambda r: -r[11])

    def winner(keep):
        one = next(filter(keep, some), None)
        return one and Winner((one[0],), estimate(one[11] * 1e6, .1))
    return Condition(index, replace(PLACE, **factors), winner(lambda r: True),
                     winner(lambda r: r[5]), winner(lambda r: r[4]))


def latency(rows):
    known = sorted((r for r in rows if r[13]), key=lambda r: r[13])
    return Latency(PLACE, 10000, tuple(LatencyRow(
        r[0], estimate(r[13], .08, Unit.TIME),
        estimate(r[14], .3, Unit.TIME)) for r in known), (LatencyRow(
            "null_map", estimate(320, .05, Unit.TIME),
            estimate(700, .3, Unit.TIME)),))


def tables():
    return (
        Table("latency", ("map", "operation", "clock", "p50", "p99_9"),
              (("ck_ht", "lookup", "service", estimate(1080, .1, Unit.TIME),
                unknown(Unit.TIME, "n < 3688")),)),
        Table("controls", ("map", "threads", "ratio"),
              (("syncmap", 2, ratio(.9997)),)),
        Table("facts", ("name", "value"),
              (("kernel", "6.18.44"), ("cpus", "2"))),
        Table("simulated", ("map", "model", "l1d_misses", "atomics"),
              (("gomap_rw", "icelake-sp", 5.77, 17),)))


def scaling(rows, counts):
    def rate(row, threads):
        gain = row[9] / row[11]
        return row[11] * 1e6 * gain ** (counts.index(threads) or 0)
    return tuple(Scaling(r[0], counts, tuple(
        estimate(rate(r, t), .05) for t in counts),
        ratio(rate(r, counts[-1]) / rate(r, counts[0]))) for r in rows)


def sample(rows=MAPS, outcome=Outcome.DECIDED, state=State.PASSED,
           counts=(1, 2)):
    """Makes a result of these maps without any fault."""
    one = group(rows, outcome=outcome)
    other = group(rows, replace(PLACE, threads=1), column=11)
    lead = one.comparisons[0] if one.comparisons else None
    first = rows[0]
    return Result(
        FORMAT, Campaign("2026-11-29T2029-smoke-ec31d29b",
                         "2026-11-29T20:29:28.959Z", "smoke", "ec31d29b",
                         "Intel Xeon", 2, True, 3.0,
                         "d7cbb3ac3010456e1f188bb03decab3b903da9c9",
                         "gcc 12.2.0", False, False, 20_000_000, None),
        Runs(573, 393, 180, 142, 0, 1694, 1, (), (), (), ()), trust(state),
        Answer(lead and lead.against, lead, estimate(first[9] * 1e6, first[10]),
               ratio(first[9] / first[11]), 1.11),
        (EarlierRun("2026-11-28T0748-smoke-ec31d29b", "2026-11-28T07:48:00Z",
                    first[0], 60.1e6, 1.43 if lead is None else
                    lead.ratio.value * 1.02),),
        picks(rows), (*board(rows), BoardRow(
            "null_map", estimate(523e6, .03), None, ratio(1.9), None, None),
            BoardRow("broken", estimate(9e9), None, None, None, None)),
        (condition(rows, 1, threads=1),
         condition(rows, 1, threads=1, write_kind="churn"),
         replace(condition(rows, 1, write_kind="fresh"),
                 fastest=Winner((rows[-1][0],), estimate(31e6)), package=None)),
        (1,), scaling(rows, counts), latency(rows),
        (*(card(row) for row in rows), bound(), bound("broken", misuse=True)),
        (one, other), (ClaimRow("S4-12", "sync.Map", "reproduced", "Go 1.23.5",
                                ratio(1.05), None),),
        tables(), Next("quick", 12), of_go(rows),
        not any(row[2] == "Go" for row in rows)
        and {"syncmap", "gomap_rw"} <= {row[0] for row in rows})


def nothing():
    whole = sample(MAPS[:1])
    return replace(
        whole, runs=replace(whole.runs, measured=0, pending=393, trials=0,
                            missing=("uniform-97-3/ck_ht/t2",)),
        answer=Answer(None, None, None, None, None), earlier=(), picks=(),
        board=(), conditions=(), undecided=(), scaling=(), latency=None,
        groups=(), claims=(), tables=())


def invalid():
    """A run whose control failed."""
    whole = sample()
    failed = Check(Question.SAME_MAP, State.FAILED, Trust.NOT, 1.5, 1.12,
                   maps=("syncmap",), estimate=ratio(1.46))
    return replace(whole, trust=Assessment(Trust.NOT, failed, (failed,)))


def long_names(count=40):
    """Many maps with names of the largest allowed length."""
    rows = tuple((f"concurrent_hash_map_{i}_with_a_long_name", *row[1:9],
                  row[9] / (1 + i / 13), *row[10:])
                 for i, row in enumerate((MAPS * 4)[:count]))
    return sample(tuple(sorted(rows, key=lambda r: -r[9])))


def crowd():
    """Many maps that are all too close to call."""
    whole = long_names()
    one = replace(whole.groups[0], outcome=Outcome.TIED, front=tuple(
        entry.map for entry in whole.groups[0].entries if entry.ranked))
    return replace(whole, groups=(one, *whole.groups[1:]), picks=tuple(
        replace(pick, maps=one.front) for pick in whole.picks))


def hostile():
    """Names and reasons contain characters that HTML, CSV, LaTeX and gnuplot interpret."""
    bad = '<script>alert(1)</script>"\'&{{ 7*7 }}\\`rm`|%_$'
    rows = ((bad, bad, *MAPS[0][2:]), *MAPS[1:])
    whole = sample(rows)
    return replace(whole, campaign=replace(whole.campaign, cpu=bad),
                   runs=replace(whole.runs, failed_maps=((bad, bad),)))


def other_run():
    """An earlier run in which another map led."""
    whole = sample(state=State.FAILED)
    return replace(whole, earlier=(*whole.earlier, EarlierRun(
        "2026-11-27T0748-smoke-ec31d29b", "2026-11-27T07:48:00Z", "ck_ht",
        50e6, .8), EarlierRun(
            "2026-11-26T0748-smoke-ec31d29b", "2026-11-26T07:48:00Z", "ck_ht", 50e6, None)))


KINDS = {
    "sound": sample, "care": other_run,
    "tied": lambda: sample(outcome=Outcome.TIED),
    "open": lambda: sample(outcome=Outcome.OPEN),
    "alone": lambda: sample(MAPS[:1], outcome=Outcome.ALONE),
    "nothing": nothing, "invalid": invalid,
    "go": lambda: sample(tuple(r for r in MAPS if r[2] == "Go"),
                         outcome=Outcome.TIED),
    "two_gos": lambda: sample(tuple(sorted((*MAPS, *CLASSIC), key=lambda r: -r[9]))),
    "no_go": lambda: sample(tuple(r for r in MAPS if r[2] != "Go")),
    "many": long_names, "crowd": crowd, "hostile": hostile,
    "four": lambda: sample(counts=(1, 2, 4, 8))}
