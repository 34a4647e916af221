# SPDX-License-Identifier: Apache-2.0
"""The page of a regression check, part by part: what each puts into which
section, of verdicts written down by hand, without any trial."""
import html
import json

import numpy as np
import pytest
from told_report import Told

from report import gate, gate_history, gate_page, words

ESC = html.escape
CELL = "regress/gomap_rw/u64x8/n65536/t2"
NAME = gate.name_of(CELL)


def contrast(role, cell=CELL, **other):
    return {"role": role, "cell": cell, "base_ns_per_op": 41.24,
            "slowdown_percent": 1.234, "low_percent": -0.5,
            "high_percent": 3.0, "by": "ranks", "mde_percent": 2.04,
            "slot_percent": -0.25, "slot_low_percent": -1.0,
            "slot_high_percent": 0.5, "n": 12, "p_slower": 0.012345,
            "p_within": 0.5, "verdict": "PASS", "words": "within 2 %",
            "lost": []} | other


def verdicts(**other):
    return {"verdict": "PASS", "reason": None, "family": 3, "attempt": 2,
            "alpha": 0.05, "blocks": 24, "seed": 7, "plan_sha256": "abc",
            "earlier": [], "said": [], "controls": [], "cells": [],
            "advice": [], "skipped": []} | other


CAMPAIGN = {"ref": "v1.0", "plan": {"tolerance": 0.035, "margin": 0.02,
                                    "blocks": 3},
            "contrasts": [], "commit": "c0ffee", "seed": 11,
            "machine": {"id": "m1"},
            "arms": {"head": {"program": "h", "sha256": "22",
                              "control_extra": 0.0},
                     "base": {"program": "b", "sha256": "11",
                              "control_extra": 0.125}}}


def test_numbers_have_a_sign_where_one_is_asked_for():
    assert gate_page.number(None) == gate_page.number(None, True) == "none"
    assert gate_page.number(1.234) == "1.23"
    assert gate_page.number(1.234, True) == "+1.23"
    assert gate_page.number(-1.234, True) == f"{words.MINUS}1.23"
    assert gate_page.number(0, True) == "0"


def test_a_row_of_the_table_has_a_text_for_each_column():
    row = gate_page.table_row(contrast("gate") | {"label": "a map"})
    assert row == ["a map", "41.2", f"+1.23 [{words.MINUS}0.500, 3.00]",
                   "ranks", "2.04",
                   f"{words.MINUS}0.250 [{words.MINUS}1.00, 0.500]", "12",
                   "0.012", "0.5", "PASS: within 2 %"]
    assert len(row) == len(gate_page.TABLE)


def test_controls_come_first_and_each_row_is_called_by_its_role():
    rows = gate_page.labelled(verdicts(
        cells=[contrast("gate")], advice=[contrast("advice")],
        controls=[contrast("aa"), contrast("control")]))
    assert [r["label"] for r in rows] == [
        f"A/A {NAME}", f"slowed {NAME}", NAME, f"{NAME} (advice)"]


@pytest.mark.parametrize("reason, ref, told", [
    (None, "v1.0", "PASS: head against v1.0: each of 3 cells is shown to be "
     "less than 3.5 % slower."),
    (None, None, "PASS: head against base: each of 3 cells is shown to be "
     "less than 3.5 % slower."),
    ("too few pairs", "v1.0", "PASS: head against v1.0: too few pairs.")])
def test_the_answer_is_one_sentence(reason, ref, told):
    assert gate_page.sentence(verdicts(reason=reason),
                              CAMPAIGN | {"ref": ref}) == told


def answered(**other):
    report = Told()
    gate_page.answer(report, verdicts(**other), CAMPAIGN, ESC)
    return report.sections["answer"][2]


def test_the_answer_tells_attempts_and_what_a_person_said_of_them():
    text = answered(earlier=[{"attempt": 1, "verdict": "FAIL",
                              "name": "a<b"}],
                    said=["Slower: gomap_rw, for <safety>", "and more"])
    assert text.count("<li>") == 3
    assert ("<ul class=text><li>attempt 1: FAIL (a&lt;b)</li>"
            "<li>Slower: gomap_rw, for &lt;safety&gt;</li>"
            "<li>and more</li></ul>") in text
    assert "<p>Attempt 2 of these two programs" in text
    assert ("alpha 0.05 over 3 gated cells (max-T), 24 blocks, seed 7, plan "
            "SHA-256 abc.") in text


def test_the_word_of_an_earlier_attempt_is_text():
    text = answered(earlier=[{"attempt": 1, "verdict": "<img onerror=1>",
                              "name": "a"}])
    assert "<li>attempt 1: &lt;img onerror=1&gt; (a)</li>" in text


@pytest.mark.parametrize("verdict, css", [
    ("PASS", "claim"), ("INCONCLUSIVE", "claim"), ("FAIL", "claim bad"),
    ("INVALID", "claim bad")])
def test_an_alarm_looks_like_one(verdict, css):
    assert f'<div class="{css}"><p class="lead" id="claim">{verdict}: ' in \
        answered(verdict=verdict)


def pairs_of(rows, of, blocks):
    """As gate.pairs_of(): the middle block is lost, head went first last."""
    assert (rows, blocks) == ("rows", 3)
    return {"d": np.array([np.log(1.5), np.nan, np.log(0.8)]),
            "base_first": np.array([1, 1, 0])}


