# SPDX-License-Identifier: Apache-2.0
"""Tests parts of a comparison: which plans may be compared, the place of the headline, the
variation that an interval omits (by simulation), and versions (by brute force)."""
import itertools
import math
import random
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace as Made

import numpy as np
import pytest

from report import stats
from report.compare import admit, gather, places, setup, twins, versions
from report.compare.gather import Member
from report.decide.groups import MARGIN, Measured
from report.load.campaign import Campaign, Cell
from report.load.plan import Arm, Build, Busy, Fact, Factors, Machine, MapInfo, Plan, Workload
from report.load.repeats import Repeats
from report.load.trial import Result, Status, Trial
from report.model.place import Place

sys.path.append(str(Path(__file__).parent / "oracle"))
import oracle  # noqa: E402


def factors(name="x", threads=2, share=0.03, keys=64, kind="update", workload="w", **more):
    text = f"{workload}/{name}/n{keys}/w{share}/{kind}/t{threads}"
    return Factors(text, workload, name, "u64x8", keys, share, kind, "uniform", "mix", threads,
                   "cores", "throughput", blocks=8, **more)


def cell(of, rates=(), problem=None):
    return Cell(of, tuple(Trial(of.id, b, Status.OK, result=Result(ops=round(r * 1e6),
                                                                   elapsed_ns=1e9))
                          for b, r in enumerate(rates)))


def campaign(*cells, problems=(), ran=(), maps=(), **plan):
    known = maps or [MapInfo(m) for m in dict.fromkeys(c.map for c in cells)]
    made = Plan(1, tuple(c.factors for c in cells), tuple(known), **plan)
    return Campaign(None, made, {c.id: c for c in cells}, {}, tuple(ran), (), Repeats(), 0,
                    tuple(problems))


def member(made, label="m", node=None):
    return Member(label, None, made, Made(trust=Made(verdict=None)), node)


# ---- which plans may be compared ------------------------------------------

@pytest.mark.parametrize("arm, program, fits", [
    ("head", "aa", True), ("head", None, True), ("head", "bb", False), ("base", "bb", True),
    ("base", "aa", False), ("aa", "aa", True), ("many", "cc", True), ("many", "bb", False)])
def test_a_trial_must_use_the_program_of_its_arm(arm, program, fits):
    """An arm that is a folder has a program for each map."""
    one = cell(factors())
    trial = Trial("c", 3, Status.OK, arm=arm, binary_sha256=program)
    made = campaign(one, ran=[(one, trial)], build=Build(binary_sha256="aa"), arms=(
        Arm("base", sha256="bb"), Arm("many", sha256="bb", programs={"x": "cc"})))
    assert bool(admit.within(made)) != fits


W = Workload("w", text="keys = 1", sha256="11")


@pytest.mark.parametrize("one, two, why", [
    ({}, {}, ""), ({"mode": "full"}, {"mode": "full"}, ""),
    ({}, {"synthetic": True}, "synthetic yes, expected no"),
    ({"mode": "full"}, {}, "mode unknown instead of full"),
    ({"workloads": (W,)}, {"workloads": (replace(W, sha256="22"),)}, ""),
    ({"workloads": (W,)}, {"workloads": (replace(W, text="keys = 2"),)},
     "w: keys = 2 instead of 1"),
    ({"workloads": (W,)}, {}, "workload w differs"),
    ({}, {"workloads": (W,)}, "workload w differs")])
def test_compared_campaigns_have_one_plan(one, two, why):
    made = (campaign(cell(factors()), **spec) for spec in (one, two))
    assert admit.plan_difference(*made) == (why and f"another plan: {why}")


@pytest.mark.parametrize("change, why", [
    ({"cpus": (7,)}, ""), ({"skip": "x"}, ""), ({"estimate_ns": 7}, ""), ({"blocks": 9}, "blocks"),
    ({"window_ns": 5}, "window_ns"), ({"settle": "no"}, "settle")])
def test_only_factors_that_follow_from_the_machine_may_differ(change, why):
    one = factors(window_ns=10 ** 9)
    found = admit.plan_difference(campaign(cell(one)), campaign(cell(replace(one, **change))))
    assert found == (why and f"another plan: {why} of {one.id} differs")
    assert "no cell in common" in admit.plan_difference(campaign(cell(one)),
                                                        campaign(cell(factors(keys=9))))


@pytest.mark.parametrize("one, two, threads, same", [
    (2 * 10 ** 9, 5 * 10 ** 8, 1000, True),  # machines with 2 CPUs and with 8 or more
    (2 * 10 ** 9, 1333333333, 1000, True),  # machines with 2 CPUs and with 3
    (10 ** 9, 10 ** 9, 8, True), (2 * 10 ** 9, 10 ** 9, 8, False),
    (2 * 10 ** 9 + 1, 5 * 10 ** 8, 1000, False),
    (4 * 10 ** 9, 0, 1000, False),              # one window ends after a number of operations
    (4 * 10 ** 6, 10 ** 6, 1, False)])          # threads do not take turns
