# SPDX-License-Identifier: Apache-2.0
"""The rules of docs/verdicts.md, each on numbers."""
import math
from types import SimpleNamespace

import pytest

from report import modes, stats, trust, verdicts
from report.latencies import overload


@pytest.mark.parametrize("maps,n", [
    (0, 6), (1, 6), (2, 6), (3, 7), (4, 8), (5, 9), (10, 11), (14, 12),
    (20, 13), (60, 17)])
def test_needs_is_the_least_n_with_a_simultaneous_interval(maps, n):
    assert verdicts.needs(maps) == n
    pairs = max(maps * (maps - 1) / 2, 1)
    assert 2 / 2 ** n <= 0.05 / pairs
    assert n == 6 or 2 / 2 ** (n - 1) > 0.05 / pairs
    some = {i: {b: 1.0 + 0.01 * i + 0.001 * b for b in range(n)}
            for i in range(maps)}
    if maps > 1:
        told = verdicts.compare({0: some}, {0: {i: i for i in some}})[0]
        assert all(s["low"] is not None for _, s in told["pairs"].values())


def rival(name, low, high):
    return {"map": name, "group_low": low, "group_high": high,
            "outcome": verdicts.outcome(low)}


@pytest.mark.parametrize("bounds,word,weakest", [
    ([(1.10, 1.3)], "clear lead", "a"),
    ([(1.099, 1.3)], "lead of uncertain size", "a"),
    ([(1.021, 1.099)], "small lead", "a"),
    ([(1.021, 1.10)], "lead of uncertain size", "a"),
    ([(1.02, 1.05)], "tied", "a"),  # the margin itself is no lead
    ([(None, None)], "not ranked", None),
    ([(5, 9), (1.05, 3)], "lead of uncertain size", "b"),
    ([(5, 9), (1.05, 1.08)], "small lead", "b"),
    ([(5, 9), (0.9, 1.1)], "tied", "b"),
    ([(5, 9), (None, None)], "clear lead", "a"),  # never among the tied
    ([(0.9, 1.2), (None, None)], "tied", "a"),
])
def test_word_comes_from_the_weakest_comparison(bounds, word, weakest):
    rivals = [rival(n, *b) for n, b in zip("abc", bounds)]
    got, worst = verdicts.word_of(len(rivals) + 1, rivals)
    assert (got, worst and worst["map"]) == (word, weakest)


def test_alone_is_a_word_of_its_own():
    assert verdicts.word_of(1, [rival("a", None, None)]) == ("alone", None)


@pytest.mark.parametrize("low,high,which", [
    (1.021, 2, "contender"), (1.02, 2, "tied"), (0.5, 0.98, "base"),
    (0.5, 1 / 1.02, "tied"), (0.9, 1.1, "tied"), (None, None, "no interval")])
def test_side_of_a_pair(low, high, which):
    assert verdicts.side({"low": low, "high": high}) == which
    assert verdicts.side(None) == "no interval"


@pytest.mark.parametrize("here,there,what", [
    ("a", "b", "flip"), ("a", "a", None), ("a", "", "end"), ("", "b", "end"),
    ("", "", None), ("a", None, None), (None, "", None)])
def test_a_flip_lies_between_opposite_leaders_only(here, there, what):
    assert verdicts.border(here, there) == what


@pytest.mark.parametrize("slow,fast,leader", [
    (7, 6, "b"), (6, 6, "b"), (5, 5, "b"), (5, 6, "b"), (6, 5, "a")])
def test_the_leader_is_one_of_those_with_enough_trials(slow, fast, leader):
    """Of two maps six trials are enough; where none has them, all are
    asked, and the fastest is told."""
    rates = {"a": dict.fromkeys(range(slow), 1.0),
             "b": dict.fromkeys(range(fast), 9.0)}
    assert verdicts.front(rates, {"a": 1, "b": 9}) == leader


def test_a_leader_needs_a_trial():
    assert verdicts.front({"a": {}, "b": {}}, {"a": 1, "b": 2}) is None
    assert verdicts.front({"a": {0: 1.0}, "b": {}}, {"a": 1, "b": 2}) == "a"
    same = {m: dict.fromkeys(range(6), 1.0) for m in "ba"}
    assert verdicts.front(same, {"a": 1, "b": 1}) == "a"


def test_maps_without_a_trial_ask_no_more_trials_of_others():
    """Six are enough for two maps, ten more that have none or not."""
    rates = {"a": dict.fromkeys(range(40), 1.0),
             "b": dict.fromkeys(range(6), 9.0)}
    centres = {"a": 1, "b": 9}
    for i in range(10):
        rates[f"none_{i}"], centres[f"none_{i}"] = {}, 0
    assert verdicts.needs(12) > 6
    assert verdicts.front(rates, centres) == "b"


def test_a_leader_has_enough_trials_where_anybody_has():
    """Five trials of a faster map are no reason to leave a group open."""
    slow = {b: 1.0 + 0.01 * b for b in range(12)}
    fast = {b: 9.0 for b in range(5)}
    told = verdicts.compare({0: {"a": slow, "b": {b: v / 2 for b, v in
                                                  slow.items()}, "c": fast}},
                            {0: {"a": 1, "b": 0.5, "c": 9}})[0]
    group = verdicts.judge({"a": slow, "b": slow, "c": fast}, told)
    assert (group["leader"], group["word"]) == ("a", "clear lead")
    assert [r["outcome"] for r in group["rivals"]] == ["behind",
                                                       "no interval"]


