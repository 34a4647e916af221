/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_time.c - checks of what makes time pass unevenly. */
#include "runner/machine/doctor_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS "/sys/devices/system/cpu/"

void rm_doctor_governor(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = CPUS "cpu[0-9]*/cpufreq/scaling_governor";
	struct rm_fact fact;

	(void)topology;
	rm_fact_each(path, &fact);
	if (!rm_doctor_told(&fact, path, finding))
		return;
	if (strncmp(fact.text, "performance x ", 14) || strchr(fact.text, ','))
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "sudo cpupower frequency-set -g performance",
		        "frequency governor is %s: the clock follows the load",
		        fact.text);
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "",
		        "governor is performance");
}

void rm_doctor_turbo(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact intel, boost;

	(void)topology;
	rm_fact_read(CPUS "intel_pstate/no_turbo", &intel);
	rm_fact_read(CPUS "cpufreq/boost", &boost);
	if (intel.status == RM_FACT_OK && intel.text[0] == '0')
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "echo 1 | sudo tee " CPUS "intel_pstate/no_turbo",
		        "turbo is on: the clock depends on heat and on how "
		        "many cores work");
	else if (intel.status != RM_FACT_OK && boost.status == RM_FACT_OK &&
	         boost.text[0] == '1')
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "echo 0 | sudo tee " CPUS "cpufreq/boost",
		        "boost is on: the clock depends on heat and on how "
		        "many cores work");
	else if (intel.status == RM_FACT_OK || boost.status == RM_FACT_OK)
		rm_doctor_say(finding, RM_FINDING_GOOD, "", "turbo is off");
	else
		rm_doctor_say(finding, RM_FINDING_UNKNOWN, "",
		        "this machine has no switch for turbo");
}

void rm_doctor_smt(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	if (topology->cpus > topology->cores)
		rm_doctor_say(finding, RM_FINDING_NOTE, "",
		        "%u CPUs on %u cores: with more threads than cores two "
		        "of them share one core",
		        topology->cpus, topology->cores);
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "", "one CPU per core");
}

void rm_doctor_clock_source(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = "/sys/devices/system/clocksource/clocksource0/"
	                   "current_clocksource";
	struct rm_fact fact;

	(void)topology;
	if (!rm_doctor_read(path, &fact, finding))
		return;
	if (!strcmp(fact.text, "tsc") || !strcmp(fact.text, "kvm-clock") ||
	        !strcmp(fact.text, "arch_sys_counter"))
		rm_doctor_say(
		        finding, RM_FINDING_GOOD, "", "clock is %s", fact.text);
	else
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "echo tsc | sudo tee /sys/devices/system/clocksource/"
		        "clocksource0/current_clocksource",
		        "clock is %s: reading it costs a system call",
		        fact.text);
}

void rm_doctor_virtual(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	rm_fact_hypervisor(&fact);
	if (!rm_doctor_told(&fact, "flags in /proc/cpuinfo", finding))
		return;
	if (!strcmp(fact.text, "yes"))
		rm_doctor_say(finding, RM_FINDING_NOTE, "",
		        "a virtual machine: caches and counters are what the "
		        "host shows");
	else
		rm_doctor_say(
		        finding, RM_FINDING_GOOD, "", "not a virtual machine");
}

void rm_doctor_steal(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	unsigned long long ticks[8] = { 0 }, sum = 0;
	struct rm_fact fact;
	double share;

	(void)topology;
	if (!rm_doctor_read("/proc/stat", &fact, finding))
		return;
	sscanf(fact.text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
	        &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4],
	        &ticks[5], &ticks[6], &ticks[7]);
	for (int i = 0; i < 8; i++)
		sum += ticks[i];
	share = sum ? 100.0 * (double)ticks[7] / (double)sum : 0;
	if (share > 0.1)
		rm_doctor_say(finding, RM_FINDING_WARNING, "",
		        "the host took %.2f %% of the time since boot for "
		        "others: measure on a machine of your own",
		        share);
	else
		rm_doctor_say(finding, RM_FINDING_GOOD, "",
		        "the host takes no time away (%.2f %%)", share);
}

void rm_doctor_quota(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	rm_fact_cgroup("cpu.max", "cpu", "cpu.cfs_quota_us", &fact);
	if (fact.status != RM_FACT_OK || !strncmp(fact.text, "max", 3) ||
	        fact.text[0] == '-')
		rm_doctor_say(
		        finding, RM_FINDING_GOOD, "", "no limit of CPU time");
	else
		rm_doctor_say(finding, RM_FINDING_WARNING, "",
		        "the cgroup limits CPU time (%.200s): start without "
		        "the limit, e.g. docker run without --cpus",
		        fact.text);
}

void rm_doctor_pressure(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;
	const char *average;

	(void)topology;
	if (!rm_doctor_read("/proc/pressure/cpu", &fact, finding))
		return;
	average = strstr(fact.text, "avg10=");
	if (average && strtod(average + 6, NULL) > 5)
		rm_doctor_say(finding, RM_FINDING_WARNING,
		        "top -b -n 1 -o %CPU | head -15",
		        "somebody waited for a CPU in %.1f %% of the last "
		        "10 s: others work here",
		        strtod(average + 6, NULL));
	else
		rm_doctor_say(
		        finding, RM_FINDING_GOOD, "", "nobody waits for a CPU");
}
