# SPDX-License-Identifier: Apache-2.0
"""The maps of a program, as `readmostly list --json` has them."""
import json
import subprocess

UNSAFE = {"unsafe", "unsafe-insert"}


def maps_of(program):
    listed = subprocess.run([program, "list", "--json"], check=True, text=True,
                            capture_output=True).stdout
    return json.loads(listed)["maps"]


def is_unsafe(one):
    """Whether a map says that it is not safe beside a writer."""
    return bool(UNSAFE & set(one["caps"]))
