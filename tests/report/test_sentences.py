# SPDX-License-Identifier: Apache-2.0
"""The sentences of docs/verdicts.md, word for word, of groups made by hand."""
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401

from report import modes, sentences, verdicts
from report.analysis import Line

PLACE = "2 threads, 97 % lookups, 3 % updates, 64 Ki keys"


def analysis(trials=9, timed=("a", "b"), failed=(), bounds=(), **meta):
    return Made(campaign=Made(trials=trials, meta=meta), failed=set(failed),
                by_measure={"throughput": [Made(map=m) for m in timed]}
                if timed else {}, peer=lambda m: m not in bounds,
                base="go_rw", contender="go_sync")


def rival(name, ratio, outcome=verdicts.BEHIND, why=""):
    low, high = (None, None) if outcome == verdicts.NONE else (
        ratio - 0.5, ratio + 0.5)
    return {"map": name, "outcome": outcome, "ratio": ratio, "low": low,
            "high": high, "group_low": low and low - 0.4,
            "group_high": high and high + 0.4, "n": 16, "why": why}


def row(word, rivals=(), front=("a",), weakest="b", **more):
    group = {"word": word, "leader": "a", "front": list(front), "n": 16,
             "rivals": list(rivals), "weakest": weakest, "needs": 11,
             "maps": 1 + len(rivals)}
    return {"group": group, "place": PLACE, "pair": None, "level": {
        "centre": 52.5, "low": 32.1, "high": 85.7, "reason": None}} | more


# ---- no ranking -----------------------------------------------------------

@pytest.mark.parametrize("how,said", [
    ({"trials": 0}, "the journal has no trial yet"),
    ({"trials": 0, "failed": "ab"}, "the journal has no trial yet"),
    ({"failed": "ab"}, "every map failed verification (a and b)"),
    ({"failed": "abc"}, "every map failed verification (a and b)"),
    ({"failed": "ab", "timed": ("b", "c", "a"), "bounds": "c"},
     "every map failed verification (a and b)"),
    ({"failed": "a"}, "no ranked map has a result yet"),
    ({}, "no ranked map has a result yet"),
    ({"bounds": "ab"}, "no ranked map has a result yet"),
    ({"bounds": "ab", "failed": "ab"}, "no ranked map has a result yet"),
    ({"timed": ()}, "the plan has no throughput cell"),
    ({"timed": (), "failed": "ab"}, "the plan has no throughput cell")])
def test_why_nothing_is_ranked(how, said):
    assert sentences.no_ranking(analysis(**how)) == f"No ranking: {said}."


@pytest.mark.parametrize("invalid,rows", [
    (None, []), (None, [row(verdicts.OPEN) | {"group": {"maps": 0}}]),
    ("INVALID: told.", [row(verdicts.ALONE)])])
def test_without_an_answer_it_is_said_why_and_how_far_to_trust_it(
        invalid, rows):
    found = {"word": "do not act", "why": ["no map is ranked"]}
    first, second = sentences.claim(analysis(trials=0), rows, invalid, found)
    assert first == (invalid or "No ranking: the journal has no trial yet.")
    assert second.startswith("Do not act on it, because no map is ranked: ")


# ---- the answer -----------------------------------------------------------

def test_the_first_screen_has_its_sentences_in_order(monkeypatch):
    monkeypatch.setattr(modes, "next_mode", lambda *which: ("quick", 12))
    monkeypatch.setattr(verdicts, "fields", lambda a, b: [flip(1, "base")])
    monkeypatch.setattr(verdicts, "crossovers", lambda *which: [])
    gone = rival("d", 2, verdicts.NONE, "1 of 6 blocks")
    first = row(verdicts.LEAD, [rival("b", 2.04), gone],
                where=("board", ("update", 0.03), 1))
    found = {"word": "with care", "why": ["so"]}
    said = sentences.claim(analysis(machine={"cpus": 2}), [first], None,
                           found)
    step = "Next: make bench MODE=quick on an idle machine, at most 12 " \
        "min: more workloads and sizes."
    assert said == [
        sentences.answer(first), "Act with care, because so: where much "
        "depends on it, take the next step first.",
        "Measured on 2 CPUs: this says nothing of more threads that run at "
        "once.", "go_sync or go_rw? go_rw leads at 1 thread.",
        "Not ranked: d (1 of 6 blocks).", step]


def test_a_sentence_that_has_nothing_to_say_is_left_out():
    a = analysis()
    a.contender = None
    found = {"word": "with care", "why": ["so"]}
    first = row(verdicts.LEAD, [rival("b", 2.04)])
    assert sentences.claim(a, [first], None, found) == [
        sentences.answer(first), "Act with care, because so: where much "
        "depends on it, measure again on an idle machine first."]


