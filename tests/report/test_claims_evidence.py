# SPDX-License-Identifier: Apache-2.0
"""Values that claims ask for and no other figure does: a coefficient for each
trial, and counts that are none on either side."""

import numpy as np
import pytest
from made_claims import campaign, cell, claim, of_claim

from report import articles
from report.claims import decide, evidence, rules
from report.sections import article_rows


def sliced(seed, count=24, slope=0.5):
    """Slices whose P99 rises by `slope` ms per ms of pause, and by chance."""
    rng = np.random.default_rng(seed)
    pauses = rng.uniform(0, 20, count)
    return [{"at_ns": i * 5e7, "operations": 1000, "max_ns": 1e8,
             "p99_ns": 1e6 * (1 + slope * pause + rng.normal(0, 0.05)),
             "bytes": float(rng.uniform(1e6, 2e6)),
             "pauses": [{"event": "rebuild", "ns": 1e6 * pause,
                         "count": int(rng.integers(1, 9))}]}
            for i, pause in enumerate(pauses)]


def paused(counts):
    made = cell("a", [1000] * len(counts), measure="causes")
    for i, (trial, count) in enumerate(zip(made.trials, counts)):
        trial["result"]["slices"] = sliced(i, count)
    return campaign(made)


SLOPE = {"against": "", "side": "", "rule": "figure", "speaks": "property",
         "claimed": (0.5, 0.5), "statistic": "slope pause_ms"}


def test_a_slope_is_one_of_each_trial():
    (_, found), = of_claim(paused([24] * 8), claim(**SLOPE))
    assert [b for b, _ in found.values] == list(range(8))
    assert [v for _, v in found.values] == pytest.approx([0.5] * 8, abs=0.02)


def test_a_trial_with_few_slices_has_none():
    (_, found), = of_claim(paused([24, 19, 20]), claim(**SLOPE))
    assert [b for b, _ in found.values] == [0, 2]
    (_, none), = of_claim(paused([19, 5]), claim(**SLOPE))
    assert "no trial has 20 slices" in none.reason


def test_a_slope_is_decided_as_a_figure_is():
    def verdict(**said):
        asked = claim(**{**SLOPE, **said})
        return decide.verdicts(paused([24] * 12), {asked.id: asked})[0]
    assert verdict()["verdict"] == "reproduced"
    assert verdict(claimed=(0.87, 0.87))["verdict"] == "refuted"


def test_slices_of_a_loop_that_fell_behind_have_no_slope():
    """Their P99 is of the queue, which grows while the window lasts."""
    made = paused([24] * 8)
    (one,) = made.cells.values()
    one.factors["rate_per_s"] = 1e5
    for trial in one.trials:
        trial["result"]["elapsed_ns"] = 15 * 10 ** 8
    (_, found), = of_claim(made, claim(**SLOPE))
    assert not found.values and found.reason.startswith("overloaded at 100")
    told = articles.answer(made, articles.Figure(
        "", "", "w", "threads=2", "a", "", "slope pause_ms", "1", ""))
    assert told.value is None and told.reason == found.reason


def test_a_slope_below_0_counts_against_what_is_claimed():
    """Two of twenty fell with pauses: the test of the family left them out,
    for they have no logarithm, and was surer than it may be."""
    values = [0.87] * 18 + [-0.2, -0.1]
    asked = claim(**{**SLOPE, "speaks": "speed", "claimed": (0.87, 0.87)})
    found = evidence.Evidence("", ("a",), tuple(enumerate(values)))
    others = {i: (asked, evidence.Evidence(
        "", (f"{i}",), tuple(enumerate([1.3] * 20)))) for i in range(30)}
    ps = decide.corrected({"one": (asked, found), **others})["one"]
    assert ps[rules.Alternative.SIZE] > 0.1
    assert rules.outcome(asked, found, ps).word == "inconclusive"


def test_claims_of_two_statistics_of_the_same_cells_are_two_contrasts():
    """With one for both, the later claim's values decided the earlier one."""
    def asked(statistic, factor):
        one = claim(speaks="speed", statistic=statistic)
        return one, evidence.Evidence("", ("a", "b"), tuple(enumerate(
            [factor * (1 + i / 1000) for i in range(20)])))

    faster, slower = asked("ops/elapsed_s", 2.0), asked("writes/elapsed_s", 0.5)
    for cells in ({"x": faster, "y": slower}, {"y": slower, "x": faster}):
        ps = decide.corrected(cells)
        assert ps["x"][rules.Alternative.SIDE] < 0.01 \
            < ps["y"][rules.Alternative.SIDE]


COUNT = {"speaks": "count", "rule": "ratio", "side": "", "numbers":
         "simulated", "claimed": (150.0, 150.0), "statistic": "lost/ops"}


def counted(a, b):
    return campaign(*(cell(name, [1000] * 6, stats={"lost": [n] * 6})
                      for name, n in (("a", a), ("b", b))))


def verdict(a, b, **said):
    asked = claim(**{**COUNT, **said})
    return decide.verdicts(counted(a, b), {asked.id: asked})[0]


def test_none_on_either_side_is_no_difference_of_exact_counts():
    found = verdict(0, 0)
    assert found["verdict"] == "refuted"
    assert found["how"].startswith("no difference")


def test_none_on_one_side_cannot_be_divided_by():
    assert verdict(7, 0)["verdict"] == "not testable here"
    assert verdict(150, 1)["verdict"] == "reproduced"


def test_counts_that_are_not_exact_have_no_such_answer():
    found = verdict(0, 0, numbers="native")
    assert found["verdict"] == "not testable here"
    assert "divided by" in found["how"]


