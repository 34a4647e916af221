# SPDX-License-Identifier: Apache-2.0
"""Reads .hlog files with an independent reader, and compares all counts."""
import base64
import json
import math
import os
import pathlib
import random
import re
import stat
import struct
import subprocess
import zlib

import pytest
import synthetic

from report.load import JournalError, histogram

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
FAKE = str(BUILD / "tests" / "fake_trial")
LENGTH = 32 * 1024  # number of counts in a histogram up to 2^41 ns with 3 digits


def low_high(index):
    """Returns the smallest and largest value of a bucket, by the definition of 2048 sub-buckets."""
    if index < 2048:
        return index, index
    shift = index // 1024 - 1
    low = (index % 1024 + 1024) << shift
    return low, low + (1 << shift) - 1


def histograms():
    """Yields lists of [index, count]: edge cases first, then random ones."""
    rng = random.Random(3)
    yield [[0, 1]]
    yield [[LENGTH - 1, 1]]
    yield [[0, 1], [1, 1], [2, 1]]
    yield [[5, 1], [7, 1]]  # a run of one zero
    yield [[5, 63], [6, 64], [7, 8191], [8, 8192]]  # LEB128 numbers of all widths
    yield [[100, 2**31], [30000, 2**52]]
    yield [[i, i + 1] for i in range(0, LENGTH, 7)]
    yield [[i, 1] for i in range(LENGTH)]
    for _ in range(8):
        indexes = sorted(rng.sample(range(LENGTH), rng.randrange(1, 500)))
        yield [[i, rng.randrange(1, 1 << rng.randrange(1, 40))]
               for i in indexes]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    """Runs a campaign whose latency trial has one entry for each of these histograms."""
    folder = tmp_path_factory.mktemp("histograms")
    entries = []
    for number, buckets in enumerate(histograms()):
        entries.append({
            "operation": "op%d" % number, "was_there": bool(number % 2),
            "clock": "intended", "count": sum(c for _, c in buckets),
            "min_ns": low_high(buckets[0][0])[0],
            "max_ns": low_high(buckets[-1][0])[1], "mean_ns": 1.0,
            "saturated": 0, "buckets": buckets})
    (folder / "entries").write_text(json.dumps(entries))
    player = folder / "player"
    player.write_text(f"""#!/usr/bin/python3
import json, subprocess, sys
asked = sys.stdin.read()
answer = json.loads(subprocess.run(["{FAKE}"], input=asked.encode(),
                                   capture_output=True).stdout)
if answer["latency"]:
    answer["latency"] = json.load(open("{folder}/entries"))
print(json.dumps(answer))
""")
    player.chmod(player.stat().st_mode | stat.S_IXUSR)
    workload = folder / "open.conf"
    workload.write_text("writes = 3%\nkeys = 1Ki\nthreads = 1\nloop = paced\n"
                        "rate = 1k/s\narrivals = constant\nwindow = 20ms\n"
                        "blocks = 1\nmaps = gomap_rw\n")
    out = folder / "campaign"
    subprocess.run([READMOSTLY, "run", str(workload), "-o", str(out),
                    "--counters", "none"], check=True, capture_output=True,
                   env=dict(os.environ, RM_TRIAL_PROGRAM=str(player)))
    trials = [json.loads(line) for line in
              (out / "trials.jsonl").read_text().splitlines()]
    trial = next(t for t in trials if t["cell"].endswith("latency"))
    return out, trial, entries


def decode(payload):
    """Returns the counts by index in a base64 V2 payload; checks its header."""
    packed = base64.b64decode(payload, validate=True)
    cookie, size = struct.unpack(">iI", packed[:8])
    assert cookie == 0x1C849314 and size == len(packed) - 8
    plain = zlib.decompress(packed[8:])
    header = struct.unpack(">iiiiqqd", plain[:40])
    assert header[0] == 0x1C849313 and header[1] == len(plain) - 40
    counts, index, at = {}, 0, 40
    while at < len(plain):
        word, shift = 0, 0
        for byte_number in range(9):
            byte = plain[at]
            at += 1
            if byte_number == 8:
                word |= byte << shift
                break
            word |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                assert byte or not byte_number, "a LEB128 number must have no leading zeros"
                break
        value = (word >> 1) ^ -(word & 1)
        assert value != -1, "a single zero must be written as 0, as by HdrHistogram"
        if value < 0:
            index -= value
            continue
        if value:
            counts[index] = value
        index += 1
    return counts, header


def test_every_entry_has_its_file_and_no_buckets(campaign):
    out, trial, entries = campaign
    kept = trial["result"]["latency"]
    assert len(kept) == len(entries)
    assert len({e["histogram"] for e in kept}) == len(entries)
    for entry in kept:
        assert "buckets" not in entry
        assert (out / (entry["histogram"] + ".hlog")).is_file()


def test_the_log_holds_every_count(campaign):
    out, trial, entries = campaign
    for entry, kept in zip(entries, trial["result"]["latency"]):
        text = (out / (kept["histogram"] + ".hlog")).read_text()
        lines = text.splitlines()
        assert lines[0] == "#[Histogram log format version 1.3]"
        assert re.match(r"#\[StartTime: \d+\.\d{3} \(seconds since epoch\)",
                        lines[1])
        assert lines[2].startswith('"StartTimestamp","Interval_Length"')
        tag, start, length, highest, payload = lines[3].split(",")
        assert tag.startswith("Tag=") and float(start) == 0
        assert float(length) == pytest.approx(
            trial["result"]["elapsed_ns"] / 1e9, abs=6e-4)
        assert float(highest) == pytest.approx(entry["max_ns"] / 1e6,
                                               abs=6e-4)
        counts, header = decode(payload)
        assert counts == {i: c for i, c in entry["buckets"]}
        assert header[2:] == (0, 3, 1, 2**41 - 1, 1.0)


def expected_quantile(buckets, p):
    """Returns the largest value of the bucket that contains quantile p."""
    rank, seen = max(math.ceil(p * sum(c for _, c in buckets) - 1e-9), 1), 0
    for index, count in buckets:
        seen += count
        if seen >= rank:
            return low_high(index)[1]
    raise AssertionError


@pytest.mark.parametrize("p", [0.001, 0.5, 0.9, 0.99, 0.999, 1.0])
def test_the_reader_of_the_report_has_the_same_quantiles(campaign, p):
    out, trial, entries = campaign
    for entry, kept in zip(entries, trial["result"]["latency"]):
        read = histogram.read_file(out / f"{kept['histogram']}.hlog", kept["hlog_crc32"])
        assert read.count == entry["count"]
        assert read.quantile(p) == expected_quantile(entry["buckets"], p)
        assert list(read.values) == [low_high(i)[1] for i, _ in entry["buckets"]]


def test_a_histogram_of_another_scale_is_refused(tmp_path):
    """A histogram with two digits or in microseconds is refused, because its values would be wrong.
    """
    plain = synthetic.encoded({5: 1})
    for at, field in ((12, struct.pack(">i", 2)), (32, struct.pack(">d", 1000.0))):
        changed = plain[:at] + field + plain[at + len(field):]
        (tmp_path / f"{at}.hlog").write_text(synthetic.hlog(changed))
        with pytest.raises(JournalError, match="not in ns with 3 digits"):
            histogram.read_file(tmp_path / f"{at}.hlog", None)
