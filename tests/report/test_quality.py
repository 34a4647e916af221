# SPDX-License-Identifier: Apache-2.0
"""The noise of a campaign: what the journal tells of it, in words and marks.
Each check is given a campaign where it must say no, and one where it must
not."""
import copy
import json
import math
import random
from types import SimpleNamespace

import numpy as np
import pytest
from report_helpers import FEW, Built, edit, make_journal

from report import (checks, journal, quality, repeat_budget,
                    stats, verdicts, words)
from report.analysis import Analysis
from report.sections import validity

OK = validity.OK


def planted(folder, change=None, **spec):
    """The analysis of a small campaign whose trials went through change()."""
    make_journal.make(folder, **{
        "maps": FEW, "threads": (1, 2), "keys": (65536,),
        "kinds": ("update",)} | spec)
    if change:
        edit(folder, change)
    return Analysis(journal.read(folder))


def line(a):
    """The line of quality, as the claim box has it."""
    return quality.line(a, checks.control_rows(a))


def again(folder, pick, disturbed=None):
    """Adds a second attempt, twice as fast, of the trials that pick() says."""
    path = folder / "trials.jsonl"
    lines = [json.loads(t) for t in path.read_text().splitlines()]
    more = []
    for trial in filter(pick, lines):
        trial = copy.deepcopy(trial) | {"attempt": 2, "disturbed": disturbed}
        trial["result"]["ops"] *= 2
        more.append(trial)
    path.write_text("".join(json.dumps(t) + "\n" for t in lines + more))
    return Analysis(journal.read(folder))


def of(name, *blocks, threads=2):
    """Timed trials of one map at some blocks."""
    return lambda t: (f"/{name}/" in t["cell"] and t["block"] in blocks
                      and f"/t{threads}/cores/throughput" in t["cell"])


def table(rows):
    return {row[0]: row for row in rows}


# ---- attempts --------------------------------------------


def test_repeated_shares(tmp_path):
    a = planted(tmp_path)
    assert quality.repeated(a)[0] == 0 and "repeated" not in line(a)
    a = again(tmp_path, of("syncmap", 0, 1, 2))
    some, places = quality.repeated(a)
    assert (some, places) == (3, a.campaign.trials)
    assert (f"{words.percent(100 * 3 / places, 2)} of the trials were "
            "repeated") in line(a)


@pytest.mark.parametrize("first,second,mark", [
    (4, 1, True), (2, 0, True), (5, 2, True),
    (4, 2, False), (1, 0, False), (3, 3, False), (0, 0, False)])
def test_a_contrast_is_marked_beyond_a_factor_of_two(tmp_path, first, second,
                                                     mark):
    planted(tmp_path)
    pick = [of("syncmap", *range(first)), of("snapshot", *range(second))]
    a = again(tmp_path, lambda t: any(p(t) for p in pick))
    rows = {frozenset((r["first"], r["second"])): r
            for r in quality.contrasts(a) if r["threads"] == 2}
    assert bool(rows) == bool(first)
    if rows:
        row = rows[frozenset(("syncmap", "snapshot"))]
        assert row["unequal"] is mark
        assert {row["first_repeated"], row["second_repeated"]} == {first,
                                                                   second}


def test_trials_that_stay_disturbed_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(repeat_budget, "asked_of",
                        lambda cell: {"wait_share": 0.2})
    a = planted(tmp_path)
    told = table(validity.noise_rows(a, quality.Noise(a)))
    edit(tmp_path, lambda t: t | {"disturbed": "others took 90 %"} if of(
        "syncmap", 0, 1)(t) else t)  # these are measured again
    name = ("timed trials that count, are judged and were disturbed by "
            "others")
    assert name not in told
    a = again(tmp_path, of("syncmap", 0, 1), disturbed="others took 40 %")
    row = table(validity.noise_rows(a, quality.Noise(a)))[name]
    assert row[1].startswith(f"2 of {a.campaign.started} ")
    assert row[1].endswith("): 2 repeated in vain, 0 never repeated")


