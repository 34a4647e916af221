/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_system.c - checks of memory, counters and the CPUs in use. */
#include "runner/machine/doctor_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rm_doctor_numa_balancing(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	if (!rm_doctor_read("/proc/sys/kernel/numa_balancing", &fact, finding))
		return;
	if (fact.text[0] != '0' && topology->nodes > 1)
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.numa_balancing=0",
		        "NUMA balancing moves pages during trials");
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "",
		        "no pages move between nodes");
}

void rm_doctor_huge_pages(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";
	struct rm_fact fact;

	(void)topology;
	if (!rm_doctor_read(path, &fact, finding))
		return;
	if (strstr(fact.text, "[always]"))
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "echo madvise | sudo tee /sys/kernel/mm/"
		        "transparent_hugepage/enabled",
		        "transparent huge pages are always on: which map gets "
		        "them is chance");
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "",
		        "transparent huge pages: %.200s", fact.text);
}

void rm_doctor_ksm(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	if (!rm_doctor_read("/sys/kernel/mm/ksm/run", &fact, finding))
		return;
	if (fact.text[0] == '1')
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "echo 0 | sudo tee /sys/kernel/mm/ksm/run",
		        "KSM merges equal pages during trials");
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "", "KSM does not run");
}

void rm_doctor_swap(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	rm_fact_field("/proc/meminfo", "SwapTotal", &fact);
	if (!rm_doctor_told(&fact, "SwapTotal in /proc/meminfo", finding))
		return;
	if (strtoull(fact.text, NULL, 10))
		rm_doctor_say(finding, RM_FINDING_WARNING, "sudo swapoff -a",
		        "swap is on (%s)", fact.text);
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "", "no swap");
}

void rm_doctor_watchdog(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	if (!rm_doctor_read("/proc/sys/kernel/nmi_watchdog", &fact, finding))
		return;
	if (fact.text[0] == '1')
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.nmi_watchdog=0",
		        "the NMI watchdog takes a hardware counter and "
		        "interrupts every CPU");
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "", "no NMI watchdog");
}

void rm_doctor_paranoid(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	if (!rm_doctor_read(
	            "/proc/sys/kernel/perf_event_paranoid", &fact, finding))
		return;
	if (atoi(fact.text) > 2)
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.perf_event_paranoid=2",
		        "perf_event_paranoid is %s: no counters for users",
		        fact.text);
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "",
		        "perf_event_paranoid is %s", fact.text);
}

void rm_doctor_aslr(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	if (!rm_doctor_read(
	            "/proc/sys/kernel/randomize_va_space", &fact, finding))
		return;
	if (fact.text[0] != '2')
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.randomize_va_space=2",
		        "address layout is not random: one lucky layout in all "
		        "trials");
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "",
		        "each process has its own address layout");
}

void rm_doctor_topology_left_out(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	int all = hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PU);

	if (!topology->this_machine)
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "unset HWLOC_SYNTHETIC HWLOC_XMLFILE HWLOC_THISSYSTEM",
		        "hwloc describes another machine: threads are not "
		        "bound");
	else if (topology->note[0])
		rm_doctor_say(
		        finding, RM_FINDING_NOTE, "", "%s", topology->note);
	else if ((int)topology->cpus < all)
		rm_doctor_say(finding, RM_FINDING_NOTE, "",
		        "%u of %d CPUs may be used (cgroup or mask)",
		        topology->cpus, all);
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "",
		        "all %d CPUs may be used", all);
}
