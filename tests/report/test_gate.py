# SPDX-License-Identifier: Apache-2.0
"""Facts about the gate's verdicts, on invented trials with fixed seeds."""
import json
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import COST_NS, Fake, only, rows_of, verdicts_of, view_of
from report import gate, gate_rules  # noqa: E402


def name_of(row):
    return gate.name_of(row["cell"])


# ---- the four verdicts ----------------------------------------------------

def test_base_against_itself_passes_with_both_controls():
    v = verdicts_of(Fake())
    assert v["verdict"] == "PASS" and v["reason"] is None
    assert [r["verdict"] for r in v["cells"]] == ["PASS"] * 3
    assert only(v, "aa")["verdict"] == "PASS"
    assert only(v, "control")["slowdown_percent"] == pytest.approx(2, abs=.4)
    assert v["family"] == 3


def test_the_cost_shown_is_of_one_thread():
    """A trial of two threads does twice as many operations in its time."""
    v = verdicts_of(Fake())
    rows = v["cells"] + v["advice"] + v["controls"]
    assert {name_of(r) for r in rows} > {"gomap_rw t1", "shard_rw_32 t2"}
    for row in rows:
        assert row["base_ns_per_op"] == pytest.approx(COST_NS, rel=.005), \
            name_of(row)


def test_planted_two_percent_fails():
    v = verdicts_of(Fake(), head_extra=0.02)
    assert v["verdict"] == "FAIL"
    assert [r["verdict"] for r in v["cells"]] == ["FAIL"] * 3
    assert "slower by" in v["reason"]


def test_a_slower_program_fails_too():
    v = verdicts_of(Fake(slow={"head": 0.03}))
    assert v["verdict"] == "FAIL"
    assert v["cells"][0]["slowdown_percent"] == pytest.approx(3, abs=.4)


def test_a_faster_program_passes_and_is_called_faster():
    v = verdicts_of(Fake(slow={"head": -0.03}))
    assert v["verdict"] == "PASS"
    assert [r["words"] for r in v["cells"]] == ["faster"] * 3


def test_much_more_than_the_tolerance_in_noise_never_passes():
    for seed in range(5):
        v = verdicts_of(Fake(noise=0.06, seed=seed), head_extra=0.05)
        assert v["verdict"] != "PASS"


def test_noise_of_one_cell_leaves_it_undecided_with_what_it_could_see():
    class OneNoisy(Fake):
        def __call__(self, binary, cell, *rest):
            self.noise = 0.08 if cell["map"] == "syncmap" else .004
            return super().__call__(binary, cell, *rest)
    v = verdicts_of(OneNoisy())
    row = v["cells"][1]
    assert v["verdict"] == row["verdict"] == "INCONCLUSIVE"
    assert row["mde_percent"] > 2 and "MDE" in row["words"]
    assert "syncmap" in v["reason"]


def test_noise_that_hides_the_control_is_invalid():
    v = verdicts_of(Fake(noise=0.08))
    assert v["verdict"] == "INVALID" and "not seen" in v["reason"]


def test_two_copies_of_base_that_differ_are_invalid():
    for share in (0.02, -0.02):
        v = verdicts_of(Fake(slow={"copy": share}), head_extra=0.02)
        assert v["verdict"] == "INVALID"
        assert "copies of base" in v["reason"]
        assert v["cells"][0]["verdict"] == "FAIL", "shown, but not the answer"


def test_a_slot_effect_is_invalid_and_a_small_one_is_not():
    v = verdicts_of(Fake(second=0.04))
    assert v["verdict"] == "INVALID" and "slot effect" in v["reason"]
    row = v["cells"][0]
    assert row["slot_percent"] == pytest.approx(4, abs=.5)
    assert verdicts_of(Fake(second=0.003))["verdict"] == "PASS"


class OneSlotOff(Fake):
    """The second trial of a pair costs 4 % more in cells of one workload and
    map."""

    def __init__(self, workload, name, **how):
        super().__init__(**how)
        self.where = workload, name

    def __call__(self, binary, cell, *rest):
        off = (cell["workload"], cell["map"]) == self.where
        self.second = 0.04 if off else 0.0
        return super().__call__(binary, cell, *rest)


