# SPDX-License-Identifier: Apache-2.0
"""Tests that the schema of histories accepts the examples and rejects what the reader rejects."""
import copy
import json
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/history.schema.json").read_text())
HISTORIES = ROOT / "tests/fixtures/histories"
GOOD = [json.loads(line) for line in (HISTORIES / "good.jsonl").read_text().splitlines()]


def fits(line):
    return jsonschema.Draft7Validator(SCHEMA).is_valid(line)


def test_the_schema_is_valid():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["good", "stale", "torn_scan", "two_at_once"])
def test_examples_fit(name):
    for line in (HISTORIES / f"{name}.jsonl").read_text().splitlines():
        assert fits(json.loads(line)), line


def test_a_bad_line_does_not_fit():
    lines = (HISTORIES / "bad_line.jsonl").read_text().splitlines()
    assert [fits(json.loads(line)) for line in lines] == [True, True, False]


@pytest.mark.parametrize("line", GOOD, ids=lambda line: line.get("op", "header"))
def test_required_members_are_required(line):
    assert fits(line)
    for member in ("version", "guarantee", "thread", "invoked", "returned", "pairs", "value",
                   "expected"):
        if member in line:
            less = copy.deepcopy(line)
            del less[member]
            assert not fits(less), member
    assert not fits({**line, "unknown": 1})
