# SPDX-License-Identifier: Apache-2.0
"""Lists the maps of this build. If a library or a language is missing, tests that need it are
skipped, and the reason names it."""
import functools
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()


@functools.cache
def listed():
    """Returns the ids that `list` prints, and the reasons why other maps are not built, by id."""
    done = subprocess.run([BUILD / "readmostly", "dev", "list", "--json"], text=True,
                          capture_output=True, check=True)
    reported = json.loads(done.stdout)
    return ({m["id"] for m in reported["maps"]},
            {m["id"]: f"needs {m['needs']} ({m['remedy']})"
             for m in reported["skipped"]})


def require(*names):
    """Skips the test if one of the maps is not built, and prints what the map needs."""
    built, skipped = listed()
    for name in names:
        if name not in built:
            pytest.skip(f"{name} {skipped.get(name, 'is not built')}")


def maps_of(claim):
    """Returns the maps in the cells of a claim of the ledger."""
    return {name for one in claim.each() for name in one.maps}
