# SPDX-License-Identifier: Apache-2.0
"""Counts of the L1d and bytes between caches, from a replayed recording."""
import json
import os
import subprocess

import pytest
from report.decide.tables.cache import source_of
from report.load.trial import Counters
from report_helpers import TOP, Built

READMOSTLY = str((TOP / os.environ.get("BUILD", "build/gcc")).resolve() / "readmostly")
OPS = 1_000_000
COUNTS = {"l1d_load_hit": 9.0, "l1d_load_miss": 0.5, "l1d_fill": 0.75, "l1d_m_evict": 0.25}


def test_the_page_has_the_l1d_and_traffic_per_operation(tmp_path):
    """The recording lacks the event l2_fill, so its column has no value."""
    recording = tmp_path / "counts.jsonl"
    recording.write_text("".join(json.dumps({
        "format": 1, "origin": "fake", "backend": "likwid", "cpu": "skl", "interval": interval,
        "thread": 0, "metric": metric, "event": metric.upper(), "code": "likwid PMC0",
        "value": value * OPS, "enabled_ns": None, "running_ns": None, "quality": "exact",
        "reason": None}) + "\n" for interval in range(2) for metric, value in COUNTS.items()))
    workload = tmp_path / "w.conf"
    workload.write_text(f"""maps = gomap_rw
keys = 1k
writes = 3%
threads = 1
measure = counters
blocks = 2
window = {OPS}ops
verify = 1kops
control = none
""")
    subprocess.run([READMOSTLY, "run", workload, "-o", tmp_path / "c", "--counters",
                    f"replay:{recording}"], check=True, capture_output=True, cwd=TOP,
                   env=os.environ | {"RM_PAGE": "no"})
    report = Built(tmp_path / "c")
    row, = report.rows("tables/traffic.csv")
    expected = {"l1d_hits": 9, "l1d_misses": 0.5, "l1d_evictions": 0.25, "l2_bytes": 64}
    assert {name: float(row[name]) for name in expected} == pytest.approx(expected, rel=1e-3)
    assert not row["l3_bytes"]
    page = (report.out / "cache.html").read_text()
    assert "L1d load hits" in page and "replayed" in page


def test_the_source_states_whether_threads_of_the_map_were_counted():
    perf = Counters("perf", "thread, user mode", "not counted")
    assert source_of(perf, own_threads=True) \
        == "perf, thread, user mode, threads of the map not counted"
    assert source_of(perf, own_threads=False) == "perf, thread, user mode"
    assert source_of(Counters("replay"), own_threads=True) == "replay"
