# SPDX-License-Identifier: Apache-2.0
"""claims.tsv of an artifact: an id that it lacks, a campaign that claims nothing."""
import json
import subprocess

import pytest

import report_helpers
from report.artifact import claims, guide
from report_helpers import TOP, Built

MAPS = ("gomap_rw", "syncmap", "snapshot")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(folder of an artifact, the campaign in it, rows)."""
    top = tmp_path_factory.mktemp("claims")
    path = top / "campaigns/made-up"
    report_helpers.make_journal.make(path, maps=MAPS, threads=(1, 2),
                                     keys=(1024,), plant={"control": "ok"})
    Built(path)
    meta = json.loads((path / "campaign.json").read_text())
    for i, cell in enumerate(meta["cells"]):
        cell |= {"estimate_ns": (i + 1) * 10**9, "repeat": {"share": 0.5}}
    (path / "campaign.json").write_text(json.dumps(meta))
    (top / "environment").mkdir()
    (top / "environment/commit.txt").write_text("f" * 40 + "\n")
    (top / "environment/snapshot.json").write_text('{"words": "a day"}')
    (top / "environment/packages.tsv").write_text(
        "group\tpackage\twanted\tversion\nartifact\tmake\tneeded\t4.3\n")
    rows = claims.of_campaign(top, "made-up", path, 1)
    kick = claims.kick_of(top, "made-up", path, rows)
    claims.write_table(top, [kick, *rows])
    text = guide.text(top, {"title": "T"}, [("made-up", path)], [kick, *rows])
    (top / "ARTIFACT.md").write_text(text)
    return top, path, rows


def test_a_claim_that_is_not_there_is_named(made, tmp_path):
    done = subprocess.run(
        [TOP / "runner/reviewer.sh", made[0], tmp_path / "work", "c999"],
        capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "ID=c999: expected one of kick c001" in done.stderr
    assert not (tmp_path / "work").exists()


def test_an_invalid_campaign_claims_nothing(made, tmp_path):
    path = tmp_path / "campaigns/made-up"
    (path / "report").mkdir(parents=True)
    for name in ("campaign.json", "report/verdicts.json"):
        (path / name).write_bytes((made[1] / name).read_bytes())
    file = path / "report/verdicts.json"
    file.write_text(json.dumps(json.loads(file.read_text())
                               | {"invalid": "a control failed"}))
    assert claims.of_campaign(tmp_path, "made-up", path, 1) == []
