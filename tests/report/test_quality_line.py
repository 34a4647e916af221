# SPDX-License-Identifier: Apache-2.0
"""The line that says what a run can see and how disturbed it was, of parts
written down here. What the parts are of whole campaigns: test_quality.py."""
import types

import pytest

from report import checks, quality, verdicts, words

SPACE = "\u00a0"  # before a per cent sign, as everywhere in a page
WHICH = ("(last attempts with a CPU per thread, also void ones and "
         "verification)")
QUIET = {"seen_words": "can see", "repeated": (0, 40), "budget_words": "",
         "machine_words": ""}


def line(monkeypatch, speeds=None, waits=(0, 0), open_=None,
         readings=(9, 9), **parts):
    """The line where these are known; nothing else disturbed the run."""
    for name, value in (QUIET | parts).items():
        monkeypatch.setattr(quality, name, lambda _, value=value: value)
    monkeypatch.setattr(checks, "undecidable", lambda _: open_)
    monkeypatch.setattr(quality, "noise_of", lambda _: types.SimpleNamespace(
        speeds=lambda: speeds, waits=lambda: waits,
        readings=lambda: readings))
    return quality.line(None, None)


def test_what_is_not_known_is_not_said(monkeypatch):
    assert line(monkeypatch) == "Can see."


@pytest.mark.parametrize("known, said", [
    ({"speeds": (2.0, 3.0)},
     "CPU speed changed × 1.5 (1st to 99th percentile)"),
    ({"speeds": (2.0, 3.0), "readings": (8, 9)}, "CPU speed changed × 1.5 "
     "(1st to 99th percentile; 8 of 9 attempts have a reading)"),
    ({"waits": (0, 30)}, f"in 0.00{SPACE}% of 30 trials {WHICH} threads "
     "waited for their CPU in more than 20 % of the window"),
    ({"waits": (3, 30)}, f"in 10{SPACE}% of 30 trials {WHICH} threads "
     "waited for their CPU in more than 20 % of the window"),
    ({"repeated": (10, 40)}, f"25{SPACE}% of the trials were repeated"),
    ({"budget_words": "2 were left"},
     "2 were left where the budget of repeats was spent"),
    ({"machine_words": "a disturbed machine"}, "a disturbed machine"),
    ({"open_": "undecided controls: slot"}, "undecided controls: slot")])
def test_each_part_is_said_where_it_is_known(monkeypatch, known, said):
    assert line(monkeypatch, **known) == f"Can see; {said}."


# ---- what the headline can see -----------------------------------------------

def rival(low, high, n=9, outcome=verdicts.TIED):
    return {"low": low, "high": high, "n": n, "outcome": outcome}


def analysis(*rivals, maps=2, headline="h"):
    group = {"rivals": list(rivals), "maps": maps, "needs": 8}
    return types.SimpleNamespace(headline=lambda: headline,
                                 verdicts={"h": group})


def test_where_nothing_is_compared_nothing_can_be_seen():
    nothing = "nothing to compare in the headline"
    assert quality.seen_words(analysis(headline=None)) == nothing
    assert quality.seen_words(analysis()) == nothing
    assert quality.seen_words(analysis(rival(None, None, 0,
                                             verdicts.NONE))) == nothing


def test_without_an_interval_no_difference_is_seen():
    short = rival(None, None, 6, verdicts.NONE)
    assert quality.seen_words(analysis(short, rival(1.0, 1.0, 7), maps=4)) \
        == ("cannot see any difference in the headline (n = 7, a ranking of "
            "4 maps needs 8)"), "equal ratios have no width"


@pytest.mark.parametrize("rivals, maps, told", [
    ([rival(0.9, 1.1)], 2, "can see differences above {0}"),
    ([rival(0.9, 1.1), rival(0.99, 1.01), rival(0.97, 1.03)], 4,
     "can see differences above {2} in the median of the headline's 3 "
     "comparisons, above {1} in the best"),
    ([rival(0.9, 1.1), rival(None, None, 2, verdicts.NONE)], 3,
     "can see differences above {0} in the median of 1 of the headline's 2 "
     "comparisons, above {0} in the best")])
def test_the_smallest_difference_is_that_of_all_comparisons_at_once(
        rivals, maps, told):
    """Of four maps there are six comparisons, of three three, of two one."""
    pairs = {2: 1, 3: 3, 4: 6}[maps]
    mdes = [words.seen(
        100 * quality.smallest_seen(r["low"], r["high"], pairs) - 100)
        for r in rivals if r["low"]]
    assert quality.seen_words(analysis(*rivals, maps=maps)) == told.format(
        *mdes)
