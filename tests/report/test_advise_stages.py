# SPDX-License-Identifier: Apache-2.0
"""report advise reads a campaign in stages: all complete ones together, no
block of one set against a block of another."""
import json

import advise_campaigns as campaigns
import pytest
import staged_folder
from report_helpers import edit

from report import advise
from report.advise import folder as folders
from report.journal import JournalError

MAPS = ("gomap_rw", "syncmap", "shard_rw_32")
QUESTION = "--writes 3% --keys 64Ki --threads 2".split()
SPEED = {"gomap_rw": 12, "syncmap": 30, "shard_rw_32": 31.0}


def slow_day(c):
    """The same ratios on a machine that is half as fast."""
    return SPEED[c["map"]] / 2


def search(path):
    """A search that has begun no stage."""
    return staged_folder.begin(path, {"seed": 1, "order": [], "cells": []})


@pytest.fixture
def staged(tmp_path):
    """Two stages that share the places at 2 threads."""
    top = search(tmp_path / "staged")
    campaigns.write(top / "stage-01", campaigns.grid(threads=(1, 2)), MAPS,
                    lambda c: SPEED[c["map"]], blocks=7)
    campaigns.write(top / "stage-02", campaigns.grid(threads=(2, 4)), MAPS,
                    slow_day, blocks=6, seed=9)
    return top


def asked(capsys, folder):
    status = advise.main([str(folder), *QUESTION, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_stages_are_one_campaign_paired_within_each(staged, capsys):
    status, got = asked(capsys, staged)
    assert status == 0
    (at,) = got["measured"]
    assert at["n"] == 13
    # paired across stages every ratio would be off by two
    assert 1.0 < at["ratio"] < 1.06 or 1.0 < 1 / at["ratio"] < 1.06
    assert got["unknown"] and not any("stage" in u for u in got["unknown"])
    campaign, left = folders.read(staged)
    assert not left and sorted({c.threads for c in campaign.cells.values()
                                if c.measure == "throughput"}) == [1, 2, 4]
    blocks = [c.blocks for c in campaign.cells.values()
              if c.measure == "throughput" and c.threads == 2]
    assert blocks == [13] * 3


def test_a_stage_that_is_not_complete_is_left_out_and_named(staged, capsys):
    campaigns.write(staged / "stage-03", campaigns.grid(threads=(2,)), MAPS,
                    lambda c: {**SPEED, "gomap_rw": 99}[c["map"]],
                    drop=lambda cell, block: block == 11)
    _, got = asked(capsys, staged)
    assert got["measured"][0]["n"] == 13
    assert "stage-03, not complete and left out" in got["unknown"]


def test_stages_without_a_complete_one_cannot_be_read(tmp_path, capsys):
    top = search(tmp_path / "begun")
    assert advise.main([str(top), *QUESTION]) == 2
    edit(campaigns.write(top / "stage-01", campaigns.grid(), MAPS),
         lambda trial: trial if trial["block"] < 2 else None)
    assert advise.main([str(top), *QUESTION]) == 2


def test_what_the_search_itself_would_not_go_on_with_is_refused(staged):
    """Of other machines, damaged, with a stage missing: report/staged.py."""
    campaigns.write(staged / "stage-03", campaigns.grid(), MAPS,
                    machine="0badcafe")
    with pytest.raises(JournalError, match="start anew here"):
        folders.read(staged)
    (staged / "stages.json").write_text("{")
    with pytest.raises(JournalError, match="stages.json: not JSON"):
        folders.read(staged)


def test_a_damaged_stage_is_an_error_as_elsewhere(staged, capsys):
    (staged / "stage-02" / "campaign.json").write_text("{")
    assert advise.main([str(staged), *QUESTION]) == 2


def test_a_control_of_a_later_stage_is_seen(staged, capsys):
    """Its arms are set against trials of its own blocks."""
    campaigns.write(staged / "stage-03", campaigns.grid(threads=(1,)), MAPS,
                    lambda c: SPEED[c["map"]], control="fail", seed=3)
    _, got = asked(capsys, staged)
    assert got["word"] == "invalid"
    assert "INVALID: A/A" in got["paragraph"]