def test_a_slot_effect_of_one_cell_leaves_no_pass():
    v = verdicts_of(OneSlotOff("regress", "syncmap"))
    assert {name_of(r): r["verdict"] for r in v["cells"]} == {
        "gomap_rw t1": "PASS", "syncmap t1": "INVALID",
        "shard_rw_32 t1": "PASS"}
    assert v["verdict"] == "INVALID" and "syncmap t1: slot" in v["reason"]


def test_a_slot_effect_of_one_cell_hides_no_other_that_is_slower():
    v = verdicts_of(OneSlotOff("regress", "syncmap", slow={"head": 0.03}))
    assert [r["verdict"] for r in v["cells"]] == ["FAIL", "INVALID", "FAIL"]
    assert v["verdict"] == "FAIL" and "syncmap" not in v["reason"]


@pytest.mark.parametrize("control", ["regress-aa", "regress-slow"])
def test_a_slot_effect_of_a_control_is_the_whole_runs(control):
    v = verdicts_of(OneSlotOff(control, "gomap_rw", slow={"head": 0.03}))
    assert {r["verdict"] for r in v["cells"]} == {"FAIL"}
    assert v["verdict"] == "INVALID" and "slot effect" in v["reason"]


# ---- arms that break ------------------------------------------------------

@pytest.mark.parametrize("how, word", [
    (("failed", "signal 11", "signal 11"), "signal 11"),
    (("failed", "deadline", "deadline"), "deadline"),
    (("failed", "0", "sums unequal"), "sums unequal")])
def test_a_head_that_breaks_fails_and_is_named(how, word):
    v = verdicts_of(Fake(fail={"head": how}))
    assert v["verdict"] == "FAIL"
    assert "head in block" in v["reason"] and word in v["reason"]


def test_a_head_that_breaks_fails_even_where_controls_are_off():
    v = verdicts_of(Fake(fail={"head": ("failed", "signal 6", "signal 6")},
                         slow={"copy": 0.05}))
    assert v["verdict"] == "FAIL" and "signal 6" in v["reason"]


def test_a_copy_that_breaks_is_invalid_and_named():
    v = verdicts_of(Fake(fail={"copy": ("failed", "signal 9", "signal 9")}))
    assert v["verdict"] == "INVALID"
    assert "copy in block" in v["reason"] and "signal 9" in v["reason"]


def test_a_base_that_breaks_is_not_run_and_never_passes():
    v = verdicts_of(Fake(fail={"base": ("failed", "signal 9", "signal 9")}))
    assert v["verdict"] == "INVALID"
    assert {s["reason"] for s in v["skipped"]} == {"signal 9"}


def test_void_trials_are_lost_pairs_not_zeros():
    class SomeVoid(Fake):
        def __call__(self, binary, *rest):
            bad = binary == "head" and self.random.random() < 0.7
            self.fail = {"head": ("void", "0", "thread moved")} if bad else {}
            return super().__call__(binary, *rest)
    v = verdicts_of(SomeVoid(), head_extra=0.05)
    for row in v["cells"]:
        assert row["n"] < 20 and row["verdict"] == "INCONCLUSIVE"
        assert "thread moved" in row["words"]
        assert row["slowdown_percent"] == pytest.approx(5, abs=1)


@pytest.mark.parametrize("arm, verdict", [("head", "FAIL"),
                                          ("base", "INVALID")])
def test_a_failed_verification_is_its_arms_failure(arm, verdict):
    view = view_of(Fake())
    rows = rows_of(view, Fake())
    ids = [c for c in view["cells"] if c.endswith("verify")]
    wrong = {"cell": ids[0], "block": 0, "arm": arm, "slot": 0,
             "status": "failed", "reason": "lost an insert", "result": None}
    v = gate.decide(view, rows + [wrong])
    assert v["verdict"] == verdict and "lost an insert" in v["reason"]


# ---- verdict words --------------------------------------------------------

def row_with(change):
    """A row of a cell that passes, but for what is changed."""
    return {"n": 60, "p_slower": 1.0, "p_within": 0.001, "lost": [],
            "slowdown_percent": 0.1, "low_percent": -0.1, "high_percent": 0.3,
            "slot_percent": 0.0, "slot_low_percent": -0.1,
            "slot_high_percent": 0.1, "mde_percent": 0.8, "role": "control",
            "head_failed": None, "base_failed": None} | change


