# SPDX-License-Identifier: Apache-2.0
"""Turns the trials of a campaign into verdicts, with pure functions.

Rules: docs/method/gate.md. The gated cells are one family of tests, and the cells that do
not affect the verdict (advice) are another; each control is judged by itself.
"""
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from report.gate import trailers
from report.gate.campaign import Campaign
from report.gate.model import (Change, Contrast, Measured, Pairs, Role, Row, Score,
                               Skipped, Verdict, Verdicts)
from report.gate.names import label_of, name_of
from report.gate.pairs import estimates_of, failure_of, flip_test, pairs_of
from report.gate.rules import Plan
from report.load import Trial

# TAILS is left out, because similar tails do not show that the other pairs are equal.
TWO = (Score.RANKS, Score.BIWEIGHT)
Judgement = tuple[Verdict, Change, str]


def measure(pairs: Pairs, contrast: Contrast, plan: Plan, family: int,
            p: tuple[float, float], by: tuple[Score, Score]) -> Measured:
    """Estimates the slowdown from the pairs of one contrast. `p` has the p values of "slower
    than the margin" and of "not slower than the tolerance", `by` the scores that gave them."""
    estimates, slot = estimates_of(pairs, plan, family)
    known = ~np.isnan(pairs.d)
    row = Measured(
        contrast.cell, contrast.role, int(known.sum()), tuple(x.text for x in pairs.lost),
        slot[0], slot[1], slot[2],
        float(np.median(pairs.base_ns[known])) if known.any() else None, estimates,
        p[0], p[1], Score.RANKS, failure_of(pairs, "base"), failure_of(pairs, "head"))
    return replace(row, by=shown_score(row, *by, plan))


def shown_score(row: Measured, slower_by: Score, within_by: Score, plan: Plan) -> Score:
    """Chooses the score whose figures a row shows: the score that decided, or else the most
    sensitive one."""
    rules = plan.rules
    if row.p_slower <= (rules.doubt if slower_by == Score.TAILS else rules.alpha):
        return slower_by
    if row.p_within <= rules.alpha:
        return within_by
    known = {score: mde for score in TWO
             if (mde := row.estimates.by(score).mde_percent) is not None}
    return min(known, key=lambda score: known[score], default=Score.RANKS)


def slot_is_off(row: Measured, plan: Plan) -> bool:
    """True if the confidence interval of the slot effect lies outside its limit."""
    limit, low, high = 100.0 * plan.rules.slot_limit, row.slot_low_percent, row.slot_high_percent
    return low is not None and high is not None and (low > limit or high < -limit)


def slot_words(row: Measured) -> str:
    return (f"slot effect {row.slot_percent:+.2f} % "
            f"[{row.slot_low_percent:+.2f}, {row.slot_high_percent:+.2f}]")


def is_slower(row: Measured, plan: Plan) -> bool:
    """True if the row has the verdict FAIL: the slowdown is significantly above the margin, and at
    least `fail_at`. If the score TAILS decided, the interval of the mean, which includes short
    disturbances, must also lie above 0."""
    shown = row.shown
    if row.p_slower > plan.rules.alpha or shown.slowdown_percent is None:
        return False
    if row.by == Score.TAILS and not (shown.low_percent or 0.0) > 0.0:
        return False
    return shown.slowdown_percent >= 100.0 * plan.fail_at


def mde_of(row: Measured) -> str:
    """Formats the smallest effect that the row could detect, because a verdict must never claim
    that nothing changed (docs/method/rules.md, R28)."""
    mde = row.shown.mde_percent
    return "" if mde is None else f" (MDE {mde:.1f} %)"


def few(row: Measured, plan: Plan) -> str:
    return f"n<{plan.rules.min_pairs}: {row.n} pairs"


def verdict_of(row: Measured, plan: Plan) -> Judgement:
    """Decides the verdict on a row. FAIL is tested before PASS."""
    if row.base_failed:
        return Verdict.INVALID, Change.INVALID, row.base_failed
    if row.head_failed:
        return Verdict.FAIL, Change.INVALID, row.head_failed
    if row.n < plan.rules.min_pairs:
        return (Verdict.INCONCLUSIVE, Change.UNDECIDED,
                f"{few(row, plan)}, lost: {'; '.join(row.lost[:2]) or 'none'}")
    if slot_is_off(row, plan):
        return Verdict.INVALID, Change.INVALID, slot_words(row)
    if is_slower(row, plan):
        return (Verdict.FAIL, Change.SLOWER, f"slower by {row.shown.slowdown_percent:.2f} %"
                + (", in some of its trials" if row.by == Score.TAILS else ""))
    if row.by == Score.TAILS:
        return (Verdict.INCONCLUSIVE, Change.UNDECIDED,
                f"slower in some of its trials, or chance: p = {row.p_slower:.3f}")
    if row.p_within <= plan.rules.alpha:
        return within(row, plan)
    return Verdict.INCONCLUSIVE, Change.UNDECIDED, "undecided" + mde_of(row)