NEAREST = "2.04 [1.54, 2.54] times as fast as b (centre of 16 ratios, " \
    "one per block)"
REACHED = "reached 52.5 Mop/s [32.1, 85.7]"


@pytest.mark.parametrize("word,start,end", [
    (verdicts.LEAD, "a was fastest", ""),
    (verdicts.SMALL, "a was fastest by a small lead",
     " where nothing else decides"),
    (verdicts.UNCERTAIN, "a was fastest, by how much is uncertain", "")])
def test_a_lead_over_one_rival_and_over_two(word, start, end):
    two = [rival("c", 3), rival("b", 2.04)]
    assert sentences.answer(row(word, two[1:])) == (
        f"{start}: use it at {PLACE}{end}; it {REACHED}, its rival is "
        f"behind; it is {NEAREST}.")
    assert sentences.answer(row(word, two)) == (
        f"{start}: use it at {PLACE}{end}; it {REACHED}, all 2 rivals are "
        f"behind; it is {NEAREST}, the least certain lead.")


@pytest.mark.parametrize("word", [verdicts.LEAD, verdicts.SMALL,
                                  verdicts.UNCERTAIN])
def test_nobody_is_told_to_use_what_one_must_not_act_on(monkeypatch, word):
    monkeypatch.setattr(modes, "next_mode", lambda *which: None)
    a = analysis()
    a.contender = None
    found = {"word": "do not act", "why": ["so"]}
    said = sentences.claim(a, [row(word, [rival("b", 2.04)])], None, found)
    assert said[0].endswith(f": at {PLACE} it {REACHED}, its rival is behind; "
                            f"it is {NEAREST}.")
    tied = row(verdicts.TIED, [rival("b", 1.01, verdicts.TIED)], "ab")
    assert sentences.claim(a, [tied], None, found)[0].startswith(
        f"a and b are not told apart: at {PLACE} a {REACHED}, ")


@pytest.mark.parametrize("behind,said", [
    (1, "its rival with an interval is behind"),
    (2, "all 2 rivals with an interval are behind")])
def test_rivals_without_an_interval_are_told_apart(behind, said):
    rivals = [rival("b", 2.04), rival("c", 3)][:behind] + [
        rival("d", 1.5, verdicts.NONE, "1 of 6 blocks")]
    text = sentences.answer(row(verdicts.LEAD, rivals))
    assert text.startswith("a was fastest: use it")
    assert f", {said}; it is {NEAREST}" in text


@pytest.mark.parametrize("ratio,among", [
    (0.99, "Of the 3 maps with enough blocks a was"), (1.0, "a was"),
    (None, "a was")])
def test_a_faster_rival_that_is_not_ranked_is_no_secret(ratio, among):
    gone = rival("d", ratio, verdicts.NONE, "1 of 6 blocks")
    made = row(verdicts.LEAD, [rival("b", 2.04), rival("c", 3), gone])
    assert sentences.answer(made).startswith(f"{among} fastest: ")
    faster = "; faster" if ratio == 0.99 else ""
    assert sentences.left_out(made["group"]) == \
        f"Not ranked: d (1 of 6 blocks{faster})."


def test_a_ranked_rival_that_seems_faster_is_no_unranked_one():
    assert not sentences.higher(rival("b", 0.9, verdicts.TIED))


@pytest.mark.parametrize("behind,tail", [
    ((), ""), ("d", ", 1 other rival is behind"),
    ("de", ", 2 other rivals are behind")])
@pytest.mark.parametrize("tied,names,which", [
    ("b", "a and b", "either"), ("bc", "a, b and c", "any of them")])
def test_a_tie_names_all_of_it(tied, names, which, behind, tail):
    rivals = [rival(m, 2.04, verdicts.TIED) for m in tied] + [
        rival(m, 3) for m in behind]
    assert sentences.answer(row(verdicts.TIED, rivals, ("a", *tied))) == (
        f"{names} are not told apart: take {which} at {PLACE}, by what else "
        f"it must do; a {REACHED}, {NEAREST}{tail}.")


def test_without_a_choice_nothing_is_chosen():
    assert sentences.answer(row(verdicts.OPEN, [rival("b", 2)] * 9)) == (
        "Not ranked: 16 blocks measured, 10 maps need 11: measure more at "
        f"{PLACE}.")
    assert sentences.answer(row(verdicts.ALONE)) == (
        f"a is the only ranked map with a result: there is no choice at "
        f"{PLACE}; it {REACHED} in 16 blocks.")


