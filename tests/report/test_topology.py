# SPDX-License-Identifier: Apache-2.0
"""Where CPUs sit, and what threads share or leave, of a machine with two
sockets of two cores with two hardware threads each."""
import pytest
from synthetic import topology as hwloc

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


def test_each_cpu_has_its_seat(tmp_path):
    """Kernels count the first hardware thread of every core, then the second
    ones."""
    file = tmp_path / "topology.xml"
    file.write_text(hwloc(2, 2, 2))
    assert topology.spots(file) == {
        0: (0, 0, 0), 1: (0, 1, 0), 2: (1, 0, 0), 3: (1, 1, 0),
        4: (0, 0, 1), 5: (0, 1, 1), 6: (1, 0, 1), 7: (1, 1, 1)}


@pytest.mark.parametrize("number", ['', 'os_index="6"', 'os_index="x"'])
def test_a_cpu_without_a_number_of_its_own_seats_nobody(tmp_path, number):
    file = tmp_path / "topology.xml"
    file.write_text(hwloc(2, 2, 2).replace('os_index="7"', number))
    assert topology.spots(file) == {}
