# SPDX-License-Identifier: Apache-2.0
"""Where an entry of results/public is not what docs/public.schema.json says."""
import json
from pathlib import Path

from jsonschema import Draft202012Validator

FILE = Path(__file__).resolve().parents[2] / "docs/public.schema.json"


def members_of(error):
    """The members that an error is about; [""]: the value itself."""
    if error.validator == "required":
        return [k for k in error.validator_value if k not in error.instance]
    if error.validator == "additionalProperties":
        return [k for k in error.instance
                if k not in error.schema.get("properties", {})]
    return [""]


def wrong_in(entry):
    """Places that are missing, of another kind, or not known; []: none."""
    judge = Draft202012Validator(json.loads(FILE.read_text(encoding="utf-8")))
    return sorted({f"{error.json_path[2:]}.{member}".strip(".")
                   for error in judge.iter_errors(entry)
                   for member in members_of(error)})