def test_threads_that_take_turns_have_a_longer_window(one, two, threads, same):
    """The window is 4 ms for each thread and CPU, as planned by the runner."""
    cells = [factors(threads=threads, window_ns=w) for w in (one, two)]
    for first, other in (cells, cells[::-1]):
        assert admit.differs(first, other) == (None if same else "window_ns")


@pytest.mark.parametrize("change, why", [
    ({}, ""), ({"compiler": "clang"}, ""), ({"commit": "bbb"}, "commit bbb instead of aaa"),
    ({"dirty": True, "flags": "-O2"}, "dirty yes instead of no; flags -O2 instead of -O3")])
def test_another_version_is_named_by_its_difference(change, why):
    build = Build(commit="aaa", flags="-O3")
    assert admit.version(campaign(build=build), campaign(build=replace(build, **change))) == why


@pytest.mark.parametrize("dirty, hashes, code, why", [
    (True, "bb", "1", "another program of y"), (True, "aa", "1", ""),
    (False, "bb", "1", ""), (False, "bb", "2", "another program of y"),
    (False, "bb", None, "another program of y")])
def test_a_map_of_the_user_that_changed_is_another_version(dirty, hashes, code, why):
    """Both builds have the same commit. With uncommitted changes, or if the machine code is
    unknown, another hash of the program means another version. Otherwise only the machine code
    decides, because the program also depends on the folder of the build."""
    def made(mine, code):
        return campaign(cell(factors("x")), cell(factors("y")), build=Build("aaa", dirty), ran=[
            (cell(factors(name)), Trial("c", 0, Status.OK, arm="head", binary_sha256=binary))
            for name, binary in (("x", "xx"), ("y", mine))],
            maps=[MapInfo("x", code="0"), MapInfo("y", code=code)])
    then, now = made("aa", code and "1"), made(hashes, code)
    assert admit.version(then, now) == why
    assert admit.version(then, now, same_machine=False) == ""


@pytest.mark.parametrize("one, two, same", [
    (("k", None, None), ("k", None, None), None), (("k", "n", None), ("k", None, None), None),
    (("k", "n", None), ("k", "n", None), True), (("k", "n", None), ("k", "m", None), False),
    (("k", "n", None), ("j", "n", None), False), (("k", None, "1"), ("k", None, "1"), True),
    (("k", None, "1"), ("k", None, "2"), False), (("k", None, None), ("k", None, "2"), None),
    (("k", "n", "1"), ("k", "n", "2"), True), (("k", "n", "1"), ("k", "m", "1"), False)])
def test_names_of_a_fleet_decide_before_installations(one, two, same):
    made = [member(campaign(machine=Machine(kind, facts={
        "installation": Fact("ok" if number else "absent", number)})), node=node)
        for kind, node, number in (one, two)]
    assert gather.same_machine(*made) is gather.same_machine(*made[::-1]) is same


# ---- the place of the headline --------------------------------------------

def place(threads=2, share=0.03, keys=64, kind="update", workload="w"):
    return Place(workload, "mix", "u64x8", keys, kind, share, 0.0, "uniform", threads, "cores",
                 "first-touch", True, False)


def side(index, crowded=()):
    """Makes a machine with maps at places; "y-" is a map y whose cell has no result."""
    groups = {}
    for p, names in index.items():
        cells = {n[0]: cell(factors(n[0]), () if n.endswith("-") else (1.0,) * 8) for n in names}
        groups[p] = Measured(replace(p, crowded=p in crowded), cells, tuple(cells))
    return places.Side(member(None), groups, {}, {})


def headline(*sides):
    return places.headline(sides, list(dict.fromkeys(p for s in sides for p in s.groups)))


XY = ("x", "y")


def test_the_headline_is_the_place_of_most_machines():
    usual, most = place(8), place(1, 0.5, 9, "fresh", "other")
    both = {usual: XY, most: XY}
    assert headline(side(both), side(both)) == usual
    assert headline(side(both), side(both), side({most: XY})) == most
    for gone in (("x",), ("x", "y-"), ()):
        assert headline(side(both), side({usual: gone, most: XY})) == most
    assert headline(side({usual: ("x",)}), side({usual: ("x-", "y-")})) is None


@pytest.mark.parametrize("which", (0, 1))
def test_the_headline_has_a_cpu_per_thread_on_every_machine(which):
    both = {place(1): XY, place(4): XY}
    sides = [side(both, [place(4)] * (i == which)) for i in range(2)]
    assert headline(*sides) == place(1)
    assert headline(side(both), side(both), side({place(1): "x", place(4): "x"},
                                                 [place(4)])) == place(4)