def test_every_pair_that_is_whole_is_a_row(monkeypatch):
    monkeypatch.setattr(gate, "pairs_of", pairs_of)
    shown = gate_page.labelled(verdicts(cells=[contrast("gate")],
                                        controls=[contrast("aa")]))
    rows = gate_page.pair_rows(CAMPAIGN | {"contrasts": [
        {"cell": CELL, "role": "aa"}, {"cell": CELL, "role": "gate"}]},
        "rows", shown)
    assert [(r["label"], r["block"], r["base_first"]) for r in rows] == [
        (f"A/A {NAME}", 0, True), (f"A/A {NAME}", 2, False),
        (NAME, 0, True), (NAME, 2, False)]
    assert [r["percent"] for r in rows[:2]] == pytest.approx([50, -20])


def test_the_section_of_slowdowns_has_figures_table_and_what_was_lost(
        monkeypatch):
    monkeypatch.setattr(gate, "pairs_of", pairs_of)
    report = Told()
    cell = contrast("gate", verdict="FAIL",
                    lost=[f"block {n} <void>" for n in range(7)])
    gate_page.regression(report, verdicts(
        cells=[cell], controls=[contrast("aa", n=0)],
        skipped=[{"cell": "x<y", "reason": "no & more"}]),
        CAMPAIGN | {"contrasts": [{"cell": CELL, "role": "gate"}]}, "rows",
        ESC)
    title, _, text = report.sections["regression"]
    assert title == "11 Head against base"
    assert text.startswith("<figure gate><table gate><ul class=text><li>")
    assert text.endswith("</ul><figure pairs>")
    assert text.count("<li>") == 6, "five of what was lost, and the skipped"
    assert f"<li>{NAME}: block 4 &lt;void&gt;</li>" in text
    assert "<li>x&lt;y: not run: no &amp; more</li>" in text
    figure, panel = report.figures["gate"], report.panels["gate"]
    assert "margin ± 2 %; dashes: tolerance 3.5 %" in figure.caption
    assert figure.columns == gate_page.FIGURE and len(figure.rows) == 2
    assert panel.told == (f"A/A {NAME} +1.23 % PASS; {NAME} +1.23 % FAIL.")
    assert panel.data == (figure.rows, (2.0, pytest.approx(3.5)))
    assert report.panels["pairs"].told == "2 pairs of 1 contrast."
    assert report.panels["pairs"].size == (640, 100)
    assert report.panels["pairs"].data[1] == [NAME]
    assert [row[0] for row in report.tables["gate"].rows] == [
        f"A/A {NAME}", NAME]


def test_without_a_pair_there_is_no_figure_of_pairs():
    report = Told()
    gate_page.regression(report, verdicts(), CAMPAIGN, [], ESC)
    assert list(report.figures) == ["gate"]


def reasons_of(folder, cells):
    report = Told()
    gate_page.reasons(report, folder, verdicts(cells=cells), ESC)
    return report.sections.get("why", (None, None, None))[2]


def test_reasons_are_asked_of_red_cells_only(tmp_path):
    red = contrast("gate", verdict="FAIL", label="a<b")
    green = contrast("gate", label="other")
    assert reasons_of(tmp_path, [green]) is None
    text = reasons_of(tmp_path, [green, red])
    assert "Not asked yet of a&lt;b:" in text and "other" not in text


def test_reasons_stand_by_their_maps(tmp_path, monkeypatch):
    (tmp_path / "report" / "why").mkdir(parents=True)
    (tmp_path / "report" / "why" / "why.json").write_text(
        json.dumps({"of": "these"}))
    monkeypatch.setattr(gate_page.story, "by_map", lambda found: [
        (f"{found['of']} <one>", ["first & last", "line"]), ("two", [])])
    text = reasons_of(tmp_path, [contrast("gate", verdict="FAIL",
                                          label="red")])
    assert ("<summary>these &lt;one&gt;</summary>"
            "<pre>first &amp; last\nline</pre>") in text
    assert text.count("<details") == 2 and "no verdict reads this" in text


def line(machine, plan, ns):
    return {"machine": machine, "plan_sha256": plan, "head": "feed",
            "created_utc": "2026-11-26T00:00:00Z", "cells": [
                {"cell": CELL, "role": "gate", "head_ns_per_op": ns,
                 "base_ns_per_op": ns, "slowdown_percent": 1.0}]}


@pytest.mark.parametrize("count, drawn", [(1, False), (2, True)])
def test_history_is_of_this_machine_and_plan(tmp_path, monkeypatch, count,
                                             drawn):
    lines = [line("m1", "abc", 10.0)] * count + [
        line("m2", "abc", 1.0), line("m1", "other", 1.0)]
    monkeypatch.setattr(gate_history, "read",
                        lambda path: (lines, ["torn <line>"]))
    report = Told()
    gate_page.history(report, tmp_path, CAMPAIGN, verdicts(), ESC)
    _, _, text = report.sections["history"]
    assert f"Runs of this machine with this plan: {count}, in " in text
    assert "<li>torn &lt;line&gt;</li>" in text
    assert ("history" in report.figures) is drawn
    if drawn:
        assert report.panels["history"].told == "2 runs of 1 cell."
        assert report.panels["history"].size == (640, 100)


def test_artefacts_name_programs_and_the_command_that_does_it_again():
    report = Told()
    gate_page.artefacts(report, CAMPAIGN, ESC)
    _, _, text = report.sections["artefacts"]
    assert report.tables["arms"].rows == [["base", "b", "11", "12.5"],
                                          ["head", "h", "22", "0"]]
    assert "Base: v1.0, commit c0ffee." in text
    assert 'make regress BASE=c0ffee ARGS="--seed 11"' in text
    gate_page.artefacts(report, CAMPAIGN | {"commit": None}, ESC)
    assert "BASE=REF" in report.sections["artefacts"][2]
