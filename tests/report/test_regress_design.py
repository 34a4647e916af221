# SPDX-License-Identifier: Apache-2.0
"""Facts about what make regress makes of a campaign's folder, and its rules.
How trials are laid out is the runner's: tests/cli/arms.sh."""
import json
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import (CELLS, Fake, meta_of, rows_of,  # noqa: E402
                       verdicts_of, view_of)
from report import (ending, gate_campaign, gate_rules,  # noqa: E402
                    gate_table, regress)


# ---- contrasts ------------------------------------------------------------

@pytest.mark.parametrize("cpus, role", [(1, "advice"), (3, "advice"),
                                        (4, "gate")])
def test_two_threads_are_advice_below_four_cpus(cpus, role):
    view = view_of(Fake(), cpus=cpus)
    assert [c["role"] for c in view["contrasts"]
            if "/t2/" in c["cell"]] == [role]


def test_advice_is_shown_and_decides_nothing():
    class TwoSlow(Fake):
        def __call__(self, binary, cell, *rest):
            self.slow = {"head": 0.1} if cell["threads"] == 2 else {}
            return super().__call__(binary, cell, *rest)
    v = verdicts_of(TwoSlow())
    assert v["verdict"] == "PASS"
    assert v["advice"][0]["verdict"] == "FAIL"
    assert "advice only, FAIL" in gate_table.table(v)


def test_a_workload_has_base_and_one_mate():
    meta = meta_of(Fake())
    meta["arms"][1]["name"] = "other"
    rules, digest = gate_rules.load_rules()
    with pytest.raises(ending.InputError, match="no arm head"):
        gate_campaign.view_of(meta, rules, digest)
    meta["arms"].append(dict(meta["arms"][0], name="head"))
    with pytest.raises(ending.InputError, match="expected base and one of"):
        gate_campaign.view_of(meta, rules, digest)


@pytest.mark.parametrize("arm, word", [(3, "copy"), (5, "slow")])
def test_controls_are_of_base(arm, word):
    meta = meta_of(Fake())
    meta["arms"][arm]["sha256"] = "another"
    with pytest.raises(ending.InputError, match=f"arm {word}.*copy of base"):
        gate_campaign.view_of(meta, *gate_rules.load_rules())


# ---- folders --------------------------------------------------------------

def put(folder, meta, rows, verdict=None):
    (folder / "report").mkdir(parents=True)
    (folder / "campaign.json").write_text(json.dumps(meta))
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows))
    if verdict:
        (folder / "report" / "verdicts.json").write_text(
            json.dumps({"verdict": verdict}))


def test_attempts_are_numbered_by_age_and_arms(tmp_path):
    rows = rows_of(view_of(Fake()), Fake())
    for name, hour, verdict in (("late", 9, None), ("first", 7, "FAIL"),
                                ("second", 8, None), ("future", 11, "PASS")):
        meta = meta_of(Fake()) | {
            "name": name, "created_utc": f"2026-11-20T{hour:02}:00:00.000Z"}
        put(tmp_path / name, meta, rows, verdict)
    other = meta_of(Fake(), head_extra=0.02) | {
        "created_utc": "2026-11-20T06:00:00.000Z"}
    put(tmp_path / "other", other, rows, "PASS")
    view, _ = gate_campaign.read(tmp_path / "late")
    assert view["attempt"] == 3
    assert [(e["attempt"], e["verdict"], e["name"])
            for e in view["earlier"]] == [(1, "FAIL", "first"),
                                          (2, "no verdict", "second")]


@pytest.mark.parametrize("written", [
    "[]", "3", '"PASS"', '{"verdict": ["PASS"]}', '{"verdict": null}',
    '{"verdict": "<img onerror=1>"}', "[" * 99999])
def test_an_earlier_attempt_whose_verdict_is_none_is_told_as_such(tmp_path,
                                                                  written):
    """It is another folder's file, and hinders no verdict of this one."""
    rows = rows_of(view_of(Fake()), Fake())
    for name, hour in (("first", 7), ("late", 8)):
        put(tmp_path / name, meta_of(Fake()) | {
            "name": name, "created_utc": f"2026-11-20T{hour:02}:00:00.000Z"},
            rows)
    (tmp_path / "first" / "report" / "verdicts.json").write_text(written)
    view, _ = gate_campaign.read(tmp_path / "late")
    assert view["earlier"] == [
        {"attempt": 1, "verdict": "no verdict", "name": "first"}]


