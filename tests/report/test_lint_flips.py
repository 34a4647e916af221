# SPDX-License-Identifier: Apache-2.0
"""Fields of the flip map as the linter judges them (report/lint/flips.py):
the word for a lead at its limits, each word that a field may have, and the
alternative text, of fields that are made by hand."""
from types import SimpleNamespace as Made

import pytest
from report_helpers import build

from report.lint import flips, lint
from report.lint.log import Log


def field(side, low=None, high=None, centre=1.0, n=8):
    """Of base x and contender y."""
    return Made(side=side, base="x", other="y", group="g",
                ahead={"contender": "y", "base": "x"}.get(side),
                pair=Made(low=low, high=high, centre=centre, n=n),
                told=lambda: side)


@pytest.mark.parametrize("low,high,word", [
    (1.10, 2.0, "clear lead"), (1.0999, 2.0, "lead of uncertain size"),
    (1.0999, 1.10, "lead of uncertain size"), (1.03, 1.0999, "small lead")])
def test_a_lead_has_the_word_of_its_interval(low, high, word):
    """Of the base by the ratio the other way round."""
    assert flips.lead_word(field("contender", low, high)) == word
    if word != "clear lead":
        base = field("base", 1 / high, 1 / low)
        assert flips.lead_word(base) == word
    assert flips.lead_word(field("base", 0.5, 0.9)) == "clear lead"
    assert flips.lead_word(field("base", 0.5, 0.95)) == (
        "lead of uncertain size")
    assert flips.lead_word(field("base", 0.92, 0.95)) == "small lead"


@pytest.mark.parametrize("text,sides", [
    ("y leads", ["contender"]), ("x leads", ["base"]),
    ("contender", ["contender"]), ("base", ["base"]), ("y", ["contender"]),
    ("x", ["base"]), ("clear lead", ["contender", "base"]),
    ("small lead", []), ("not told apart", ["tied"]),
    ("tied (MDE 3 %)", ["tied"]), (" tied ", ["tied"]),
    ("n < 6", ["no interval"]), ("not run", ["no interval"])])
def test_a_fields_word_follows_from_its_interval(text, sides):
    for side, low, high in (("contender", 2, 3), ("base", 0.3, 0.5),
                            ("tied", 0.99, 1.01),
                            ("no interval", None, None)):
        c = Made(log=Log())
        flips.side_word(c, "file", "said", field(side, low, high), text)
        assert not c.log.unread, text
        assert (not c.log.findings) == (side in sides), (text, side)


def test_a_word_that_nobody_knows_is_not_judged():
    c = Made(log=Log())
    flips.side_word(c, "file", "said", field("tied"), "perhaps")
    assert c.log.unread and not c.log.findings


@pytest.mark.parametrize("style,width", [
    ("fill: none; stroke: var(--ink); stroke-width: 2.2", 2.2),
    ("fill: none; stroke: #1b1f24; stroke-width: 2", 2),
    ("fill: none; stroke: #ffffff; stroke-width: 2", 0),
    ("stroke: var(--ink); stroke-width: 2", 0),
    ("fill: none; stroke: var(--ink)", 0)])
def test_a_heavy_line_is_of_ink_and_not_filled(style, width):
    assert flips.weight({"style": style}) == width


FIELDS = [field("contender", centre=7.0), field("contender", centre=2.0),
          field("base", centre=0.5), field("tied"),
          field("no interval", n=0)]


@pytest.mark.parametrize("text,valid,right", [
    ("y leads in 2 of 4 measured fields, x in 1; from 0.500 to 7.00 times "
     "x.", True, True),
    ("y leads in 2 of 5 measured fields, x in 1; from 0.500 to 7.00 times "
     "x.", True, False),
    ("y leads in 3 of 4 measured fields, x in 1; from 0.500 to 7.00 times "
     "x.", True, False),
    ("y leads in 2 of 4 measured fields, x in 2; from 0.500 to 7.00 times "
     "x.", True, False),
    ("y leads in 2 of 4 measured fields, x in 1; from 0.500 to 2.00 times "
     "x.", True, False),
    ("4 ratios, no winner: a control failed.", False, True),
    ("4 ratios, no winner: a control failed.", True, False),
    ("5 ratios, no winner: a control failed.", False, False),
    ("No field was measured.", True, False)])
def test_the_text_counts_the_fields_that_were_measured(text, valid, right):
    c = Made(log=Log(), base="x", contender="y",
             page=Made(verdicts={"valid": valid}))
    flips.alt(c, Made(alt=text, name="panel"), FIELDS)
    assert (not c.log.findings) == right


def test_without_a_measured_field_the_text_says_so():
    c = Made(log=Log(), base="x", contender="y", page=Made(verdicts={}))
    flips.alt(c, Made(alt="No field was measured.", name="p"), FIELDS[4:])
    assert not c.log.findings


def test_a_flip_without_its_heavy_line_is_found(tmp_path):
    """One map leads at one thread, the other at two: one line, drawn thin."""
    built = build(tmp_path, maps=("gomap_rw", "syncmap"), blocks=7, plant={
        "mops": lambda c, b: (1 + b / 100) * (
            3 if (c["map"] == "syncmap") == (c["threads"] > 1) else 1)})
    assert not lint(tmp_path).findings
    file, ink = built.out / "index.html", "stroke: var(--ink); stroke-width: "
    before, _, panel = built.page.partition("Flip map: ")
    assert panel.split("</svg>")[0].count(f"{ink}2.4") == 1
    file.write_text(before + "Flip map: " + panel.replace(
        f"{ink}2.4", f"{ink}0.8", 1), encoding="utf-8")
    assert [f for f in lint(tmp_path).lines() if "0 heavy segments" in f]
