# SPDX-License-Identifier: Apache-2.0
"""Computes the result of a campaign, which contains all values that the report prints."""
from collections.abc import Iterable
from pathlib import Path

from report import load
from report.decide import (answer, cards, claims, earlier, go_maps, groups, latency, modes,
                           trust)
from report.decide.tables import cache, machine, numbers, validity
from report.load.plan import Build
from report.model.result import FORMAT, Answer, Campaign, Result, Runs

# Beginning of the reason for skipping a cell that needs hardware counters.
NO_COUNTERS = "no counters: "
NOTHING = Answer(None, None, None, None, None)


def commit_of(about: Build) -> str | None:
    """Formats the commit as 12 digits, with "+" if the tree had changes, "?" if that is unknown."""
    marks = {True: "+", False: "", None: "?"}
    return about.commit and about.commit[:12] + marks[about.dirty]


def campaign_of(campaign: load.Campaign, headline: groups.Measured | None) -> Campaign:
    """Describes when, on which machine and how the campaign was measured."""
    plan = campaign.plan
    virtual = {"yes": True, "no": False}.get(plan.machine.fact("hypervisor_flag") or "")
    return Campaign(
        campaign.name, plan.created_utc, plan.mode, plan.machine.id,
        plan.machine.fact("cpu_name"), plan.machine.cpus, virtual,
        sum(t.wall_ns or 0 for _, t in campaign.ran) / 60e9, commit_of(plan.build),
        plan.build.compiler_version or plan.build.compiler, plan.synthetic,
        plan.counters.backend == "replay", answer.window_ns(headline) if headline else 0,
        simulated_of(campaign))


def simulated_of(campaign: load.Campaign) -> str | None:
    """Names the simulated machines of a campaign without a timed result. Returns None if it has a
    timed result, or no result."""
    measures = {c.measure for c in campaign.cells.values() if c.ok and c.measure != "verify"}
    machines = sorted(m.partition(":")[2] for m in measures if m.startswith("simulated:"))
    return ", ".join(machines) if machines and len(machines) == len(measures) else None


def runs_of(campaign: load.Campaign) -> Runs:
    """Counts the planned trials by outcome."""
    skipped = [c.factors.skip for c in campaign.cells.values() if c.factors.skip]
    return Runs(
        len(campaign.cells), sum(bool(c.ok) for c in campaign.measuring), len(skipped),
        sum(why.startswith(NO_COUNTERS) for why in skipped), campaign.pending, campaign.trials,
        len(campaign.ran) - campaign.trials, tuple(sorted(campaign.failed_maps.items())),
        tuple(c.id for c in campaign.missing),
        tuple(c.id for c in campaign.planned if c.ok and campaign.is_short(c)),
        tuple(dict.fromkeys(skipped)))


def build(campaign: load.Campaign, others: Iterable[Path] = ()) -> Result:
    """Computes the result. `others` are folders of other campaigns, for Result.earlier."""
    measured = groups.headline_order(groups.measured_groups(campaign))
    rankings = groups.judge_all(campaign, measured)
    known = {c.id: c for c in cards.all_cards(campaign)}
    headline, first = None, None
    if measured:
        headline = measured[0]
        first = rankings[0] = groups.with_visible(headline, rankings[0])
    speed = latency.latency(campaign)
    scaling = answer.scalings(measured, headline) if headline else {}
    board = answer.board(first, scaling, answer.memory(measured, headline, known), speed) \
        if headline and first else ()
    published = claims.document(campaign)
    conditions, undecided = answer.conditions(campaign, measured, rankings, known)
    about = campaign_of(campaign, headline)
    opening = answer.answer(first, scaling) if first else NOTHING
    of_go = go_maps.answers(campaign, headline, known) if headline else ()
    return Result(
        FORMAT, about, runs_of(campaign), trust.assess(campaign, headline, first), opening,
        earlier.earlier(others, about, first, opening),
        answer.picks(campaign, headline, board, known) if headline else (), board,
        conditions, undecided,
        tuple(scaling[r.map] for r in board
              if r.map in scaling and not known[r.map].reference), speed,
        tuple(known.values()), tuple(rankings),
        claims.claim_rows(published),
        (*numbers.tables(campaign), *validity.tables(campaign, measured),
         *machine.tables(campaign), *cache.tables(campaign), *claims.tables(campaign, published)),
        modes.next_mode(campaign.plan.mode, first.needs if first else 0), of_go,
        headline is not None and go_maps.is_open(headline, of_go),
        campaign.plan.busy.text if campaign.plan.busy else None)
