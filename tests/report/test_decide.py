# SPDX-License-Identifier: Apache-2.0
"""Tests the rules of report.decide with numbers (docs/reference/verdicts.md)."""
import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pytest
import simulated_campaigns as simulated

from report.decide import cards, groups, latency, modes, result, trust
from report.decide.tables import validity
from report.load import Campaign, Cell
from report.load.plan import MapInfo, Repeat, Workload
from report.load.trial import Environment, Result, Status, Thread, Trial
from report.model.cards import Wait
from report.model.number import Verdict
from report.model.place import Outcome
from report.model.trust import Check, Question, State, Trust
from report.stats import Interval

QUIET = np.random.default_rng(1).normal(0, 0.01, (4, 16))


def ranked(levels: list[float], noise: simulated.Floats = QUIET,
           lost: int = 0) -> tuple[Campaign, groups.Measured, groups.Group]:
    """Ranks maps with these rates and little noise; the last map lost its first trials."""
    rates = np.log(levels)[:, None] + noise[:len(levels)]
    rates[-1, :lost] = math.nan
    campaign = simulated.campaign(rates)
    return campaign, *simulated.judged(campaign)


def check(campaign: Campaign, question: Question) -> Check:
    measured, ranking = simulated.judged(campaign)
    checks = trust.assess(campaign, measured, groups.with_visible(measured, ranking)).checks
    return next(c for c in checks if c.question is question)


def changed(campaign: Campaign, name: str, count: int, **members: object) -> Campaign:
    """Changes members of the first trials of a map's timed cell."""
    cells = {}
    for key, cell in campaign.cells.items():
        if cell.map == name and cell.measure == "throughput":
            cell = dataclasses.replace(cell, trials=tuple(
                dataclasses.replace(t, **members) if i < count else t  # type: ignore[arg-type]
                for i, t in enumerate(cell.trials)))
        cells[key] = cell
    return dataclasses.replace(campaign, cells=cells)


@pytest.mark.parametrize("low, high, verdict", [
    (1.021, 2, Verdict.FASTER), (0.5, 0.98, Verdict.SLOWER), (0.99, 1.01, Verdict.EQUIVALENT),
    (1.01, 1.06, Verdict.UNDECIDED), (0.9, 1.5, Verdict.UNDECIDED), (None, None, Verdict.INVALID)])
def test_verdicts_use_the_margin_of_two_percent(
        low: float | None, high: float | None, verdict: Verdict) -> None:
    assert groups.verdict_of(Interval(1.0, low, high, 12, None)) is verdict


@pytest.mark.parametrize("maps, needs", [(1, 6), (2, 6), (3, 7), (4, 8)])
def test_a_ranking_needs_enough_blocks_for_all_pairs(maps: int, needs: int) -> None:
    _, measured, ranking = ranked([4, 3, 2, 1][:maps])
    assert measured.needs == ranking.needs == needs
    assert ranking.outcome is (Outcome.ALONE if maps == 1 else Outcome.DECIDED)
    _, _, short = ranked([4, 3, 2, 1][:maps], QUIET[:, :needs - 1])
    assert short.outcome is (Outcome.ALONE if maps == 1 else Outcome.OPEN)


def test_a_map_with_few_trials_leaves_the_ranking_open_unless_it_is_slow() -> None:
    _, _, ranking = ranked([3, 2, 1], lost=12)
    assert (ranking.outcome, ranking.front, ranking.short) == (Outcome.DECIDED, ("map0",), ())
    _, _, ranking = ranked([3, 2, 9], lost=12)
    assert (ranking.outcome, ranking.leader) == (Outcome.TIED, "map0")
    assert ranking.front == ("map0", "map2") and ranking.short == ("map2",)
    comparison = ranking.comparison("map2")
    assert comparison and comparison.verdict is Verdict.INVALID
    assert comparison.reason == "4 of 16 blocks, 12 void"


def test_all_maps_that_may_be_as_fast_are_tied() -> None:
    _, _, ranking = ranked([2, 2.001, 1])
    assert ranking.outcome is Outcome.TIED and set(ranking.front) == {"map0", "map1"}


@pytest.mark.parametrize("count, state, weight", [
    (1, State.PASSED, Trust.CARE), (2, State.FAILED, Trust.CARE), (6, State.FAILED, Trust.NOT)])
def test_one_disturbed_map_is_detected(
        count: int, state: State, weight: Trust) -> None:
    campaign, _, _ = ranked([4, 3, 2, 1])
    found = check(changed(campaign, "map0", count, disturbed="others"), Question.UNDISTURBED)
    assert (found.state, found.count, found.of) == (state, count, 64)
    assert state is State.PASSED or found.weight is weight and found.maps == ("map0",)
    other = check(changed(campaign, "map3", count, disturbed="others"), Question.UNDISTURBED)
    assert other.weight is Trust.CARE, "the map is not among the leaders"


