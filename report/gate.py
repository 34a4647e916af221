# SPDX-License-Identifier: Apache-2.0
"""The regression gate: from the journal of a regress folder to verdicts.

Pure functions of what gate_campaign.view_of() makes of campaign.json, and of the
lines of trials.jsonl; regress.py and the page call decide(). Log ratios are
ln(head / base) of ns per operation: + is slower. Rules: docs/method.md.
"""
import functools
import math

import numpy as np

from report import stats, trailers
from report.cell_id import COUNTED, identity

LEVEL = 0.99  # of every interval the gate prints
COMMON = {"u64x8", "w3", "m0", "uniform", "cores", "throughput"}  # in its id
# How pairs are asked (docs/adr/0047-scores.md): a biweight sees through bursts;
# tails are what it leaves out, and see what only some of head's trials have.
SCORES = ("ranks", "biweight", "tails")
FIGURES = ("slowdown_percent", "low_percent", "high_percent", "mde_percent")
ROLES = {"gate": "", "advice": "", "aa": "A/A ", "control": "slowed "}
EXIT = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3, "INVALID": 3}


def cost_of(row):
    """ns per operation and thread of a journal line, nan if not ok."""
    result = row.get("result")
    if row["status"] != "ok" or not result or not result["ops"]:
        return math.nan
    return result["elapsed_ns"] * len(result["by_thread"]) / result["ops"]


def lost_of(side, row):
    """A trial that is not ok, in words."""
    return {"side": side, "failed": row["status"] == "failed",
            "text": f"{row['arm']} in block {row['block']}: "
                    f"{row['status']}, {row['reason']}"}


def pairs_of(rows, contrast, blocks):
    """The pairs of one contrast: {"d", "base_ns", "base_first"}, each
    (blocks,); d is nan where one side is missing, and {"lost": [text]}
    says why, one text per trial that is not ok."""
    cost = {"base": np.full(blocks, np.nan), "head": np.full(blocks, np.nan)}
    slot, lost = np.zeros(blocks), []
    for row in rows:
        for side in ("base", "head"):
            if row["arm"] != contrast[side]:
                continue
            if row["cell"] in contrast["verified"] and \
                    row["status"] == "failed":
                lost.append(lost_of(side, row))
            if row["cell"] != contrast["cell"]:
                continue
            cost[side][row["block"]] = cost_of(row)
            if side == "base":
                slot[row["block"]] = row["slot"]
            if row["status"] != "ok":
                lost.append(lost_of(side, row))
    return {"d": stats.log_ratio(cost["base"], cost["head"]),
            "base_ns": cost["base"], "base_first": slot == 0, "lost": lost}


def flip_test(x, plan, scores=SCORES):
    """Of x (cells, blocks) > 0, by some of the scores at once."""
    ask = {"ranks": stats.signed_ranks,
           "biweight": functools.partial(stats.biweight_scores,
                                         cut=plan["cut"]),
           "tails": functools.partial(stats.tail_scores, cut=plan["cut"])}
    return stats.sign_flip_test(x, plan["flips"],
                                scores=[ask[name] for name in scores])


def test_family(pairs, plan):
    """Flip tests of "slower than the margin" and of "not slower than the
    tolerance", each corrected over the family of cells and over scores. That
    tails are even says nothing of where the others lie."""
    d = np.array([pair["d"] for pair in pairs])
    return (flip_test(d - math.log1p(plan["margin"]), plan),
            flip_test(math.log1p(plan["tolerance"]) - d, plan, SCORES[:2]))


def figures_of(shown, seen_by, plan, family):
    """FIGURES of an estimate with its interval, and what the interval
    `seen_by` could have seen, ln: percent, or None."""
    error = stats.standard_error(*seen_by[1:], LEVEL)
    # each score has its own chance to alarm: so many tests at the most
    least = stats.detectable(error, math.log1p(plan["margin"]), plan["alpha"],
                             family * len(SCORES), plan["power"])
    return {name: number(stats.percent(x))
            for name, x in zip(FIGURES, (*shown, least))}


def measure(pair, contrast, plan, family):
    """What the pairs of one contrast show, before any verdict: percent;
    "estimates" has FIGURES by each score: pseudo-median, biweight, mean."""
    valid = ~np.isnan(pair["d"])
    d, first = pair["d"][valid], pair["base_first"][valid]
    row = {"cell": contrast["cell"], "role": contrast["role"],
           "n": int(valid.sum()), "lost": [x["text"] for x in pair["lost"]]}
    s = stats.slot_adjusted(d, first, LEVEL)
    row.update({f"{name}_percent": number(stats.percent(s[name]))
                for name in ("slot", "slot_low", "slot_high")})
    row["base_ns_per_op"] = number(np.median(pair["base_ns"][valid])) \
        if len(d) else None
    even = d - stats.biweight_slot(d, first, plan["cut"])
    if np.isnan(even).any():
        even = even[:0]  # all pairs in one order
    intervals = {"ranks": (s["estimate"], s["low"], s["high"]),
                 "biweight": stats.biweight_interval(even, LEVEL, plan["cut"]),
                 "tails": stats.mean_interval(even, LEVEL)}
    # What could be seen is by flips, which need no wider an interval.
    shown = intervals | {
        "biweight": stats.widened(intervals["biweight"], len(even))}
    row["estimates"] = {
        name: figures_of(shown[name], interval, plan, family)
        for name, interval in intervals.items()}
    return row