def test_only_a_group_with_another_word_has_maps_that_are_left_out():
    gone = [rival("c", None, verdicts.NONE, "5 of 6 blocks, 1 void"),
            rival("d", 2, verdicts.NONE, "0 of 6 blocks, 6 failed")]
    assert sentences.left_out(row(verdicts.OPEN, gone)["group"]) == ""
    assert sentences.left_out(row(verdicts.LEAD, [rival("b", 2)])["group"]) \
        == ""
    assert sentences.left_out(
        row(verdicts.LEAD, [rival("b", 2), *gone])["group"]) == (
        "Not ranked: c (5 of 6 blocks, 1 void), d (0 of 6 blocks, 6 "
        "failed).")


@pytest.mark.parametrize("machine,said", [
    ({"cpus": 1}, "Measured on 1 CPU: this says nothing of more threads that "
     "run at once."),
    ({"cpus": 2, "id": "m1"}, "Measured on 2 CPUs: this says nothing of more "
     "threads that run at once."), ({"id": "m1"}, ""), (None, "")])
def test_the_answer_ends_at_the_machine(machine, said):
    a = analysis(machine=machine)
    assert sentences.limit(a) == said
    assert sentences.machine(a) == (machine or {}).get("id", "unknown")


@pytest.mark.parametrize("minutes,span", [
    (12.4, "12 min"), (119.4, "119 min"), (120.0, "2 h"), (720.0, "12 h")])
def test_the_next_step_says_how_long_it_takes(monkeypatch, minutes, span):
    asked = []
    monkeypatch.setattr(modes, "next_mode", lambda *which: asked.append(
        which) or ("quick", minutes))
    assert sentences.next_step(analysis(mode="smoke"), {"needs": 8}) == (
        "Next: make bench MODE=quick on an idle machine, at most "
        f"{span}: more workloads and sizes.")
    assert asked == [("smoke", 8)]


def test_a_campaign_of_no_mode_has_no_next_step():
    assert sentences.next_step(analysis(), {"needs": 6}) == ""


# ---- two maps -------------------------------------------------------------

def flip(threads, side, share=0.03, kind="update", ratio=2.0):
    return {"threads": threads, "side": side, "write_share": share,
            "write_kind": kind, "ratio": ratio}


def pair_text(monkeypatch, fields, pair=None, crossovers=(), **names):
    monkeypatch.setattr(verdicts, "fields", lambda a, board: fields)
    monkeypatch.setattr(verdicts, "crossovers",
                        lambda a, board, line: list(crossovers))
    a = analysis()
    vars(a).update(names)
    head = {"where": ("board", ("update", 0.03), 4), "pair": pair,
            "base_level": {"centre": 3.89, "low": 1.49, "high": 4.88,
                           "reason": None}}
    return sentences.pair_sentence(a, head)


FIELDS = [flip(1, "base"), flip(2, "contender"), flip(4, "contender"),
          flip(8, "tied"), flip(16, "no interval", ratio=None),
          flip(32, "base", 0.1), flip(64, "base", kind="churn")]


def test_the_pair_is_told_over_all_thread_counts_of_its_line(monkeypatch):
    assert pair_text(monkeypatch, FIELDS, {
        "centre": 7.12, "low": 5.1, "high": 20.6, "reason": None}) == (
        "go_sync or go_rw? go_rw leads at 1 thread, go_sync leads at 2 and "
        "4 threads, not told apart at 8 threads, no interval at 16 threads; "
        "at 4 threads go_sync is 7.12 [5.10, 20.6] times as fast as go_rw, "
        "which reached 3.89 [1.49, 4.88] Mop/s.")


def test_where_the_plan_has_not_both_the_pair_was_not_run(monkeypatch):
    alone = flip(16, "no interval", ratio=None) | {"empty": "not run"}
    assert pair_text(monkeypatch, FIELDS[3:5] + [
        alone | {"threads": 32}, alone | {"threads": 64}]) == (
        "go_sync or go_rw? not told apart at 8 threads, no interval at 16 "
        "threads, not run at 32 and 64 threads.")


@pytest.mark.parametrize("pair", [None, {"centre": 7.0, "low": None,
                                         "high": None, "reason": "n < 6"}])
def test_a_pair_without_an_interval_has_no_ratio(monkeypatch, pair):
    assert pair_text(monkeypatch, FIELDS[:1], pair) == \
        "go_sync or go_rw? go_rw leads at 1 thread."


@pytest.mark.parametrize("names", [
    {"contender": None}, {"contender": "go_rw"}])
def test_one_map_is_no_pair(monkeypatch, names):
    assert pair_text(monkeypatch, FIELDS, **names) == ""


def test_a_pair_that_never_met_is_not_told(monkeypatch):
    assert pair_text(monkeypatch, [flip(1, "no interval", ratio=None),
                                   flip(2, "base", 0.1)]) == ""


