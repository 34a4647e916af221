# SPDX-License-Identifier: Apache-2.0
"""What all modules share: their reports have figures only if a module asks
for them, and tests that are marked `long` are left out on request."""
import pytest
import report_helpers


def pytest_configure(config):
    config.addinivalue_line("markers", "long: not part of `make test`")


@pytest.fixture(autouse=True, scope="module")
def figures_of_the_module(request):
    report_helpers.Built.drawn = getattr(request.module, "DRAWN", False)