def speaker(row, slower_by, within_by, plan):
    """The score that a row's figures are of: that which shows most of what
    the row shows; of a row that shows nothing, that which came closest."""
    if row["p_slower"] <= plan["doubt" if slower_by == "tails" else "alpha"]:
        return slower_by
    if row["p_within"] <= plan["alpha"]:
        return within_by
    mdes = {name: row["estimates"][name]["mde_percent"]
            for name in SCORES[:2]}
    mdes = {name: mde for name, mde in mdes.items() if mde is not None}
    return min(mdes, key=mdes.get, default="ranks")


def number(value):
    """A float for JSON; a nan becomes None, never 0."""
    return None if math.isnan(value) else float(value)


def slot_is_off(row, plan):
    """True where the slot effect's interval lies outside the limit."""
    limit = 100.0 * plan["slot_limit"]
    if row["slot_low_percent"] is None:
        return False
    return row["slot_low_percent"] > limit or row["slot_high_percent"] < -limit


def is_slower(row, plan):
    """The rule of FAIL: shown beyond the margin, and large enough; of a mean,
    which bursts move, its interval says so, too."""
    if row["p_slower"] > plan["alpha"] or row["slowdown_percent"] is None:
        return False
    if row.get("by") == "tails" and not (row["low_percent"] or 0.0) > 0.0:
        return False
    return row["slowdown_percent"] >= 100.0 * plan["fail_at"]


def verdict_of(row, plan):
    """(verdict, words) of one gated or advised cell; the order matters:
    FAIL takes precedence over PASS."""
    if row["base_failed"]:
        return "INVALID", row["base_failed"]
    if row["head_failed"]:
        return "FAIL", row["head_failed"]
    if row["n"] < plan["min_pairs"]:
        return ("INCONCLUSIVE",
                f"n<{plan['min_pairs']}: {row['n']} pairs, lost: "
                + ("; ".join(row["lost"][:2]) or "none"))
    if slot_is_off(row, plan):
        return "INVALID", (f"slot effect {row['slot_percent']:+.2f} % "
                           "[{slot_low_percent:+.2f}, {slot_high_percent:+.2f}]"
                           .format(**row))
    if is_slower(row, plan):
        return "FAIL", f"slower by {row['slowdown_percent']:.2f} %" + (
            ", in some of its trials" if row.get("by") == "tails" else "")
    if row.get("by") == "tails":
        return "INCONCLUSIVE", ("slower in some of its trials, or chance: "
                                f"p = {row['p_slower']:.3f}")
    if row["p_within"] <= plan["alpha"]:
        faster = (row["high_percent"] is not None
                  and row["high_percent"] < -100.0 * plan["margin"])
        return "PASS", "faster" if faster else "less than {:.3g} % slower" \
            .format(100.0 * plan["tolerance"])
    return "INCONCLUSIVE", "undecided" + mde_of(row)


def mde_of(row):
    """What the row could have shown, in words; R28: never "no change"."""
    return "" if row["mde_percent"] is None \
        else f" (MDE {row['mde_percent']:.1f} %)"


def control_of(row, pair, plan):
    """(verdict, words) of a control: PASS or INVALID."""
    lost = row["base_failed"] or row["head_failed"]
    if lost:
        return "INVALID", lost
    if row["n"] < plan["min_pairs"]:
        return "INVALID", f"n<{plan['min_pairs']}: {row['n']} pairs"
    if slot_is_off(row, plan):
        return verdict_of(row, plan)
    if row["role"] == "control":
        extra = 100.0 * plan["control_extra"]
        return ("PASS", f"+{extra:.3g} % seen") if is_slower(row, plan) else (
            "INVALID", f"+{extra:.3g} % not seen" + mde_of(row))
    return equal_of(row, pair, plan)


def equal_of(row, pair, plan):
    """(verdict, words) of the A/A control. It passes where base is shown to
    agree with its copy; where it could not have seen a difference nothing is
    shown, and nothing passes."""
    margin, tolerance = (math.log1p(plan[n]) for n in ("margin", "tolerance"))
    both = flip_test(np.array([pair["d"] - margin, -pair["d"] - margin]), plan)
    row["p_either_way"] = float(min(both.p_max_t))
    if row["p_either_way"] <= plan["alpha"]:
        return "INVALID", "two copies of base differ by {:+.2f} %".format(
            row["slowdown_percent"])
    # both ends at alpha, uncorrected: "within" needs both (TOST)
    within = np.array([tolerance - pair["d"], tolerance + pair["d"]])
    row["p_equal"] = float(max(flip_test(within, plan, SCORES[:2]).p))
    limit = f"{100.0 * plan['tolerance']:.3g} %"
    if row["p_equal"] <= plan["alpha"]:
        return "PASS", f"agree within {limit}"
    return "INVALID", f"not shown to agree within {limit}" + mde_of(row)


