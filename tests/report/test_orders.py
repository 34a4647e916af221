# SPDX-License-Identifier: Apache-2.0
"""Tests the proof of the memory orders in epoch.h with a part of its protocol."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/long"))
import orders  # noqa: E402

PROTOCOL = ROOT / "tests/fixtures/orders/protocol.tsv"


def allowed_by(table):
    return subprocess.run(
        [sys.executable, ROOT / "tests/tools/orders_protocol.py", table],
        capture_output=True, text=True, check=False)


@pytest.mark.long
def test_the_axioms_confirm_the_proof_of_each_order():
    done = allowed_by(PROTOCOL)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": no\n") == 8
    assert done.stdout.count(": yes\n") == 4


def test_the_protocol_uses_the_orders_of_the_sources():
    """The table of memory orders must be updated if an order changes in the source."""
    path = "impls/support/epoch.h"
    found = orders.accesses(path, (ROOT / path).read_text(encoding="utf-8"))

    def order_of(function, n):
        return [a for a in found if a.function == function][n - 1].order
    right = {"C1": order_of("epoch_close", 1), "C2": order_of("epoch_close", 2),
             "A1": order_of("epoch_advance", 1),
             "A2": order_of("epoch_advance", 2),
             "A3": order_of("epoch_advance", 3),
             "A4": order_of("epoch_advance", 4),
             "U1": order_of("epoch_unpark", 1),
             "U2": order_of("epoch_unpark", 2),
             "U3": order_of("epoch_unpark", 3), "P1": order_of("epoch_park", 1)}
    assert right == {"C1": "acq_rel", "C2": "relaxed", "A1": "acquire",
                     "A2": "acq_rel", "A3": "acquire", "A4": "acq_rel",
                     "U1": "acquire", "U2": "release", "U3": "acq_rel",
                     "P1": "release"}
    programs = [row.split("\t")[1] for row in PROTOCOL.read_text(
        encoding="utf-8").splitlines() if row.startswith("no edit")]
    assert programs == [
        "x=1.rel y=1.rel w+1.ar z.rlx | w+1.ar y.acq z=2.rel | "
        "z.acq w+1.ar | w+1.ar x.acq",
        "x=1.rel y=1.rel w+1.ar z.rlx | w+1.ar y.acq z=2.rel | "
        "z.acq w+1.ar x.acq"]
