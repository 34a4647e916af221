# SPDX-License-Identifier: Apache-2.0
"""May one act on the answer: the word in verdicts.json and in trust.csv
follows from the journal."""
import itertools
import json
import types

import pytest
from report_helpers import FEW, Built, edit, make_journal

from report import checks, journal, trust
from report.analysis import Analysis

ASIDE = "syncmap_leak"
SPEC = {"maps": (*FEW, ASIDE), "threads": (1, 2), "keys": (65536,),
        "kinds": ("update",), "blocks": 12, "rates": (10000,)}
HEAD = "/t2/cores/throughput"
RANKED = ("gomap_rw", "syncmap", "snapshot", "urcu_lfht")


def first_trials(n):
    """The first n trials of the headline's ranked maps in the journal."""
    left = itertools.count(n, -1)
    return lambda t: (t["cell"].endswith(HEAD)
                      and t["cell"].split("/")[1] in RANKED
                      and next(left) > 0)


def marked(which, **members):
    """A change of those trials' members."""
    def change(trial):
        if which(trial):
            trial.update(members)
        return trial
    return change


def waiting(which, share, **members):
    """Those trials' threads wait so long; all others do not wait."""
    def change(trial):
        for t in (trial["result"] or {}).get("by_thread") or []:
            t["runqueue_wait_ns"] = 0
        if which(trial):
            trial.update(members)
            for t in trial["result"]["by_thread"]:
                t["runqueue_wait_ns"] = int(share * t["elapsed_ns"])
        return trial
    return change


def verified_less(trial):
    """The fastest map's only check of verification is void."""
    if "/urcu_lfht/" in trial["cell"] and trial["cell"].endswith("/verify"):
        trial["status"] = trial["result"]["status"] = "void"
    return trial


OTHERS = "others took 30 % of its threads' time, the limit is 20 %"
CASES = {  # name -> (what makes a change of each trial, word, (some, of))
    "quiet": (lambda: lambda t: t, trust.TRUST, {
        "missing": (0, 48), "disturbed": (0, 48), "verification": (1, 1)}),
    "4 of 48 disturbed": (
        lambda: marked(first_trials(4), disturbed=OTHERS, others_share=0.3),
        trust.TRUST, {"disturbed": (4, 48)}),
    "5 of 48 disturbed": (
        lambda: marked(first_trials(5), disturbed=OTHERS, others_share=0.3),
        trust.CARE, {"disturbed": (5, 48)}),
    "14 of 48 disturbed": (
        lambda: marked(first_trials(14), disturbed=OTHERS, others_share=0.3),
        trust.NOT, {"disturbed": (14, 48)}),
    "waited, the runner could not say": (
        lambda: waiting(first_trials(5), 0.3), trust.CARE,
        {"disturbed": (5, 48)}),
    "waited of its own doing": (
        lambda: waiting(first_trials(5), 0.3, others_share=0.01), trust.TRUST,
        {"disturbed": (0, 48)}),
    "a void trial": (
        lambda: marked(first_trials(1), status="void", reason="left its CPU"),
        trust.CARE, {"missing": (1, 48)}),
    "unverified": (lambda: verified_less, trust.CARE,
                   {"verification": (0, 1)}),
}


def holds(folder, word, **numbers):
    """The word, and these answers; only a question that is answered so has a
    worse word than trust."""
    a = Analysis(journal.read(folder))
    found = trust.judge(a, checks.control_rows(a))
    assert found["word"] == word
    assert bool(found["why"]) == (word != trust.TRUST)
    for question, wanted in numbers.items():
        answer = found["asked"][question]
        assert (answer["some"], answer["of"]) == wanted
    return {question for question, answer in found["asked"].items()
            if answer["word"] == word}, found["asked"]


@pytest.mark.parametrize("name", CASES)
def test_the_word_follows_from_the_journal(tmp_path, name):
    change, word, numbers = CASES[name]
    make_journal.make(tmp_path, **SPEC)
    edit(tmp_path, change())
    worst, _ = holds(tmp_path, word, **numbers)
    assert word == trust.TRUST or worst == set(numbers)


def test_a_leader_of_which_no_check_was_planned_is_not_verified():
    a = types.SimpleNamespace(by_measure={})
    assert trust.of_verification(a, ["urcu_lfht"])["word"] == trust.CARE


def rates(**of):
    """A plant: Mop/s by map, in every trial within half a per cent."""
    return {"mops": lambda cell, block: of.get(cell["map"], 10.0) * (
        1 + (7 * block % 11 - 5) / 1000)}