def failure_of(pair, side):
    """First failed trial of one side in words, or None."""
    for lost in pair["lost"]:
        if lost["side"] == side and lost["failed"]:
            return lost["text"]
    return None


def judge(contrasts, rows, plan):
    """Rows with verdicts for the contrasts of one family."""
    return judge_pairs(contrasts, [pairs_of(rows, c, plan["blocks"])
                                   for c in contrasts], plan)


def judge_pairs(contrasts, pairs, plan):
    """The same, of what pairs_of() makes of each contrast."""
    if not pairs:
        return []
    slower, within = test_family(pairs, plan)
    result = []
    for i, (pair, contrast) in enumerate(zip(pairs, contrasts)):
        row = measure(pair, contrast, plan, len(pairs))
        row["p_slower"] = float(slower.p_max_t[i])
        row["p_within"] = float(within.p_max_t[i])
        row["by"] = speaker(row, SCORES[slower.by[i]],
                            SCORES[within.by[i]], plan)
        row.update(row["estimates"][row["by"]])
        row["base_failed"] = failure_of(pair, "base")
        row["head_failed"] = failure_of(pair, "head")
        if contrast["role"] in ("aa", "control"):
            row["verdict"], row["words"] = control_of(row, pair, plan)
        else:
            row["verdict"], row["words"] = verdict_of(row, plan)
        result.append(row)
    return result


def name_of(cell):
    """Short name of a cell: its map, then what tells it from others. What
    most cells have in common goes unsaid."""
    name, *parts = [part for part in cell.split("/")[1:]
                    if part not in COMMON and not COUNTED.fullmatch(part)]
    return " ".join([name] + [keys_in_words(part) for part in parts])


def keys_in_words(part):
    """"n65536" is "64Ki" keys, as a workload says it; others stay."""
    if part[:1] != "n" or not part[1:].isdigit():
        return part
    keys, unit = int(part[1:]), ""
    for larger in ("Ki", "Mi", "Gi"):
        if keys and keys % 1024 == 0:
            keys, unit = keys // 1024, larger
    return f"{keys}{unit}"


def verdict_of_run(gated, controls, skipped):
    """(verdict, reason) of the whole run from its rows.

    A head that fails its trials is FAIL whatever the controls say: that is
    no measurement. Then a control that is off makes the run INVALID: it is of
    the machine. A cell that is INVALID is so for itself: it leaves no PASS,
    and hides no FAIL of another one (docs/method.md, 5). A gated cell that
    was planned and not run leaves at best INCONCLUSIVE.
    """
    def those(rows, verdict):
        found = [ROLES[row["role"]] + name_of(row["cell"]) + ": "
                 + row["words"] for row in rows if row["verdict"] == verdict]
        return "; ".join(found) or None
    failed = those([row for row in gated if row["head_failed"]], "FAIL")
    if failed:
        return "FAIL", failed
    if not controls:
        return "INVALID", "no control was run"
    for verdict, rows in (("INVALID", controls), ("FAIL", gated),
                          ("INVALID", gated), ("INCONCLUSIVE", gated)):
        reason = those(rows, verdict)
        if reason:
            return verdict, reason
    for cell in skipped:
        if cell["role"] == "gate":
            return "INCONCLUSIVE", (f"{name_of(cell['cell'])} not run: "
                                    f"{cell['reason']}")
    return ("PASS", None) if gated else ("INVALID", "no cell was gated")


def decide(campaign, rows):
    """verdicts.json of a regress campaign: a dict, same input same output.

    Controls are judged one by one, gated cells as one family, cells that
    are advice as another; a cell that was planned and not run is in
    "skipped" with its reason.
    """
    plan, contrasts = campaign["plan"], campaign["contrasts"]

    def role(*names):
        return [c for c in contrasts if c["role"] in names]
    gated = judge(role("gate"), rows, plan)
    advice = judge(role("advice"), rows, plan)
    controls = [row for c in role("aa", "control")
                for row in judge([c], rows, plan)]
    trailers.accept(gated, campaign.get("notes", {}), name_of)
    verdict, reason = verdict_of_run(gated, controls,
                                     campaign["skipped"])
    return {"format": 1, "kind": "regress", "name": campaign["name"],
            "verdict": verdict, "reason": reason,
            "attempt": campaign["attempt"], "earlier": campaign["earlier"],
            "plan_sha256": campaign["plan_sha256"], "seed": campaign["seed"],
            "arms": campaign["arms"], "blocks": plan["blocks"],
            "alpha": plan["alpha"], "family": len(gated),
            "said": trailers.words(campaign.get("notes", {}), gated, name_of),
            "sized": campaign["sized"],
            "cells": gated, "advice": advice, "controls": controls,
            "same": campaign["same"], "skipped": campaign["skipped"]}
