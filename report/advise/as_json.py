# SPDX-License-Identifier: Apache-2.0
"""An answer as JSON: the numbers behind the paragraph (docs/advise.md)."""
from report.advise import questions, say, workload
from report.advise.questions import FACTORS

FORMAT = 1
CORNER = ("word", "front", "first", "first_mops", "first_low", "first_high",
          "second", "ratio", "low", "high", "n", "second_mops", "second_low",
          "second_high", "cells")


def written(place):
    """A place as workload files write it."""
    return {questions.name_of(f): questions.written(f, v)
            for f, v in zip(FACTORS, place)}


def flip(found):
    return {"factor": questions.name_of(found["factor"]),
            "value": questions.written(found["factor"], found["value"])} | {
                k: found[k] for k in ("leader", "word", "steps", "cell")}


def refusal(found):
    if found is None:
        return None
    known = found.factor in FACTORS
    as_text = (lambda v: questions.written(found.factor, v)) if known else str
    return {"factor": questions.name_of(found.factor) if known
            else found.factor, "why": found.why,
            "asked": None if found.asked is None else as_text(found.asked),
            "measured": [as_text(v) for v in found.measured]}


def of(result, told, file, wanted, left):
    """told -- the paragraph; file -- of a workload; left -- stages left
    out."""
    return {
        "format": FORMAT, "question": written(result["asked"]),
        "needs": list(wanted), "word": result["word"],
        "front": result["front"], "between": [
            questions.name_of(f) for f in result["between"]],
        "measured": [{k: c[k] for k in CORNER}
                     | {"place": written(c["place"])}
                     for c in result["corners"]],
        "flips": [flip(f) for f in result["flips"]],
        "left_out": {m: dict(whys)
                     for m, whys in sorted(result["lacking"].items())},
        "trust": result["trust"] and {
            k: result["trust"][k] for k in ("word", "why")},
        "unknown": ([] if result["refusal"]
                    else say.unknown(result, left)),
        "refusal": refusal(result["refusal"]), "paragraph": told,
        "workload": file, "commands": workload.commands(
            result["a"], result["asked"], wanted)}