def test_a_figure_of_slices_is_of_all_of_them_as_before():
    asked = paused([24] * 3)
    figure = articles.Figure("", "", "w", "threads=2", "a", "",
                             "slope pause_ms", "1", "")
    told = articles.answer(asked, figure)
    assert told.n == 72 and told.value == pytest.approx(0.5, abs=0.02)


def test_two_lines_of_one_where_have_each_their_further_places():
    """A factor that is left open, and cells that two lines ask of different
    things; of the same thing they ask once."""
    made = campaign(*(cell(name, [1000] * 8, threads=threads)
                      for threads in (1, 2, 4) for name in "abc"))
    asked = claim(free=("threads",), cells=(
        "threads=2", "threads=2 | against = c", "threads=2 | statistic = writes"
        " | side = below"))
    places = [(one.against, one.statistic, one.side, one.cells[0].strip())
              for one, _ in of_claim(made, asked)]
    lines = (("b", "ops/elapsed_s", "above"), ("c", "ops/elapsed_s", "above"),
             ("b", "writes", "below"))
    assert sorted(places) == sorted(
        (*line, f"threads={threads}") for line in lines
        for threads in (1, 2, 4))
    again = claim(free=("threads",), cells=("threads=1", "threads=2"))
    assert len(of_claim(made, again)) == 3


# ---- counters, of which a block counts one set ------------------------------

SETS = (("cycles", "instructions", "branches"),
        ("l1d_load", "l1d_load_miss", "l1d_fill"),
        ("l2_fill", "llc_miss", "snoop_hitm"))
MISSES = {"rule": "ratio", "speaks": "count", "side": "", "claimed": (0.5, 0.5),
          "numbers": "counters", "needs": ("counters", 1),
          "statistic": "counter.l1d_load_miss/counter.l1d_load"}


def counter(metric, total, **more):
    return {"metric": metric, "total": total, "quality": "exact",
            "reason": None} | more


def in_turn(sets=SETS, blocks=20):
    """a has half the misses of b; block n counts set n modulo their number,
    as on a PMU with three counters."""
    made = []
    for name, misses in (("a", 500), ("b", 1000)):
        made.append(cell(name, [10 ** 6] * blocks, measure="counters"))
        for trial in made[-1].trials:
            block = trial["block"]
            trial["result"]["counters"] = {"events": [
                counter(m, (misses if m == "l1d_load_miss" else 10 ** 5)
                        + block) for m in sets[block % len(sets)]]}
    return campaign(*made, counters="perf")


def test_a_claim_is_of_the_blocks_that_count_its_metrics():
    """It was not testable for the first block, whose turn another set was."""
    asked = claim(**MISSES)
    (_, found), = of_claim(in_turn(), asked)
    assert [b for b, _ in found.values] == [1, 4, 7, 10, 13, 16, 19]
    assert [v for _, v in found.values] == pytest.approx([0.5] * 7, rel=0.02)
    said, = decide.verdicts(in_turn(), {asked.id: asked})
    assert (said["verdict"], said["numbers"]) == ("reproduced", "counters")


def test_a_row_of_the_articles_is_of_them_too():
    told = articles.answer(in_turn(), articles.Figure(
        "W10", "", "w", "threads=2", "a", "", "counter.l1d_load_miss/ops",
        "1", ""))
    assert told.n == 7 and told.value == pytest.approx(5e-4, rel=0.03)


@pytest.mark.parametrize("sets, why", [
    ((("cycles", "l1d_load"), ("l1d_load_miss",)),
     "no block counts counter.l1d_load_miss and counter.l1d_load together"),
    ((("cycles", "l1d_load"), ("l1d_fill",)),
     "its trials do not tell counter.l1d_load_miss")])
def test_metrics_that_no_block_has_are_named(sets, why):
    (_, found), = of_claim(in_turn(sets), claim(**MISSES))
    assert not found.values and found.reason == why


def test_a_count_that_failed_in_its_turn_is_not_left_out():
    """What did not count may be no chance; only another's turn is no loss."""
    made = in_turn()
    trial = next(iter(made.cells.values())).trials[4]
    trial["result"]["counters"]["events"][1].update(
        total=None, quality="invalid", reason="stayed at 0")
    (_, found), = of_claim(made, claim(**MISSES))
    assert not found.values and "l1d_load_miss" in found.reason


@pytest.mark.parametrize("quality, total, reason", [
    ("multiplexed", 900, "counted 31.0 % of the time, scaled"),
    ("invalid", None, "stayed at 0")])
def test_what_did_not_count_all_the_time_is_no_count(quality, total, reason):
    """A scaled count has a total, as an exact one has."""
    made = in_turn()
    for one in made.cells.values():
        for event in one.trials[4]["result"]["counters"]["events"][:1]:
            event.update(total=total, quality=quality, reason=reason)
    asked = claim(**MISSES)
    said, = decide.verdicts(made, {asked.id: asked})
    assert said["verdict"] == "not testable here"
    assert f"counter.l1d_load is {quality}: {reason}" in said["how"]


@pytest.mark.parametrize("quality, whose, begins", [
    ("replayed", "replayed", "replayed: 0.00051"),
    ("exact", "counters", "0.00051"), ("multiplexed", "", "no figure: ")])
def test_a_row_of_a_recording_says_so(quality, whose, begins):
    """It is of whatever machine the recording was made on."""
    made = in_turn()
    for one in made.cells.values():
        for trial in one.trials:
            for event in trial["result"]["counters"]["events"]:
                event["quality"] = quality
    told = articles.answer(made, articles.Figure(
        "W10", "", "w", "threads=2", "a", "", "counter.l1d_load_miss/ops",
        "1", ""))
    assert article_rows.said(told).startswith(begins)
    assert article_rows.data_row(told)["numbers"] == whose
