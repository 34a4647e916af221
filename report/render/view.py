# SPDX-License-Identifier: Apache-2.0
"""Wraps the model for templates, so that every number has its path in verdicts.json.

The parts of a path are separated by dots: answer.rate.value, board.0.slower. The last part may be
`margin`, for that property of an estimate, or `#`, for a length.
"""
import dataclasses
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple, NoReturn


class Number:
    """A number and its path. The object compares like a number, but can only be printed with a
    format: templates write `n | num("mops")`."""
    __slots__ = ("value", "ref")

    def __init__(self, value: float, ref: str) -> None:
        self.value = value
        self.ref = ref

    def __str__(self) -> NoReturn:
        raise TypeError(f"{self.ref}: print a number with the filter num")

    def __format__(self, _: str) -> NoReturn:
        str(self)
        raise AssertionError

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return self.value != 0

    def __eq__(self, other: object) -> bool:
        return self.value == bare(other)

    def __lt__(self, other: object) -> bool:
        return self.value < bare(other)

    def __le__(self, other: object) -> bool:
        return self.value <= bare(other)

    def __gt__(self, other: object) -> bool:
        return self.value > bare(other)

    def __ge__(self, other: object) -> bool:
        return self.value >= bare(other)


def bare(other: object) -> float:
    """Returns the plain value of a number or a Number."""
    if isinstance(other, Number):
        return other.value
    if isinstance(other, (int, float)):
        return other
    return float("nan")


class View:
    """A dataclass of the model. Its attributes are wrapped."""
    __slots__ = ("_item", "_ref")

    def __init__(self, item: object, ref: str) -> None:
        self._item = item
        self._ref = ref

    def __getattr__(self, name: str) -> object:
        below = f"{self._ref}.{name}" if self._ref else name
        return wrapped(getattr(self._item, name), below)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, View) and self._item == other._item

    def __hash__(self) -> int:
        return hash(self._ref)

    def __str__(self) -> NoReturn:
        raise TypeError(f"{self._ref}: print one of its fields")


class Views:
    """A tuple of the model. Its items are wrapped."""
    __slots__ = ("_items", "_ref")

    def __init__(self, items: tuple[object, ...], ref: str) -> None:
        self._items = items
        self._ref = ref

    def __getitem__(self, index: int) -> object:
        return wrapped(self._items[index], f"{self._ref}.{index}")

    def __iter__(self) -> Iterator[object]:
        return (self[i] for i in range(len(self._items)))

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    @property
    def total(self) -> Number:
        """Length of the tuple, for printing."""
        return Number(len(self._items), f"{self._ref}.#")


def wrapped(value: object, ref: str) -> object:
    """Wraps a part of the model with its path; texts and enumerated words stay unchanged."""
    if value is None or isinstance(value, (bool, str, Enum)):
        return value
    if isinstance(value, (int, float)):
        return Number(value, ref)
    if isinstance(value, tuple):
        return Views(value, ref)
    if dataclasses.is_dataclass(value):
        return View(value, ref)
    raise TypeError(f"{ref}: {type(value).__name__} in the model")


class Cell(NamedTuple):
    """A value in a table, and its path in verdicts.json."""
    value: object
    ref: str

    @property
    def view(self) -> object:
        """The value as templates need it."""
        return wrapped(self.value, self.ref)
