# SPDX-License-Identifier: Apache-2.0
"""Real Go speaks the trial protocol, and the comparison of speeds adds up.

No speed is asserted. Where no Go is, its trial is not there and is skipped.
"""
import copy
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest

from report import port_speed
from report.regress_trials import Journal, run_blocks

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRIAL = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve() / "go/trial"
SCHEMA = json.loads(
    (ROOT / "docs/trial-protocol.schema.json").read_text(encoding="utf-8"))
needs_go = pytest.mark.skipif(not TRIAL.exists(),
                              reason="no Go 1.19 to 1.23 here: no Go trial")


def valid(part, value):
    jsonschema.Draft202012Validator(
        {"$ref": "#/$defs/" + part, "$defs": SCHEMA["$defs"]}).validate(value)


def request_of(name, **factors):
    """A window of a counted number of operations: no time decides."""
    cell = dict(port_speed.FACTORS, map=name, keys=1000, window_ops=200_000,
                id=f"port-speed/{name}",
                cpus=[max(os.sched_getaffinity(0))]) | factors
    return {"protocol": 1, "cell": cell, "seed": 7, "control_extra": 0.0,
            "counters": {"backend": "none"}}


def go(text):
    return subprocess.run([TRIAL, "trial"], input=text, text=True,
                          capture_output=True, timeout=300, check=False)


def result_of(request):
    valid("request", request)
    done = go(json.dumps(request))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    valid("result", result)
    return result


@needs_go
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", port_speed.MAPS)
def test_go_answers_by_the_schema_and_verifies(name, threads):
    cpu = max(os.sched_getaffinity(0))
    result = result_of(request_of(name, threads=threads, cpus=[cpu] * threads))
    assert result["status"] in ("ok", "void"), result["reason"]
    assert result["verification"]["status"] == "ok"
    assert result["lookups"] + result["writes"] == result["ops"]
    assert result["hits"] == result["lookups"]
    assert result["ops"] == threads * 200_000
    assert result["keys_before"] == result["keys_after"] == 1000
    verification = result["verification"]
    assert verification["sum_held"] == verification["sum_expected"]
    assert [t["cpu_start"] for t in result["threads"]] == [cpu] * threads
    assert result["environment"]["go"].startswith("go1.")


@needs_go
def test_go_draws_what_the_port_draws():
    """Same seed, same generator, same decisions."""
    request = json.dumps(request_of("gomap_rw", presize=False))
    port = subprocess.run([TRIAL.parent.parent / "readmostly", "trial"],
                          input=request, text=True, capture_output=True,
                          timeout=300, check=True)
    port, real = json.loads(port.stdout), json.loads(go(request).stdout)
    for name in ("ops", "writes", "hits", "inserts", "keys_after"):
        assert port[name] == real[name], name
    assert port["verification"]["sum_held"] == \
        real["verification"]["sum_held"]


@needs_go
@pytest.mark.parametrize("factors", [
    {"map": "snapshot"}, {"shape": "str16x8"}, {"write_kind": "churn"},
    {"dist": "zipf:0.99"}, {"measure": "latency"}, {"miss_share": 0.1}])
def test_go_says_what_it_does_not_run(factors):
    result = result_of(request_of("gomap_rw", **factors))
    assert result["status"] == "failed" and result["reason"]


@needs_go
def test_go_refuses_what_is_no_request():
    good = request_of("gomap_rw")
    less = copy.deepcopy(good)
    del less["cell"]["keys"]
    for text in ("", "[]", "{}", json.dumps(good | {"more": 1}),
                 json.dumps(good | {"protocol": 2}), json.dumps(less)):
        done = go(text)
        assert done.returncode == 2 and done.stderr, text
        assert not done.stdout


def play(costs):
    """A launcher whose trials cost costs[binary](block) ns per operation."""
    def start(binary, request, _padding, _timeout):
        ops = request["cell"]["window_ops"]
        cost = costs[os.path.basename(binary)](request["seed"])
        stats = [{"name": n, "unit": "1", "value": 2}
                 for n in ("collections", "allocations")]
        return {"exit": "0", "status": "ok", "reason": None, "wall_ns": 1,
                "result": {"ops": ops, "elapsed_ns": int(ops * cost),
                           "stats": stats,
                           "threads": [{"cpu_ns": int(ops * cost / 2)}],
                           "environment": {"go": "go1.19", "gogc": "100",
                                           "gomaxprocs": 1}}}
    return start


@pytest.mark.parametrize("go_ns, status", [(21.0, 0), (19.6, 0), (19.3, 1)])
def test_ratio_is_gos_time_over_the_ports(tmp_path, go_ns, status):
    for name in ("port", "go"):
        (tmp_path / name).write_text(name)
    args = port_speed.arguments(
        ["--port", str(tmp_path / "port"), "--go", str(tmp_path / "go"),
         "--blocks", "10", "--seed", "1"])
    noise = lambda seed: 1 + (seed % 7) * 1e-4  # of the block: in both arms
    start = play({"port": lambda seed: 20 * noise(seed),
                  "go": lambda seed: go_ns * noise(seed)})
    campaign = port_speed.campaign_of(args, 0)
    assert port_speed.lay_out(campaign, (10**6, 10**6), start=start) is None
    journal = Journal(tmp_path / "trials.jsonl")
    table = port_speed.compare(campaign, run_blocks(campaign, journal, start))
    journal.close()
    for name in port_speed.MAPS:
        assert table[name]["ratio"]["n"] == 10
        assert table[name]["ratio"]["centre"] == \
            pytest.approx(go_ns / 20, rel=1e-3)
        assert table[name]["cpu"]["centre"] == \
            pytest.approx(go_ns / 20, rel=1e-3)
    assert port_speed.status_of(table) == status
    text = "\n".join(port_speed.lines_of(table))
    assert "GOGC=100" in text and "hash" in text
    assert ("slower" in text) == (status == 1)


def test_a_missing_interval_is_no_pass(tmp_path):
    for name in ("port", "go"):
        (tmp_path / name).write_text(name)
    args = port_speed.arguments(
        ["--port", str(tmp_path / "port"), "--go", str(tmp_path / "go"),
         "--blocks", "2", "--seed", "1"])
    start = play({"port": lambda seed: 20, "go": lambda seed: 40})
    campaign = port_speed.campaign_of(args, 0)
    port_speed.lay_out(campaign, (10**6, 10**6), start=start)
    journal = Journal(tmp_path / "trials.jsonl")
    table = port_speed.compare(campaign, run_blocks(campaign, journal, start))
    journal.close()
    assert port_speed.status_of(table) == 3
    assert "no interval" in "\n".join(port_speed.lines_of(table))