def test_what_nobody_judges_is_in_no_share_of_disturbed_trials(tmp_path,
                                                               monkeypatch):
    """A plan may ask of some cells only; of these some had one attempt."""
    monkeypatch.setattr(repeat_budget, "asked_of", lambda cell: {
        "wait_share": 0.2 * (cell.measure != "verify"
                             and cell.map != "snapshot")})
    planted(tmp_path, lambda t: t | {"disturbed": "others took 90 %"})
    a = again(tmp_path, of("syncmap", 0, 1), disturbed="others took 40 %")
    timed = [c for c, _ in checks.finished(a)]
    per = {r["map"]: (r["disturbed"], r["judged"])
           for r in quality.map_rows(a, quality.Noise(a))}
    own = sum(c.map == "syncmap" for c in timed)
    assert per["syncmap"] == (own, own) and per["snapshot"] == (0, 0)


# ---- one denominator -------------------------------------

def test_the_line_of_counts_adds_up(tmp_path):
    planted(tmp_path, plant={"void": (("syncmap", 3),),
                             "fail_verify": ("urcu_lfht",),
                             "crash": ("snapshot",)})
    a = again(tmp_path, of("gomap_rw", 1, 4))
    got = quality.counts(a)
    assert got["repeated"] == 2 and got["void"] == 2
    assert got["failed"] > 20 and got["not started"] == 20
    lines = sum((tmp_path / "trials.jsonl").read_text().count(c) for c in
                "\n")
    assert sum(got.values()) == 2 * got["lines"] == 2 * lines
    told = [int(n.replace(words.THIN, "")) for n in words.numbers(
        quality.counts_line(a))]
    assert told[0] == lines == sum(told[1:-2])
    assert told[-2:] == [a.campaign.started, got["repeated"]]
    assert sum(told[-2:]) == len(quality.Noise(a))


def test_steal_has_all_started_trials_below_it(tmp_path):
    def steal(trial):
        return trial | {"steal_ticks": int(of("syncmap", 1, 2)(trial))}

    name = "trials while the hypervisor took time (steal)"
    a = planted(tmp_path, steal)
    row = table(validity.noise_rows(a, quality.Noise(a)))[name]
    assert row[1].startswith(f"2 of {a.campaign.started} ")
    row = table(validity.noise_rows(a, quality.Noise(again(
        tmp_path, of("syncmap", 1)))))[name]
    assert row[1].startswith(f"2 of {a.campaign.started} "), "last attempts"
    a = planted(tmp_path, lambda t: t | {"steal_ticks": None})
    assert table(validity.noise_rows(a, quality.Noise(a)))[name][1] == \
        "not readable"


def test_the_line_names_what_the_hypervisor_took(tmp_path):
    taken = of("syncmap", 1, 2)

    def steal(trial):
        return trial | ({"steal_ticks": 4, "stolen_share": 0.13}
                        if taken(trial) else {"steal_ticks": 0})

    a = planted(tmp_path, steal)
    share = words.percent(200 / a.campaign.started, 2)
    assert f"the hypervisor took time in {share} of " in line(a)
    assert f"at most {words.percent(13, 2)} of a trial's CPUs" in line(a)
    assert "hypervisor" not in line(planted(tmp_path))
    edit(tmp_path, lambda t: t | {"steal_ticks": 1, "stolen_share": None})
    told = line(Analysis(journal.read(tmp_path)))
    assert f"the hypervisor took time in {words.percent(100, 2)}" in told
    assert "of a trial's CPUs" not in told


def test_a_tick_of_steal_is_ten_milliseconds():
    trial = {"steal_ticks": 3, "wall_ns": 10 ** 9}
    assert quality.stolen(trial, 1) == pytest.approx(3)
    assert quality.stolen(trial, 2) == pytest.approx(1.5), "of all CPUs"
    assert math.isnan(quality.stolen({"steal_ticks": 3}, 1))


# ---- speed and waiting -----------------------------------

