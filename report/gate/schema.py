# SPDX-License-Identifier: Apache-2.0
"""Checks JSON against docs/*.schema.json, where it enters the gate."""
import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, RefResolver

from report import strict_json
from report.ending import InputError

DOCS = Path(__file__).resolve().parents[2] / "docs"


@functools.lru_cache(maxsize=None)
def validator(name: str, part: str = "", members: tuple[str, ...] = ()) -> Any:
    """A validator of docs/NAME.schema.json: of all of it, of a pointer `part`
    into it, or of some members of its objects only."""
    store = {file.name: json.loads(file.read_text(encoding="utf-8"))
             for file in DOCS.glob("*.schema.json")}
    place = f"{name}.schema.json#"
    schema: dict[str, Any] = {"$ref": place + part}
    if members:
        schema = {"type": "object",
                  "required": [m for m in members if m in store[place[:-1]]["required"]],
                  "properties": {m: {"$ref": f"{place}/properties/{m}"} for m in members}}
    return Draft202012Validator(schema, resolver=RefResolver("", {}, store))


def problem(value: Any, name: str, part: str = "", members: tuple[str, ...] = ()) -> str | None:
    """The first difference from the schema, or None: "cells[3].threads: ..."."""
    errors: Iterable[Any] = validator(name, part, members).iter_errors(value)
    # a member of a wrong type is unevaluated in the object around it, too
    first = min(errors, key=lambda e: (e.validator == "unevaluatedProperties",
                                       list(map(str, e.absolute_path)), e.message), default=None)
    if first is None:
        return None
    place = first.json_path.removeprefix("$").removeprefix(".")
    text = " ".join(first.message.split())
    if len(text) > 200:
        text = "..." + text[-200:]
    return f"{place}: {text}" if place else text


def parse(text: str | bytes, place: str, name: str, part: str = "",
          members: tuple[str, ...] = ()) -> Any:
    """The JSON value of a text; InputError with its place (FILE or FILE:LINE)
    if it is not JSON or not of the schema."""
    try:
        value = strict_json.loads(text)
    except ValueError as error:
        raise InputError(f"{place}: no JSON: {error}") from error
    wrong = problem(value, name, part, members)
    if wrong:
        raise InputError(f"{place}: {wrong}")
    return value
