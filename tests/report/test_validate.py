# SPDX-License-Identifier: Apache-2.0
"""Tests that `readmostly dev validate` detects every removed or changed part."""
import copy
import json
import os
import pathlib
import shutil
import subprocess

import pytest
from report.load import seal
from seal import sealed

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
FAKE = str(BUILD / "tests" / "fake_trial")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Runs a small campaign with open and closed loops, in which one cell crashes."""
    folder = tmp_path_factory.mktemp("good")
    common = "keys = 1Ki\nthreads = 1\nwarm-up = 1ms\nwindow = 2ms\n" \
             "blocks = 3\nmaps = gomap_rw unsync_probe\nwrites = 3%\n"
    (folder / "mix.conf").write_text(
        common + "write-kind = update churn\nthreads = 2\n".replace(
            "threads = 2\n", ""))
    (folder / "open.conf").write_text(
        common + "loop = paced\nrate = 1k/s\narrivals = poisson\n")
    out = folder / "campaign"
    subprocess.run(
        [READMOSTLY, "run", str(folder / "mix.conf"),
         str(folder / "open.conf"), "-o", str(out), "--counters", "none"],
        capture_output=True,
        env=dict(os.environ, RM_TRIAL_PROGRAM=FAKE,
                 RM_FAKE="gomap_rw/u64x8/n1024/w3/churn/m0/uniform/t1/"
                         "cores/throughput=crash"))
    return out


def validate(folder):
    done = subprocess.run([READMOSTLY, "dev", "validate", str(folder)],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copied(good, tmp_path):
    shutil.copytree(good, tmp_path / "c")
    return tmp_path / "c"


def write_campaign(folder, campaign):
    (folder / "campaign.json").write_text(json.dumps(campaign, indent=2))


def members(value, path=()):
    """Yields the paths of all members; only the first element of arrays of objects."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield path + (name,)
            yield from members(member, path + (name,))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from members(value[0], path + (0,))


def without(value, path):
    less = copy.deepcopy(value)
    place = less
    for part in path[:-1]:
        place = place[part]
    del place[path[-1]]
    return less


def test_a_campaign_with_failures_is_complete(good):
    status, text = validate(good)
    assert status == 0, text
    assert "complete" in text


def test_the_seed_of_the_test_covers_all_cases(good):
    campaign = json.loads((good / "campaign.json").read_text())
    lines = [json.loads(line) for line in
             (good / "trials.jsonl").read_text().splitlines()]
    assert {line["status"] for line in lines} == {"ok", "failed", "skipped"}
    assert any(line["result"] and line["result"]["latency"]
               for line in lines)
    assert len(campaign["machine"]["facts"]) > 50


def test_deleting_any_member_of_campaign_json_fails(good, copied):
    campaign = json.loads((good / "campaign.json").read_text())
    paths = list(members(campaign))
    assert len(paths) > 150
    for path in paths:
        write_campaign(copied, without(campaign, path))
        status, text = validate(copied)
        assert status == 1, path
        assert "campaign.json:" in text, path
        # the missing member is reported, not only the wrong hash
    for path in [("seed",), ("machine", "id"), ("cells", 0, "blocks"),
                 ("machine", "facts", "governor"), ("build", "commit"),
                 ("machine", "facts", "microcode", "text")]:
        write_campaign(copied, without(campaign, path))
        _, text = validate(copied)
        name = ".".join(map(str, path)).replace(".0.", "[0].")
        assert name + " is missing" in text, text


def test_a_campaign_of_another_protocol_is_refused(good, copied):
    """The message has the name of the file and the version, also when a run is resumed. Protocol
    version 1 did not record its number."""
    campaign = json.loads((good / "campaign.json").read_text())
    for found, old in ((1, without(campaign, ("protocol",))),
                       (7, campaign | {"protocol": 7})):
        write_campaign(copied, old)
        status, text = validate(copied)
        resumed = subprocess.run(
            [READMOSTLY, "run", "-o", str(copied), "--resume"],
            capture_output=True, text=True)
        assert status == 1 and resumed.returncode not in (0, 1)
        for message in (text, resumed.stderr):
            assert f"campaign.json: protocol {found}, expected 2: " in message
            assert "measure again" in message
        assert text.count("campaign.json") == 1, text


def test_another_format_is_refused(good, copied):
    """A campaign or a line with another format is refused, even if its hash is correct."""
    campaign = json.loads((good / "campaign.json").read_text())
    campaign["format"] = 2
    campaign["sha256"] = seal.campaign_sha256(campaign)
    write_campaign(copied, campaign)
    status, text = validate(copied)
    assert status == 1 and ": format is not 1" in text
    assert text.count("campaign.json") == 1, text
    shutil.copy(good / "campaign.json", copied)
    lines = journal(good)
    lines[2] = sealed(json.loads(lines[2]) | {"format": 2})
    check_journal(copied, lines, "format is not 1", 3)


def test_text_after_the_end_of_campaign_json_fails(good, copied):
    for more in (b"{}", b"\0", b"\0{}"):
        whole = (good / "campaign.json").read_bytes()
        (copied / "campaign.json").write_bytes(whole + more)
        status, text = validate(copied)
        assert status == 1 and "campaign.json:" in text, more


