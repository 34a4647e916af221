# SPDX-License-Identifier: Apache-2.0
"""Real Go's maps answer the trial protocol under the names of their ports.

No speed is asserted. Without Go these tests are skipped.
"""
import json
import os
import subprocess

import go_program
import pytest
from go_program import BUILD, go, needs_go, result_of

pytestmark = pytest.mark.long

MAPS = ("gomap_rw", "syncmap")  # workloads/port-speed.conf


def request_of(name, **factors):
    return go_program.request_of(name, workload="port-speed",
                                 write_share=0.03, window_ops=200_000,
                                 **factors)


@needs_go
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", MAPS)
def test_go_answers_by_the_schema_and_verifies(name, threads):
    result = result_of(request_of(name, threads=threads))
    assert result["status"] in ("ok", "void"), result["reason"]
    assert result["verification"]["status"] == "ok"
    assert result["lookups"] + result["writes"] == result["ops"]
    assert result["hits"] == result["lookups"]
    assert result["ops"] == threads * 200_000
    assert result["keys_before"] == result["keys_after"] == 1000
    verification = result["verification"]
    assert verification["sum_held"] == verification["sum_expected"]
    cpu = max(os.sched_getaffinity(0))
    assert [t["cpu_start"] for t in result["by_thread"]] == [cpu] * threads
    assert result["environment"]["go"].startswith("go1.")


@needs_go
def test_go_draws_what_the_port_draws():
    """Same seed, same generator, same decisions."""
    request = json.dumps(request_of("gomap_rw", presize=False))
    port = subprocess.run([BUILD / "readmostly", "dev", "trial"],
                          input=request, text=True, capture_output=True,
                          timeout=300, check=True)
    port, real = json.loads(port.stdout), json.loads(go(request).stdout)
    for name in ("ops", "writes", "hits", "inserts", "keys_after"):
        assert port[name] == real[name], name
    assert port["verification"]["sum_held"] == \
        real["verification"]["sum_held"]
