# SPDX-License-Identifier: Apache-2.0
"""Numbers and verdicts as text, and the journal's reader."""
import json
import math

import pytest
from report_helpers import make_journal

from report import datafiles, facts, journal, latex, tables, words
from report.analysis import smallest_seen
from report.lint import say

THIN, HARD, MINUS = words.THIN, words.NARROW, words.MINUS


@pytest.mark.parametrize("value,text", [
    (8.1749, "8.17"), (0.04554, "0.0455"), (99.95, "100"), (9.996, "10.0"),
    (999.6, "1000"), (1101.4, f"1{THIN}101"),
    (1234567.0, f"1{THIN}234{THIN}567"), (0, "0"), (-0.5, f"{MINUS}0.500"),
    (0.00000123, "0.00000123"), (None, "none"), (math.nan, "none"),
    (math.inf, "unbounded"), (1.0, "1.00"), (100.4, "100"),
])
def test_three_significant_digits_without_exponent(value, text):
    got = words.sig(value)
    assert got.replace(THIN, "") == text.replace(THIN, "")
    assert "e" not in got or value is None or math.isnan(value) or \
        math.isinf(value)


@pytest.mark.parametrize("value,text", [
    (3.7633, "3.77"), (230.5, "231"), (15.3334, "15.4"), (4.0, "4.00"),
    (1.0003, "1.01"), (1229.33, f"1{THIN}230"), (3688.0, f"3{THIN}688"),
    (999.2, "1000"), (0.03301, "0.0331")])
def test_what_is_needed_is_never_rounded_down(value, text):
    assert words.at_least(value).replace(THIN, "") == text.replace(THIN, "")


@pytest.mark.parametrize("percent,text", [
    (1.1, f"1.1{HARD}%"), (4.4, f"4.4{HARD}%"), (800.0, f"> 200{HARD}%"),
])
def test_a_smallest_difference_that_says_nothing_is_not_spelt(percent, text):
    assert words.seen(percent) == text


@pytest.mark.parametrize("low,high,word", [
    (-0.4, 0.3, "ok"), (0.4, 0.9, "undecided"), (-2.0, 2.0, "undecided"),
    (0.51, 0.9, "FAILED"), (-0.9, -0.51, "FAILED"),
    (None, None, "cannot decide"), (math.nan, math.nan, "cannot decide"),
])
def test_control_fails_only_wholly_outside(low, high, word):
    assert words.control_word(low, high, -0.5, 0.5) == word


def test_interval_or_reason():
    assert words.between(1.0, 2.0) == "[1.00, 2.00]"
    assert words.between(None, None, "n<6") == "(n < 6)"


@pytest.mark.parametrize("share,kind,text", [
    (0.03, "update", "97 % lookups, 3 % updates"),
    (0.027, "churn", "97.3 % lookups, 2.7 % churn writes"),
    (0, "fresh", "lookups only"), (1, "update", "updates only"),
    (0.001, "fresh", "99.9 % lookups, 0.1 % fresh writes"),
])
def test_mix(share, kind, text):
    """Each share has its word: "97:3 update" could be 97 % updates."""
    said = words.mix(share, kind)
    assert said.replace(words.NARROW, " ") == text
    assert say.mixes(said) == (pytest.approx(share), kind if share else None)


@pytest.mark.parametrize("build,text", [
    ({"commit": "0abe47f548d6aa"}, "0abe47f548d6"),
    ({"commit": "0abe47f548d6", "dirty": True}, "0abe47f548d6 (dirty)"),
    ({"commit": None, "dirty": False}, "unknown"), ({}, "unknown")])
def test_what_was_built_is_a_commit_and_whether_it_was_changed(build, text):
    assert words.commit(build) == text


def test_durations_and_sizes():
    assert words.duration(35) == "35.0 ns"
    assert words.duration(1.5e6) == "1.50 ms"
    assert words.size(65536) == "64.0 KiB"
    assert words.keys(65536) == "64 Ki"
    assert words.keys(10000) == f"10{THIN}000"


def test_smallest_seen_follows_the_width():
    """95 % interval of +-1.96 SE; 95 % power needs 3.6 SE."""
    error = 0.01
    got = smallest_seen(math.exp(-1.96 * error), math.exp(1.96 * error))
    assert math.log(got) == pytest.approx((1.96 + 1.645) * error, rel=1e-3)
    assert smallest_seen(None, None) is None


