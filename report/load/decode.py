# SPDX-License-Identifier: Apache-2.0
"""Decodes JSON into dataclasses, whose field types are the schema.

Supported types: str, int, float, bool, None, Enum, unions, tuple[T, ...], Mapping[str, T],
dataclasses, and Annotated[T, Range(...)]. Unknown JSON members are ignored; missing members take
the field's default. If a member's name is not valid in Python, the field's metadata contains
it as "name". Each type gets its decoder only once, which keeps journals of 10,000 lines
fast.
"""
import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, TypeVar

T = TypeVar("T")
Decoder = Callable[[object], typing.Any]  # a decoder of one type, which mypy cannot express
MOST = 2 ** 64  # the runner counts in 64 bits


@dataclasses.dataclass(frozen=True)
class Range:
    """Requires least <= value < MOST."""
    least: float


Count = Annotated[int, Range(0)]
Amount = Annotated[float, Range(0.0)]


class DecodeError(ValueError):
    """Raised if a value does not match. The text names the member and the expected values."""

    def __init__(self, expected: str, path: str = "") -> None:
        super().__init__(expected)
        self.expected, self.path = expected, path

    def __str__(self) -> str:
        return f"{self.path or 'value'}: expected {self.expected}"

    def below(self, name: str) -> "DecodeError":
        """Returns the same error with the path from the object that holds the value."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return DecodeError(self.expected, f"{name}{joint}{self.path}")


def decode(kind: type[T], value: object) -> T:
    """Decodes `value` as a `kind`. Raises DecodeError if the value does not match."""
    return typing.cast(T, decoder(typing.cast(typing.Hashable, kind))(value))


@functools.cache
def decoder(kind: typing.Any) -> Decoder:
    """Makes the function that decodes one type."""
    origin = typing.get_origin(kind)
    if origin is Annotated:
        return ranged(*typing.get_args(kind))
    if origin in (typing.Union, types.UnionType):
        return union(typing.get_args(kind))
    if origin is tuple:
        return sequence(decoder(typing.get_args(kind)[0]))
    if origin is not None and issubclass(origin, Mapping):
        return mapping(decoder(typing.get_args(kind)[1]))
    if dataclasses.is_dataclass(kind):
        return record(kind)
    if issubclass(kind, Enum):
        return enumeration(kind)
    return plain(kind)


def plain(kind: type) -> Decoder:
    """Decodes str, bool, int, float (which accepts an int) and None."""
    name = {"NoneType": "null", "str": "text", "bool": "true or false",
            "int": "an integer", "float": "a number"}[kind.__name__]

    def read(value: object) -> object:
        if type(value) is kind:  # noqa: E721, a bool is an int for isinstance()
            return value
        if kind is float and type(value) is int:
            return float(value)
        raise DecodeError(name)
    return read


def ranged(kind: type, limit: Range) -> Decoder:
    """Decodes a number within a range."""
    read_number, least = decoder(kind), limit.least

    def read(value: object) -> object:
        number = value if type(value) is kind else read_number(value)  # noqa: E721
        if least <= number < MOST:  # false if the number is nan
            return number
        raise DecodeError(f"{least:g} to 2^64")
    return read


def union(kinds: tuple[typing.Any, ...]) -> Decoder:
    """Decodes the first type that matches, after trying None."""
    nullable = types.NoneType in kinds
    readers = [decoder(k) for k in kinds if k not in (types.NoneType,)]

    def read(value: object) -> object:
        if value is None and nullable:
            return None
        for reader in readers[:-1]:
            try:
                return reader(value)
            except DecodeError:
                pass
        return readers[-1](value)
    return read


def sequence(read_item: Decoder) -> Decoder:
    """Decodes a list as a tuple."""
    def read(value: object) -> object:
        if not isinstance(value, list):
            raise DecodeError("a list")
        items = []
        for i, item in enumerate(value):
            try:
                items.append(read_item(item))
            except DecodeError as error:
                raise error.below(f"[{i}]") from None
        return tuple(items)
    return read


def mapping(read_item: Decoder) -> Decoder:
    """Decodes an object whose member names are data."""
    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise DecodeError("an object")
        items = {}
        for name, item in value.items():
            try:
                items[name] = read_item(item)
            except DecodeError as error:
                raise error.below(name) from None
        return items
    return read


def enumeration(kind: type[Enum]) -> Decoder:
    """Decodes one of the values of an Enum."""
    def read(value: object) -> object:
        try:
            return kind(value)
        except ValueError:
            raise DecodeError(", ".join(str(e.value) for e in kind)) from None
    return read


def as_is(kind: typing.Any) -> frozenset[type]:
    """Returns the types whose values need no decoding. Most members of a journal have such a
    type."""
    kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return frozenset(k for k in kinds if k in (str, int, float, bool, types.NoneType))


def record(kind: typing.Any) -> Decoder:
    """Decodes an object as a dataclass."""
    hints = typing.get_type_hints(kind, include_extras=True)
    members = [(f.name, f.metadata.get("name", f.name), decoder(hints[f.name]),
                as_is(hints[f.name])) for f in dataclasses.fields(kind)]
    needed = {f.name for f in dataclasses.fields(kind)
              if f.default is dataclasses.MISSING
              and f.default_factory is dataclasses.MISSING}

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise DecodeError("an object")
        found = {}
        for field, name, read_member, ready in members:
            if name not in value:
                if field in needed:
                    raise DecodeError("a value, but it is missing", name)
                continue
            member = value[name]
            if type(member) in ready:
                found[field] = member
                continue
            try:
                found[field] = read_member(member)
            except DecodeError as error:
                raise error.below(name) from None
        return kind(**found)
    return read