def speeds(low, high):
    """Two modes of CPU speed, by block."""
    def change(trial):
        if trial["result"]:
            v = low if trial["block"] % 2 else high
            trial["result"]["environment"] |= {"adds_per_ns_before": v,
                                               "adds_per_ns_after": v}
        return trial
    return change


def test_one_slow_reading_is_no_change_of_speed(tmp_path):
    def change(trial):
        trial = speeds(3, 3)(trial)
        if of("syncmap", 4)(trial):
            trial["result"]["environment"]["adds_per_ns_after"] = 0.1
        return trial

    a = planted(tmp_path, change, blocks=20)
    assert "CPU speed changed × 1.0" in line(a)


@pytest.mark.parametrize("count, told", [(None, False), (4, True), (5, False)])
def test_few_collections_are_named(tmp_path, count, told):
    def change(trial):
        if trial["result"]:
            trial["result"]["collections"] = (
                count if "/syncmap/" in trial["cell"] else None)
        return trial

    text = line(planted(tmp_path, change))
    assert ("garbage collections in windows of syncmap" in text) is told


def waiting(pick, share):
    def change(trial):
        for t in (trial["result"] or {}).get("by_thread") or []:
            t["runqueue_wait_ns"] = round(share * t["elapsed_ns"]) if pick(
                trial) else 0
        return trial
    return change


def test_waiting_is_counted_where_threads_have_a_cpu_each(tmp_path):
    """Of 6 maps x 10 blocks on 2 CPUs; 4 threads there must wait."""
    pick = of("syncmap", *range(6))
    a = planted(tmp_path, waiting(
        lambda t: pick(t) or "/t4/" in t["cell"], 0.3), threads=(2, 4),
        cores=2)
    some, known = quality.Noise(a).waits()
    assert some == 6 and known == sum(
        len(c.ok) for c in a.campaign.cells.values() if c.threads == 2)
    assert (f"in {words.percent(100 * some / known, 2)} of {known} trials "
            f"({quality.WAITING}) threads waited") in line(a)
    a = planted(tmp_path, waiting(pick, 0.19))
    assert quality.Noise(a).waits()[0] == 0
    assert "waited" not in line(planted(tmp_path)), "not known"


# ---- what can be seen ------------------------------------

@pytest.mark.parametrize("maps,limit", [
    (2, 1), (2, verdicts.MARGIN), (10, verdicts.MARGIN)])
def test_the_mde_is_seen_nineteen_times_of_twenty(maps, limit):
    """By simulation, with the intervals that decide: nearly so often where
    they are now wider and now narrower."""
    ln = np.random.default_rng(4).normal(0, 0.1, (4000, 30))
    centre, low, high = np.exp(stats.serial_interval(ln, verdicts.PAIR))
    _, *ends = np.exp(stats.serial_interval(ln, verdicts.level_for(maps)))
    mde = np.median([verdicts.smallest_seen(c, pair, decides, limit)
                     for c, pair, decides in zip(
                         centre, zip(low, high), zip(*ends))])
    assert 0.88 < np.mean(mde * ends[0] > limit) < 0.98
    assert verdicts.smallest_seen(1, (None, None), (None, None)) is None


def test_too_few_blocks_for_so_many_maps_see_nothing(tmp_path):
    a = planted(tmp_path, blocks=6)
    assert verdicts.needs(4) == 8
    assert line(a).startswith(
        "Cannot see any difference in the headline (n = 6, a ranking of 4 "
        "maps needs 8)")
    assert quality.unranked(a) == {"uniform-97-3": 6}
    assert "rank anything: uniform-97-3 (n = 6)" in validity.answer(
        a, checks.control_rows(a))
    assert quality.unranked(planted(tmp_path, blocks=8)) == {}


def equal(trial):
    """All maps slow down alike: every block has the same ratio."""
    if trial["result"] and trial["result"]["ops"]:
        fast = {"gomap_rw": 1, "syncmap": 3}.get(trial["cell"].split("/")[1],
                                                 2)
        trial["result"] |= {"ops": 10 ** 6 * fast * (1 + trial["block"]),
                            "elapsed_ns": 10 ** 9}
    return trial


