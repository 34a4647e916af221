# SPDX-License-Identifier: Apache-2.0
"""Claims whose cells say something of their own: several subjects, amounts or
statistics in one claim, Go's own cells, and slopes over a loop's number."""
import pytest
from made_claims import campaign, cell, claim, of_claim

from report.claims import decide

COUNT = {"rule": "count", "side": "", "against": "", "speaks": "count",
         "statistic": "n", "tolerance": 1.0, "claimed": (1.0, 1.0)}


def counted(name, value, **more):
    return cell(name, [1] * 8, stats={"n": [value] * 8}, **more)


def decided(made, **said):
    found, = decide.verdicts(made, {"S9-01": claim(**said)})
    return found


TWO = ("threads=2", "threads=2 | subject = b | claimed = 3 .. 5")


@pytest.mark.parametrize("a,b,conditions,word", [
    (1, 4, "parts", "reproduced"), (1, 6, "parts", "refuted"),
    (2, 4, "parts", "refuted"), (2, 6, "parts", "refuted"),
    (1, 6, "unstated", "depends")])
def test_all_parts_must_hold(a, b, conditions, word):
    found = decided(campaign(counted("a", a), counted("b", b)), **COUNT,
                    cells=TWO, conditions=conditions)
    assert found["verdict"] == word
    if word == "depends":
        assert found["how"] == "reproduced at threads=2 a; refuted at " \
            "threads=2 b"


def test_a_part_has_a_statistic_of_its_own():
    made = campaign(cell("a", [1] * 8, stats={"n": [1] * 8, "m": [7] * 8}))
    cells = ("threads=2", "threads=2 | statistic = m | claimed = 7")
    assert decided(made, **COUNT, cells=cells)["verdict"] == "reproduced"


def test_a_ranking_is_two_pairs():
    """a above b above c: the second pair is of other maps."""
    def ranked(*rates):
        return decided(
            campaign(*(cell(name, [rate + i for i in range(20)])
                       for name, rate in zip("abc", rates))),
            conditions="parts", cells=(
                "threads=2", "threads=2 | subject = b | against = c"))
    assert ranked(9000, 6000, 3000)["verdict"] == "reproduced"
    assert ranked(9000, 3000, 6000)["verdict"] == "refuted"


def test_go_has_cells_and_statistics_of_its_own():
    made = campaign(counted("a", 1), cell(
        "go_a", [1] * 8, stats={"k": [5] * 8}, threads=4))
    found = decided(made, **COUNT, about="go", cells=("threads=2",),
                    go=("go_a", ""), go_cells=("threads=4",),
                    go_statistic="k")
    assert (found["verdict"], found["of"]) == ("refuted", "Go")
    assert found["port"]["verdict"] == "reproduced"


@pytest.mark.parametrize("go,of", [("", "the C port"), ("go_b", "Go")])
def test_go_decides_no_claim_of_which_it_lacks_a_part(go, of):
    made = campaign(*(counted(name, 1) for name in ("a", "b", "go_a",
                                                    "go_b")))
    second = "threads=2 | subject = b" + (f" | go = {go}" if go else "")
    found = decided(made, **COUNT, about="go", conditions="parts",
                    cells=("threads=2 | go = go_a", second))
    assert found["of"] == of


def test_a_slope_runs_over_the_number_of_a_loop():
    made = campaign(*(
        counted("a", n * 3, loop=f"range-list:{n}", threads=1, keys=n)
        for n in (10, 100, 1000)))  # keys: ids that differ
    (_, e), = of_claim(made, claim(
        rule="slope", side="", against="", statistic="n", axis="loop",
        claimed=(0.9, 1.1), cells=("threads=1",), speaks="property"))
    assert e.reason == "" and len(e.cells) == 3
    assert all(abs(value - 1) < 1e-9 for _, value in e.values)
