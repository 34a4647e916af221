# SPDX-License-Identifier: Apache-2.0
"""Formats an answer as plain text; the sentences are in templates/answer.j2."""
import shlex
import textwrap
from pathlib import Path

from report import templates
from report.advise import needs, places, questions
from report.advise.decide import Answer, Corner, Word
from report.decide import cards
from report.load import seal
from report.model.cards import full_names, renamed
from report.workload_values import Value, in_words, key_of, listed, text_of

FOLDER = Path(__file__).with_name("templates")
WIDTH = 78
FEW = 2  # number of corners that are printed in full


def sentence(macro: str, answer: Answer, **values: object) -> str:
    """Renders a macro of answer.j2 as one line."""
    return templates.sentence(FOLDER, "answer.j2", macro, a=answer, **values)


def wrapped(text: str, indent: str = "") -> list[str]:
    """Wraps text into lines without breaks inside ids of cells or between a number and its unit."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)


def shown(a: Answer) -> list[tuple[str, Corner]]:
    """Returns the corners to print in full: all if there are few, otherwise the nearest one and
    the one with the smallest lead."""
    if len(a.corners) <= FEW:
        return [("", c) for c in a.corners]
    spot = places.nearest([c.spot for c in a.corners], a.question)
    near = next(c for c in a.corners if c.spot == spot)
    least = min(a.corners, key=lambda c: (c.weakest and c.weakest.low) or float("inf"))
    rest = [("the least certain, ", least)] if least is not near else []
    return [("the nearest, ", near), *rest]


def ends(a: Answer) -> str:
    """Formats the ranges of the factors that differ among the measured places around the question,
    such as "keys 1Ki and 64Ki, threads 1 and 2"."""
    spots = [c.spot for c in a.corners]
    return ", ".join(f"{key_of(f)} " + listed(text_of(f, v) for v in places.values_of(spots, f))
                     for f in a.between)


def common(a: Answer) -> list[str]:
    """Returns the maps that are in the leading group at every corner."""
    return [m for m in a.corners[0].group.front if all(m in c.group.front for c in a.corners)]


def fixed(a: Answer) -> list[tuple[str, Value]]:
    """Returns the factors of a question that have a single value in the campaign."""
    found = [(axis.factor, places.values_of(a.known, axis.factor)) for axis in questions.AXES]
    return [(factor, values[0]) for factor, values in found if len(values) == 1]


def unknown(a: Answer) -> list[str]:
    """Lists everything that the answer leaves open."""
    if a.refusal:
        return []
    module = templates.environment(FOLDER).get_template("answer.j2").module
    text: str = getattr(module, "unknown")(a, fixed(a))
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def lacking(a: Answer) -> str:
    """Describes the maps that the needs exclude."""
    references = [m.id for m in a.campaign.maps.values() if m.bound or m.misuse]
    return sentence("lacking", a, texts=needs.TEXTS, references=references)


def why(a: Answer) -> str:
    """Explains why a question has no answer."""
    if a.refusal is None:
        return a.word.value
    held = [in_words(f, a.question.value(f)) for f in a.refusal.held]
    return sentence("why", a, held=held)


def next_step(a: Answer) -> list[str]:
    """Returns a line with the next step if the journal is damaged or the maps are not ranked."""
    if a.campaign.problems:
        return [f"Next: {seal.advice(a.campaign.path)}"]
    if a.word not in (Word.OPEN, Word.ALONE):
        return []
    if a.campaign.pending and not (a.campaign.path / "stages.json").exists():
        return [f"Next: readmostly run -o {shlex.quote(str(a.campaign.path))} --resume"]
    return ["Next: the same command with --workload >more.conf, then readmostly run more.conf"]


def text_of_answer(a: Answer) -> str:
    """Formats the answer as one paragraph; for a refusal, the reason."""
    place = questions.in_words(a.question)
    if a.refusal:
        return f"refused: {why(a)}; the question was: {place}. {lacking(a)}".strip()
    parts = [sentence("choice", a, place=place, ends=ends(a), shown=shown(a), common=common(a)),
             sentence("changes", a), sentence("cells", a) + ".", lacking(a), sentence("trust", a)]
    if a.word is not Word.INVALID:
        parts.append(f"Not known: {'; '.join(unknown(a))}.")
    lines = wrapped(renamed(" ".join(p for p in parts if p), full_names(
        cards.all_cards(a.campaign))))
    return "\n".join([*lines, *next_step(a)])
