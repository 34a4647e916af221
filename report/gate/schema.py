# SPDX-License-Identifier: Apache-2.0
"""Checks JSON against docs/*.schema.json before the gate uses it."""
import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, RefResolver

from report.ending import InputError
from report.load import strict_json

DOCS = Path(__file__).resolve().parents[2] / "docs"


@functools.lru_cache(maxsize=None)
def validator(name: str, part: str = "") -> Any:
    """Returns a validator of docs/NAME.schema.json, or of the part at the JSON pointer `part`."""
    store = {file.name: json.loads(file.read_text(encoding="utf-8"))
             for file in DOCS.glob("*.schema.json")}
    return Draft202012Validator({"$ref": f"{name}.schema.json#{part}"},
                                resolver=RefResolver("", {}, store))


def problem(value: object, name: str, part: str = "") -> str | None:
    """Returns the first violation of the schema, such as "cells[3].threads: ...", or None."""
    errors: Iterable[Any] = validator(name, part).iter_errors(value)
    # a wrong type of a field also makes the object around it report "unevaluated"
    first = min(errors, key=lambda e: (e.validator == "unevaluatedProperties",
                                       list(map(str, e.absolute_path)), e.message), default=None)
    if first is None:
        return None
    place = first.json_path.removeprefix("$").removeprefix(".")
    text = " ".join(first.message.split())
    if len(text) > 200:
        text = "..." + text[-200:]
    return f"{place}: {text}" if place else text


def parse(text: str | bytes, place: str, name: str, part: str = "") -> Any:
    """Parses JSON. The InputError begins with `place` (FILE or FILE:LINE) if the text is not
    JSON or violates the schema."""
    try:
        value = strict_json.loads(text)
    except ValueError as error:
        raise InputError(f"{place}: not JSON: {error}") from error
    wrong = problem(value, name, part)
    if wrong:
        raise InputError(f"{place}: {wrong}")
    return value
