# SPDX-License-Identifier: Apache-2.0
"""Shapes of campaigns, and what a report of each may not say.

Each file of shapes/ alters a synthetic campaign and holds regular
expressions of sentences that would contradict its rows; they were written
from docs/verdicts.md, not from what the report says.

slow: builds 54 reports; not part of `make check`.
"""
import re

import page_words
import pytest
from make_shape import SHAPES, Shape, statements
from report_helpers import Built

from report import lint

FILES = sorted(SHAPES.glob("*.txt"))


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """shape's file -> (shape, folder, statements), each built once."""
    made = {}

    def build(path):
        if path not in made:
            shape = Shape(path)
            folder = shape.make(tmp_path_factory.mktemp("shape"))
            built = Built(folder)
            assert built.status in (0, 3), built.error
            (folder / "terminal").write_text("\n".join(built.said))
            made[path] = shape, folder, statements(folder, built.said)
        return made[path]
    return build


def test_there_are_forty_shapes():
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_forbidden_sentence(said, path):
    shape, _, lines = said(path)
    assert shape.forbidden
    wrong = [(p, line[:300]) for p in shape.forbidden for line in lines
             if re.search(p, line)]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_what_has_to_be_said(said, path):
    shape, _, lines = said(path)
    claim = [line for line in lines if line.startswith("claim")]
    missing = [p for p in shape.required
               if not any(re.search(p, line) for line in lines)]
    assert not missing, claim


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_word_follows_from_the_rows(said, path):
    _, folder, _ = said(path)
    log = lint.lint(folder, folder / "terminal")
    assert not [f.text() for f in log.findings]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_page_says_what_was_kept_of_it(said, path):
    """Each word and number: `make golden-said` after a change of these."""
    _, folder, lines = said(path)
    assert page_words.differs(path.stem, page_words.parts(
        lines, folder.parent)) == {}
