# SPDX-License-Identifier: Apache-2.0
"""Makes validators of docs/*.schema.json, which refer to each other.

The program `schemas.py NAME PART <JSON` exits with 1 and a reason if the JSON does not match.
"""
import json
import pathlib
import sys

import jsonschema

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def validator(name, part=None):
    """Makes a validator of docs/NAME.schema.json, or of one of its `$defs`."""
    contents = {f.name: json.loads(f.read_text(encoding="utf-8"))
                for f in DOCS.glob("*.schema.json")}
    whole = contents[name + ".schema.json"]
    jsonschema.Draft202012Validator.check_schema(whole)
    here = f"{name}.schema.json#" + (f"/$defs/{part}" if part else "")
    return jsonschema.Draft202012Validator(
        {"$ref": here}, resolver=jsonschema.RefResolver("", {}, contents))


if __name__ == "__main__":
    validator(*sys.argv[1:]).validate(json.load(sys.stdin))