def test_an_overloaded_open_loop_has_no_percentile():
    ran = lambda *took: SimpleNamespace(
        window_ns=100, window_ops=0, rate_per_s=10000,
        ok=[{"result": {"elapsed_ns": ns}} for ns in took])
    assert overload(ran(110, 119)) is None
    assert overload(ran(198, 405)) == (
        "overloaded at 10\u202f000/s (took 2.0 to 4.0 times the time)")


def test_the_next_mode_is_longer_and_can_rank():
    """Also where a short mode has more blocks of its headline."""
    most, name = max((blocks, name) for _, name, blocks in modes.modes())
    assert modes.next_mode("smoke", 6) == ("quick", 12)
    assert modes.next_mode("quick", 6)[0] == "standard"
    assert modes.next_mode("smoke", most)[0] == name
    assert modes.next_mode("smoke", most + 1) is None
    assert modes.next_mode("full", 6) is None
    assert modes.next_mode("a mode of my own", 6) is None


def test_lines_of_settings_add_up():
    known = modes.settings("workloads = a/b # one\nmaps = x y\nmaps = z\n"
                           "workloads = c\n[a/b]\nmaps = w\n")
    assert known == {"workloads": "a/b c", "maps": "x y z"}


def test_settings_end_at_the_first_workload():
    text = "# x\nblocks = 7 # why\n[a]\nblocks = 9\nbudget = 1h\n"
    assert modes.settings(text) == {"blocks": "7"}


def paired(base, other):
    """A summary as of Analysis.ratio(); None without a block of both."""
    pair = stats.ratios({0: (other, base)})[0]
    return pair if pair["n"] else None


def line_of(means):
    """Two maps at thread counts: ln(contender / base) of each, ten blocks."""
    counts, rates = {}, {}
    for threads, mean in means.items():
        counts[threads] = {m: SimpleNamespace(id=f"{m}{threads}")
                           for m in ("base", "other")}
        rates[f"base{threads}"] = {b: 1.0 for b in range(10)}
        rates[f"other{threads}"] = {b: math.exp(mean + (b - 4.5) / 1000)
                                    for b in range(10)}
    a = SimpleNamespace(base="base", contender="other", rates=rates,
                        ratio=lambda x, y: paired(rates[x.id], rates[y.id]))
    return a, counts


@pytest.mark.parametrize("measured,between", [
    ((1, 2), False), ((3, 4), False), ((1, 3), True), ((2, 4), True),
    ((1, 2, 3), False), ((1, 2, 4), True), ((2, 8), True)])
def test_a_crossing_is_interpolated_where_counts_were_left_out(
        measured, between):
    ends = measured[0], measured[-1]
    a, counts = line_of({t: -0.2 if t == ends[0] else 0.2 for t in measured})
    found = verdicts.position(a, counts, *ends)
    assert (found["position"] is not None) == between
    if between:
        assert ends[0] < found["position"] < ends[1]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_count_without_an_interval_places_no_crossing(left):
    """Of two threads few blocks are left, which say -0.1; 1 and 4 threads
    have all ten, and place it in the middle between them."""
    a, counts = line_of({1: -0.2, 2: -0.1, 4: 0.2})
    a.rates["other2"] = {b: r for b, r in a.rates["other2"].items()
                         if b < left}
    found = verdicts.position(a, counts, 1, 4)
    assert found["position"] == pytest.approx(2, rel=0.01)
    assert found["low"] < found["position"] < found["high"]
    a, counts = line_of({1: -0.2, 2: -0.1, 4: 0.2})
    assert verdicts.position(a, counts, 1, 4)["position"] > 2.1


def three_tied():
    """a is in front by half a per cent; in each block one of b and c is
    faster, and the other slower, by as much."""
    noise = (0.03, -0.03, 0.01, -0.02, 0.02, -0.01, 0.0, 0.0) * 2
    return {"a": {i: 1.0 for i in range(16)},
            "b": {i: 0.995 * math.exp(x) for i, x in enumerate(noise)},
            "c": {i: 0.995 * math.exp(-x) for i, x in enumerate(noise)}}


def test_of_a_tie_any_two_differ_by_no_more_than_is_said():
    rates = three_tied()
    centres = {m: math.prod(r.values()) ** (1 / len(r))
               for m, r in rates.items()}
    group = verdicts.judge(rates, verdicts.compare(
        {0: rates}, {0: centres})[0])
    assert group["word"] == verdicts.TIED and len(group["front"]) == 3
    found = trust.of_lead(group)
    for one, two in ("ab", "bc", "ca"):
        pair = stats.ratios({0: (rates[one], rates[two])},
                            verdicts.level_for(3))[0]
        assert max(pair["high"], 1 / pair["low"]) <= found["most"]


@pytest.mark.parametrize("ends,most", [
    ([(0.97, 1.04)], 1.04), ([(0.9, 1.04)], 1 / 0.9),
    ([(0.96, 1.01), (0.99, 1.05)], 1.05 / 0.96),
    ([(1.01, 1.06), (1.0, 1.03)], 1.06)])
def test_two_of_a_tie_are_compared_through_its_leader(ends, most):
    rivals = [{"map": str(i), "outcome": verdicts.TIED, "group_low": low,
               "group_high": high} for i, (low, high) in enumerate(ends)]
    found = trust.spread({"word": verdicts.TIED, "rivals": rivals})
    assert found == (1.0, pytest.approx(most))