def within(row: Measured, plan: Plan) -> Judgement:
    """Returns the verdict on a row whose slowdown is significantly below the tolerance. The median
    of the pairs decides. If their mean is above the tolerance, the text mentions it."""
    low, high = row.shown.low_percent, row.shown.high_percent
    tolerance = 100.0 * plan.tolerance
    if high is not None and high < -100.0 * plan.rules.margin:
        return Verdict.PASS, Change.FASTER, "faster"
    words = f"less than {tolerance:.3g} % slower in most trials"
    if is_slower(row, plan.default):
        return (Verdict.PASS, Change.SLOWER,
                f"slower by {row.shown.slowdown_percent:.2f} %, {words}")
    mean = row.estimates.tails.slowdown_percent
    if mean is not None and mean > tolerance:
        words += f", on average {mean:+.1f} %"
    even = low is not None and high is not None and -tolerance < low and high < tolerance
    return Verdict.PASS, Change.EQUIVALENT if even else Change.UNDECIDED, words


def control_of(row: Measured, pairs: Pairs, plan: Plan) -> tuple[Measured, Judgement]:
    """Decides whether a control passes or is INVALID; returns the row with the control's p."""
    lost = row.base_failed or row.head_failed
    if not lost and row.n < plan.rules.min_pairs:
        lost = few(row, plan)
    if not lost and slot_is_off(row, plan):
        lost = slot_words(row)
    if lost:
        return row, (Verdict.INVALID, Change.INVALID, lost)
    if row.role == Role.AA:
        return equal_of(row, pairs, plan)
    extra = f"+{100.0 * plan.control_extra:.3g} %"
    if is_slower(row, plan):
        return row, (Verdict.PASS, Change.SLOWER, f"{extra} seen")
    return row, (Verdict.INVALID, Change.UNDECIDED, f"{extra} not seen{mde_of(row)}")


def equal_of(row: Measured, pairs: Pairs, plan: Plan) -> tuple[Measured, Judgement]:
    """The A/A control passes if base and its copy are shown to be equal (TOST: both one-sided
    tests at alpha). The control fails if the run could not have detected a difference."""
    margin, tolerance = (math.log1p(x) for x in (plan.rules.margin, plan.rules.tolerance))
    both = flip_test(np.array([pairs.d - margin, -pairs.d - margin]), plan, tuple(Score))
    row = replace(row, p_either_way=float(min(both.p_max_t)))
    if min(both.p_max_t) <= plan.rules.alpha:
        size = row.shown.slowdown_percent
        return row, (Verdict.INVALID, Change.SLOWER if (size or 0.0) > 0 else Change.FASTER,
                     f"two copies of base differ by {size:+.2f} %")
    ends = flip_test(np.array([tolerance - pairs.d, tolerance + pairs.d]), plan, TWO)
    row = replace(row, p_equal=float(max(ends.p)))
    limit = f"{100.0 * plan.rules.tolerance:.3g} %"
    if max(ends.p) <= plan.rules.alpha:
        return row, (Verdict.PASS, Change.EQUIVALENT, f"agree within {limit}")
    return row, (Verdict.INVALID, Change.UNDECIDED,
                 f"not shown to agree within {limit}{mde_of(row)}")


def judge(contrasts: Sequence[Contrast], pairs: Sequence[Pairs], plan: Plan) -> tuple[Row, ...]:
    """Returns rows with verdicts for the contrasts of one family."""
    if not contrasts:
        return ()
    d = np.array([p.d for p in pairs])
    slower = flip_test(d - math.log1p(plan.rules.margin), plan, tuple(Score))
    less = flip_test(math.log1p(plan.tolerance) - d, plan, TWO)
    rows = []
    for i, (pair, contrast) in enumerate(zip(pairs, contrasts)):
        row = measure(pair, contrast, plan, len(pairs),
                      (float(slower.p_max_t[i]), float(less.p_max_t[i])),
                      (tuple(Score)[slower.by[i]], TWO[less.by[i]]))
        if contrast.role in (Role.AA, Role.CONTROL):
            row, judgement = control_of(row, pair, plan)
        else:
            judgement = verdict_of(row, plan)
        verdict, change, words = judgement
        rows.append(Row(**vars(row), verdict=verdict, change=change, words=words))
    return tuple(rows)


