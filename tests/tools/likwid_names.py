#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the events that an installed liblikwid has for a CPU that is simulated.

likwid_names.py LIBRARY
    reads names of topology files; for each file prints a line for each event (name, counters that
    accept it, number, mask), and then "end"

The class Lists runs the program with tests/fixtures/fake_msr.c preloaded, which passes a topology
file, and thus a CPU family and model, to the library. The library reads that file once per process,
so each file needs its own process. The library's own functions choose the list. This program reads
the list from the memory that those functions have filled, because no exported function returns the
list, and because a full start would require the registers and PCI devices of the simulated machine.

The list ends with an entry that the library names GENERIC_EVENT. All entries have the same length.
Each entry begins with two pointers to text (name and counters) and, in release 5.2, two 64-bit
numbers: the event and its mask.
"""

import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOPOLOGY = HERE.parent / 'fixtures' / 'zen3_topology.cfg'
NAME = re.compile(rb'[!-~]{3,}')
DIRECT = 0  # liblikwid's number for the mode that reads registers without its daemon
LONGEST_S = 60  # time limit for one list
END = 'end'  # printed at the end of a list


def topology_for(cpu):
    """Returns the fixture's topology, changed to another CPU. `cpu` is a dict of family, model,
    vendor, part and stepping."""
    text = TOPOLOGY.read_text()
    for key, value in cpu.items():
        text, found = re.subn(rf'(?m)^(cpuid_info {key} =) .*$',
                              rf'\1 {value}', text)
        assert found == 1, key
    return text


class Lists:
    """Runs this program in a child process, so that Python starts only once for all CPUs. `library`
    is a file, and `preload` is the path of fake_msr.so."""

    def __init__(self, library, preload):
        self.program = subprocess.Popen(
            [sys.executable, __file__, library], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, 'LD_PRELOAD': str(preload)})

    def close(self):
        self.program.communicate()

    def lines(self):
        for line in self.program.stdout:
            if line == f'{END}\n':
                return
            yield line.rstrip('\n')
        raise EOFError(f'{__file__} ended')

    def names(self, cpu):
        """Returns {name: (counters, event, mask)} for a CPU as in topology_for(), or {} if the
        library does not support it."""
        with tempfile.NamedTemporaryFile('w', suffix='.cfg') as topology:
            topology.write(topology_for(cpu))
            topology.flush()
            print(topology.name, file=self.program.stdin, flush=True)
            rows = [line.split('\t') for line in self.lines()
                    if '\t' in line]
        return {name: (counters, int(event), int(mask))
                for name, counters, event, mask in rows}


class Memory:
    """The memory of this process, by address."""

    def __init__(self):
        self.parts = []
        with open('/proc/self/maps', encoding='ascii') as maps:
            for line in maps:
                fields = line.split()
                low, high = (int(end, 16) for end in fields[0].split('-'))
                if fields[1].startswith('r') and '[v' not in line:
                    self.parts.append((low, high, fields[1],
                                       fields[5] if fields[5:] else ''))
        self.file = open('/proc/self/mem', 'rb', buffering=0)

    def read(self, at, size):
        self.file.seek(at)
        return self.file.read(size)

    def text(self, at):
        """Returns the C string at an address, or None if the address is not mapped."""
        end = next((high for low, high, _, _ in self.parts
                    if low <= at < high), None)
        if end is None:
            return None
        return self.read(at, min(200, end - at)).split(b'\0')[0]

    def word(self, at):
        """Returns the 8 bytes at an address as a number; 0 if they are not mapped."""
        if not any(low <= at <= high - 8 for low, high, _, _ in self.parts):
            return 0
        return int.from_bytes(self.read(at, 8), 'little')

    def find_text(self, text, path):
        """Returns the addresses of a C string in the mapped file `path`. The string may be the end
        of a longer one, because linkers merge such strings."""
        for low, high, _, name in self.parts:
            if name == path:
                data = self.read(low, high - low)
                for hit in re.finditer(text + b'\0', data):
                    yield low + hit.start()

    def find_pointer(self, address):
        """Returns the places in writable anonymous memory that contain an address."""
        wanted = address.to_bytes(8, 'little')
        for low, high, how, name in self.parts:
            if 'w' in how and (not name or name == '[heap]'):
                data = self.read(low, high - low)
                at = data.find(wanted)
                while at >= 0:
                    if at % 8 == 0:
                        yield low + at
                    at = data.find(wanted, at + 1)


def is_entry(memory, at):
    name = memory.text(memory.word(at))
    return (name is not None and NAME.fullmatch(name) and
            memory.text(memory.word(at + 8)) is not None)


def list_before(memory, last):
    """Returns the entries before the last one as [[name, counters, event, mask]]."""
    def holds(size):
        return all(is_entry(memory, last - k * size) for k in (1, 2, 3))

    size = next((s for s in range(24, 2048, 8) if holds(s)), None)
    entries = []
    while size and is_entry(memory, last - size):
        last -= size
        entries.append([memory.text(memory.word(last)).decode(),
                        memory.text(memory.word(last + 8)).decode(),
                        memory.word(last + 16), memory.word(last + 24)])
    return entries[::-1]


def print_list(library):
    likwid = ctypes.CDLL(library)
    if likwid.topology_init():
        sys.exit('topology_init')
    likwid.HPMmode(DIRECT)
    likwid.perfmon_init_maps()
    memory = Memory()
    path = os.path.realpath(library)
    for text in memory.find_text(b'GENERIC_EVENT', path):
        for last in memory.find_pointer(text):
            for entry in list_before(memory, last):
                print(*entry, sep='\t')


def main():
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(LONGEST_S)
            os.environ['FAKE_TOPO'] = line.strip()
            print_list(sys.argv[1])
            sys.exit()
        os.waitpid(child, 0)
        print(END, flush=True)


if __name__ == '__main__':
    main()
