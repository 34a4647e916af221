# SPDX-License-Identifier: Apache-2.0
"""Tables of facts about the machine and build, and of settings that were not controlled."""
import re
from collections.abc import Iterator
from dataclasses import fields

from report.load import Campaign
from report.load.plan import Fact, Machine
from report.model.table import Table, Value

KB = re.compile(r"\b(\d+) kB\b")
PRESSURE = re.compile(r"some avg10=([\d.]+)")
USUAL = "SCHED_OTHER, nice 0"  # the default scheduling class
# Larger values are reported: the load average, and the CPU pressure of the last 10 s in per cent.
BUSY_LOAD, BUSY_PRESSURE = 0.5, 5.0


def first_number(text: str | None) -> float:
    """Returns the first number in a text, or 0 if it has no number."""
    match = re.search(r"\d+(?:\.\d+)?", text or "")
    return float(match[0]) if match else 0.0


def frequency(m: Machine) -> Iterator[tuple[str, str | None]]:
    """Yields settings of the CPU frequency that were not controlled."""
    governor = m.fact("governor")
    if governor is None:
        yield "frequency", None
    elif any(not g.strip().startswith("performance") for g in governor.split(",")):
        yield "governor", governor
    switch = m.fact("intel_no_turbo"), m.fact("boost")
    if switch[0] == "0" or switch[1] == "1":
        yield "turbo", "on"
    elif switch == (None, None):
        yield "turbo", None


def sharing(m: Machine) -> Iterator[tuple[str, str | None]]:
    """Yields signs that other programs used the CPUs."""
    if m.fact("hypervisor_flag") == "yes":
        yield "virtual", "yes"
    if not (m.fact("scheduling") or USUAL).startswith(USUAL):
        yield "scheduling", m.fact("scheduling")
    if m.fact("smt_active") == "1":
        yield "smt", "on"
    if first_number(m.fact("load")) > BUSY_LOAD:
        yield "load", m.fact("load")
    pressure = PRESSURE.search(m.fact("cpu_pressure") or "")
    if pressure and float(pressure[1]) > BUSY_PRESSURE:
        yield "pressure", pressure[1]


def memory(m: Machine) -> Iterator[tuple[str, str | None]]:
    """Yields settings of the memory."""
    if "[always]" in (m.fact("thp_enabled") or ""):
        yield "huge_pages", "always"
    if (m.fact("numa_balancing") or "0") != "0":
        yield "numa_balancing", m.fact("numa_balancing")
    if (m.fact("ksm_run") or "0") != "0":
        yield "ksm", "on"
    if first_number(m.fact("swap_total")) > 0:
        yield "swap", m.fact("swap_total")


def counters(m: Machine) -> Iterator[tuple[str, str | None]]:
    """Yields settings of hardware counters."""
    if m.fact("pmu_type") is None:
        yield "counters", None
    if (m.fact("nmi_watchdog") or "0") != "0":
        yield "nmi_watchdog", "on"


def uncontrolled(campaign: Campaign) -> Table:
    """Lists settings that were not controlled. A value is None if it could not be read or set."""
    m = campaign.plan.machine
    rows: list[tuple[Value, ...]] = [
        row for rule in (frequency, sharing, memory, counters) for row in rule(m)]
    if m.fact("aslr") in ("0", "1") or any(
            t.result and t.result.environment and t.result.environment.aslr is False
            for _, t in campaign.ran):
        rows.append(("aslr", "off"))
    for name, fact in (m.facts or {}).items():
        if fact.status not in ("ok", "absent"):
            rows.append((name, fact.status))
        elif name.startswith("env_") and fact.status == "ok":
            rows.append((name[4:], fact.text))
    return Table("uncontrolled", ("subject", "value"), tuple(rows))


def recorded(campaign: Campaign) -> Iterator[tuple[Value, ...]]:
    """Yields the recorded facts about machine, build and plan as (name, value)."""
    plan = campaign.plan
    for part, owner in (("", plan.machine), ("build ", plan.build)):
        for f in fields(owner):
            value = getattr(owner, f.name)
            if f.name != "facts" and value is not None:
                yield part + f.name, str(value)
    for name, fact in (plan.machine.facts or {}).items():
        yield name, text_of(fact)
    yield "counters", plan.counters.backend
    yield "counters access", plan.counters.access
    yield "counters reason", plan.counters.reason
    yield "seed", str(plan.seed)
    yield "plan sha256", plan.plan_sha256
    yield from ((f"note {name}", text) for name, text in (plan.notes or {}).items())
    if plan.busy:
        yield "busy before the run", plan.busy.text


def text_of(fact: Fact) -> str | None:
    """Formats a fact, with sizes in bytes. Returns None if it could not be read."""
    if fact.status != "ok" or fact.text is None:
        return None
    return KB.sub(lambda m: f"{1024 * int(m[1])} bytes", fact.text)


def workloads(campaign: Campaign) -> Table:
    """Lists the workload files after expansion."""
    return Table("workloads", ("name", "file", "sha256", "text"), tuple(
        (w.name, w.file, w.sha256, w.text) for w in campaign.plan.workloads))


def skipped_maps(campaign: Campaign) -> Table:
    """Lists the maps that were not built here, with their requirements."""
    return Table("skipped_maps", ("map", "needs"), tuple(
        (m.id, m.needs) for m in campaign.plan.skipped_maps))


def tables(campaign: Campaign) -> tuple[Table, ...]:
    """Returns the tables of the page on the machine."""
    return (uncontrolled(campaign),
            Table("facts", ("name", "value"), tuple(recorded(campaign))),
            workloads(campaign), skipped_maps(campaign))
