# SPDX-License-Identifier: Apache-2.0
"""Tests the reader of the ledger's files."""
import re

import pytest

from report.claims import text as reader


def number(text):
    if text == "7":
        raise reader.Wrong("7: expected no 7")
    return int(text)


FORM = reader.Form(
    re.compile("[a-z]+"), "a claim, e.g. one", frozenset({"blocks", "kind", "cells", "text"}),
    lists=("cells",), words={"kind": ("ratio", "order")},
    readers={"blocks": (number, "a whole number"), "kind": (str.upper, "a kind")})


def read(tmp_path, *lines):
    file = tmp_path / "a.conf"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(reader.read_all([file], FORM))


def test_keys_before_the_first_section_apply_to_all(tmp_path):
    found = read(tmp_path, "# a file", "blocks = 1000", "cells = a", "cells = b", "", "[one]",
                 "text = a = b", "[two]", "blocks = 2000", "cells = c", "cells = d")
    assert found == [
        ("a.conf:6", "one", {"blocks": 1000, "cells": ("a", "b"), "text": "a = b"}),
        ("a.conf:8", "two", {"blocks": 2000, "cells": ("c", "d")})]
    assert read(tmp_path, "blocks = 1000") == [] == read(tmp_path)


def test_comments_end_a_line_and_backslashes_join_two(tmp_path):
    file = tmp_path / "a.conf"
    file.write_text("# all \\\n\n  text = a#b \\ # more\n\tc\\\n  d # e\n"
                    "   \nkind = order\nblocks = 1 \\\n\n", encoding="utf-8")
    assert list(reader.lines_of(file)) == [
        ("a.conf:3", "text = a#b c d"), ("a.conf:7", "kind = order"), ("a.conf:8", "blocks = 1 ")]


@pytest.mark.parametrize("lines,expected", [
    (["[One]"], "a.conf:1: [One]: expected the id of a claim, e.g. one"),
    (["[one]", "blocks = many"], "a.conf:2: blocks = many: expected a whole number"),
    (["", "blocks = 7"], "a.conf:2: blocks = 7: expected no 7"),
    (["[one]", "kind = odd"], "a.conf:2: kind = odd: expected one of ratio, order"),
    (["text = \\", " a", "size = 1"], "a.conf:3: size = 1: expected KEY = VALUE, KEY one of "
     "blocks, cells, kind, text"),
    (["size = " + "1" * 90], f"a.conf:1: size = {'1' * 53}: expected KEY = VALUE, KEY one of "
     "blocks, cells, kind, text"),
    (["text = any", "[one]", "text = own", "text = other"],
     "a.conf:4: text is set twice: expected it once"),
    (["[one]", "[one]"], "a.conf:2: [one] is also in a.conf:1"),
    (["[one]", "text = x \\"],
     "a.conf:2: text = x : expected another line after the backslash")])
def test_errors_have_their_line(tmp_path, lines, expected):
    with pytest.raises(reader.LedgerError) as raised:
        read(tmp_path, *lines)
    assert str(raised.value) == expected