@pytest.mark.parametrize("change, verdict", [
    ({}, "PASS"),
    ({"p_within": 0.011}, "INCONCLUSIVE"),
    ({"p_slower": 0.01, "slowdown_percent": 1.0}, "FAIL"),
    ({"p_slower": 0.011, "slowdown_percent": 3.0, "p_within": 1.0},
     "INCONCLUSIVE"),
    ({"p_slower": 0.001, "slowdown_percent": 0.99}, "PASS"),
    ({"p_slower": 0.001, "slowdown_percent": 1.5, "p_within": 0.001}, "FAIL"),
    ({"p_slower": 0.02, "by": "tails"}, "INCONCLUSIVE"),
    ({"p_slower": 0.001, "by": "tails", "slowdown_percent": 4.0},
     "INCONCLUSIVE"),
    ({"p_slower": 0.001, "by": "tails", "slowdown_percent": 4.0,
      "low_percent": None}, "INCONCLUSIVE"),
    ({"p_slower": 0.001, "by": "tails", "slowdown_percent": 4.0,
      "low_percent": 0.1}, "FAIL"),
    ({"p_slower": 0.001, "by": "biweight", "slowdown_percent": 1.0}, "FAIL"),
    ({"p_slower": 0.02, "by": "ranks"}, "PASS"),
    ({"slot_low_percent": 0.51, "slot_high_percent": 0.9}, "INVALID"),
    ({"slot_low_percent": -0.9, "slot_high_percent": -0.51}, "INVALID"),
    ({"slot_low_percent": 0.2, "slot_high_percent": 3.0}, "PASS"),
    ({"n": 19}, "INCONCLUSIVE"),
    ({"head_failed": "x"}, "FAIL"),
    ({"base_failed": "x", "head_failed": "x"}, "INVALID"),
    ({"high_percent": -0.4}, "PASS"),
    ({"high_percent": -0.6}, "PASS")])
def test_verdict_of_a_cell(change, verdict):
    plan, _ = gate_rules.load_rules()
    row = row_with(change)
    assert gate.verdict_of(row, plan)[0] == verdict
    if verdict == "PASS":
        faster = row["high_percent"] == -0.6
        assert (gate.verdict_of(row, plan)[1] == "faster") == faster


def test_no_control_no_verdict():
    row = {"verdict": "PASS", "head_failed": None}
    assert gate.verdict_of_run([row], [], [])[0] == "INVALID"
    assert gate.verdict_of_run([], [row], [])[0] == "INVALID"


def test_a_planned_cell_that_was_not_run_leaves_no_pass():
    row = {"verdict": "PASS", "head_failed": None}
    lost = {"cell": "regress/m/t1", "role": "gate", "reason": "unknown map"}
    verdict, reason = gate.verdict_of_run([row], [row], [lost])
    assert verdict == "INCONCLUSIVE"
    assert reason == "m t1 not run: unknown map"


def test_same_journal_same_verdicts():
    view = view_of(Fake())
    rows = rows_of(view, Fake())
    one = json.dumps(gate.decide(view, rows))
    assert one == json.dumps(gate.decide(view, rows[::-1]))


def test_what_a_cell_could_show_is_that_of_its_family():
    """More cells, less seen of each: the MDE is that of the corrected test,
    not of one cell alone."""
    fake = Fake()
    view = view_of(fake)
    rows, plan = rows_of(view, fake), view["plan"]
    gated = [c for c in view["contrasts"] if c["role"] == "gate"]
    together = gate.judge(gated, rows, plan)
    for contrast, row in zip(gated, together):
        alone, = gate.judge([contrast], rows, plan)
        assert row["low_percent"] == alone["low_percent"]
        assert row["mde_percent"] > alone["mde_percent"]


WHOLE = ("regress/gomap_rw/u64x8/n65536/w3/fresh/m0/uniform/t1/cores/"
         "200000ops/throughput")


@pytest.mark.parametrize("cell,name", [
    (WHOLE, "gomap_rw 64Ki fresh t1"),
    (WHOLE.replace("fresh", "churn"), "gomap_rw 64Ki churn t1"),
    (WHOLE.replace("n65536", "n1000"), "gomap_rw 1000 fresh t1"),
    (WHOLE.replace("n65536", "n1048576"), "gomap_rw 1Mi fresh t1"),
    (WHOLE.replace("/t1/", "/t16/"), "gomap_rw 64Ki fresh t16"),
    (WHOLE.replace("w3", "w50"), "gomap_rw 64Ki w50 fresh t1"),
    ("regress/gomap_rw/u64x8/n1024/twice/t16/throughput",
     "gomap_rw 1Ki twice t16"),
    ("regress/t3/u64x8/n1024/throughput", "t3 1Ki")])
