# SPDX-License-Identifier: Apache-2.0
"""Formats an answer as JSON, with all numbers of the paragraph (docs/reference/advise.md)."""
from collections.abc import Mapping

from report.advise import text, workload
from report.advise.decide import Answer, Corner
from report.advise.questions import FACTORS, Spot
from report.load import strict_json
from report.model.encode import Json, plain
from report.model.number import Estimate
from report.workload_values import key_of, text_of

FORMAT = 2


def place_json(spot: Spot) -> Mapping[str, Json]:
    """Formats a place in the notation of workload files."""
    return {key_of(f): text_of(f, spot.value(f)) for f in FACTORS}


def rate(c: Corner, name: str | None) -> Estimate | None:
    """Returns the rate of a map at a measured place."""
    entry = c.group.entry(name) if name else None
    return entry.rate if entry else None


def corner(c: Corner) -> dict[str, Json]:
    """Formats a measured place that the answer uses."""
    second = c.second.against if c.second else None
    return {"place": dict(place_json(c.spot)), "outcome": c.group.outcome.value,
            "front": plain(c.group.front), "first": c.group.leader, "second": second,
            "ratio": plain(c.second.ratio if c.second else None),
            "first_rate": plain(rate(c, c.group.leader)), "second_rate": plain(rate(c, second)),
            "cells": plain(c.cells)}


def document(a: Answer) -> str:
    """Formats the whole answer. Rates are in operations/s; ratios are first / second choice."""
    refusal = a.refusal and {
        "reason": a.refusal.reason.value, "factor": key_of(a.refusal.factor), "why": text.why(a),
        "asked": None if a.refusal.asked is None else text_of(a.refusal.factor, a.refusal.asked),
        "measured": [text_of(a.refusal.factor, v) for v in a.refusal.measured]}
    flips = [{"factor": key_of(f.factor), "value": text_of(f.factor, f.value), "leader": f.leader,
              "steps": f.steps, "cell": f.cell} for f in a.flips]
    trust = a.trust and {"verdict": a.trust.verdict.value,
                         "checks": [plain(c) for c in a.trust.checks]}
    return strict_json.dumps({
        "format": FORMAT, "question": place_json(a.question), "needs": a.needs,
        "word": a.word.value, "front": a.front, "between": [key_of(f) for f in a.between],
        "measured": [corner(c) for c in a.corners], "flips": flips, "left_out": a.lacking,
        "trust": trust, "unknown": text.unknown(a), "refusal": refusal,
        "paragraph": text.text_of_answer(a), "workload": workload.text(a),
        "commands": workload.commands(a)}, indent=1)
