# SPDX-License-Identifier: Apache-2.0
"""Readers of the report on mutated files (long form: tests/long/fuzz.sh)."""
import json
import os
import re

import fuzz_readers
import pytest

BUILD = os.environ.get("BUILD", "build/gcc")
# Inputs of each: a second or less.
INPUTS = {"campaign.json in Python": 500, "trials.jsonl in Python": 500}


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
                                  '"\\ud800"', "9223372036854775808",
                                  "-9223372036854775809",
                                  "1".encode("utf-16"), b"\xef\xbb\xbf1"])
def test_json_that_the_runner_does_not_write_is_refused(text):
    with pytest.raises(ValueError):
        fuzz_readers.journal.strict_json.loads(text)


def test_numbers_of_64_bits_are_read():
    assert fuzz_readers.strict_json.loads(
        b"[9223372036854775807, -9223372036854775808]") == [
            (1 << 63) - 1, -(1 << 63)]


@pytest.fixture(name="sample")
def make_sample(tmp_path):
    fuzz_readers.make_sample(tmp_path)
    return tmp_path


def test_a_plan_nested_deeply_is_refused_in_a_line(sample):
    """What is read must be hashed, too, which needs more of the stack."""
    file = sample / "sealed" / "campaign.json"
    file.write_text(file.read_text()[:-1] + ', "x": ' + "[" * 600 + "]" * 600
                    + "}")
    assert not fuzz_readers.read_campaign(file.parent)


@pytest.mark.parametrize("said, wrong", [
    ('"ops":53811', '"ops":' + "9" * 400),
    ('"block":1,"arm":"base"', '"block":1,"arm":"\\u001b[2J\\u007f"'),
    ('"cell":"sample', '"cell":"\\u001b[2J')], ids=("ops", "arm", "cell"))
def test_a_trial_of_anything_is_told_in_a_line(said, wrong, sample):
    text = fuzz_readers.SHORT_TRIALS.decode()
    assert said in text
    file = sample / "small" / "trials.jsonl"
    file.write_text(text.replace(said, wrong, 1) * 2)
    assert fuzz_readers.read_campaign(file.parent).problems


def test_a_time_of_which_no_rate_can_be_made_is_no_trial(sample):
    """Of a number of operations in 1e-308 ns the rate is infinite."""
    text = fuzz_readers.SHORT_TRIALS.decode()
    file = sample / "small" / "trials.jsonl"
    changed, times = re.subn('"elapsed_ns":[0-9]+', '"elapsed_ns":1e-308',
                             text)
    assert times
    file.write_text(changed)
    problems = fuzz_readers.read_campaign(file.parent).problems
    assert problems[0].endswith("not a trial, ignored (result.elapsed_ns)")


@pytest.mark.parametrize("name", ["keys", "blocks", "rate_per_s"])
@pytest.mark.parametrize("value", ["1", None, -1, True, [1]])
def test_a_number_of_a_cell_that_is_none_is_refused(name, value, sample):
    file = sample / "small" / "campaign.json"
    found = json.loads(file.read_text())
    found["cells"][0][name] = value
    file.write_text(json.dumps(found))
    with pytest.raises(fuzz_readers.journal.JournalError,
                       match=f"of cell 0 no amount: {name}$"):
        fuzz_readers.journal.read(file.parent)


@pytest.mark.parametrize("name", ["order", "arms"])
def test_what_is_no_list_is_refused(name, sample):
    file = sample / "small" / "campaign.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: 5}))
    with pytest.raises(fuzz_readers.journal.JournalError,
                       match=f'"{name}": a list expected$'):
        fuzz_readers.journal.read(file.parent)


@pytest.mark.parametrize("name", fuzz_readers.ABSENT)
def test_a_missing_file_and_a_folder_are_refused(name, sample):
    fuzz_readers.refuse_absent(name, sample)