def test_changing_anything_of_campaign_json_fails(good, copied):
    text = (good / "campaign.json").read_text()
    for old, new in [('"seed": ', '"seed": 1'), ('"n1024', '"n1025'),
                     ("keys = 1024", "keys = 1025"),
                     ('"status": "absent"', '"status": "denied"'),
                     ('"blocks": 3', '"blocks": 4')]:
        changed = text.replace(old, new, 1)
        if changed == text:
            continue
        (copied / "campaign.json").write_text(changed)
        status, out = validate(copied)
        assert status == 1, (old, new)
        assert "sha256" in out, out
    (copied / "campaign.json").write_text(text[:len(text) // 2])
    status, out = validate(copied)
    assert status == 1 and "campaign.json:" in out
    shutil.copy(good / "campaign.json", copied)
    with open(copied / "topology.xml", "a") as file:
        file.write(" ")
    status, out = validate(copied)
    assert status == 1 and "topology_sha256" in out


def test_file_and_line_are_right(good, copied):
    campaign = json.loads((good / "campaign.json").read_text())
    write_campaign(copied, without(campaign, ("cells", 1, "estimate_ns")))
    lines = (copied / "campaign.json").read_text().splitlines()
    _, text = validate(copied)
    line = int(next(t for t in text.splitlines() if "estimate_ns" in t)
               .split("campaign.json:")[1].split(":")[0])
    # the error names the line at which the second cell begins
    start = lines.index('  "cells": [')
    braces = [i for i, t in enumerate(lines) if i > start and t == "    {"]
    assert line - 1 == braces[1]


def test_unreadable_cells_are_reported_once(good, copied):
    """A part that cannot be read is reported once, and not also as empty."""
    campaign = json.loads((good / "campaign.json").read_text())

    def output_of(**changed):
        write_campaign(copied, campaign | changed)
        return [line.split(": cells ", 1)[1] for line in
                validate(copied)[1].splitlines() if ": cells " in line]

    broken = copy.deepcopy(campaign["cells"])
    broken[0]["threads"] = 0
    message, = output_of(cells=broken)
    assert "threads" in message
    assert output_of(cells=[]) == [
        "plan: cells: expected an array that is not empty"]


def journal(folder):
    return (folder / "trials.jsonl").read_text().splitlines(keepends=True)


def check_journal(folder, lines, words, number=None):
    (folder / "trials.jsonl").write_text("".join(lines))
    status, text = validate(folder)
    assert status == 1, words
    where = "trials.jsonl:%s" % ("" if number is None else "%d:" % number)
    assert any(where in t and words in t for t in text.splitlines()), text


def test_a_missing_line_is_reported(good, copied):
    lines = journal(good)
    for gone in (0, len(lines) // 2, len(lines) - 1):
        trial = json.loads(lines[gone])
        check_journal(copied, lines[:gone] + lines[gone + 1:],
                      "expected a line of %s block %d" %
                      (trial["cell"], trial["block"]))
    check_journal(copied, [], "more lines of planned trials")


def test_duplicates_and_torn_lines_are_reported(good, copied):
    lines = journal(good)
    check_journal(copied, lines + [lines[4]],
                  "a duplicate of line 5", len(lines) + 1)
    check_journal(copied, lines[:-1] + [lines[-1][:-1]], "a torn line",
                  len(lines))
    check_journal(copied, lines[:3] + ["noise\n"] + lines[3:], "not JSON", 4)
    check_journal(copied, lines[:3] + ["\n"] + lines[3:], "not JSON", 4)


def test_deleting_any_member_of_a_line_fails(good, copied):
    lines = journal(good)
    chosen = {}
    for number, line in enumerate(lines):
        trial = json.loads(line)
        paced = bool(trial["result"] and trial["result"]["latency"])
        chosen.setdefault((trial["status"], paced), number)
    optional = {"environment", "stats"}
    repeats = {"others_share", "disturbed"}
    cases = 0
    for number in chosen.values():
        trial = json.loads(lines[number])
        for path in members(trial):
            if path == ("crc32",):
                continue  # test_load.py tests wrong checksums
            if len(path) > 2 and path[1] in optional:
                continue
            if path in (("stolen_share",), ("throttled_ns",)):
                continue  # campaigns of earlier versions lack these members
            if path[0] in repeats and "/verify" in trial["cell"]:
                continue  # trials that verify are never repeated, so these members may be missing
            changed = list(lines)
            changed[number] = sealed(without(trial, path))
            (copied / "trials.jsonl").write_text("".join(changed))
            status, text = validate(copied)
            assert status == 1, path
            assert "trials.jsonl:%d:" % (number + 1) in text, (path, text)
            cases += 1
    assert cases > 200


def test_lines_that_contradict_themselves_fail(good, copied):
    lines = journal(good)
    number = next(i for i, t in enumerate(lines) if '"status":"ok"' in t)
    for member, value, words in [
            ("status", "fine", "expected status"),
            ("reason", "because", "expected a reason unless"),
            ("exit", "signal 9", "exit 0"), ("result", None, "a result"),
            ("seed", 1, "seed differs from the plan's seed"),
            ("block", 77, "not in the plan"), ("arm", "base", "not in the"),
            ("cell", "another", "not in the plan")]:
        trial = dict(json.loads(lines[number]))
        trial[member] = value
        changed = list(lines)
        changed[number] = sealed(trial)
        check_journal(copied, changed, words, number + 1)
    number = next(i for i, t in enumerate(lines) if '"skipped"' in t)
    changed = list(lines)
    changed[number] = sealed(json.loads(lines[number]) | {"exit": "0"})
    check_journal(copied, changed, "not started", number + 1)


def test_a_missing_histogram_is_reported(copied):
    gone = sorted((copied / "histograms").iterdir())[0]
    gone.unlink()
    status, text = validate(copied)
    assert status == 1 and gone.name in text


def test_unreadable_files_are_status_2(copied, tmp_path):
    assert validate(tmp_path / "none")[0] == 2
    (copied / "trials.jsonl").unlink()
    status, text = validate(copied)
    assert status == 2 and "trials.jsonl: cannot be read" in text
    for arguments in ([], ["a", "b"]):
        assert subprocess.run([READMOSTLY, "dev", "validate", *arguments],
                              capture_output=True).returncode == 2