def test_a_run_with_more_blocks_is_another_attempt(tmp_path):
    """Base's noise sets their number, another one in each run."""
    for name, hour, blocks in (("first", 7, 40), ("late", 8, 53)):
        view = view_of(Fake(), blocks=blocks)
        put(tmp_path / name, meta_of(Fake(), blocks=blocks) | {
            "name": name, "created_utc": f"2026-11-20T{hour:02}:00:00.000Z"},
            rows_of(view, Fake()), "FAIL")
    view, _ = gate_campaign.read(tmp_path / "late")
    assert (view["attempt"], view["earlier"][0]["verdict"]) == (2, "FAIL")
    first, _ = gate_campaign.read(tmp_path / "first")
    assert first["plan_sha256"] == view["plan_sha256"], "one history"
    meta = meta_of(Fake())
    meta["workloads"][0]["text"] += "keys = 1024\n"
    assert gate_campaign.view_of(meta, *gate_rules.load_rules())["plan_sha256"] \
        != view["plan_sha256"]


def test_a_campaign_that_is_not_whole_has_no_verdict(tmp_path, capsys):
    rows = rows_of(view_of(Fake()), Fake())
    put(tmp_path / "cut", meta_of(Fake()), rows[:-5])
    assert regress.main([str(tmp_path / "cut")]) == 2
    said = capsys.readouterr().err
    assert "interrupted in block 39" in said and "--resume" in said
    assert not (tmp_path / "cut" / "report" / "verdicts.json").exists()


@pytest.mark.parametrize("extra, status", [
    ((), 2), (("base",), 2), (("base", "head"), 0)])
def test_a_disturbed_pair_of_the_last_block_is_waited_for(tmp_path, extra,
                                                          status):
    """Repeats stand at the end of a block, behind all of its first attempts;
    a kill between them leaves a base of one attempt and a head of another."""
    meta = meta_of(Fake())
    for cell in meta["cells"]:
        cell["repeat"] = {"wait_share": 0.02, "most": 3, "share": 0.5}
    meta["order"] = [list(range(len(meta["cells"]) - 1))] * 40
    rows = rows_of(view_of(Fake()), Fake())
    cell = meta["cells"][0]["id"]
    pair = {row["arm"]: row for row in rows
            if row["cell"] == cell and row["block"] == 39}
    again = [dict(pair[arm], attempt=2) for arm in extra]
    pair["head"]["disturbed"] = "others took 9 %"
    put(tmp_path / "one", meta, [dict(row, attempt=1) for row in rows]
        + again)
    if status:
        with pytest.raises(ending.InputError, match="measured again.*resum"):
            gate_campaign.read(tmp_path / "one")
    else:
        assert len(gate_campaign.read(tmp_path / "one")[1]) == len(rows)


# ---- the rules (R26) ------------------------------------------------------

@pytest.mark.parametrize("change, word", [
    ({"alpha": None}, "alpha missing"),
    ({"margin": 0.03}, "margin")])
def test_rules_that_decide_nothing_are_refused(tmp_path, change, word):
    rules = {k: v for k, v in (gate_rules.load_rules()[0] | change).items()
             if v is not None}
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rules))
    with pytest.raises(ending.InputError, match=word):
        gate_rules.load_rules(path)


def rules_with(folder, **change):
    """What load_rules() makes of the rules with other values."""
    path = folder / "rules.json"
    path.write_text(json.dumps(gate_rules.load_rules()[0] | change))
    return gate_rules.load_rules(path)[0]


@pytest.mark.parametrize("change", [
    {"margin": 0}, {"margin": -0.01}, {"margin": 0.02, "fail_at": 0.02},
    {"fail_at": 0.04, "tolerance": 0.03}, {"tolerance": 1}, {"alpha": 0},
    {"alpha": 0.5}, {"power": 0.5}, {"power": 1}, {"doubt": 0.009},
    {"doubt": 0.5}])
def test_rules_out_of_their_order_are_refused(tmp_path, change):
    with pytest.raises(ending.InputError, match="expected 0 < margin"):
        rules_with(tmp_path, **change)


@pytest.mark.parametrize("change", [
    {"blocks_least": 19}, {"bulk": 0}, {"bulk": 1.1}, {"allowed_s": 0},
    {"calibration_blocks": 2}])
