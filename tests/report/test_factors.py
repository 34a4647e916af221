# SPDX-License-Identifier: Apache-2.0
"""Facts about the members that a cell may have, and what they are called."""
import types

import pytest

from report import factors


def cell(**other):
    return types.SimpleNamespace(**factors.OPTIONAL | other)


def test_what_is_as_usual_is_not_said():
    assert factors.told(cell()) == ""
    assert factors.unusual(factors.optional(cell())) == []
    assert factors.optional(cell()) == tuple(factors.OPTIONAL.values())


@pytest.mark.parametrize("name", factors.OPTIONAL)
def test_what_is_not_as_usual_is_said_by_its_name(name):
    """An allocator is called by its own: nobody says "allocator jemalloc"."""
    text = "jemalloc" if name == "allocator" else \
        f"{name.replace('_', ' ')} jemalloc"
    assert factors.told(cell(**{name: "jemalloc"})) == f", {text}"


def test_several_are_said_in_their_order():
    one, two = list(factors.OPTIONAL)[:2]
    alone = [factors.told(cell(**{name: "x"})) for name in (one, two)]
    assert factors.told(cell(**{two: "x", one: "x"})) == "".join(alone)


@pytest.mark.parametrize("shape, lengths", [
    ("u64x8", (8, 8)), ("u64x1024", (8, 1024)), ("str16x8", (16, 8)),
    ("str64x1024", (64, 1024)), ("str64x10240", (8, 8)), ("other", (8, 8)),
    ("str6x8", (8, 8)), ("xu64x64", (8, 8))])
def test_a_shape_has_the_bytes_of_a_key_and_of_a_value(shape, lengths):
    assert factors.lengths(shape) == lengths