def test_equal_ratios_have_no_mde_and_break_nothing(tmp_path):
    a = planted(tmp_path, equal)
    assert quality.headline_mdes(a)[0] == []
    built = Built(tmp_path)
    assert built.status == 0 and built.error == ""
    rows = built.rows("tables/resolution.csv")
    assert rows and all("every block has the same ratio"
                        in r["without an MDE"] for r in rows)
    assert all(r["best MDE"] == r["worst"] == "" for r in rows)


# ---- controls --------------------------------------------

def shifted(percent, noise=0.0, seed=3):
    """Who runs in the second half of its block is slower."""
    rng, of_block = random.Random(seed), {}

    def change(trial, late):
        block = of_block.setdefault(trial["block"], rng.gauss(0, noise))
        if trial["result"] and (trial["cell"], trial["block"]) in late:
            trial["result"]["ops"] = round(
                trial["result"]["ops"] / math.exp(percent / 100 + block))
        return trial
    return change


def slot(folder, change, **spec):
    planted(folder, **spec)
    meta = json.loads((folder / "campaign.json").read_text())
    late = {(meta["cells"][i]["id"], b)
            for b, order in enumerate(meta["order"])
            for i in order[len(order) // 2:]}
    edit(folder, lambda t: change(t, late))
    a = Analysis(journal.read(folder))
    rows = checks.control_rows(a)
    return a, rows, next(r for r in rows if r["name"].startswith("slot"))


def test_a_control_of_six_blocks_can_fail(tmp_path):
    _, rows, row = slot(tmp_path, shifted(4), blocks=6)
    assert row["word"] == "FAILED" and row["n"] == 6
    assert "slot" in checks.invalid(rows)


def test_more_work_is_a_slowdown(tmp_path):
    """The +2 % arm has the sign of what it costs."""
    rows = checks.control_rows(planted(tmp_path, plant={"control": "ok"}))
    extra = next(r for r in rows if r["name"].startswith("+2 % work"))
    assert 1 < extra["percent"] < 3 and extra["low"] > 0, extra


def test_cells_that_ran_once_hide_no_control(tmp_path):
    """A mode may measure its headline in 6 blocks and the rest in one."""
    def change(trial, late):
        if "/n1024/" in trial["cell"] and trial["block"]:
            return None
        return shifted(4)(trial, late)

    _, rows, row = slot(tmp_path, change, blocks=6, keys=(65536, 1024),
                        kinds=("update", "churn", "fresh"))
    assert row["word"] == "FAILED" and row["n"] == 6


def test_controls_are_over_rounds(tmp_path):
    """Cells of 6 blocks take turns in 12 rounds: blocks of a number do not run
    together."""
    planted(tmp_path, blocks=6, keys=(65536, 1024))
    file = tmp_path / "campaign.json"
    meta = json.loads(file.read_text())
    names = [c["id"] for c in meta["cells"]]
    meta["order"] = [[i for i in order if ("/n1024/" in names[i]) == side]
                     for order in meta["order"] for side in (False, True)]
    file.write_text(json.dumps(meta))
    late = {(names[i], number // 2): number + 40 * (2 * at >= len(order))
            for number, order in enumerate(meta["order"])
            for at, i in enumerate(order)}

    def slower(trial):
        if trial["result"] and "verify" not in trial["cell"]:
            trial["result"]["elapsed_ns"] *= 1 + 0.01 * late[
                trial["cell"], trial["block"]]
        return trial

    edit(tmp_path, slower)
    campaign = journal.read(tmp_path)
    assert [len(r) for r in campaign.rounds] == list(map(len, meta["order"]))
    slot_, drift = checks.control_rows(Analysis(campaign))
    assert slot_["n"] == 12 and slot_["word"] == "FAILED", slot_
    assert (drift["n"], drift["word"]) == (12, "later rounds slower"), drift


def test_a_plan_may_name_a_cell_twice(tmp_path):
    """Then there are fewer cells than "order" counts."""
    planted(tmp_path, blocks=6)
    file = tmp_path / "campaign.json"
    meta = json.loads(file.read_text())
    meta["cells"] = meta["cells"][:3] + meta["cells"]
    meta["order"] = [[i + 3 for i in order] for order in meta["order"]]
    file.write_text(json.dumps(meta))
    a = Analysis(journal.read(tmp_path))
    assert checks.slot_row(a, checks.residuals(a))["n"] == 6


def test_trials_measured_again_have_no_slot(tmp_path):
    """They ran at the end of their block, whatever the order says."""
    a = planted(tmp_path)
    cell = a.at(a.headline())["syncmap"]
    column = list(a.campaign.cells).index(cell.id)
    assert not np.isnan(checks.residuals(a)[:, column]).any()
    a = again(tmp_path, of("syncmap", 2, 5))
    lost = np.isnan(checks.residuals(a)[:, column])
    assert np.flatnonzero(lost).tolist() == [2, 5]


def test_what_the_budget_left_disturbed_fails_no_control(tmp_path):
    """Of equal trials the late ones of a block stay disturbed, and the early
    ones, which were measured again, have no slot."""
    def change(trial, late):
        if (trial["cell"], trial["block"]) in late and "/t1/" in trial["cell"]:
            trial["disturbed"] = "others took 50 % of its threads' time"
            return shifted(40)(trial, late)
        return trial

    _, rows, row = slot(tmp_path, change, blocks=8)
    assert row["word"] in ("ok", "undecided"), row
    assert checks.invalid(rows) is None


def test_a_sound_control_does_not_fail(tmp_path):
    a, rows, row = slot(tmp_path, shifted(0), blocks=6)
    assert row["word"] in ("ok", "undecided")
    assert checks.invalid(rows) is None


def test_controls_of_five_blocks_cannot_decide(tmp_path):
    a, rows, row = slot(tmp_path, shifted(9), blocks=5)
    assert row["word"] == "cannot decide" and row["percent"] > 1
    assert checks.invalid(rows) is None
    assert row["why"] == "too few blocks planned"
    assert "controls cannot decide: too few blocks planned (n = 5)" in \
        quality.line(a, rows)


@pytest.mark.parametrize("n", [6, 10, 16])
def test_sound_controls_rarely_fail(n):
    """However large the noise of a block is: at most 1 in 20, and 1 in 32
    with 6 blocks."""
    rng = np.random.default_rng(n)
    failed = np.mean([checks.signed_row("slot", list(d), (-0.5, 0.5))["word"]
                      == "FAILED" for d in rng.normal(0, 0.05, (2000, n))])
    assert 0.005 < failed < 0.05


@pytest.mark.long
def test_cells_cannot_stand_in_for_blocks():
    """Why the interval is over 6 blocks and not over their 60 cells each:
    cells share the noise of their block, and sound runs fail."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.05, (300, 6, 1)) + rng.normal(
        0, 0.02, (300, 6, 60))
    _, low, high = stats.signed_rank_interval(noise.reshape(300, -1), 0.95)
    assert np.mean((low > 0.005) | (high < -0.005)) > 0.4


def test_drift_is_decided_over_all_blocks(tmp_path):
    def drift(trial):
        if trial["result"]:
            trial["result"]["elapsed_ns"] *= 1 + 0.05 * trial["block"]
        return trial

    row = checks.control_rows(planted(tmp_path, drift, blocks=6))[-1]
    assert row["word"] == "later rounds slower" and row["low"] > 15
    assert not row["control"]
    row = checks.control_rows(planted(tmp_path, blocks=6))[-1]
    assert row["word"] != "later rounds slower" and abs(row["percent"]) < 2


# ---- checks over all groups ------------------------------


def test_what_holds_nothing_has_nothing_to_verify(tmp_path):
    """A void trial is no right one, and no simulated ones have no column."""
    def unseen(trial):
        if "/null_map/" in trial["cell"]:
            if trial["result"]["verification"]["written"]:
                trial["result"]["verification"] = None
        return trial

    planted(tmp_path, unseen, plant={"void": (("syncmap", 3),)})
    built = Built(tmp_path)
    rows = {r["map"]: r for r in built.rows("tables/verification.csv")}
    assert not any("simulated" in head for head in rows["syncmap"])
    assert rows["syncmap"]["state"] == "✓ ok"
    assert rows["null_map"]["state"] == "nothing to verify"
    n = int(rows["snapshot"]["timed trials right of"])
    assert int(rows["syncmap"]["timed trials right of"]) == n - 2


def test_uneven_trials_are_counted(tmp_path):
    def uneven(trial):
        if of("syncmap", 1, 2, 3)(trial):
            one, two = trial["result"]["by_thread"]
            one["ops"] = round(0.7 * two["ops"])
        return trial

    a = planted(tmp_path, uneven)
    rows = validity.even_rows(a)
    assert len(rows) == 2
    known = len(list(checks.evenness(a)))
    assert rows[0][1].startswith(f"3 of {known} ") and "0.700" in rows[0][1]
    assert all(r[2] == "no trial" and "✗ 3 trials below" in r[3]
               for r in rows)
    per = {r["map"]: r for r in quality.map_rows(a, quality.Noise(a))}
    assert per["syncmap"]["uneven"] == 3 and per["gomap_rw"]["uneven"] == 0
    assert per["syncmap"]["least_even"] == pytest.approx(0.7, rel=1e-4)
    assert [r[3] for r in validity.even_rows(planted(tmp_path))] == [OK, OK]


def compiling(*steady, name="snapshot"):
    """Trials of a map whose program is compiled while it runs: whether it was
    steady, block by block."""
    def change(trial):
        if trial["result"] and f"/{name}/" in trial["cell"]:
            trial["result"]["environment"]["vm"] = "made"
            trial["result"]["warm_up"] = {
                "slice_ns": 10 ** 8, "ns_per_op": [],
                "steady": steady[trial["block"] % len(steady)]}
        return trial
    return change


def test_warm_ups_of_compiled_programs_are_not_judged(tmp_path):
    """A program in Rust tells its warm-up, too, and has nothing to compile."""
    def told(trial):
        if trial["result"]:
            trial["result"]["warm_up"] = {"slice_ns": 10 ** 8,
                                          "ns_per_op": [], "steady": None}
        return trial

    assert validity.steady_rows(planted(tmp_path, told)) == []
    rows = validity.steady_rows(planted(tmp_path, compiling(True)))
    assert [r[1:] for r in rows] == [[words.part(20, 20), "all", OK]]


@pytest.mark.parametrize("kind", ["update", "churn", "fresh"])
@pytest.mark.parametrize("share", [0.03, 0.3])
def test_shares_of_writes_have_the_error_they_are_given(tmp_path, kind,
                                                        share):
    """z has sd 1: churn and fresh write in pairs, as the driver draws."""
    cell = journal.Cell({"write_kind": kind, "write_share": share})
    rng = np.random.default_rng(8)
    draws, q = 100_000, share / (2 - share) if kind != "update" else share
    writes = rng.binomial(draws, q, 4000)
    pairs = writes if kind != "update" else 0 * writes
    ops = draws + pairs
    z = [checks.standard_errors(cell, "write_share", g, n) for g, n in
         zip((writes + pairs) / ops, ops)]
    assert np.sqrt(np.mean(np.square(z))) == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("status,is_missing", [
    ("failed", False), ("void", True), (None, True)])
def test_only_a_planted_misuse_that_was_caught_is_as_it_is_meant(
        status, is_missing):
    """Misuse is there to fail: one that never ran, or gave no figure for
    another reason, is missing like any other map."""
    trials = [{"block": 0, "status": status}] if status else []
    cells = {name: journal.Cell({"id": name, "map": name, "skip": None,
                                 "blocks": 1}, trials)
             for name in ("planted", "plain")}
    campaign = journal.Campaign(None, {"maps": [
        {"id": "planted", "misuse": "what it does wrong"},
        {"id": "plain"}]}, cells, {})
    assert [c.map for c in campaign.missing] == (
        ["planted"] * is_missing + ["plain"])


@pytest.mark.parametrize("change,may", [
    ({}, True), ({"failed": {"m": "void"}}, False), ({"aside": {"m"}}, False),
    ({"misuse": "no lock"}, False), ({"misuse": None}, True),
    ({"peer": False}, False)])
def test_who_may_be_ranked(change, may):
    """Each of these alone keeps a map out."""
    a = SimpleNamespace(
        peer=lambda name: change.get("peer", True),
        failed=change.get("failed", {}),
        look=SimpleNamespace(aside=change.get("aside", set())),
        campaign=SimpleNamespace(maps={"m": {
            "misuse": change.get("misuse")}}))
    assert Analysis.ranked(a, "m") is may


# ---- checks, each on trials made by hand -----------------------------------

def ran(*results, **cell):
    """An analysis of one cell with these results."""
    cell = {"map": "m", "measure": "throughput", "threads": 2,
            "cpus": [0, 1], "loop": "mix", "write_kind": "update",
            "write_share": 0.1, "miss_share": 0.0} | cell
    cell = SimpleNamespace(**cell, ok=[{"result": r} for r in results])
    return SimpleNamespace(campaign=SimpleNamespace(
        cells={"c": cell}, maps={"m": {}}))


def threads(*rows, **names):
    """Of each row slot, CPU, CPU at the start and at the end."""
    return {"by_thread": [{"cpu": cpu, "cpu_start": start, "cpu_end": end}
                          for cpu, start, end in rows], **names}


@pytest.mark.parametrize("result,cell,found", [
    (threads((0, 0, 0), (1, 1, 1)), {}, (0, 1)),
    (threads((0, 0, 0), (1, 0, 1)), {}, (1, 1)),
    (threads((0, 0, 1), (1, 1, 1)), {}, (1, 1)),
    (threads((0, None, 0), (1, 1, None)), {}, (0, 1)),
    (threads((0, 1, 0)), {"cpus": []}, (0, 0)),
    (threads((0, 1, 0)), {"measure": "verify"}, (0, 0)),
    ({"by_thread": []}, {}, (0, 0)), ({}, {}, (0, 0))])
def test_a_thread_off_its_cpu_is_counted(result, cell, found):
    assert checks.misplaced(ran(result, **cell)) == found


@pytest.mark.parametrize("missed,share", [
    ([(0, 100)], 0), ([(1, 100), (3, 100), (2, 100)], 3), ([(5, 0)], None),
    ([(None, 100)], None), ([(None, 100), (1, 50)], 2)])
def test_the_worst_share_of_lost_lookups_is_told(missed, share):
    a = ran(*({"misses_resident": m, "lookups": n} for m, n in missed))
    found = checks.absent_hits(a)
    assert (found and found[0]) == (None if share is None else share)


@pytest.mark.parametrize("ops,cell,even", [
    ((50, 100), {}, [0.5]), ((100, 100), {}, [1]), ((0, 0), {}, []),
    ((0, 9), {}, [0]), ((50, 100), {"cpus": [0, 0]}, []),
    ((50, 100), {"cpus": []}, []), ((7,), {"threads": 1, "cpus": [0]}, []),
    ((50,), {}, []), ((50, 100), {"loop": "paced"}, []),
    ((50, 100), {"loop": "stall:1ms"}, []),
    ((50, 100), {"loop": "closed"}, [0.5])])
def test_evenness_is_of_threads_with_a_cpu_each(ops, cell, even):
    a = ran({"by_thread": [{"ops": n} for n in ops]}, **cell)
    assert [share for _, share in checks.evenness(a)] == even


def mixed(write, miss, **more):
    return {"achieved_write_share": write, "achieved_miss_share": miss,
            "ops": 10000, "lookups": 9000} | more


@pytest.mark.parametrize("results,cell,name,errors", [
    ([mixed(0.1, 0)], {}, "write_share", 0),
    # 0.1 of 10 000 has a standard error of 0.003; one draw is no deviation
    ([mixed(0.1121, 0)], {}, "write_share", 4),
    ([mixed(0.0879, 0)], {}, "write_share", 4),
    ([mixed(0.1121, 0), mixed(0.1061, 0)], {}, "write_share", 4),
    ([mixed(0.1061, 0), mixed(0.1121, 0)], {}, "write_share", 4),
    ([mixed(0.1121, 0)], {"loop": "fill"}, "write_share", None),
    ([mixed(None, 0)], {}, "write_share", None),
    ([mixed(0.1, 0, ops=0)], {}, "write_share", None),
    ([mixed(0.1, 0.5)], {}, "miss_share", None),  # none was asked for
    # 0.1 of 9 000 lookups: 0.00316
    ([mixed(0.1, 0.11276)], {"miss_share": 0.1}, "miss_share", 4),
    ([mixed(0.1, 0.1121, lookups=None)], {"miss_share": 0.1}, "miss_share",
     4)])
def test_shares_are_off_by_their_standard_errors(results, cell, name, errors):
    found = checks.worst_mix(ran(*results, **cell))[name]
    assert (found and found[0]) == (
        None if errors is None else pytest.approx(errors, abs=0.02))


def test_a_map_that_holds_nothing_never_misses():
    a = ran(mixed(0.1, 0), miss_share=0.1)
    assert checks.worst_mix(a)["miss_share"][0] > 20
    a.campaign.maps["m"]["caps"] = ["no-state"]
    assert checks.worst_mix(a)["miss_share"] is None


def control(word, name="slot: x", **more):
    return {"word": word, "name": name, "control": True, "n": 6,
            "low": -1.0, "high": 2.0} | more


@pytest.mark.parametrize("rows,told", [
    ([control("ok")], ""), ([], ""),
    ([control("FAILED", control=False), control("ok")], ""),
    ([control("undecided", control=False)], ""),
    ([control("cannot decide"), control("FAILED")], "a control failed"),
    ([control("undecided"), control("cannot decide", n=9),
      control("cannot decide", n=4, why="too few blocks planned")],
     "controls cannot decide: too few blocks planned (n = 4)"),
    ([control("undecided")], "undecided controls: slot ")])
def test_what_controls_leave_open(rows, told):
    found = checks.undecidable(rows)
    assert found == told or told.endswith(" ") and found.startswith(told)


@pytest.mark.parametrize("rows,some", [
    ([control("ok"), control("undecided")], False),
    ([control("FAILED", control=False)], False),
    ([control("ok"), control("FAILED")], True)])
def test_only_a_control_that_failed_is_invalid(rows, some):
    rows = [r | {"percent": 1.0, "limit_low": -.5, "limit_high": .5}
            for r in rows]
    assert bool(checks.invalid(rows)) is some


@pytest.mark.parametrize("step,word", [
    (0.001, "later rounds slower"), (-0.001, "later rounds faster"),
    (0, "direction not known")])
def test_drift_is_from_the_first_block_to_the_last(step, word):
    """What is no control has no limits, and is not judged: of costs that
    rise the throughput falls."""
    rest = np.outer(step * np.arange(10), np.ones(3))
    row = checks.drift_row(rest)
    assert row["percent"] == pytest.approx(stats.percent(9 * step))
    assert (row["word"], row["n"], row["control"]) == (word, 10, False)
    few = checks.drift_row(rest[:2])
    assert (few["percent"], few["why"], few["word"]) == (
        None, "fewer than 3 rounds", "direction not known")
    assert (row["limit_low"], row["limit_high"]) == (None, None)
    assert checks.drift_row(rest[:5])["word"] == "direction not known"
