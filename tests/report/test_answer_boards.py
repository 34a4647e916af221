# SPDX-License-Identifier: Apache-2.0
"""The answer where boards share workload and keys, or the headline's has one
thread count: what is said is of the right board."""
import html
import json
import re

import pytest
from report_helpers import Built, edit, make_journal

from report import page


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    monkeypatch.setattr(page, "draw_all",
                        lambda panels, *_: ["" for _ in panels])


def made(folder, mops):
    """Two sizes and thread counts; mops -- of syncmap, (keys, threads) ->
    Mop/s, gomap_rw has 20."""
    def speed(cell, block):
        own = {"gomap_rw": 20, "syncmap": mops(cell["keys"],
                                               cell["threads"])}
        return own.get(cell["map"], 8) * (1 + (7 * block % 11 - 5) / 1000)
    make_journal.make(folder, maps=("gomap_rw", "syncmap", "snapshot"),
                      threads=(1, 2), keys=(65536, 4096), kinds=("update",),
                      blocks=10, plant={"mops": speed})


def text_of(built):
    return html.unescape(re.sub("<[^>]+>", "", built.page)).replace(
        "\u00a0", " ")


def skewed(folder):
    """The smaller size becomes the same one with skewed keys."""
    old, new = "/n4096/w3/update/m0/uniform/", \
        "/n65536/w3/update/m0/zipf:0.99/"
    file = folder / "campaign.json"
    meta = json.loads(file.read_text())
    for cell in meta["cells"]:
        if old in cell["id"]:
            cell |= {"id": cell["id"].replace(old, new), "keys": 65536,
                     "dist": "zipf:0.99"}
    file.write_text(json.dumps(meta))
    edit(folder, lambda t: t | {"cell": t["cell"].replace(old, new)})


def test_a_crossover_of_another_board_is_told(tmp_path):
    """The headline's board has two threads alone, the other one both."""
    made(tmp_path, lambda keys, threads: 14 if threads == 1 else 30)
    file = tmp_path / "campaign.json"
    meta = json.loads(file.read_text())
    gone = {c["id"] for c in meta["cells"] if c["keys"] == 65536
            and c["threads"] == 1}
    kept = [i for i, c in enumerate(meta["cells"]) if c["id"] not in gone]
    meta["order"] = [[kept.index(i) for i in block if i in kept]
                     for block in meta["order"]]
    meta["cells"] = [meta["cells"][i] for i in kept]
    file.write_text(json.dumps(meta))
    edit(tmp_path, lambda t: None if t["cell"] in gone else t)
    built = Built(tmp_path)
    row, = built.rows("tables/crossovers.csv")
    assert (row["keys"], row["leads_below"], row["leads_above"]) == (
        "4096", "gomap_rw", "syncmap")
