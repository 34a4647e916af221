# SPDX-License-Identifier: Apache-2.0
"""Encodes the model as JSON, and generates the JSON schema from its classes."""
import dataclasses
import sys
import types
import typing
from collections.abc import Iterator
from enum import Enum

from report.load import strict_json

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
PLAIN: dict[object, str] = {str: "string", bool: "boolean", int: "integer",
                            float: "number", type(None): "null"}


def plain(item: object) -> Json:
    """Converts dataclasses to objects, tuples to lists, enumerated words to strings."""
    if isinstance(item, Enum):
        return plain(item.value)
    if item is None or isinstance(item, (bool, int, float, str)):
        return item
    if isinstance(item, tuple):
        return [plain(part) for part in item]
    if dataclasses.is_dataclass(item):
        return {field.name: plain(getattr(item, field.name))
                for field in dataclasses.fields(item)}
    raise TypeError(f"{type(item).__name__}: not part of a model")


def to_json(item: object) -> str:
    """Encodes a dataclass as JSON. Raises ValueError if a number is NaN or infinite."""
    return strict_json.dumps(plain(item), indent=1) + "\n"


def schema(cls: type, name: str) -> dict[str, Json]:
    """Returns the JSON schema (2020-12) of a dataclass; `name` is the name of its file.
    Raises ValueError if two dataclasses in the schema have the same name."""
    definitions: dict[str, Json] = {}
    for one in reached(cls):
        if one.__name__ in definitions:
            raise ValueError(f"{cls.__name__}: two dataclasses {one.__name__}")
        definitions[one.__name__] = properties(one)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": name, "title": cls.__name__,
            "$ref": f"#/$defs/{cls.__name__}", "$defs": definitions}


def schema_text(cls: type, name: str) -> str:
    """Formats the schema with one line for each dataclass."""
    whole = schema(cls, name)
    definitions = whole.pop("$defs")
    assert isinstance(definitions, dict)
    lines = [f'  "{key}": {strict_json.dumps(value)}' for key, value in definitions.items()]
    return (strict_json.dumps(whole)[:-1] + ',\n "$defs": {\n' + ",\n".join(lines) + "\n}}\n")


def properties(cls: type) -> Json:
    """Returns the schema of one dataclass, in which all fields are required."""
    hints = typing.get_type_hints(cls, vars(sys.modules[cls.__module__]))
    names: list[Json] = list(hints)
    fields: dict[str, Json] = {name: of_hint(hints[name]) for name in hints}
    return {"type": "object", "additionalProperties": False,
            "required": names, "properties": fields}


def of_hint(hint: object) -> Json:
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    args = typing.get_args(hint)
    if isinstance(hint, types.UnionType):
        return {"anyOf": [of_hint(one) for one in args]}
    if typing.get_origin(hint) is tuple:
        if args[-1] is Ellipsis:
            return {"type": "array", "items": of_hint(args[0])}
        return {"type": "array", "prefixItems": [of_hint(one) for one in args],
                "items": False, "minItems": len(args)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [plain(word) for word in hint]}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return {"$ref": f"#/$defs/{hint.__name__}"}
    raise TypeError(f"{hint}: no JSON schema")


def reached(cls: type) -> Iterator[type]:
    """Yields a dataclass and all dataclasses in its fields, each once."""
    todo: list[object] = [cls]
    known: set[object] = set()
    while todo:
        hint = todo.pop(0)
        if hint in known:
            continue
        known.add(hint)
        todo += typing.get_args(hint)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            yield hint
            todo += typing.get_type_hints(
                hint, vars(sys.modules[hint.__module__])).values()