def test_tables_drop_glyphs_and_tags():
    cell = '<span class="chip"><i aria-hidden="true">■</i>a_b</span><br>x'
    columns = [("map", "html"), ("n", "num")]
    assert tables.as_markdown(columns, [[cell, "1|2"]]).split("\n")[2] == \
        r"| a_b x | 1\|2 |"
    assert r"a\_b x" in latex.as_latex("t", "c", columns, [[cell, "1"]])
    assert datafiles.as_numbers(columns, [[cell, "1"]]) == \
        "map,n\na_b x,1\n"


def test_csv_has_six_digits_and_no_invented_zero():
    text = tables.csv_of(("a", "b"), [{"a": 1 / 3, "b": None}])
    assert text == "a,b\n0.333333,\n"


def test_facts_name_what_is_not_controlled():
    fact = lambda text: {"status": "ok", "text": text}
    machine = {"facts": {
        "governor": fact("powersave x 4"), "boost": fact("1"),
        "hypervisor_flag": fact("yes"), "thp_enabled": fact("[always] never"),
        "pmu_type": fact("4"), "load": fact("3.5 1 1"),
        "env_LD_PRELOAD": fact("x.so"),
        "microcode": {"status": "denied", "text": None}}}
    told = dict(facts.uncontrolled(machine))
    assert {"governor", "turbo", "virtual machine", "huge pages",
            "other load", "LD_PRELOAD", "microcode"} == set(told)
    calm = {"facts": {
        "governor": fact("performance x 4"), "boost": fact("0"),
        "hypervisor_flag": fact("no"), "pmu_type": fact("4"),
        "thp_enabled": fact("always [madvise] never")}}
    assert facts.uncontrolled(calm) == []


# ---- the reader -----------------------------------------------------------

@pytest.fixture
def folder(tmp_path):
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap"), threads=(1,),
                      keys=(1024,), kinds=("update",), blocks=6)
    return tmp_path


def test_reader_takes_all_of_a_good_journal(folder):
    campaign = journal.read(folder)
    assert campaign.problems == []
    assert campaign.trials == 14 and campaign.pending == 0
    assert all(c.state == "measured" for c in campaign.cells.values())


def test_reader_names_what_it_ignores(folder):
    path = folder / "trials.jsonl"
    lines = path.read_text().split("\n")
    other = json.dumps(json.loads(lines[0]) | {"cell": "no/such/cell"})
    path.write_text("\n".join([*lines[:-1], lines[0], "{broken", other,
                               '"text"', '{"torn']))
    campaign = journal.read(folder)
    said = "\n".join(campaign.problems)
    assert len(campaign.problems) == 5
    for part in ("trials.jsonl:15: a duplicate", ":16: not a trial",
                 ":17: not in the plan", ":18: not a trial",
                 ":19: torn last line"):
        assert part in said
    assert campaign.trials == 14


@pytest.mark.parametrize("text,part", [
    ("{", "not JSON"), ("[]", "format 1 expected"),
    ('{"format": 2}', "format 1 expected"),
    ('{"format": 1, "protocol": 2, "cells": []}', '"maps" missing'),
    ('{"format": 1, "protocol": 2, "maps": [],'
     ' "cells": [{"id": "x"}]}', "lacks workload"),
    ('{"format": 1, "protocol": 2, "maps": [], "cells": [' + json.dumps(
        {name: "x" for name in journal.FACTORS} | {"map": ["x"]}) + "]}",
     "cell 0 no text: map"),
])
def test_reader_refuses_what_is_no_campaign(tmp_path, text, part):
    (tmp_path / "campaign.json").write_text(text)
    with pytest.raises(journal.JournalError, match=part):
        journal.read(tmp_path)


@pytest.mark.parametrize("value,fine", [
    (0, True), (1.5, True), (2**64 - 1, True), (-1, False), (True, False),
    (2**64, False), (1e308, False), ("7", False)])
def test_an_amount_is_one_that_a_runner_can_count(value, fine):
    """1e308 operations give no rate."""
    trial = {"cell": "x", "block": 0, "status": "ok", "result": {
        "ops": value, "elapsed_ns": 1}}
    assert journal.wrong_in(trial) == (None if fine else "result.ops")