def test_a_cell_is_called_by_what_tells_it_from_others(cell, name):
    assert gate.name_of(cell) == name


def test_a_cell_is_the_same_in_a_run_that_counted_other_windows():
    assert gate.identity(WHOLE) == gate.identity(
        WHOLE.replace("200000", "1"))
    assert "ops" not in gate.identity(WHOLE)


# ---- a control that could not have seen anything --------------------------

@pytest.mark.parametrize("noise", [0.03, 0.1, 0.5])
def test_a_control_that_sees_nothing_is_not_shown_and_no_pass(noise):
    v = verdicts_of(Fake(noise=noise), blocks=30)
    aa = only(v, "aa")
    assert aa["mde_percent"] > 2
    assert aa["verdict"] == "INVALID" and "not shown to agree" in aa["words"]
    assert v["verdict"] == "INVALID" and f"MDE {aa['mde_percent']:.1f} %" in \
        v["reason"]


def test_a_control_passes_where_it_is_shown_within_the_tolerance():
    aa = only(verdicts_of(Fake()), "aa")
    assert aa["verdict"] == "PASS" and aa["words"] == "agree within 2 %"
    assert aa["p_equal"] <= 0.01 < aa["p_either_way"]


def test_a_burst_in_a_gated_cell_leaves_the_others_decided():
    class OneBurst(Fake):
        def __call__(self, binary, cell, *rest):
            self.noise = 0.2 if cell["map"] == "syncmap" else .006
            return super().__call__(binary, cell, *rest)
    v = verdicts_of(OneBurst())
    assert v["verdict"] == "INCONCLUSIVE" and "syncmap" in v["reason"]
    assert [r["verdict"] for r in v["cells"] if "syncmap" not in r["cell"]] \
        == ["PASS"] * 2


# ---- the numbers at which a word turns --------------------------------------

@pytest.mark.parametrize("change, words", [
    ({"n": 20, "p_slower": 0.01}, "PASS: +2 % seen"),
    ({"p_slower": 1.0}, "INVALID: +2 % not seen (MDE 0.8 %)"),
    ({"p_slower": 1.0, "mde_percent": None}, "INVALID: +2 % not seen"),
    ({"n": 19, "p_slower": 0.01}, "INVALID: n<20: 19 pairs"),
    ({"p_slower": 0.01, "base_failed": "base died"}, "INVALID: base died"),
    ({"p_slower": 0.01, "head_failed": "slow died"}, "INVALID: slow died"),
    ({"p_slower": 0.01, "slot_low_percent": 0.6, "slot_high_percent": 0.9},
     "INVALID: slot effect +0.00 % [+0.60, +0.90]")])
def test_a_control_passes_where_the_slowdown_that_was_planted_is_seen(
        change, words):
    plan = gate_rules.load_rules()[0] | {"control_extra": 0.02}
    row = row_with({"slowdown_percent": 2.0} | change)
    assert ": ".join(gate.control_of(row, None, plan)) == words


@pytest.mark.parametrize("change, verdict", [
    ({"n": 20}, "PASS"), ({"p_within": 0.01}, "PASS"),
    ({"p_within": 0.0101}, "INCONCLUSIVE"),
    ({"p_slower": 0.01, "slowdown_percent": 1.0}, "FAIL"),
    ({"p_slower": 0.01, "slowdown_percent": 0.99}, "PASS"),
    ({"p_slower": 0.0101, "slowdown_percent": 1.0}, "PASS")])
def test_a_level_and_a_limit_count_as_reached(change, verdict):
    """min_pairs is 20, alpha 1 %, fail_at 1 %."""
    plan, _ = gate_rules.load_rules()
    assert gate.verdict_of(row_with(change), plan)[0] == verdict


def test_what_was_lost_is_told_by_its_first_two():
    plan, _ = gate_rules.load_rules()
    lost = row_with({"n": 17, "lost": ["a", "b", "c"]})
    assert gate.verdict_of(lost, plan) == (
        "INCONCLUSIVE", "n<20: 17 pairs, lost: a; b")
    assert gate.verdict_of(lost | {"lost": []}, plan)[1].endswith(
        "lost: none")
