# SPDX-License-Identifier: Apache-2.0
"""Promises derived from a map's description: progress, memory of a stalled reader."""
import json
import subprocess

import pytest
from built_maps import BUILD
from report_helpers import TOP

from report import guarantees

FACTS = TOP / "impls/facts"


def test_what_waits_at_a_limit_is_no_promise_without_it():
    """A map that retires memory waits at the limit; one that does not, never waits."""
    epoch, cas, blocking = (
        guarantees.progress({"progress": progress, "sync": sync})
        for progress, sync in (("lock-free", "epoch"), ("lock-free", "cas"),
                               ("blocking", "epoch")))
    assert epoch.startswith(f"{cas} until ")
    assert not blocking


@pytest.mark.long
def test_each_of_ours_has_a_word_on_stalled_readers():
    listed = subprocess.run([BUILD / "readmostly", "dev", "list", "--json"], check=True,
                            capture_output=True, text=True).stdout
    maps = [m for m in json.loads(listed)["maps"]
            if not (FACTS / f"{m['id']}.txt").exists()]
    assert len(maps) > 50
    assert not [m["id"] for m in maps if not guarantees.stalled(m)]
    assert guarantees.stalled({"sync": "epoch, bin locks"}) != \
        guarantees.stalled({"sync": "rwlock"})
    assert guarantees.stalled({"sync": "rcu-of-somebody"}) is None
