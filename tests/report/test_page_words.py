# SPDX-License-Identifier: Apache-2.0
"""What pages with the rare cases and commands of report/ say is what was kept
of it (page_words.py); those that others build are in test_shapes.py and
test_lint_reach.py.

slow: builds six reports; not part of `make check`.
"""
import page_words
import pytest


@pytest.mark.parametrize("name", page_words.OTHERS)
def test_what_is_said_is_what_was_kept(tmp_path, name):
    found = page_words.parts(page_words.OTHERS[name](tmp_path), tmp_path)
    assert len(found) > 0
    assert page_words.differs(name, found) == {}


def test_each_name_has_its_parts_and_no_other():
    assert page_words.kept().keys() == page_words.pages().keys()
