#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the kernel's lists of events down to what events.tsv speaks of.

pmu_events.py KERNEL VERSION >tests/fixtures/pmu-events.tsv
    KERNEL   an unpacked kernel source: its tools/perf/pmu-events/arch is read
    VERSION  what the source is, for the head of the file

An event is kept if its name is in runner/counters/events.tsv, in each list that
runner/counters/cpus.tsv names. Codes are as perf_event_open takes them for a raw
event.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COUNTERS = ROOT / 'runner' / 'counters'
CORE_UNITS = ('', 'core', 'cpu_core', 'cpu_atom', 'cpu_lowpower')


def table(name):
    """The rows of a table of runner/counters, as lists of fields."""
    for line in (COUNTERS / name).read_text().splitlines():
        if line and not line.startswith('#'):
            yield line.split('\t')


def number(text):
    """A number of the lists: "0xd0", or the first of "0xB7,0xBB"."""
    return int(str(text or '0').split(',')[0], 0)


def x86_code(event, amd):
    """event:0-7 umask:8-15, then edge, inv, cmask; what is above them of the
    event (AMD) begins at bit 32, of the mask (Intel) at bit 40."""
    code, mask = number(event['EventCode']), number(event.get('UMask'))
    return (code & 0xff | (mask & 0xff) << 8 | (mask >> 8) << 40 |
            ((code >> 8) << 32 if amd else 0) |
            number(event.get('EdgeDetect')) << 18 |
            number(event.get('Invert')) << 23 |
            number(event.get('CounterMask')) << 24)


def read(folder):
    """What the files of a folder describe; descriptions of groups of
    metrics, which are no events, are left out."""
    for path in sorted(folder.glob('*.json')):
        found = json.loads(path.read_text())
        if isinstance(found, list):
            yield from found


def events_of(arch, name):
    """(unit, name, code) of the events of a core's PMU in a list; of AMD's
    L3, too."""
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


def wanted():
    """Names of events in the event map."""
    names = set()
    for row in table('events.tsv'):
        if row[4] in ('raw', 'amd_l3'):
            names.update(row[6].replace('|', '+').split('+'))
    return names


def main():
    base = pathlib.Path(sys.argv[1]) / 'tools/perf/pmu-events/arch'
    names = wanted()
    print(f'# Made by tests/tools/pmu_events.py of {sys.argv[2]}: the names'
          '\n# of events.tsv in the lists of cpus.tsv.\n'
          '# list\tunit\tname\tcode')
    lists = sorted({one for row in table('cpus.tsv')
                    for one in row[8].split(',') if one != '-'})
    for name in lists:
        arch = next(base / a for a in ('x86', 'arm64', 'powerpc')
                    if (base / a / name).is_dir())
        kept = {event for event in events_of(arch, name)
                if event[1] in names}
        for unit, event, code in sorted(kept):
            print(f'{name}\t{unit or "-"}\t{event}\t{code:#x}')


if __name__ == '__main__':
    main()
