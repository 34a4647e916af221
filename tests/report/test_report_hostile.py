# SPDX-License-Identifier: Apache-2.0
"""A campaign from elsewhere may hold any text, and /tmp anybody's files."""
import json
import os
import re
import subprocess
import sys

import pytest
from report_helpers import TOP, Built, build, make_journal

from report import datafiles, folders, latex, page, tables

NAMES = {"id", "map", "workload", "shape", "dist", "placement", "memory",
         "base", "cell", "as", "arrivals", "name", "family"}
WORDS = {"measure", "status", "loop", "write_kind", "arm", "exit", "clock",
         "operation", "histogram", "quality", "sync", "sha256",
         "plan_sha256", "topology_sha256", "kind", "guarantees"}


class Tags:
    """Puts a tag of its own behind every text; equal names stay equal."""

    def __init__(self):
        self.where, self.known = {}, {}

    def tag(self, path):
        self.where[len(self.where)] = path
        return f"<xss{len(self.where) - 1}>"

    def walk(self, value, path=""):
        if isinstance(value, dict):
            return {k: v if k in WORDS else self.walk(v, f"{path}.{k}")
                    for k, v in value.items()}
        if isinstance(value, list):
            return [self.walk(v, path) for v in value]
        if not isinstance(value, str):
            return value
        if path.rsplit(".", 1)[-1] not in NAMES:
            return value + self.tag(path)
        if value not in self.known:
            self.known[value] = value + self.tag(path)
        return self.known[value]


def hostile(folder):
    make_journal.make(folder, maps=("gomap_rw", "syncmap", "shard_rw_32"),
                      threads=(1, 2, 4), keys=(1000, 65536),
                      kinds=("update", "churn"))
    tags = Tags()
    file, journal = folder / "campaign.json", folder / "trials.jsonl"
    file.write_text(json.dumps(tags.walk(json.loads(file.read_text()))))
    trials = [tags.walk(json.loads(line))
              for line in journal.read_text().splitlines()]
    for trial in trials[:6]:
        trial |= {"status": "failed", "reason": "bad " + tags.tag("reason")}
    journal.write_text("".join(json.dumps(t) + "\n" for t in trials))
    return tags


def test_no_text_of_a_campaign_becomes_a_tag(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "draw_all",
                        lambda panels, *_: ["" for _ in panels])
    tags = hostile(tmp_path)
    from report.build import build as report
    report(tmp_path)
    html = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    raw = {tags.where[int(i)] for i in re.findall(r"<xss(\d+)>", html)}
    assert raw == set()
    assert len(set(re.findall(r"&lt;xss(\d+)&gt;", html))) > 20
    for file in (tmp_path / "report" / "tables").glob("*.md"):
        assert not re.search(r"(?<!\\)<xss", file.read_text(encoding="utf-8"))


def test_names_that_are_alike_as_file_names_have_panels_of_their_own(
        tmp_path):
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap", "shard_rw_32"),
                      threads=(1, 2, 4), keys=(65536,), kinds=("update",),
                      blocks=7)
    for file in (tmp_path / "campaign.json", tmp_path / "trials.jsonl"):
        file.write_text(file.read_text().replace("syncmap", "sync.map")
                        .replace("shard_rw_32", "sync-map"))
    built = Built(tmp_path)
    assert built.status == 0 and built.error == ""
    names = [p.stem for p in (built.out / "figures").glob("scaling-*.svg")]
    assert len([n for n in names if "-sync-map" in n]) == 2
    ids = re.findall(r' id="([^"]+)"', built.page)
    assert len(ids) == len(set(ids))
    assert {"ranked-sync.map", "ranked-sync-map"} <= set(ids)


@pytest.mark.long
def test_dollars_in_a_name_are_no_formula_of_a_drawing(tmp_path, monkeypatch):
    monkeypatch.setattr(Built, "drawn", True)
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap"), threads=(1, 2),
                      keys=(65536,), kinds=("update",), blocks=7)
    for file in (tmp_path / "campaign.json", tmp_path / "trials.jsonl"):
        file.write_text(file.read_text().replace("syncmap", "s$_$"))
    built = Built(tmp_path)
    assert built.status == 0 and built.error == ""
    assert "s$_$" in "".join(p.read_text() for p in (
        built.out / "figures").glob("*.svg"))


def test_tables_keep_text_and_begin_no_formula():
    columns = [("why", "text"), ("map", "html"), ("n", "num")]
    rows = [["expected <git ref> but a < b & c | d",
             '<i class="m">x</i>R&amp;D', "3"],
            ['=HYPERLINK("x")', "@SUM(A1)", "2"], ["-cmd", "–", "1"]]
    text = tables.as_markdown(columns, rows)
    assert r"expected \<git ref> but a \< b \& c \| d | R\&D | 3" in text
    csv = datafiles.as_numbers(columns, rows)
    assert "expected <git ref> but a < b & c | d,R&D,3" in csv
    assert "\n\"'=HYPERLINK(\"\"x\"\")\",'@SUM(A1)," in csv
    assert "\n'-cmd," in csv
    assert "expected" in latex.as_latex("t", "c", columns, rows)
    assert "git ref" in latex.as_latex("t", "c", columns, rows)


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_folder_of_somebody_else_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr(folders.tempfile, "tempdir", str(tmp_path))
    own = tmp_path / "mine"
    assert folders.private("mine") == str(own) == folders.private("mine")
    assert own.stat().st_mode & 0o77 == 0
    for change in (lambda: os.chown(own, 1234, 1234),
                   lambda: (os.chown(own, 0, 0), own.chmod(0o777)),
                   lambda: (own.rmdir(), own.symlink_to(tmp_path))):
        change()
        other = folders.private("mine")
        assert other != str(own) and os.stat(other).st_mode & 0o77 == 0


def command(folder, *options, **how):
    return subprocess.run([sys.executable, "-m", "report", str(folder),
                           *options], cwd=TOP, text=True, check=False,
                          stderr=subprocess.PIPE, **how)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    build(folder, threads=(1,))
    return folder


@pytest.mark.long
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_lost_output_is_no_success(small, unbuffered):
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = command(small, stdout=full, env=env)
    assert done.returncode == 3 and "output was lost" in done.stderr
    assert "Traceback" not in done.stderr
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run(
            [sys.executable, "-m", "report", str(small)], cwd=TOP, env=env,
            check=False, stdout=full, stderr=full).returncode == 3


@pytest.mark.long
def test_a_closed_output_is_lost_output(small):
    done = command(small, stdout=None, preexec_fn=lambda: os.close(1))
    assert done.returncode == 3 and "output was lost" in done.stderr
    assert "Traceback" not in done.stderr
