# SPDX-License-Identifier: Apache-2.0
"""Compares the tables of CPUs and events with the lists of likwid and of the kernel.

likwid's lists come from the installed library. Event codes that likwid cannot confirm are checked
with the kernel's list (tests/fixtures/pmu-events.tsv, an extract of its source).
"""
import ctypes.util
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "tools"))
import likwid_names  # noqa: E402
from pmu_events import (CPUS, EVENTS, INSTALLED, has_code,  # noqa: E402
                        offered, several)

X86 = ("GenuineIntel", "AuthenticAMD")


def numbers(text):
    """Returns all numbers in a list of numbers and ranges."""
    for part in text.split(","):
        low, _, high = part.partition("-")
        yield from range(int(low, 0), int(high or low, 0) + 1)


# With an empty table, these tests are skipped; tests/long/any_machine.sh checks that the table has
# lines.
of_events = pytest.mark.skipif(not EVENTS, reason="events.tsv has no line")


def kernel_lists():
    """Returns the codes of the kernel's events by list, unit and name."""
    lists = {}
    for line in (TOP / "tests/fixtures/pmu-events.tsv").read_text() \
            .splitlines():
        if not line.startswith("#"):
            name, unit, event, code = line.split("\t")
            lists.setdefault(name, {}).setdefault(unit, {})[event] = \
                int(code, 16)
    return lists


KERNEL = kernel_lists()


def listed_code(units, cpu, event):
    """Returns the code that a kernel's list gives for an event's name, or None."""
    unit = event["pmu"] if event["pmu"] == "amd_l3" else cpu["pmu"]
    known = units.get(unit) or units.get("core") or units.get("-", {})
    for name in event["perf"].split("|"):
        parts = name.split("+")
        if all(part in known for part in parts):
            code = 0
            for part in parts:
                code |= known[part]
            return code
    return None


def in_kernel(cpu, event):
    """True if each of the kernel's lists for this CPU has the event with this code."""
    return cpu["perf"] != "-" and all(
        listed_code(KERNEL.get(name, {}), cpu, event) == int(event["code"], 16)
        for name in cpu["perf"].split(","))


# ---- likwid

def library():
    name = ctypes.util.find_library("likwid")
    if not name or not name.endswith(INSTALLED):
        pytest.skip(f"no liblikwid {INSTALLED} here")
    return next(str(path) for folder in ("/usr/lib", "/usr/local/lib")
                for path in Path(folder).rglob(name))


@pytest.fixture(scope="module")
def likwid_list(tmp_path_factory):
    """Makes a function that returns liblikwid's event names for a model in the table."""
    preload = tmp_path_factory.mktemp("likwid") / "fake_msr.so"
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-shared", "-fPIC",
                    "-o", preload, TOP / "tests/fixtures/fake_msr.c",
                    "-ldl"], check=True)
    lists, known = likwid_names.Lists(library(), preload), {}

    def names_of(cpu, model, stepping=1):
        arm = cpu["vendor"] == "Arm"
        signature = (("family", 8), ("vendor", int(cpu["family"], 0)),
                     ("part", model)) if arm else \
            (("family", int(cpu["family"])), ("model", model))
        key = (*signature, ("stepping", stepping), ("isIntel", 0))
        if key not in known:
            known[key] = lists.names(dict(key))
        return known[key]
    yield names_of
    lists.close()


def queried_models(cpu):
    """Returns the models to query in likwid: all models that likwid supports, or else the first
    and the last."""
    models = list(numbers(cpu["models"]))
    if cpu["likwid"] == INSTALLED and len(models) <= 8:
        return models
    return sorted({models[0], models[-1]})


def readable():
    """Returns the CPUs of the table for which this machine's library has a list. Only the library
    on POWER has the list for POWER."""
    return [cpu for cpu in CPUS if cpu["vendor"] in (*X86, "Arm")]


def likwid_error(names, event):
    """Returns "" if the list has the event, or else the error."""
    if event["likwid"] not in names:
        return "no such name"
    counters, number, mask = names[event["likwid"]]
    if event["counter"].rstrip("0123456789") not in counters:
        return f"is counted by {counters}"
    if has_code(event) and "PMC" in event["counter"] and \
            int(event["code"], 16) & 0xffff != number & 0xff | mask << 8:
        return f"is event {number:#x}, mask {mask:#x}"
    return ""


