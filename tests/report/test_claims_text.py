# SPDX-License-Identifier: Apache-2.0
"""The reader of the ledger's files: every line of its docstrings."""
import re
from types import SimpleNamespace as Made

import pytest

from report.claims import text as reader


def number(text):
    if text == "7":
        raise reader.Wrong("7: expected no 7")
    return int(text)


FORM = reader.Form(
    re.compile("[a-z]+"), "a claim, e.g. one",
    frozenset({"blocks", "kind", "cells", "text"}), lists=("cells",),
    words={"kind": ("ratio", "order")},
    readers={"blocks": (number, "a whole number"),
             "kind": (str.upper, "a kind")})


def read(tmp_path, *lines):
    file = tmp_path / "a.conf"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return reader.sections(file, FORM)


def test_keys_before_the_first_section_hold_for_all(tmp_path):
    assert read(tmp_path, "# a file", "blocks = 1000", "", "[one]",
                "text = a = b", "[two]", "blocks = 2000") == [
        ("a.conf:4", "one", {"blocks": 1000, "text": "a = b"}),
        ("a.conf:6", "two", {"blocks": 2000})]


def test_a_file_without_a_section_has_none(tmp_path):
    assert read(tmp_path, "blocks = 1000") == [] == read(tmp_path)


def test_a_section_says_lists_anew_and_adds_up(tmp_path):
    found = read(tmp_path, "cells = a", "cells = b", "[one]", "[two]",
                 "cells = c", "cells = d", "[three]")
    assert [keys["cells"] for _, _, keys in found] == [
        ("a", "b"), ("c", "d"), ("a", "b")]


def test_comments_end_a_line_and_backslashes_join_two(tmp_path):
    file = tmp_path / "a.conf"
    file.write_text("# all \\\n\n  text = a#b \\ # more\n\tc\\\n  d # e\n"
                    "   \nkind = order\nblocks = 1 \\\n\n", encoding="utf-8")
    assert list(reader.lines_of(file)) == [
        ("a.conf:3", "text = a#b c d"), ("a.conf:7", "kind = order"),
        ("a.conf:8", "blocks = 1 ")]


@pytest.mark.parametrize("lines,said", [
    (["[One]"], "a.conf:1: [One]: expected the id of a claim, e.g. one"),
    (["[one two]"],
     "a.conf:1: [one two]: expected the id of a claim, e.g. one"),
    (["[one]", "blocks = many"],
     "a.conf:2: blocks = many: expected a whole number"),
    (["", "blocks = 7"], "a.conf:2: blocks = 7: expected no 7"),
    (["[one]", "kind = odd"],
     "a.conf:2: kind = odd: expected one of ratio, order"),
    (["text = \\", " a", "size = 1"], "a.conf:3: size = 1: expected KEY = "
     "VALUE, KEY one of blocks, cells, kind, text"),
    (["blocks ="], "a.conf:1: blocks =: expected KEY = VALUE, KEY one of "
     "blocks, cells, kind, text"),
    (["blocks"], "a.conf:1: blocks: expected KEY = VALUE, KEY one of blocks, "
     "cells, kind, text"),
    (["size = " + "1" * 90], f"a.conf:1: size = {'1' * 53}: expected KEY = "
     "VALUE, KEY one of blocks, cells, kind, text"),
    (["text = a", "text = a"],
     "a.conf:2: text is there twice: expected it once"),
    (["[one]", "text = a", "", "text = b"],
     "a.conf:4: text is there twice: expected it once"),
    (["text = any", "[one]", "text = own", "text = other"],
     "a.conf:4: text is there twice: expected it once")])
def test_a_mistake_is_told_at_its_line(tmp_path, lines, said):
    with pytest.raises(reader.LedgerError) as told:
        read(tmp_path, *lines)
    assert str(told.value) == said


def test_a_value_is_read_by_its_key():
    assert FORM.setting(" kind=order ", "x") == ("kind", "ORDER")
    assert FORM.setting("text = 7", "x") == ("text", "7")
    assert FORM.setting("blocks = 70", "x") == ("blocks", 70)


def test_some_keys_alone_may_be_asked_for():
    with pytest.raises(reader.LedgerError, match="x: text = a: expected KEY "
                       "= VALUE, KEY one of blocks, kind$"):
        FORM.setting("text = a", "x", {"kind", "blocks"})
    assert FORM.setting("kind = ratio", "x", {"kind"}) == ("kind", "RATIO")


def test_what_a_section_lacks_is_named():
    known = {"a": 1, "b": "", "c": None}
    reader.lacking("f:1", "one", "a ratio", known.get, ["a"])
    with pytest.raises(reader.LedgerError) as told:
        reader.lacking("f:1", "one", "a ratio", known.get, ["a", "b", "c"])
    assert str(told.value) == "f:1: [one] lacks b, c: a ratio needs it"


def test_an_id_stands_once():
    found, first = {}, Made(id="one", place="f:1")
    reader.once(found, first)
    reader.once(found, Made(id="two", place="f:2"))
    assert list(found) == ["one", "two"]
    with pytest.raises(reader.LedgerError) as told:
        reader.once(found, Made(id="one", place="g:9"))
    assert str(told.value) == "g:9: [one] stands in f:1, too"
    assert found["one"] is first


@pytest.mark.parametrize("first", ["5", "6", "500"])
def test_a_value_like_the_files_own_is_the_sections_too(tmp_path, first):
    with pytest.raises(reader.LedgerError, match=re.escape(
            "a.conf:4: blocks is there twice: expected it once")):
        read(tmp_path, "blocks = 5", "[one]", f"blocks = {first}",
             "blocks = 8")


def test_a_last_line_that_goes_on_is_refused(tmp_path):
    with pytest.raises(reader.LedgerError, match=re.escape(
            "a.conf:2: text = x : expected another line behind the "
            "backslash")):
        read(tmp_path, "[one]", "text = x \\")
