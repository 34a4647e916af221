# SPDX-License-Identifier: Apache-2.0
"""Tests a program of another project that uses the trial protocol. The program must give the same
results as this project's program, and detect injected errors.

The tests do not depend on speed.
"""
import json
import os
import subprocess

import go_program
import pytest
from go_program import BUILD, ROOT, request_of

pytestmark = pytest.mark.long

SOURCE = ROOT / "examples/trial/their_trial.c"
PROGRAM = BUILD / "tests/their_trial"
MAP = "gomap_rw"
VERIFY = {"measure": "verify", "window_ops": 0, "verify_ops": 100_000,
          "write_share": 1.0, "keys": 64, "threads": 2}
needs_it = pytest.mark.skipif(not PROGRAM.exists(),
                              reason=f"make {PROGRAM}")


def result_of(program=PROGRAM, **factors):
    return go_program.result_of(request_of(MAP, **factors), program)


@needs_it
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("shape", ["u64x8", "u64x24", "str16x8", "str16x24"])
def test_the_program_gives_the_results_of_this_project(shape, threads):
    request = request_of(MAP, shape=shape, threads=threads)
    here = subprocess.run([BUILD / "readmostly", "dev", "trial"], text=True,
                          input=json.dumps(request), capture_output=True,
                          timeout=300, check=True)
    here, there = json.loads(here.stdout), go_program.result_of(
        request, PROGRAM)
    assert there["status"] in ("ok", "void"), there["reason"]
    for name in ("ops", "lookups", "writes", "hits", "inserts",
                 "keys_before", "keys_after"):
        assert there[name] == here[name], name
    assert there["verification"]["sum_held"] == \
        here["verification"]["sum_held"]


@needs_it
def test_the_program_verifies_values():
    verification = result_of(**VERIFY)["verification"]
    assert verification["status"] == "ok" and verification["accounting"] == "values"
    assert verification["written"] == verification["returned"] == VERIFY["verify_ops"]


@needs_it
def test_the_positive_control_runs_more_operations():
    request = request_of(MAP) | {"control_extra": 0.5}
    result = go_program.result_of(request, PROGRAM)
    done = result["lookups"] + result["writes"]
    assert result["ops"] == int(done / 1.5) < done


REFUSED = [{"map": "syncmap"}, {"dist": "zipf:0.99"}, {"loop": "scan:1"},
           {"write_kind": "churn"}, {"miss_share": 0.5},
           {"allocator": "jemalloc"}, {"measure": "latency"}]


@needs_it
@pytest.mark.parametrize("factors", REFUSED, ids=str)
def test_unsupported_factors_are_reported(factors):
    done = go_program.go(json.dumps(request_of(MAP) | {
        "cell": request_of(MAP)["cell"] | factors}), program=PROGRAM)
    result = json.loads(done.stdout)
    assert result["status"] == "failed" and result["reason"]


@needs_it
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"protocol": 2}',
                                  json.dumps(request_of(MAP) | {
                                      "protocol": 1})], ids=str)
def test_invalid_requests_are_rejected(text):
    done = go_program.go(text, program=PROGRAM)
    assert done.returncode == 2 and done.stderr and not done.stdout


# Columns: old text, new text, a trial that must fail, part of the reason for its failure.
INJECTED = {
    "a lost write": (
        "if (impl->ops->exchange(",
        "if (rank != 7 && impl->ops->exchange(", VERIFY, "lost update"),
    "another key's value": (
        "struct rm_value value = rm_value_of(rank, 0, 0);",
        "struct rm_value value = rm_value_of(rank + (rank == 7), 0, 0);",
        {}, "another key's value"),
    "a key that was not put in": (
        "if (phase == PREFILL) {",
        "if (phase == PREFILL && rank == 7)\n\t\t\tcontinue;\n"
        "\t\tif (phase == PREFILL) {",
        {}, "wrong number of keys after loading"),
}


@needs_it
@pytest.mark.parametrize("injected", INJECTED)
def test_injected_errors_are_detected(injected, tmp_path):
    right, wrong, factors, reason = INJECTED[injected]
    text = SOURCE.read_text("utf-8")
    assert right in text, "the text to change must be in the source"
    (tmp_path / "mutant.c").write_text(text.replace(right, wrong, 1), "utf-8")
    subprocess.run([os.environ.get("CC", "gcc"), "-std=c11", "-D_GNU_SOURCE",
                    "-I.", "-O1", "-w", "-pthread", "-o",
                    tmp_path / "mutant", tmp_path / "mutant.c",
                    *BUILD.glob("impls/*/gomap_rw.o"), BUILD / "tests.a",
                    "-ljansson", "-lm"],
                   cwd=ROOT, check=True)
    result = result_of(tmp_path / "mutant", **factors)
    assert result["status"] == "failed"
    assert reason in result["reason"]
