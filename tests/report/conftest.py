# SPDX-License-Identifier: Apache-2.0
"""Registers the marker `long`. If RM_LONG=1, only the tests with this marker run; otherwise, they
are deselected."""
import os


LONG = os.environ.get("RM_LONG", "") not in ("", "0")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: runs with RM_LONG=1 only")


def pytest_collection_modifyitems(config, items):
    parts = {True: [], False: []}
    for item in items:
        chosen = (item.get_closest_marker("long") is not None) == LONG
        parts[chosen].append(item)
    config.hook.pytest_deselected(items=parts[False])
    items[:] = parts[True]