def test_rules_that_size_no_run_are_refused(tmp_path, change):
    with pytest.raises(ending.InputError, match="expected blocks_least"):
        rules_with(tmp_path, **change)


@pytest.mark.parametrize("cut", [0, 0.9, 10.1])
def test_a_cut_that_cuts_all_or_nothing_is_refused(tmp_path, cut):
    with pytest.raises(ending.InputError, match="expected 1 to 10 robust"):
        rules_with(tmp_path, cut=cut)


@pytest.mark.parametrize("repeat", [
    {"wait_share": 0.2, "most": 3}, {"wait_share": 0.02, "most": 10}])
def test_another_rule_of_repeats_is_refused(repeat):
    meta = meta_of(Fake())
    for cell in meta["cells"]:
        cell["repeat"] = {"wait_share": 0.02, "most": 3, "share": 0.5}
    assert gate_campaign.view_of(meta, *gate_rules.load_rules())["attempt"] == 1
    meta["cells"][0]["repeat"] |= repeat
    with pytest.raises(ending.InputError, match="expected 0.02 and 3"):
        gate_campaign.view_of(meta, *gate_rules.load_rules())


@pytest.mark.parametrize("change", [
    {"fail_at": 0.03, "tolerance": 0.03},
    {"alpha": 0.499, "doubt": 0.499, "power": 0.501}])
def test_rules_on_the_edge_of_their_order_are_taken(tmp_path, change):
    assert rules_with(tmp_path, **change).items() >= change.items()


@pytest.mark.parametrize("name", sorted(gate_rules.NEEDED))
def test_each_rule_that_decides_is_a_number(tmp_path, name):
    for value in ("0.01", True, None, [1]):
        with pytest.raises(ending.InputError, match=name):
            rules_with(tmp_path, **{name: value})
    path = tmp_path / "less.json"
    rules = gate_rules.load_rules()[0]
    path.write_text(json.dumps({k: v for k, v in rules.items() if k != name}))
    with pytest.raises(ending.InputError, match=f"{name} missing"):
        gate_rules.load_rules(path)


def test_what_decides_has_its_name():
    """A name less would be a rule that may be left out."""
    assert gate_rules.NEEDED == {
        "alpha", "power", "margin", "fail_at", "tolerance", "slot_limit",
        "min_pairs", "flips", "blocks_least", "bulk", "allowed_s",
        "calibration_blocks", "repeat_wait", "repeat_most", "cut",
        "doubt"}


@pytest.mark.parametrize("change, blocks", [
    ({}, 12), ({"min_pairs": 6}, 40), ({"flips": 100}, 40)])
def test_a_plan_that_decides_nothing_is_refused(change, blocks):
    rules, digest = gate_rules.load_rules()
    with pytest.raises(ending.InputError, match="cannot decide"):
        gate_campaign.view_of(meta_of(Fake(), blocks=blocks), rules | change,
                        digest)


def test_windows_too_short_for_the_clock_are_refused():
    meta = meta_of(Fake())
    meta["calibration"] = [{"cell": "c", "window_ns": 2000}]
    with pytest.raises(ending.InputError, match="window_ns 2000"):
        gate_campaign.view_of(meta, *gate_rules.load_rules())
    meta["calibration"][0]["window_ns"] = 999_999
    with pytest.raises(ending.InputError, match="expected at least 1000000"):
        gate_campaign.view_of(meta, *gate_rules.load_rules())
    meta["calibration"][0]["window_ns"] = 1_000_000
    assert gate_campaign.view_of(meta, *gate_rules.load_rules())["attempt"] == 1


def test_rules_changed_since_the_campaign_began_are_refused():
    meta = meta_of(Fake())
    meta["notes"]["rules"] = "0" * 64
    with pytest.raises(ending.InputError, match="were changed"):
        gate_campaign.view_of(meta, *gate_rules.load_rules())


def test_no_rules_no_verdict(tmp_path):
    with pytest.raises(ending.InputError, match="without rules"):
        gate_rules.load_rules(tmp_path / "none.json")


def test_without_controls_it_is_no_regression_check():
    meta = meta_of(Fake(), cells=CELLS[:3])
    meta["arms"] = meta["arms"][:2]
    with pytest.raises(ending.InputError, match="no arm copy, slow"):
        gate_campaign.view_of(meta, *gate_rules.load_rules())
