# SPDX-License-Identifier: Apache-2.0
"""ARTIFACT.md and claims.tsv say what the campaign's data say: each figure is
made again here from ranking.csv and campaign.json, by other arithmetic."""
import csv
import json
import re
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


def ranking(path):
    """(threads, kind) -> rows of the comparisons, from the page's own CSV."""
    with open(path / "report/tables/ranking.csv", encoding="utf-8") as file:
        found = {}
        for row in csv.DictReader(file):
            found.setdefault((row["threads"], row["write_kind"]),
                             []).append(row)
    return found


def told(top):
    """claims.tsv without the row that is tried first."""
    lines = (top / "claims.tsv").read_text().splitlines()
    rows = [dict(zip(lines[0].split("\t"), line.split("\t")))
            for line in lines[1:]]
    assert rows[0]["id"] == "kick"
    return rows[0], rows[1:]


def widest(path):
    """What the controls leave room for, from verdicts.json."""
    controls = json.loads((path / "report/verdicts.json").read_text())[
        "controls"]
    errors = [abs(c[end] - (2 if c["name"].startswith("+2 %") else 0)) / 100
              for c in controls for end in ("low", "high")
              if c["control"] and c[end] is not None]
    assert errors
    return max(errors)


def test_each_ranked_group_is_a_claim_with_its_tolerance(made):
    top, path, _ = made
    rows, groups = told(top)[1], ranking(path)
    assert len(rows) == len(groups) > 3
    room = 1 + widest(path)
    for row in rows:
        cells = (top / row["cells"]).read_text().split()
        timed = [i.split("/") for i in cells if i.endswith("/throughput")]
        place = {(t[8][1:], t[5]) for t in timed}
        group = groups.pop(place.pop())
        assert not place and row["settings"] == "threads=" + timed[0][8][1:]
        assert {t[1] for t in timed} == set(MAPS)
        weak = next(r for r in group if r["map"] == r["weakest"])
        numbers = [float(n) for n in
                   re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])",
                              row["expected"].partition(" measured ")[2])]
        assert numbers == pytest.approx(
            [float(weak["ratio"]), float(weak["group_low"]) / room,
             float(weak["group_high"]) * room], rel=0.006), row
        assert group[0]["leader"] in row["expected"]


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
