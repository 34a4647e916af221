#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reduces the kernel's lists of events to the events of events.tsv.

pmu_events.py KERNEL VERSION >tests/fixtures/pmu-events.tsv
    KERNEL   an unpacked kernel source, of which tools/perf/pmu-events/arch is read
    VERSION  description of the source, for the head of the file

An event is kept in the lists for a CPU of runner/counters/cpus.tsv if that CPU counts it by a code
that likwid's lists cannot confirm. Codes have the form of a raw event of perf_event_open().
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COUNTERS = ROOT / 'runner' / 'counters'
CORE_UNITS = ('', 'core', 'cpu_core', 'cpu_atom', 'cpu_lowpower')
CPU = ('vendor', 'family', 'models', 'pmu', 'arch', 'lines', 'without',
       'likwid', 'perf', 'what')
EVENT = ('arch', 'metric', 'likwid', 'counter', 'pmu', 'code', 'perf', 'note')
INSTALLED = '5.2'  # release of likwid whose lists are read


def table(name):
    """Returns the rows of a table of runner/counters, as lists of fields."""
    for line in (COUNTERS / name).read_text().splitlines():
        if line and not line.startswith('#'):
            yield line.split('\t')


def number(text):
    """Reads a number in a list: "0xd0", or the first of "0xB7,0xBB"."""
    return int(str(text or '0').split(',')[0], 0)


def x86_code(event, amd):
    """Builds a code: event in bits 0-7, umask in bits 8-15, then edge, inv and cmask. Higher bits
    of the event (AMD) begin at bit 32, higher bits of the mask (Intel) at bit 40."""
    code, mask = number(event['EventCode']), number(event.get('UMask'))
    return (code & 0xff | (mask & 0xff) << 8 | (mask >> 8) << 40 |
            ((code >> 8) << 32 if amd else 0) |
            number(event.get('EdgeDetect')) << 18 |
            number(event.get('Invert')) << 23 |
            number(event.get('CounterMask')) << 24)


def read(folder):
    """Returns the events that the files of a folder describe, without descriptions of metric
    groups."""
    for path in sorted(folder.glob('*.json')):
        found = json.loads(path.read_text())
        if isinstance(found, list):
            yield from found


def events_of(arch, name):
    """Returns (unit, name, code) of the core PMU's events in a list; for AMD also of the L3
    PMU's."""
    standard = {event['EventName']: event for event in read(arch)
                if 'EventCode' in event}
    for event in read(arch / name):
        known = standard.get(event.get('ArchStdEvent'), {})
        event = {'EventName': event.get('ArchStdEvent'), **known, **event}
        unit = event.get('Unit', '').replace('L3PMC', 'amd_l3')
        if 'EventCode' not in event or unit not in (*CORE_UNITS, 'amd_l3'):
            continue
        code = x86_code(event, name.startswith('amd')) \
            if arch.name == 'x86' else number(event['EventCode'])
        yield unit, event['EventName'], code


def rows(name, columns):
    """Returns a table of runner/counters as a dict for each line."""
    return [dict(zip(columns, row + [''])) for row in table(name)]


def several(text):
    """Returns the names in "a,b"; none for "-"."""
    return [] if text == '-' else text.split(',')


CPUS, EVENTS = rows('cpus.tsv', CPU), rows('events.tsv', EVENT)


def offered(cpu):
    """Returns the line of the event map for each metric, as rm_event_map_find() would find it."""
    lines = {}
    for group in [*several(cpu['lines']), '*']:
        for event in EVENTS:
            if event['arch'] == group and \
                    event['metric'] not in several(cpu['without']):
                lines.setdefault(event['metric'], event)
    return lines


def has_code(event):
    return event['pmu'] in ('raw', 'amd_l3')


def in_likwid(cpu, event):
    """True if likwid's lists can confirm the whole code."""
    return (cpu['likwid'] == INSTALLED and event['likwid'] != '-'
            and 'PMC' in event['counter'] and int(event['code'], 16) < 1 << 16)


def wanted():
    """Returns the names of the events that each list must confirm."""
    names = {}
    for cpu in CPUS:
        for event in offered(cpu).values():
            if has_code(event) and not in_likwid(cpu, event):
                for one in several(cpu['perf']):
                    names.setdefault(one, set()).update(
                        event['perf'].replace('|', '+').split('+'))
    return names


def main():
    base = pathlib.Path(sys.argv[1]) / 'tools/perf/pmu-events/arch'
    lists = wanted()
    print(f'# Made by tests/tools/pmu_events.py of {sys.argv[2]}: names of '
          'events.tsv\n# that likwid cannot confirm, in the lists of cpus.tsv.\n'
          '# list\tunit\tname\tcode')
    for name, names in sorted(lists.items()):
        arch = next(base / a for a in ('x86', 'arm64', 'powerpc')
                    if (base / a / name).is_dir())
        kept = {event for event in events_of(arch, name)
                if event[1] in names}
        for unit, event, code in sorted(kept):
            print(f'{name}\t{unit or "-"}\t{event}\t{code:#x}')


if __name__ == '__main__':
    main()