def test_a_run_is_not_called_undisturbed_if_nothing_reported_it() -> None:
    campaign, _, _ = ranked([4, 3, 2, 1])
    found = check(changed(campaign, "map0", 2, others_share=None), Question.UNDISTURBED)
    assert (found.state, found.count, found.of) == (State.UNKNOWN, 2, 64)


def test_a_raised_repeat_wait_is_not_called_undisturbed() -> None:
    campaign, _, _ = ranked([4, 3, 2, 1])
    cells = {key: Cell(dataclasses.replace(c.factors, repeat=Repeat(3, 0.5, 0.99)), c.trials)
             for key, c in campaign.cells.items()}
    relaxed = dataclasses.replace(campaign, cells=cells)
    found = check(relaxed, Question.UNDISTURBED)
    assert (found.state, found.weight, found.found) == (State.UNKNOWN, Trust.CARE, 0.99)
    found = check(changed(relaxed, "map0", 6, disturbed="others"), Question.UNDISTURBED)
    assert (found.state, found.weight) == (State.FAILED, Trust.NOT)


def test_an_adapter_that_declares_nothing_has_no_known_writers() -> None:
    about = MapInfo("x", family="free", sync="its own", progress="blocking")
    card = cards.card_of(about)
    assert (card.many_writers, card.readers_wait) == (None, Wait.UNKNOWN)
    card = cards.card_of(dataclasses.replace(about, progress="lock-free"))
    assert (card.many_writers, card.readers_wait) == (True, Wait.NEVER)
    card = cards.card_of(dataclasses.replace(about, caps=("single-writer",)))
    assert card.many_writers is False


def threads(waits: Sequence[int | None], ops: tuple[int, ...] = (1, 1)) -> Result:
    return Result("ok", ops=2, elapsed_ns=100.0, by_thread=tuple(
        Thread(n, elapsed_ns=100.0, runqueue_wait_ns=w) for n, w in zip(ops, waits)))


@pytest.mark.parametrize("waits, share, disturbed", [
    ([30, 30], None, True), ([10, 10], None, False), ([None, 90], None, False),
    ([90, 90], 0.01, False)])
def test_waiting_counts_only_if_the_runner_could_not_judge(
        waits: Sequence[int | None], share: float | None, disturbed: bool) -> None:
    cell = Cell(simulated.factors("m", "throughput", 1))
    trial = Trial("c", 0, Status.OK, others_share=share, result=threads(waits))
    assert trust.is_disturbed(cell, trial) is disturbed


@pytest.mark.parametrize("waits, share, limit, state", [
    ([100] * 4, 0.93, 0.0, State.FAILED), ([100] * 4, 0.1, 0.0, State.PASSED),
    ([100] * 4, None, 0.0, State.UNKNOWN), ([100] * 4, 0.1, 0.2, State.PASSED),
    ([None] * 4, 0.93, 0.2, State.UNKNOWN), ([None] * 4, 0.1, 0.2, State.PASSED)])
def test_threads_that_share_cpus_are_not_called_undisturbed(
        waits: Sequence[int | None], share: float | None, limit: float, state: State) -> None:
    """A limit of 0 means that the runner did not judge disturbances."""
    campaign, _, _ = ranked([4, 3])
    cells = {key: Cell(
        dataclasses.replace(c.factors, threads=4, cpus=(0, 1, 0, 1), repeat=Repeat(3, 0.5, limit)),
        c.trials) for key, c in campaign.cells.items()}
    campaign = dataclasses.replace(campaign, cells=cells)
    for name in ("map0", "map1"):
        campaign = changed(campaign, name, 16, others_share=share,
                           result=threads(waits, (1, 1, 1, 1)))
    assert check(campaign, Question.UNDISTURBED).state is state


def test_a_lost_trial_and_a_failed_check_are_reported() -> None:
    campaign, _, _ = ranked([4, 3, 2], lost=1)
    found = check(campaign, Question.COMPLETE)
    assert (found.state, found.count, found.of, found.maps) == (State.FAILED, 1, 48, ("map2",))
    assert check(campaign, Question.VERIFIED).state is State.PASSED
    cells = {k: c for k, c in campaign.cells.items()
             if (c.map, c.measure) != ("map0", "verify")}
    found = check(dataclasses.replace(campaign, cells=cells), Question.VERIFIED)
    assert (found.state, found.maps) == (State.FAILED, ("map0",))


