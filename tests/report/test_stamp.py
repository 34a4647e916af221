# SPDX-License-Identifier: Apache-2.0
"""A page says what else ran while it was made, also where nobody told it."""
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import others  # noqa: E402
import stamp  # noqa: E402

# Seconds of all CPUs: busy, all; and of what is ours.
BEGUN = (100.0, 1000.0, 10.0)


@pytest.mark.parametrize("now, told", [
    ((150, 1100, 55), ""), ((150, 1100, 45), "loaded by other programs"),
    ((109, 1100, 10), ""), ((110, 1100, 10), "loaded by other programs"),
    ((100, 1000, 10), "")])
def test_a_tenth_of_the_time_had_by_others_is_told(monkeypatch, now, told):
    monkeypatch.setattr(stamp, "BEGUN", BEGUN)
    monkeypatch.setattr(stamp, "cpu_times", lambda: now)
    monkeypatch.delenv("LOAD", raising=False)
    assert stamp.load() == told
    assert stamp.stamp().endswith(f" CPUs{', ' * bool(told)}{told}")


@pytest.mark.parametrize("words", ["beside a tally", ""])
def test_who_made_it_may_say_it(monkeypatch, words):
    monkeypatch.setattr(stamp, "cpu_times", lambda: (2000, 2000, 10))
    monkeypatch.setenv("LOAD", words)
    assert stamp.load() == words


def test_what_this_process_uses_is_its_own():
    begun, end = others.cpu_times(), time.process_time() + 0.1
    while time.process_time() < end:
        pass
    assert others.cpu_times()[2] - begun[2] >= 0.09
