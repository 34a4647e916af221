# SPDX-License-Identifier: Apache-2.0
"""The tables of CPUs and events, compared with lists of likwid and the kernel.

likwid's lists come from the installed library. If they cannot confirm a code, the
kernel's list does (tests/fixtures/pmu-events.tsv, a cut of its source).
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
    """Every number of a list of numbers and ranges."""
    for part in text.split(","):
        low, _, high = part.partition("-")
        yield from range(int(low, 0), int(high or low, 0) + 1)


# any_machine.sh no_events: all else holds with a table that has no line.
of_events = pytest.mark.skipif(not EVENTS, reason="events.tsv has no line")


def kernel_lists():
    """list -> unit -> name -> code"""
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
    """The code that a kernel's list has under the event's name, or None."""
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
    """Has each of the kernel's lists of this CPU the event, of this code?"""
    return cpu["perf"] != "-" and all(
        listed_code(KERNEL.get(name, {}), cpu, event) == int(event["code"], 16)
        for name in cpu["perf"].split(","))


# likwid.

def library():
    name = ctypes.util.find_library("likwid")
    if not name or not name.endswith(INSTALLED):
        pytest.skip(f"no liblikwid {INSTALLED} here")
    return next(str(path) for folder in ("/usr/lib", "/usr/local/lib")
                for path in Path(folder).rglob(name))


@pytest.fixture(scope="module")
def likwid_list(tmp_path_factory):
    """A function: the names that liblikwid has for a model of a line."""
    preload = tmp_path_factory.mktemp("likwid") / "fake_msr.so"
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-shared", "-fPIC",
                    "-o", preload, TOP / "tests/fixtures/fake_msr.c",
                    "-ldl"], check=True)
    lists, known = likwid_names.Lists(library(), preload), {}

    def ask(cpu, model, stepping=1):
        arm = cpu["vendor"] == "Arm"
        told = (("family", 8), ("vendor", int(cpu["family"], 0)),
                ("part", model)) if arm else \
            (("family", int(cpu["family"])), ("model", model))
        key = (*told, ("stepping", stepping), ("isIntel", 0))
        if key not in known:
            known[key] = lists.names(dict(key))
        return known[key]
    yield ask
    lists.close()


def asked_models(cpu):
    """The models to ask likwid about: all of a line that it knows, else the
    first and the last."""
    models = list(numbers(cpu["models"]))
    if cpu["likwid"] == INSTALLED and len(models) <= 8:
        return models
    return sorted({models[0], models[-1]})


def readable():
    """The lines whose CPUs the library of this machine has a list for: that
    for POWER is in the library for POWER only."""
    return [cpu for cpu in CPUS if cpu["vendor"] in (*X86, "Arm")]


def likwid_says(names, event):
    """"": the list has the event. Else what is wrong."""
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
    """What likwid's list does not hold of a line's events."""
    return [f"{cpu['arch']}: {metric}: {event['likwid']}: "
            f"{likwid_says(names, event)}"
            for metric, event in offered(cpu).items()
            if event["likwid"] != "-" and likwid_says(names, event)]


# The facts.

@of_events
def test_each_code_is_in_a_list(likwid_list):
    """An event without a list that names it says "unverified"."""
    wrong, checked = [], 0
    for cpu in CPUS:
        for metric, event in offered(cpu).items():
            if not has_code(event):
                continue
            checked += 1
            known = in_kernel(cpu, event) or any(
                not likwid_says(likwid_list(other, model), event)
                for other in readable() if other["arch"] == cpu["arch"]
                and event["likwid"] != "-" and other["likwid"] == INSTALLED
                for model in asked_models(other))
            if known == (event["perf"] == "unverified"):
                wrong.append(f"{cpu['arch']} {metric} {event['code']} "
                             f"{event['perf']}")
    assert not wrong
    assert checked > 1000


def test_the_kernels_name_has_the_code_wherever_it_stands():
    """A list may lack an event that likwid has, but must not contradict."""
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
        for model in asked_models(cpu):
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
    """(family, model) of x86 processors that no line names: of Intel's
    family, and of those of AMD since K8. Of a family without any line every
    32nd model: who would know it asks for the family first."""
    listed = {(int(cpu["family"]), model) for cpu in CPUS
              if cpu["vendor"] in X86 for model in numbers(cpu["models"])}
    families = {family for family, _ in listed}
    every = {(family, model) for family in (6, *range(15, 27))
             for model in range(0, 256, 1 if family in families else 32)}
    return sorted(every - listed)


def test_the_library_knows_no_cpu_that_the_table_lacks(likwid_list):
    """Asked of the table's lines only, nobody would miss one."""
    asked = unlisted()
    assert len(asked) > 400
    known = [cpu for cpu in asked if likwid_list(
        {"vendor": "", "family": cpu[0]}, cpu[1])]
    assert known == []


def test_cascade_lake_has_a_list_of_its_own(likwid_list):
    cpu = next(cpu for cpu in CPUS if cpu["arch"] == "skx")
    names = likwid_list(cpu, 85, stepping=7)
    assert names and names != likwid_list(cpu, 85)
    assert not check_likwid(cpu, names)


@of_events
def test_nothing_stands_in_the_tables_for_nothing():
    """Groups that no CPU uses; metrics left out that no group has."""
    used = {group for cpu in CPUS for group in several(cpu["lines"])}
    groups = {event["arch"] for event in EVENTS}
    assert groups - used == {"*", "generic"}
    for cpu in CPUS:
        have = {event["metric"] for event in EVENTS
                if event["arch"] in several(cpu["lines"])}
        assert set(several(cpu["without"])) <= have, cpu["arch"]


def test_no_cpu_has_two_lines():
    """But a hybrid one: a line for each kind of core."""
    seen = set()
    for cpu in CPUS:
        for model in numbers(cpu["models"]):
            key = (cpu["vendor"], int(cpu["family"], 0), model, cpu["pmu"])
            assert key not in seen, key
            seen.add(key)
    plain = {key[:3] for key in seen if key[3] == "-"}
    assert not plain & {key[:3] for key in seen if key[3] != "-"}
