# SPDX-License-Identifier: Apache-2.0
"""Facts of a machine: which were read, and what they leave uncontrolled."""
import re

from report import words

MAIN = ("cpu_name", "microcode", "architecture", "kernel", "os",
        "memory_total", "thp_enabled", "clock_source", "governor",
        "smt_active", "cpus_allowed", "cgroup_quota", "aslr", "load",
        "cpu_pressure")


def said(name, value):
    """A value as a reader says it: yes and no, sizes with their unit, no
    memory in the topology's text (it grows and shrinks under a hypervisor;
    "memory total" has it)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_bytes") and isinstance(value, int):
        return words.size(value)
    text = str(value).strip().rstrip(",")
    if name == "topology":
        text = re.sub(r"\(memory=\d+\)", "", text)
        return re.sub(r"size=(\d+)", lambda m: words.size(int(m[1])), text)
    if name == "cpu_pressure":
        return PRESSURE.sub(r"somebody waited \1 % of the last 10 s, \2 % of "
                            r"60 s, \3 % of 300 s", text)
    return KB.sub(lambda m: words.size(1024 * int(m[1])), text)


KB = re.compile(r"\b(\d+) kB\b")
PRESSURE = re.compile(r"some avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+)"
                      r"( total=\d+)?")


def flatten(machine, prefix=""):
    """(name, status, text) of every fact; those below "facts" by their own
    name, other nested ones by their path."""
    for name, value in machine.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and "status" in value:
            text = value.get("text")
            yield path, value["status"], "" if text is None else str(text)
        elif isinstance(value, dict):
            yield from flatten(value, "" if name == "facts" else f"{path}: ")
        elif isinstance(value, list):
            yield path, "ok", ", ".join(map(str, value))
        elif value is not None:
            yield path, "ok", said(name, value)
        else:
            yield path, "absent", ""


def installation(machine):
    """Which system is installed there; None: not known. Machines of one model
    have one id, and this is what they do not share (docs/comparing.md)."""
    return next((text for name, status, text in flatten(machine or {})
                 if name == "installation" and status == "ok"), None)


def one_installation(one, two):
    """Are two campaigns, as their meta has it, of one installed system; None:
    at least one of them does not say."""
    both = [installation(meta.get("machine")) for meta in (one, two)]
    return None if None in both else both[0] == both[1]


def chosen(text):
    """The choice in brackets of "always [madvise] never"."""
    match = re.search(r"\[([^]]*)\]", text)
    return match[1] if match else text


def first_number(text):
    match = re.search(r"\d+(?:\.\d+)?", text)
    return float(match[0]) if match else 0.0


def frequency(known):
    governor = known.get("governor")
    if governor is None:
        yield ("frequency", "no governor and no frequency can be read or set "
               "here: clock speed is whatever the host gives")
    elif any(not g.strip().startswith("performance")
             for g in governor.split(",")):
        yield "governor", f"{governor}: the clock follows the load"
    if known.get("intel_no_turbo") == "0" or known.get("boost") == "1":
        yield "turbo", "on: the clock depends on heat and on busy cores"
    elif "intel_no_turbo" not in known and "boost" not in known:
        yield "turbo", "no switch here: unknown"


def sharing(known):
    if known.get("hypervisor_flag") == "yes":
        yield ("virtual machine", "the host decides when CPUs run; caches and"
               " counters are what it shows")
    if known.get("smt_active") == "1":
        yield ("SMT", "siblings are online: placement decides whether two "
               "threads share a core")
    load = first_number(known.get("load", ""))
    if load > 0.5:
        yield ("other load", f"load average {words.sig(load)} when the "
               "campaign began")
    pressure = first_number(known.get("cpu_pressure", "").replace(
        "some avg10=", ""))
    if pressure > 5:
        yield ("waiting for CPUs", f"somebody waited {words.sig(pressure)} % "
               "of the 10 s before the campaign")


def memory(known):
    if chosen(known.get("thp_enabled", "")) == "always":
        yield "huge pages", "always: the kernel may merge pages in a window"
    if known.get("numa_balancing", "0") != "0":
        yield "NUMA balancing", "on: pages move between nodes by themselves"
    if known.get("ksm_run", "0") != "0":
        yield "KSM", "on: equal pages are merged"
    if first_number(known.get("swap_total", "")) > 0:
        size = said("swap_total", known["swap_total"])
        yield "swap", f"{size} of swap are in use or may be"
    if known.get("aslr") == "0":
        yield ("address layout", "not randomised: every trial has the same "
               "one, so its effect is not averaged out")


def counters(known):
    if "pmu_type" not in known:
        yield "hardware counters", "none: no PMU here"
    if known.get("nmi_watchdog", "0") != "0":
        yield "NMI watchdog", "on: takes one counter and interrupts"


def uncontrolled(machine):
    """(subject, text) of all that was not controlled, or not readable."""
    facts = list(flatten(machine))
    known = {name: text for name, status, text in facts if status == "ok"}
    if "hypervisor_flag" not in known and "governor" not in known \
            and not any(status != "ok" for _, status, _ in facts):
        return []  # another format: nothing can be said
    found = [row for rule in (frequency, sharing, memory, counters)
             for row in rule(known)]
    found += [(label(name), f"{status}: could not be read")
              for name, status, _ in facts
              if status not in ("ok", "absent")]
    found += [(name[4:], f"set to {text!r}: replaces part of the machine")
              for name, status, text in facts
              if name.startswith("env_") and status == "ok"]
    return found


def label(name):
    return name.replace("_", " ")
