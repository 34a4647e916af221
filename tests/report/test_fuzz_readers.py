# SPDX-License-Identifier: Apache-2.0
# slow: seconds of CPU time; not part of `make check`.
"""Readers of the report on mutated files (long form: make fuzz)."""
import os

import fuzz_readers
import pytest

BUILD = os.environ.get("BUILD", "build/gcc")
# Inputs of each: a second or less.
INPUTS = {"campaign.json in Python": 300, "trials.jsonl in Python": 300}


@pytest.fixture(scope="module")
def make():
    return fuzz_readers.mutator(BUILD)


@pytest.mark.parametrize("name", fuzz_readers.READERS)
def test_every_input_is_refused_in_a_line_or_has_sense(name, make):
    counts, _, found = fuzz_readers.fuzz(name, make, INPUTS.get(name, 1000))
    assert found is None
    assert all(counts.values()), "inputs reach both ends of the reader"


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "NaN", "1e999",
                                  "[" * 100_000, "-Infinity", "{",
                                  '"\\ud800"'])
def test_json_that_the_runner_does_not_write_is_refused(text):
    with pytest.raises(ValueError):
        fuzz_readers.journal.strict_json.loads(text)
