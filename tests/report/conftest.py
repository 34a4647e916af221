# SPDX-License-Identifier: Apache-2.0
"""Shared by all modules: the marker `long`, and reports without figures.

A module that looks at figures sets DRAWN = True.
"""
import pytest
import report_helpers


def pytest_configure(config):
    config.addinivalue_line("markers", "long: not part of `make test`")


@pytest.fixture(autouse=True, scope="module")
def figures_of_the_module(request):
    report_helpers.Built.drawn = getattr(request.module, "DRAWN", False)