# ---- variation that an interval omits -------------------------------------

def simulated(rng, sd, noise, lag, maps=8, blocks=12, count=4):
    """Makes the places of two machines. On each machine, each map deviates with `sd`, equally at
    all places; the noise of trials is AR(1)."""
    off = rng.normal(0, sd, (2, maps))
    pairs = []
    for _ in range(count):
        pair = []
        for machine in range(2):
            x = rng.normal(0, noise, (maps, blocks))
            for b in range(1, blocks):
                x[:, b] = lag * x[:, b - 1] + math.sqrt(1 - lag ** 2) * x[:, b]
            x += off[machine][:, None]
            pair.append(x - x.mean(axis=0))
        pairs.append(tuple(pair))
    return pairs


@pytest.mark.parametrize("sd, noise, lag", [
    pytest.param(0.04, 0.03, 0.0, marks=pytest.mark.long), (0.04, 0.06, 0.4),
    pytest.param(0.01, 0.03, 0.0, marks=pytest.mark.long)])
def test_the_omitted_variation_has_an_interval_that_covers(sd, noise, lag):
    """Simulates 1,000 pairs of machines. The squared estimates are unbiased, and 95 % of the
    intervals contain the true value."""
    rng = np.random.default_rng(5)
    found = [twins.spread(simulated(rng, sd, noise, lag), 8) for _ in range(1000)]
    squares = statistics.fmean(value ** 2 for value, _, _ in found)
    assert squares == pytest.approx(sd ** 2, rel=0.12)
    assert sum(low <= sd <= high for _, low, high in found) / 1000 > 0.93


def test_equal_machines_have_no_omitted_variation():
    rng = np.random.default_rng(6)
    found = [twins.spread(simulated(rng, 0.0, 0.03, 0.0), 8) for _ in range(500)]
    assert sum(low == 0 for _, low, _ in found) > 0.93 * 500


def test_the_error_of_a_mean_agrees_with_simulation():
    rng = np.random.default_rng(7)
    for lag in (0.0, 0.3, 0.5):
        x = rng.normal(0, 1, (20000, 12))
        for b in range(1, 12):
            x[:, b] = lag * x[:, b - 1] + math.sqrt(1 - lag ** 2) * x[:, b]
        r = twins.correlation([x])
        assert r == pytest.approx(lag, abs=0.06)
        assert twins.squared_error(x, r).mean() == pytest.approx(x.mean(axis=1).var(), rel=0.1)


@pytest.mark.parametrize("shift, apart", [(0.0, 0.05), (0.2, 1.0)])
def test_equal_values_differ_as_rarely_as_intervals_miss(shift, apart):
    rng = np.random.default_rng(8)
    one, two = (rng.normal(0, 0.03, (2000, 12)) for _ in range(2))
    values, differ = twins.differences(one + shift, two)
    assert np.median(values) == pytest.approx(shift, abs=0.005)
    assert differ.mean() > 0.98 if apart == 1 else differ.mean() <= apart


# ---- comparison of versions -----------------------------------------------

def by_hand(x, y):
    """Returns all differences, and the exact interval by counting every split."""
    m, n = len(x), len(y)
    d = sorted(a - b for a in x for b in y)
    sums = sorted(sum(split) - m * (m + 1) // 2
                  for split in itertools.combinations(range(1, m + n + 1), m))
    k = 0
    while sum(s <= k for s in sums) / len(sums) <= 0.025:
        k += 1
    return (statistics.median(d), d[k - 1], d[-k]) if k else (statistics.median(d), None, None)


@pytest.mark.parametrize("m, n", [(6, 6), (5, 7), (4, 4), (3, 3), (8, 5)])
def test_the_interval_inverts_the_mann_whitney_test(m, n):
    """With one run of each version, trials are compared; with several runs, the centres of runs
    are."""
    rng = random.Random(m * n)
    now = [rng.lognormvariate(1.0, .1) for _ in range(m)]
    then = [rng.lognormvariate(0.9, .1) for _ in range(n)]
    centre, *ends = by_hand([math.log(v) for v in now], [math.log(v) for v in then])
    wider = max(float(stats.widening(np.log(v))) for v in (now, then))
    one = versions.ratio([then], [now])
    runs = versions.ratio([[v] * 7 for v in then], [[v] * 7 for v in now])
    assert one.centre == pytest.approx(math.exp(centre)) == pytest.approx(runs.centre)
    for got, factor in ((one, wider), (runs, 1.0)):
        assert [got.low, got.high] == [end and pytest.approx(
            math.exp(centre + factor * (end - centre))) for end in ends]


