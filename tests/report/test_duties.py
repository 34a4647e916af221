# SPDX-License-Identifier: Apache-2.0
"""Tests that a lead over maps with fewer duties of callers is stated on the page."""
from dataclasses import replace
from pathlib import Path

import page_numbers
import pytest
from report_helpers import make_journal

from report import load
from report.decide import result
from report.model.result import Need
from report.render import pages, sheets

MOPS = {"syncmap": 30, "urcu_lfht": 20, "gomap_rw": 10}  # fastest first
SENTENCE = "A caller must {}, which the runner-up does not require."
ANNOUNCE = SENTENCE.format("announce when it holds no entry")
GUARD = SENTENCE.format("enclose look-ups in a read section")


@pytest.mark.parametrize("duties, sentence, without", [
    (("announce", "none", "none"), ANNOUNCE, "urcu_lfht"),
    (("announce", "guard", "none"), ANNOUNCE, "gomap_rw"),
    (("guard", "none", "none"), GUARD, "urcu_lfht"),
    (("announce", "announce", "none"), None, "gomap_rw"),
    (("guard", "announce", "none"), None, "gomap_rw"),
    (("none", "announce", "guard"), None, None)])
def test_the_page_states_a_lead_over_a_map_with_fewer_duties(tmp_path, duties, sentence, without):
    speeds = {"mops": lambda c, block: MOPS[c["map"]] * (1 + 0.002 * (block % 3))}
    make_journal.make(tmp_path, maps=tuple(MOPS), blocks=10, threads=(2,), keys=(65536,),
                      kinds=("update",), plant=speeds)
    campaign = load.read(tmp_path)
    for name, duty in zip(MOPS, duties):
        campaign.maps[name] = replace(campaign.maps[name], duty=duty)
    made = result.build(campaign)
    page = pages.pages(made, sheets.sheets(made), False, Path())["index.html"]
    words = page_numbers.words(page)
    assert [text for text in (ANNOUNCE, GUARD) if text in words] == [sentence] * bool(sentence)
    assert [pick.maps for pick in made.picks if pick.need is Need.NO_DUTIES] == \
        [(without,)] * bool(without)
    assert page.count('data-free="yes"') == duties.count("none")