def test_where_they_change_places_is_told_if_it_was_interpolated(monkeypatch):
    text = pair_text(monkeypatch, FIELDS[:2], None, [
        {"position": 2.83, "low": 2.1, "high": 3.7},
        {"position": None, "low": None, "high": None},
        {"position": 9.0, "low": None, "high": None}])
    assert text == (
        "go_sync or go_rw? go_rw leads at 1 thread, go_sync leads at 2 "
        "threads. They change places at about 2.83 threads [2.10, 3.70] "
        "(interpolated). They change places at about 9.00 threads [open, "
        "open] (interpolated).")


def changes(rows, threads=2):
    return sentences.changes(analysis(), rows, (
        "board", Line("update", 0.03), threads))


def test_what_would_change_the_pairs_answer():
    assert changes([
        flip(1, "base"), flip(2, "contender"), flip(4, "contender", 0.1),
        flip(1, "base", 0.1), flip(2, "base", 0.1), flip(8, "tied", 0.1),
        flip(9, "no interval", 0.1), flip(8, "base", 0)]) == [
        "97\u00a0% lookups, 3\u00a0% updates at 1 thread (go_rw leads)",
        "90\u00a0% lookups, 10\u00a0% updates at 1 and 2 threads (go_rw "
        "leads)",
        "90\u00a0% lookups, 10\u00a0% updates at 8 threads (not told apart)",
        "lookups only at 8 threads (go_rw leads)"]


@pytest.mark.parametrize("here", [
    flip(2, "tied"), flip(2, "no interval"), flip(4, "contender"),
    flip(2, "contender", 0.1), flip(2, "contender", kind="churn")])
def test_without_a_leader_at_the_headline_nothing_changes_it(here):
    assert changes([here, flip(1, "base")]) == []


def test_a_base_that_leads_is_left_where_the_contender_does():
    assert changes([flip(2, "base"), flip(1, "base"),
                    flip(8, "contender")]) == [
        "97\u00a0% lookups, 3\u00a0% updates at 8 threads (go_sync leads)"]


# ---- the decision table ---------------------------------------------------

PAIR = {"centre": 0.646, "low": 0.511, "high": 0.832, "reason": None}


@pytest.mark.parametrize("side,said", [
    ("base", "go_sync × 0.646 [0.511, 0.832], go_rw leads"),
    ("contender", "go_sync × 0.646 [0.511, 0.832], go_sync leads"),
    ("tied", "go_sync × 0.646 [0.511, 0.832], not told apart"),
    ("no interval", "no interval (5 of 6 blocks, 1 void)")])
def test_a_pair_in_a_table(side, said):
    a, why = analysis(), "5 of 6 blocks, 1 void"
    assert sentences.pair_verdict(a, PAIR, side, why) == said
    known = {"pair": PAIR, "pair_side": side, "pair_why": why,
             "base_level": {"centre": 3.89, "low": 1.49, "high": 4.88,
                            "reason": None}}
    assert sentences.pair_cell(a, known) == (
        f"{said}<br><small>go_rw 3.89 [1.49, 4.88] Mop/s</small>")


def test_a_pair_that_was_not_run_says_why_and_no_speed():
    assert sentences.pair_cell(analysis(), {
        "pair": None, "pair_side": "no interval", "pair_why": "a<b",
        "base_level": None}) == (
        '<span class="warn">not run</span><br><small>a&lt;b</small>')


def cells_of(word, *rivals, **more):
    a = analysis()
    a.look = Made(family=dict.fromkeys("abc", "lock"), glyph=lambda m: m)
    return sentences.decision_cells(a, row(
        word, rivals, pair_side="no interval", pair_why="not planned here",
        base_level=None, **more))


def test_the_decision_tables_rows():
    two = '<span class="warn">not run</span><br><small>not planned here' \
        '</small>'
    assert cells_of(verdicts.OPEN, rival("b", 2)) == [
        PLACE, "–", "–", "not ranked (16)", "2 maps need 11", 16, two]
    place, names, level, word, ratio, n, pair = cells_of(
        verdicts.TIED, rival("b", 2.04, verdicts.TIED), front="ab")
    assert (place, level, word, n, pair) == (
        PLACE, "52.5 [32.1, 85.7]", "tied", 16, two)
    assert names.count('class="chip"') == 2 and names.count(" ≈ ") == 1
    assert ratio == ("× 2.04 [1.54, 2.54]<br><small>over b, simultaneous "
                     "[1.14, 2.94]</small>")
    assert cells_of(verdicts.ALONE, weakest=None)[3:5] == ["alone", "–"]
