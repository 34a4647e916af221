# SPDX-License-Identifier: Apache-2.0
"""What threads share or leave, of a machine with two sockets of two cores
with two hardware threads each."""
import pytest

from report import topology

# cpu -> (socket, core of it, hardware thread of that)
WHERE = {cpu: (cpu // 4, cpu % 4 // 2, cpu % 2) for cpu in range(8)}


@pytest.mark.parametrize("cpus,words", [
    ((), set()), ((0,), set()), ((0, 2), set()),
    ((0, 1), {"SMT"}),
    ((0, 4), {"2nd socket"}),  # the first core of either: nothing shared
    ((0, 2, 4, 6), {"2nd socket"}),
    ((0, 4, 5), {"2nd socket", "SMT"}),
    ((2, 2), {"> CPUs"}),  # two threads on one CPU share no core's halves
    ((0, 99), set())])  # a CPU that the file has not
def test_what_is_crossed(cpus, words):
    assert topology.crossed(cpus, WHERE) == words