def test_one_slow_reading_does_not_count_as_a_speed_change() -> None:
    def speeds(*readings: float) -> State:
        campaign, _, _ = ranked([4, 3, 2, 1])
        ran = tuple((c, dataclasses.replace(t, result=dataclasses.replace(
            t.result, environment=Environment(adds_per_ns_before=readings[i % len(readings)]))))
            for i, (c, t) in enumerate(campaign.ran * 4) if t.result)
        return check(dataclasses.replace(campaign, ran=ran), Question.SPEED).state
    assert speeds(*[3.0] * 200, 2.0) is State.PASSED
    assert speeds(3.0, 2.0) is State.FAILED
    assert check(ranked([4, 3])[0], Question.SPEED).state is State.UNKNOWN


@pytest.mark.parametrize("ops, even", [((3, 4), 0.75), ((4, 4), 1.0), ((0, 4), 0.0)])
def test_evenness_needs_a_cpu_per_thread(ops: tuple[int, ...], even: float) -> None:
    cell = Cell(simulated.factors("m", "throughput", 1))
    trial = Trial("c", 0, Status.OK, result=threads([0, 0], ops))
    assert validity.evenness(cell, trial) == even
    crowded = dataclasses.replace(cell, factors=dataclasses.replace(cell.factors, cpus=(0, 0)))
    assert validity.evenness(crowded, trial) is None


@pytest.mark.parametrize("elapsed_s, late", [(1.0, None), (1.19, None), (1.5, 1.5)])
def test_an_open_loop_that_ends_late_is_overloaded(elapsed_s: float, late: float | None) -> None:
    factors = dataclasses.replace(simulated.factors("m", "latency", 1), loop="paced",
                                  window_ns=1e9)
    trial = Trial("c", 0, Status.OK, result=Result("ok", ops=1, elapsed_ns=elapsed_s * 1e9))
    assert latency.overload(Cell(factors, (trial,))) == late


def test_the_next_mode_is_longer_and_can_rank() -> None:
    known = modes.modes()
    assert known == sorted(known) and len(known) > 2
    following = modes.next_mode(known[0].name, 12)
    assert following and following.minutes > known[0].minutes
    assert next(m.blocks for m in known if m.name == following.mode) >= 12
    assert modes.next_mode(known[-1].name, 1) is None and modes.next_mode(None, 1) is None


def test_settings_add_up_and_end_at_the_first_workload() -> None:
    assert modes.settings("maps = a  # x\nmaps = b\nblocks = 3\n[w]\nblocks = 4\n") == {
        "maps": "a b", "blocks": "3"}


def test_a_campaign_without_a_ranking_is_not_a_wrong_answer() -> None:
    """Such a campaign checks the answers of all maps. If it verified no map, the result of the
    check is unknown."""
    campaign, _, _ = ranked([4, 3, 2, 1])
    counted = {key: cell if cell.measure == "verify" else dataclasses.replace(
        cell, factors=dataclasses.replace(cell.factors, measure="simulated:icelake-sp"))
        for key, cell in campaign.cells.items()}
    campaign = dataclasses.replace(campaign, cells=counted)
    found = trust.assess(campaign, None, None).checks[0]
    assert (found.state, found.count, found.of) == (State.PASSED, 4, 4)
    assert result.simulated_of(campaign) == "icelake-sp"
    some = {key: cell for key, cell in counted.items() if cell.measure != "verify"}
    found = trust.assess(dataclasses.replace(campaign, cells=some), None, None).checks[0]
    assert (found.question, found.state) == (Question.VERIFIED, State.UNKNOWN)


@pytest.mark.parametrize("text, maps", [
    ("keys       = 1\ncontrol    = a\n", ("a",)), ("control    = none\n", ()), (None, ())])
def test_a_missing_control_names_its_map(text: str | None, maps: tuple[str, ...]) -> None:
    campaign, _, _ = ranked([4, 3])
    plan = dataclasses.replace(campaign.plan, workloads=(Workload("w", text=text),))
    campaign = dataclasses.replace(campaign, plan=plan)
    assert check(campaign, Question.SAME_MAP).maps == maps


def test_halves_that_are_too_short_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """With six values in each half, the interval cannot have a coverage of 1 - 1 / 1,000."""
    monkeypatch.setattr(trust, "HALF_ERROR", 0.004)
    campaign, _, _ = ranked([4, 3, 2, 1], QUIET[:, :12])
    found = check(campaign, Question.STEADY)
    assert (found.state, found.estimate) == (State.UNKNOWN, None)
