# SPDX-License-Identifier: Apache-2.0
"""What docs/public.schema.json asks of an entry, by those words of JSON Schema
that stand in it; held against jsonschema by tests/report/test_public_page.py."""
import json
import re
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "docs/public.schema.json"
KINDS = {"string": str, "boolean": bool, "null": type(None), "array": list,
         "object": dict, "integer": int, "number": (int, float)}


def is_kind(value, kind):
    return isinstance(value, KINDS[kind]) and not (
        isinstance(value, bool) and kind in ("integer", "number"))


def listed(words):
    return words if isinstance(words, list) else [words]


def fits(value, schema):
    """Is a value by itself, not what is in it, what is asked for?"""
    number = is_kind(value, "number")
    return (
        any(is_kind(value, k) for k in listed(schema.get("type", [*KINDS])))
        and any(value == known and isinstance(value, bool)
                == isinstance(known, bool) for known in
                schema.get("enum", [schema.get("const", value)]))
        and (not number or value >= schema.get("minimum", value))
        and (not number or "exclusiveMinimum" not in schema
             or value > schema["exclusiveMinimum"])
        and (not isinstance(value, str)
             or len(value) >= schema.get("minLength", 0)
             and bool(re.search(schema.get("pattern", ""), value))))


def wrong_in(value, schema=None, whole=None, at=""):
    """Yields where something is missing, of another kind, or not known."""
    whole = whole or json.loads(FILE.read_text(encoding="utf-8"))
    schema = whole if schema is None else schema
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    for part in schema.get("allOf", ()):
        yield from wrong_in(value, part, whole, at)
    if not fits(value, schema) or "anyOf" in schema and all(
            next(wrong_in(value, part, whole), None) is not None
            for part in schema["anyOf"]):
        yield at
    elif isinstance(value, list):
        for i, entry in enumerate(value):
            yield from wrong_in(entry, schema.get("items", {}), whole,
                                f"{at}[{i}]")
    elif isinstance(value, dict):
        yield from wrong_members(value, schema, whole, at and at + ".")


def wrong_members(value, schema, whole, before):
    parts = schema.get("properties", {})
    yield from (before + k for k in schema.get("required", ())
                if k not in value)
    if not schema.get("additionalProperties", True):
        yield from (before + k for k in value if k not in parts)
    for key in value.keys() & parts.keys():
        yield from wrong_in(value[key], parts[key], whole, before + key)