def far_reason(gated: Sequence[Row], controls: Sequence[Row], plan: Plan) -> str | None:
    """Returns the reason for a FAIL that is valid even if the controls are not sensitive, or None.
    Requires that cells FAIL at a tenth of alpha, that both intervals of their shift lie above
    `far`, and that both intervals of the A/A control lie within it. Short disturbances and slow
    clocks affect both arms, so they cannot cause this."""
    limit = 100.0 * plan.rules.far

    def ends(row: Row) -> list[float]:
        return [math.nan if end is None else end for figures in map(row.estimates.by, TWO)
                for end in (figures.low_percent, figures.high_percent)]
    far = [row for row in gated if row.verdict == Verdict.FAIL
           and row.p_slower <= plan.rules.alpha / 10 and all(end > limit for end in ends(row))]
    if not far or not any(row.role == Role.AA and row.n >= plan.rules.min_pairs
                          and all(abs(end) < limit for end in ends(row)) for row in controls):
        return None
    worst = max(far, key=lambda row: row.shown.slowdown_percent or 0.0)
    words = (f"far beyond noise in {len(far)} of {len(gated)} cells: up to "
             f"{worst.shown.slowdown_percent:.0f} % slower ({name_of(worst.cell)})")
    return "; ".join([words, *(f"failed control {label_of(row.role, row.cell)}: {row.words}"
                               for row in controls if row.verdict != Verdict.PASS)])


def verdict_of_run(gated: Sequence[Row], controls: Sequence[Row], skipped: Sequence[Skipped],
                   plan: Plan) -> tuple[Verdict, str | None]:
    """Returns the verdict on the whole run, and its reason.

    If trials of head fail, or head is slower far beyond noise and the A/A control roughly
    agrees, the verdict is FAIL, whatever else the controls show. Otherwise a failed
    control makes the run INVALID, because it shows a fault of the machine. An INVALID cell
    excludes PASS, but does not hide the FAIL of another cell. If a gated cell was planned but
    not run, the verdict is at best INCONCLUSIVE (docs/method/gate.md).
    """
    def those(rows: Sequence[Row], verdict: Verdict) -> str | None:
        return "; ".join(f"{label_of(row.role, row.cell)}: {row.words}"
                         for row in rows if row.verdict == verdict) or None
    failed = (those([row for row in gated if row.head_failed], Verdict.FAIL)
              or far_reason(gated, controls, plan))
    if failed:
        return Verdict.FAIL, failed
    if not controls:
        return Verdict.INVALID, "no control was run"
    for verdict, rows in ((Verdict.INVALID, controls), (Verdict.FAIL, gated),
                          (Verdict.INVALID, gated), (Verdict.INCONCLUSIVE, gated)):
        reason = those(rows, verdict)
        if reason:
            return verdict, reason
    for cell in skipped:
        if cell.role == Role.GATE:
            return Verdict.INCONCLUSIVE, f"{name_of(cell.cell)} not run: {cell.reason}"
    return (Verdict.PASS, None) if gated else (Verdict.INVALID, "no cell was gated")


def decide(campaign: Campaign, trials: Sequence[Trial]) -> Verdicts:
    """Decides all verdicts on a campaign; the same input always gives the same output."""
    plan = campaign.plan

    def family(contrasts: Sequence[Contrast], plan: Plan = plan) -> tuple[Row, ...]:
        return judge(contrasts, [pairs_of(trials, c, plan.blocks) for c in contrasts], plan)

    def contrasts_of(*roles: Role) -> list[Contrast]:
        return [c for c in campaign.contrasts if c.role in roles]
    notes = campaign.notes
    gated = trailers.accept(family(contrasts_of(Role.GATE)), notes.slower)
    controls = tuple(row for c in contrasts_of(Role.AA, Role.CONTROL)
                     for row in family([c], plan.default))
    verdict, reason = verdict_of_run(gated, controls, campaign.skipped, plan)
    return Verdicts(
        name=campaign.name, created_utc=campaign.meta.created_utc, verdict=verdict,
        reason=reason, attempt=len(campaign.earlier) + 1, earlier=campaign.earlier,
        plan_sha256=campaign.plan_sha256, seed=campaign.seed, arms=campaign.arms,
        blocks=plan.blocks, alpha=plan.rules.alpha, margin=plan.rules.margin,
        tolerance=plan.tolerance, fail_at=plan.raised, remarks=trailers.remarks(notes, gated),
        sized=campaign.sized, cells=gated, advice=family(contrasts_of(Role.ADVICE)),
        controls=controls, same=notes.same, skipped=campaign.skipped)