@pytest.mark.parametrize("plant,word,worst,least", [
    (rates(urcu_lfht=20), trust.TRUST, None, 2.0),
    (rates(urcu_lfht=10.5), trust.TRUST, None, 1.05),
    (rates(urcu_lfht=20, syncmap=20), trust.TRUST, None, 1.0),
    ({"control": "fail"}, trust.NOT, {"controls"}, None),
    ({"crash": ("snapshot",)}, trust.CARE, {"rivals", "missing"}, None),
])
def test_the_word_follows_from_the_rates(tmp_path, plant, word, worst, least):
    make_journal.make(tmp_path, **SPEC | {"plant": plant})
    found, asked = holds(tmp_path, word)
    assert worst is None or found == worst
    assert least is None or asked["lead"]["least"] == pytest.approx(least)


def two_modes(cell, block):
    """No interval tells the first two apart, none shows them alike."""
    other = {"urcu_lfht": (20, 20, 14), "syncmap": (20, 14, 20)}
    return other.get(cell["map"], (10,))[
        block % 3 if cell["map"] in other else 0]


def test_a_tie_that_hides_a_difference(tmp_path):
    make_journal.make(tmp_path, **SPEC | {"plant": {"mops": two_modes}})
    worst, asked = holds(tmp_path, trust.CARE)
    assert worst == {"lead"} and asked["lead"]["most"] > 1.1


def test_a_tie_whose_first_may_be_the_slower_by_more(tmp_path):
    """In three blocks of four urcu_lfht is a little faster, in one much
    slower: it is in front, and the interval of independent blocks would end
    where one block of each kind has its mean, at 19.6 / sqrt(14 * 20)."""
    make_journal.make(tmp_path, **SPEC | {"plant": {
        "mops": lambda c, b: {"urcu_lfht": (20, 20, 14, 20)[b % 4],
                              "syncmap": 19.6}.get(c["map"], 10)}})
    worst, asked = holds(tmp_path, trust.CARE)
    assert worst == {"lead"}
    assert 0.99 < asked["lead"]["most"] / (19.6 / 280 ** 0.5) < 1.1


def test_a_lead_of_uncertain_size(tmp_path):
    make_journal.make(tmp_path, **SPEC | {"plant": {
        "mops": lambda c, b: (13, 21)[b % 2] if c["map"] == "urcu_lfht"
        else 12.0 if c["map"] == "syncmap" else 5.0}})
    worst, asked = holds(tmp_path, trust.CARE)
    assert worst == {"lead"}
    assert (asked["lead"]["least"], asked["lead"]["most"]) == pytest.approx(
        (13 / 12, 21 / 12), rel=1e-3)


def test_controls_that_leave_room_for_the_lead(tmp_path):
    """Late in its block a trial of another place is 10 % slower, or faster,
    by turns: the slot control is undecided, and so is a lead of 5 %."""
    make_journal.make(tmp_path, **SPEC | {"plant": rates(urcu_lfht=10.5)})
    meta = json.loads((tmp_path / "campaign.json").read_text())
    late = {(meta["cells"][i]["id"], b) for b, order in
            enumerate(meta["order"]) for i in order[len(order) // 2:]}

    def turns(trial):
        if trial["result"] and (trial["cell"], trial["block"]) in late \
                and not first_trials(1)(trial):
            trial["result"]["ops"] = round(trial["result"]["ops"] * (
                0.9 if trial["block"] % 2 else 1.1))
        return trial

    edit(tmp_path, turns)
    worst, _ = holds(tmp_path, trust.CARE)
    assert worst == {"controls"}


@pytest.mark.parametrize("spec,word,worst", [
    ({"blocks": 5}, trust.NOT, "lead"),
    ({"maps": ("null_map", "gomap_rw")}, trust.NOT, "lead"),
    ({"maps": ("null_map", "gomap_rw", "syncmap"), "threads": (2,),
      "rates": ()}, trust.CARE, "controls"),
])
def test_the_word_follows_from_the_plan(tmp_path, spec, word, worst):
    make_journal.make(tmp_path, **SPEC | spec)
    assert worst in holds(tmp_path, word)[0]


def test_files_have_the_word(tmp_path):
    make_journal.make(tmp_path, **SPEC)
    edit(tmp_path, CASES["5 of 48 disturbed"][0]())
    built = Built(tmp_path)
    assert built.verdicts["trust"]["word"] == trust.CARE
    assert max((r["word"] for r in built.rows("tables/trust.csv")),
               key=trust.ORDER.index) == trust.CARE
