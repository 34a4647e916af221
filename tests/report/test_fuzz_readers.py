# SPDX-License-Identifier: Apache-2.0
"""Tests the readers of the report with mutated files; tests/long/fuzz.sh is the long form."""
import os

import fuzz_readers
import pytest

BUILD = os.environ.get("BUILD", "build/gcc")
# Numbers of inputs for which each reader takes a second or less.
INPUTS = {"campaign.json in Python": 500, "trials.jsonl in Python": 100}


@pytest.fixture(scope="module")
def make():
    return fuzz_readers.mutator(BUILD)


@pytest.mark.parametrize("name", fuzz_readers.READERS)
def test_every_input_is_valid_or_rejected_in_one_line(name, make):
    counts, _, found = fuzz_readers.fuzz(name, make, INPUTS.get(name, 1000))
    assert found is None
    assert all(counts.values()), "some inputs must be accepted and some rejected"


@pytest.fixture(name="sample")
def make_sample(tmp_path):
    fuzz_readers.make_sample(tmp_path)
    return tmp_path


def test_a_deeply_nested_plan_is_rejected_in_one_line(sample):
    """Hashing accepted data needs more stack than reading them."""
    file = sample / "sealed" / "campaign.json"
    file.write_text(file.read_text()[:-1] + ', "x": ' + "[" * 600 + "]" * 600
                    + "}")
    assert not fuzz_readers.read_campaign(file.parent)


@pytest.mark.parametrize("original, wrong", [
    ('"ops":53811', '"ops":' + "9" * 400),
    ('"block":1,"arm":"base"', '"block":1,"arm":"\\u001b[2J\\u007f"'),
    ('"cell":"sample', '"cell":"\\u001b[2J')], ids=("ops", "arm", "cell"))
def test_a_trial_with_any_text_is_reported_in_one_line(original, wrong, sample):
    text = fuzz_readers.SHORT_TRIALS.decode()
    assert original in text
    file = sample / "small" / "trials.jsonl"
    file.write_text(text.replace(original, wrong, 1) * 2)
    assert fuzz_readers.read_campaign(file.parent).problems


@pytest.mark.parametrize("name", fuzz_readers.ABSENT)
def test_a_missing_file_and_a_folder_are_rejected(name, sample):
    fuzz_readers.refuse_absent(name, sample)
