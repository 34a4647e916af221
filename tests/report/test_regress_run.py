# SPDX-License-Identifier: Apache-2.0
# slow: over ten seconds of CPU time; not part of `make check`.
"""Facts about folders of make regress: verdict and page. Programs that
really run are the matter of tests/cli/regress.sh."""
import contextlib
import io
import json
import os
import subprocess
import sys


sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import ROOT, Fake, meta_of, rows_of, view_of  # noqa: E402
from report import regress  # noqa: E402
from report.why import __main__ as tell  # noqa: E402

MACHINE = {"id": "0123abcd", "topology": "x", "cpus": 2, "cores": 2,
           "sockets": 1, "nodes": 1, "kinds": 1, "l1d_bytes": 1,
           "l2_bytes": 1, "l3_bytes": 1, "note": None, "facts": {}}


def put(folder, fake, **how):
    """A campaign's folder, as the runner leaves it."""
    meta = meta_of(fake, **how) | {"machine": MACHINE, "name": folder.name,
                                   "notes": {"ref": "v1", "commit": "abc"}}
    view = view_of(fake, **how)
    folder.mkdir(parents=True)
    (folder / "campaign.json").write_text(json.dumps(meta))
    (folder / "trials.jsonl").write_text("".join(
        json.dumps(row | {"started_utc": "2026-11-20T08:00:05.000Z",
                          "wall_ns": 2_500_000_000}) + "\n"
        for row in rows_of(view, fake)))
    return folder


def decide(folder):
    """In this process: half the time of a command is imports."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = regress.main([str(folder)])
    return subprocess.CompletedProcess((), status, out.getvalue(),
                                       err.getvalue())


def command(folder, *how):
    return subprocess.run(
        [sys.executable, "-m", *(how or ("report.regress",)), folder],
        cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_a_folder_exits_by_its_verdict(tmp_path):
    same = decide(put(tmp_path / "same", Fake()))
    assert same.returncode == 0, same.stdout + same.stderr
    assert "verdict: PASS" in same.stdout and "attempt 1" in same.stdout
    slow = decide(put(tmp_path / "slow", Fake(), head_extra=0.03))
    assert slow.returncode == 1 and "verdict: FAIL" in slow.stdout
    noisy = decide(put(tmp_path / "noisy", Fake(noise=0.08)))
    assert noisy.returncode == 3 and "verdict: INVALID" in noisy.stdout
    verdicts = json.loads(
        (tmp_path / "slow" / "report" / "verdicts.json").read_text())
    assert verdicts["verdict"] == "FAIL"
    assert len(verdicts["plan_sha256"]) == 64
    assert verdicts["arms"]["head"]["sha256"] == "head"


def test_reasons_that_were_cut_off_change_no_status(tmp_path):
    """They tell of a verdict, and make none."""
    folder = put(tmp_path / "slow", Fake(), head_extra=0.03)
    why = folder / "report" / "why" / "why.json"
    why.parent.mkdir(parents=True)
    why.write_text('{\n "about": {')
    said = decide(folder)
    assert said.returncode == 1 and "verdict: FAIL" in said.stdout
    assert f"no page: {why}: no JSON" in said.stderr
    page = folder / "report" / "index.html"
    assert not page.exists()
    (why.parent / "ask.json").write_text(json.dumps(
        {"judge": "time", "about": {}, "cells": []}))
    assert tell.main(["tell", str(why.parent)]) == 0
    assert page.exists(), "made again with the reasons"


def test_each_verdict_is_a_line_of_the_history_once(tmp_path):
    same = put(tmp_path / "same", Fake())
    decide(same)
    decide(put(tmp_path / "slow", Fake(), head_extra=0.03))
    history = tmp_path / "history.jsonl"
    before = history.read_bytes()
    assert decide(same).returncode == 0 and history.read_bytes() == before
    lines = [json.loads(line) for line in before.splitlines()]
    assert [line["verdict"] for line in lines] == ["PASS", "FAIL"]
    history.write_bytes(before[:-30])
    torn = decide(put(tmp_path / "next", Fake(seed=2)))
    assert "history.jsonl:2: torn or damaged" in torn.stderr
    assert torn.returncode == 0 and len(history.read_bytes()) > len(before)


def test_a_history_that_cannot_be_written_is_one_line(tmp_path):
    folder = put(tmp_path / "same", Fake())
    (tmp_path / "history.jsonl").mkdir()
    said = decide(folder)
    assert said.returncode == 2
    assert said.stderr.count("\n") == 1 and "history.jsonl" in said.stderr


def test_a_torn_journal_is_no_verdict(tmp_path):
    folder = put(tmp_path / "torn", Fake())
    file = folder / "trials.jsonl"
    file.write_bytes(file.read_bytes()[:-9])
    torn = decide(folder)
    assert torn.returncode == 2 and "interrupted" in torn.stderr


def test_no_folder_is_status_2(tmp_path):
    assert command(tmp_path / "none").returncode == 2
