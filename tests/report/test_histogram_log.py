# SPDX-License-Identifier: Apache-2.0
"""An independent reader of .hlog and .hgrm finds every count again."""
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

from report.load import histogram

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
FAKE = str(BUILD / "tests" / "fake_trial")
LENGTH = 32 * 1024  # counts of a histogram up to 2^41 ns, 3 digits


def low_high(index):
    """Values of a bucket, from the definition: 2048 sub-buckets."""
    if index < 2048:
        return index, index
    shift = index // 1024 - 1
    low = (index % 1024 + 1024) << shift
    return low, low + (1 << shift) - 1


def histograms():
    """Lists of [index, count]: edges first, then random ones."""
    rng = random.Random(3)
    yield [[0, 1]]
    yield [[LENGTH - 1, 1]]
    yield [[0, 1], [1, 1], [2, 1]]
    yield [[5, 1], [7, 1]]                      # one zero between
    yield [[5, 63], [6, 64], [7, 8191], [8, 8192]]  # LEB128 widths
    yield [[100, 2**31], [30000, 2**52]]
    yield [[i, i + 1] for i in range(0, LENGTH, 7)]
    yield [[i, 1] for i in range(LENGTH)]
    for _ in range(8):
        indexes = sorted(rng.sample(range(LENGTH), rng.randrange(1, 500)))
        yield [[i, rng.randrange(1, 1 << rng.randrange(1, 40))]
               for i in indexes]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    """A campaign whose latency trial has one entry per histogram above."""
    folder = tmp_path_factory.mktemp("histograms")
    entries = []
    for number, buckets in enumerate(histograms()):
        entries.append({
            "operation": "op%d" % number, "was_there": bool(number % 2),
            "clock": "intended", "count": sum(c for _, c in buckets),
            "min_ns": low_high(buckets[0][0])[0],
            "max_ns": low_high(buckets[-1][0])[1], "mean_ns": 1.0,
            "p50_ns": 1, "p90_ns": 1, "p99_ns": 1, "p999_ns": 1, "saturated": 0,
            "buckets": buckets})
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
    """Counts by index of a base64 V2 payload, and its header."""
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
                assert byte or not byte_number, "longer than it must be"
                break
        value = (word >> 1) ^ -(word & 1)
        assert value != -1, "one zero is written as 0, as HdrHistogram does"
        if value < 0:
            index -= value
            continue
        if value:
            counts[index] = value
        index += 1
    return counts, header


def test_every_entry_has_its_files_and_no_buckets(campaign):
    out, trial, entries = campaign
    kept = trial["result"]["latency"]
    assert len(kept) == len(entries)
    assert len({e["histogram"] for e in kept}) == len(entries)
    for entry in kept:
        assert "buckets" not in entry
        for ending in (".hgrm", ".hlog"):
            assert (out / (entry["histogram"] + ending)).is_file()


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


@pytest.mark.long
def test_the_table_is_a_percentile_distribution(campaign):
    out, trial, entries = campaign
    for entry, kept in zip(entries, trial["result"]["latency"]):
        text = (out / (kept["histogram"] + ".hgrm")).read_text()
        assert text.startswith("       Value     Percentile TotalCount "
                               "1/(1-Percentile)\n\n")
        rows = [line.split() for line in text.splitlines()[2:]
                if not line.startswith("#")]
        total = entry["count"]
        assert len(rows[-1]) == 3 and int(rows[-1][2]) == total
        assert float(rows[-1][1]) == 1
        for value, share, count, *inverse in rows:
            upto = sum(c for i, c in entry["buckets"]
                       if low_high(i)[1] <= round(float(value) * 1000))
            assert upto == int(count), (value, count)
            assert int(count) >= float(share) * total * (1 - 1e-9)
            if inverse and float(inverse[0]) < 1e6:  # of 12 digits
                assert float(inverse[0]) == pytest.approx(
                    1 / (1 - float(share)), abs=0.006, rel=1e-3)
        shares = [float(row[1]) for row in rows]
        assert shares == sorted(shares) and shares[0] == 0
        assert all(s == pytest.approx(i / 10) for i, s in
                   enumerate(shares[:5]) if s < 0.5)
        mean = sum(c * sum(low_high(i)) / 2 for i, c in entry["buckets"]) \
            / total
        deviation = math.sqrt(sum(
            c * (sum(low_high(i)) / 2 - mean) ** 2
            for i, c in entry["buckets"]) / total)
        foot = re.search(r"#\[Mean    = +([0-9.]+), StdDeviation   = +"
                         r"([0-9.]+)\]\n#\[Max     = +([0-9.]+), Total count "
                         r"   = +(\d+)\]\n#\[Buckets = +31, SubBuckets     = "
                         r"+2048\]\n$", text)
        assert foot, text[-200:]
        assert float(foot[1]) == pytest.approx(mean / 1e3, abs=1e-3, rel=1e-6)
        assert float(foot[2]) == pytest.approx(deviation / 1e3, abs=1e-3,
                                               rel=1e-6)
        assert float(foot[3]) == pytest.approx(entry["max_ns"] / 1e3)
        assert int(foot[4]) == total


def test_a_level_that_a_bucket_just_reaches_is_told_of_it(campaign):
    """Of two values half lie at the first: P50 is that one, not the next."""
    out, trial, entries = campaign
    kept = next(k for e, k in zip(entries, trial["result"]["latency"])
                if e["buckets"] == [[5, 1], [7, 1]])
    text = (out / (kept["histogram"] + ".hgrm")).read_text()
    rows = [line.split() for line in text.splitlines()[2:]
            if not line.startswith("#")]
    assert [row[0] for row in rows if float(row[1]) == .5] == ["0.005"]


def expected_quantile(buckets, p):
    """Largest value of the bucket with the p-th value."""
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


CAMPAIGN = os.environ.get("ORACLE_CAMPAIGN")


@pytest.mark.skipif(not CAMPAIGN, reason="ORACLE_CAMPAIGN names no campaign")
def test_quantiles_of_a_campaign_are_those_of_its_trials():
    """p50_ns and others, which the program of the trial computed."""
    compared = 0
    for line in (pathlib.Path(CAMPAIGN) / "trials.jsonl").read_text().splitlines():
        for e in (json.loads(line)["result"] or {}).get("latency") or ():
            read = histogram.read_file(
                pathlib.Path(CAMPAIGN) / f"{e['histogram']}.hlog", e["hlog_crc32"])
            assert read.count == e["count"]
            for name, p in (("p50", .5), ("p90", .9), ("p99", .99), ("p999", .999)):
                assert min(read.quantile(p), e["max_ns"]) == e[f"{name}_ns"], e
                compared += 1
    assert compared > 100
