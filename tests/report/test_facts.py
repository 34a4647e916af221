# SPDX-License-Identifier: Apache-2.0
"""What a machine's facts say was not controlled: each rule, and beside it the
fact that is only just no reason."""
import pytest

from report import facts

QUIET = {"governor": "performance", "boost": "0", "hypervisor_flag": "no",
         "smt_active": "0", "load": "0.10", "cpu_pressure": "some avg10=0.00",
         "thp_enabled": "always [madvise] never", "numa_balancing": "0",
         "ksm_run": "0", "swap_total": "0", "aslr": "2", "pmu_type": "4",
         "nmi_watchdog": "0"}


def told(status=None, **change):
    """Subjects and texts of a quiet machine with other facts; None: it does
    not have this one. status -- of facts that were not read"""
    known = {n: v for n, v in (QUIET | change).items() if v is not None}
    machine = {"facts": {
        name: {"status": "ok", "text": text} for name, text in known.items()}}
    machine["facts"] |= {name: {"status": word, "text": None}
                         for name, word in (status or {}).items()}
    return dict(facts.uncontrolled(machine))


def test_a_quiet_machine_leaves_nothing():
    assert told() == {}


@pytest.mark.parametrize("subject,part,change", [
    ("frequency", "no governor", {"governor": None}),
    ("governor", "powersave", {"governor": "powersave"}),
    ("governor", "powersave", {"governor": "performance, powersave"}),
    ("turbo", "on", {"boost": "1"}),
    ("turbo", "on", {"boost": None, "intel_no_turbo": "0"}),
    ("turbo", "no switch", {"boost": None}),
    ("virtual machine", "host", {"hypervisor_flag": "yes"}),
    ("SMT", "siblings", {"smt_active": "1"}),
    ("other load", "0.51", {"load": "0.51"}),
    ("waiting for CPUs", "5.1", {"cpu_pressure": "some avg10=5.10"}),
    ("huge pages", "always", {"thp_enabled": "[always] madvise never"}),
    ("NUMA balancing", "on", {"numa_balancing": "1"}),
    ("KSM", "on", {"ksm_run": "1"}),
    ("swap", "swap", {"swap_total": "4096"}),
    ("address layout", "not randomised", {"aslr": "0"}),
    ("hardware counters", "no PMU", {"pmu_type": None}),
    ("NMI watchdog", "on", {"nmi_watchdog": "1"}),
    ("LD_PRELOAD", "x.so", {"env_LD_PRELOAD": "x.so"})])
def test_each_fact_is_named_and_no_other(subject, part, change):
    found = told(**change)
    assert set(found) == {subject} and part in found[subject]


@pytest.mark.parametrize("change", [
    {"boost": None, "intel_no_turbo": "1"}, {"load": "0.50"},
    {"cpu_pressure": "some avg10=5.00"}, {"governor": "performance, "
                                          "performance"},
    {"thp_enabled": "never"}, {"ksm_run": None}, {"aslr": "1"},
    {"numa_balancing": None}, {"load": None}, {"swap_total": None}])
def test_what_is_only_just_no_reason(change):
    assert told(**change) == {}


def test_what_could_not_be_read_is_said_of_any_machine():
    """Absent is an answer; denied is none, even where nothing else is
    known."""
    found = told(status={"microcode": "denied", "cpu_idle": "absent"})
    assert found == {"microcode": "denied: could not be read"}
    machine = {"facts": {"governor": {"status": "denied", "text": None}}}
    assert ("governor", "denied: could not be read") in facts.uncontrolled(
        machine)
    assert facts.uncontrolled({"facts": {}}) == []