@pytest.mark.parametrize("days, trials", [(0.05, 0.02), (0.0, 0.1)])
def test_verdicts_of_runs_are_rarely_wrong_if_days_differ(days, trials):
    """Compares six runs each of two equal versions; days differ by 5 %. Intervals of single runs
    exclude 1 in 40 % of pairs, so they give no verdict."""
    rng = random.Random(4)

    def run():
        day = rng.lognormvariate(0, days)
        return [day * rng.lognormvariate(0, trials) for _ in range(8)]
    pairs = [([run() for _ in range(6)], [run() for _ in range(6)]) for _ in range(400)]
    wrong = sum(not r.low <= 1 <= r.high for r in (versions.ratio(*p) for p in pairs))
    single = sum(not r.low <= 1 <= r.high
                 for r in (versions.ratio(p[0][:1], p[1][:1]) for p in pairs))
    assert wrong / 400 < 0.08
    assert single / 400 > 0.3 if days else single / 400 < 0.06


def test_why_a_cell_of_two_versions_has_no_ratio():
    one = cell(factors(), (1.0,) * 8)
    wrong = Campaign(None, Plan(1, (one.factors,), (MapInfo("x"),)), {one.id: one}, {}, (), (),
                     Repeats(), 0)
    wrong.__dict__["failed_maps"] = {"x": "lost a write"}
    for made, why in ((campaign(one), ""), (campaign(cell(factors(keys=9))), "m: not planned"),
                      (campaign(cell(replace(one.factors, settle="no"))), "m: settle differs"),
                      (campaign(cell(one.factors)), "m: not run yet"),
                      (wrong, "m: failed verification: lost a write")):
        assert versions.why_not([member(campaign(one)), member(made)], one) == why


# ---- differences in the set-up --------------------------------------------

def described(known=(), **plan):
    return campaign(machine=Machine("k", facts={n: Fact("ok", t) for n, t in dict(known).items()}),
                    **plan)


def differs(old, new, maps=()):
    return [(d.kind, d.name, d.then, d.now) for d in setup.differences(old, new, maps)]


def test_facts_of_machine_build_and_run_are_compared():
    one = described({"kernel": "6.1", "swap": "no", "load": "1"}, build=Build(flags="-O2"),
                    busy=Busy("load 3"))
    two = described({"kernel": "6.1", "governor": "fast", "load": "2"},
                    build=Build(flags="-O3", commit="0123456789abcdef" * 3))
    assert differs(one, one) == []
    assert differs(one, two) == [
        ("build", "commit", None, "0123456789ab"), ("build", "flags", "-O2", "-O3"),
        ("machine", "governor", None, "fast"), ("machine", "swap", "no", None),
        ("run", "busy before the first trial", "load 3", None)]


def test_the_code_of_common_maps_is_compared():
    """If a map has no hash of its machine code, the hash of its source identifies it."""
    old = described(maps=[MapInfo("a", code="1"), MapInfo("b", code="1"),
                          MapInfo("c", source="1"), MapInfo("d", code="1", source="1")])
    new = described(maps=[MapInfo("a", code="2"), MapInfo("c", source="2"),
                          MapInfo("d", code="1", source="2"), MapInfo("e", code="1")])
    assert differs(old, new, "abcde") == [("maps", "machine code of a, c", "one", "another")]
    assert differs(old, new, "bde") == []


# ---- orders ---------------------------------------------------------------

def test_orders_use_the_joint_interval_of_the_oracle():
    """Five maps differ slightly at 40 places. The sign of each pair is decided by intervals that
    hold jointly for 10 pairs; separate 95 % intervals would decide other signs."""
    rng = random.Random(9)
    groups, words, alone = {}, {}, 0
    for p in map(place, range(1, 41)):
        rates = {m: [rng.lognormvariate(0.02 * i, 0.02) for _ in range(12)]
                 for i, m in enumerate("abcde")}
        cells = {m: cell(factors(m), r) for m, r in rates.items()}
        groups[p] = Measured(p, cells, tuple(cells))
        for x, y in itertools.combinations("abcde", 2):
            values = [cells[x].rates[b] / cells[y].rates[b] for b in range(12)]
            shared = oracle.shared_lag1([[math.log(v) for v in r] for r in rates.values()])
            _, low, high = oracle.interval(values, oracle.joint_error(5), shared)
            words[p, x, y] = (low > MARGIN) - (high < 1 / MARGIN)
            _, low, high = oracle.interval(values, 0.05, shared)
            alone += ((low > MARGIN) - (high < 1 / MARGIN)) != words[p, x, y]
    found = places.signs_of(groups)
    assert {(p, *pair): sign for p, of in found.items() for pair, sign in of.items()} == words
    assert alone > 20 and {-1, 0} <= set(words.values())