def check_likwid(cpu, names):
    """Returns the events of a CPU that are wrong according to likwid's list."""
    return [f"{cpu['arch']}: {metric}: {event['likwid']}: "
            f"{likwid_error(names, event)}"
            for metric, event in offered(cpu).items()
            if event["likwid"] != "-" and likwid_error(names, event)]


# ---- tests

@of_events
def test_each_code_is_in_a_list(likwid_list):
    """An event that no list confirms must be marked "unverified"."""
    wrong, checked = [], 0
    for cpu in CPUS:
        for metric, event in offered(cpu).items():
            if not has_code(event):
                continue
            checked += 1
            known = in_kernel(cpu, event) or any(
                not likwid_error(likwid_list(other, model), event)
                for other in readable() if other["arch"] == cpu["arch"]
                and event["likwid"] != "-" and other["likwid"] == INSTALLED
                for model in queried_models(other))
            if known == (event["perf"] == "unverified"):
                wrong.append(f"{cpu['arch']} {metric} {event['code']} "
                             f"{event['perf']}")
    assert not wrong
    assert checked > 1000


def test_the_kernels_name_has_the_same_code_in_every_list():
    """A list may lack an event that likwid has, but must not contradict likwid."""
    wrong = []
    for cpu in CPUS:
        for metric, event in offered(cpu).items():
            for name in several(cpu["perf"]) if has_code(event) else ():
                code = listed_code(KERNEL.get(name, {}), cpu, event)
                if code not in (None, int(event["code"], 16)):
                    wrong.append(f"{cpu['arch']} {metric}: {name} has "
                                 f"{code:#x}")
    assert not wrong


@of_events
def test_each_likwid_name_is_in_the_installed_library(likwid_list):
    wrong, checked = [], 0
    for cpu in readable():
        for model in queried_models(cpu):
            names = likwid_list(cpu, model)
            if bool(names) != (cpu["likwid"] == INSTALLED):
                wrong.append(f"{cpu['arch']} model {model:#x}: the library "
                             f"has {len(names)} names for it, the table "
                             f"says {cpu['likwid']}")
            elif names:
                wrong += check_likwid(cpu, names)
                checked += sum(event["likwid"] != "-"
                               for event in offered(cpu).values())
    assert not wrong
    assert checked > 400


def unlisted():
    """Yields (family, model) of x86 processors that the table lacks: of Intel's family, and of
    AMD's families since K8. If the table lacks a whole family, every 32nd model is tried,
    because the library looks up the family first."""
    listed = {(int(cpu["family"]), model) for cpu in CPUS
              if cpu["vendor"] in X86 for model in numbers(cpu["models"])}
    families = {family for family, _ in listed}
    every = {(family, model) for family in (6, *range(15, 27))
             for model in range(0, 256, 1 if family in families else 32)}
    return sorted(every - listed)


def test_the_table_has_every_cpu_of_the_library(likwid_list):
    """Queries that use only the lines of the table would not find a missing CPU."""
    unknown = unlisted()
    assert len(unknown) > 400
    known = [cpu for cpu in unknown if likwid_list(
        {"vendor": "", "family": cpu[0]}, cpu[1])]
    assert known == []


def test_cascade_lake_has_its_own_list(likwid_list):
    cpu = next(cpu for cpu in CPUS if cpu["arch"] == "skx")
    names = likwid_list(cpu, 85, stepping=7)
    assert names and names != likwid_list(cpu, 85)
    assert not check_likwid(cpu, names)


@of_events
def test_every_entry_of_the_tables_is_used():
    """Finds groups without a CPU, and omitted metrics without a group."""
    used = {group for cpu in CPUS for group in several(cpu["lines"])}
    groups = {event["arch"] for event in EVENTS}
    assert groups - used == {"*", "generic"}
    for cpu in CPUS:
        have = {event["metric"] for event in EVENTS
                if event["arch"] in several(cpu["lines"])}
        assert set(several(cpu["without"])) <= have, cpu["arch"]


def test_no_cpu_has_two_lines():
    """A hybrid CPU has one line for each kind of core."""
    seen = set()
    for cpu in CPUS:
        for model in numbers(cpu["models"]):
            key = (cpu["vendor"], int(cpu["family"], 0), model, cpu["pmu"])
            assert key not in seen, key
            seen.add(key)
    plain = {key[:3] for key in seen if key[3] == "-"}
    assert not plain & {key[:3] for key in seen if key[3] != "-"}
