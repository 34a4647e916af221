/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c - looks for what disturbs measurement, and changes nothing: a
 * person decides, with the command in hand.
 */
#include "runner/machine/internal.h"

#include "runner/base/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
	const char *subject;
	void (*examine)(
	        const struct rm_topology *topology, struct rm_finding *finding);
	/* NULL `examine`: the first character of this file decides. */
	const char *path;
	const char *disturbing; /* the digits that are a warning */
	const char *command, *warning, *good;
};

/* Fills a finding; the format is the text for a person. */
__attribute__((format(printf, 4, 5))) static void say(
        struct rm_finding *finding, enum rm_finding_level level,
        const char *command, const char *format, ...)
{
	va_list arguments;

	finding->level = level;
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
	snprintf(finding->command, sizeof(finding->command), "%s", command);
}

/* True where the fact is there; else the finding says why it is not. */
static bool told(const struct rm_fact *fact, const char *path,
        struct rm_finding *finding)
{
	if (fact->status == RM_FACT_OK)
		return true;
	say(finding, RM_FINDING_UNKNOWN, "", "%s is %s", path,
	        rm_fact_status_name(fact->status));
	return false;
}

/* Reads a file's line; the same. */
static bool read_line(
        const char *path, struct rm_fact *fact, struct rm_finding *finding)
{
	rm_fact_read(path, fact);
	return told(fact, path, finding);
}

/* strchr() finds the end of an empty text in every list, so an empty file is
   told apart first: it disturbs nobody. */
static void examine_digit(const struct check *check, struct rm_finding *finding)
{
	struct rm_fact fact;

	if (!read_line(check->path, &fact, finding))
		return;
	if (fact.text[0] && strchr(check->disturbing, fact.text[0]))
		say(finding, RM_FINDING_WARNING, check->command, "%s",
		        check->warning);
	else
		say(finding, RM_FINDING_GOOD, "", "%s", check->good);
}

#define CPUS "/sys/devices/system/cpu/"

/*
 * rm_fact_each() counts the CPUs of each governor: a comma means that they
 * differ, and threads on different CPUs would be compared at different clocks.
 */
static void governor(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = CPUS "cpu[0-9]*/cpufreq/scaling_governor";
	struct rm_fact fact;

	(void)topology;
	rm_fact_each(path, &fact);
	if (!told(&fact, path, finding))
		return;
	if (strncmp(fact.text, "performance x ", 14) || strchr(fact.text, ','))
		say(finding, RM_FINDING_WARNING,
		        "sudo cpupower frequency-set -g performance",
		        "frequency governor is %s: the clock follows the load",
		        fact.text);
	else
		say(finding, RM_FINDING_GOOD, "", "governor is performance");
}

/* Intel's switch says "no turbo", the generic one "boost": they mean the
   opposite. intel_pstate wins where both are there. */
static void turbo(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact intel, boost;

	(void)topology;
	rm_fact_read(CPUS "intel_pstate/no_turbo", &intel);
	rm_fact_read(CPUS "cpufreq/boost", &boost);
	if (intel.status == RM_FACT_OK && intel.text[0] == '0')
		say(finding, RM_FINDING_WARNING,
		        "echo 1 | sudo tee " CPUS "intel_pstate/no_turbo",
		        "turbo is on: the clock depends on heat and on how "
		        "many cores work");
	else if (intel.status != RM_FACT_OK && boost.status == RM_FACT_OK &&
	         boost.text[0] == '1')
		say(finding, RM_FINDING_WARNING,
		        "echo 0 | sudo tee " CPUS "cpufreq/boost",
		        "boost is on: the clock depends on heat and on how "
		        "many cores work");
	else if (intel.status == RM_FACT_OK || boost.status == RM_FACT_OK)
		say(finding, RM_FINDING_GOOD, "", "turbo is off");
	else
		say(finding, RM_FINDING_UNKNOWN, "",
		        "this machine has no switch for turbo");
}

/* A note: turning SMT off helps no measurement that places threads on cores,
   and hides what sharing a core costs. */
static void smt(const struct rm_topology *topology, struct rm_finding *finding)
{
	if (topology->cpus > topology->cores)
		say(finding, RM_FINDING_NOTE, "",
		        "%u CPUs on %u cores: with more threads than cores two "
		        "of them share one core",
		        topology->cpus, topology->cores);
	else
		say(finding, RM_FINDING_GOOD, "", "one CPU per core");
}

/* Paced loops and measure latency read the clock at every operation. */
static void clock_source(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = "/sys/devices/system/clocksource/clocksource0/"
	                   "current_clocksource";
	struct rm_fact fact;

	(void)topology;
	if (!read_line(path, &fact, finding))
		return;
	if (rm_host_clock_is_counter(fact.text)) {
		say(finding, RM_FINDING_GOOD, "", "clock is %s", fact.text);
		return;
	}
	say(finding, RM_FINDING_WARNING,
	        "echo tsc | sudo tee /sys/devices/system/clocksource/"
	        "clocksource0/current_clocksource",
	        "clock is %s: reading it costs a system call", fact.text);
}

static void virtual(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	rm_fact_hypervisor(&fact);
	if (!told(&fact, "flags in /proc/cpuinfo", finding))
		return;
	if (!strcmp(fact.text, "yes"))
		say(finding, RM_FINDING_NOTE, "",
		        "a virtual machine: caches and counters are what the "
		        "host shows");
	else
		say(finding, RM_FINDING_GOOD, "", "not a virtual machine");
}

/*
 * Ticks since boot, of the first line of /proc/stat: user nice system idle
 * iowait irq softirq steal. An average: a host that is busy only since a while
 * shows less than it takes now.
 */
static void steal(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	unsigned long long ticks[8] = { 0 }, sum = 0;
	struct rm_fact fact;
	double share;

	(void)topology;
	if (!read_line("/proc/stat", &fact, finding))
		return;
	sscanf(fact.text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
	        &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4],
	        &ticks[5], &ticks[6], &ticks[7]);
	for (int i = 0; i < 8; i++)
		sum += ticks[i];
	share = sum ? 100.0 * (double)ticks[7] / (double)sum : 0;
	if (share > 0.1)
		say(finding, RM_FINDING_WARNING, "",
		        "the host took %.2f %% of the time since boot for "
		        "others: measure on a machine of your own",
		        share);
	else
		say(finding, RM_FINDING_GOOD, "",
		        "the host takes no time away (%.2f %%)", share);
}

/* cpu.max is "max PERIOD" without a limit, cpu.cfs_quota_us (version 1) is -1.
   No cgroup, no limit. */
static void quota(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	rm_fact_cgroup_quota(&fact);
	if (fact.status != RM_FACT_OK || !strncmp(fact.text, "max", 3) ||
	        fact.text[0] == '-')
		say(finding, RM_FINDING_GOOD, "", "no limit of CPU time");
	else
		say(finding, RM_FINDING_WARNING, "",
		        "the cgroup limits CPU time (%.200s): start without "
		        "the limit, e.g. docker run without --cpus",
		        fact.text);
}

/* avg10: per cent of the last 10 s in which some thread was ready and had no
   CPU (the kernel's accounting/psi.rst). */
static void pressure(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;
	const char *average;

	(void)topology;
	if (!read_line("/proc/pressure/cpu", &fact, finding))
		return;
	average = strstr(fact.text, "avg10=");
	if (average && strtod(average + 6, NULL) > 5)
		say(finding, RM_FINDING_WARNING,
		        "top -b -n 1 -o %CPU | head -15",
		        "somebody waited for a CPU in %.1f %% of the last "
		        "10 s: others work here",
		        strtod(average + 6, NULL));
	else
		say(finding, RM_FINDING_GOOD, "", "nobody waits for a CPU");
}

/* With one node there is nowhere to move a page to. */
static void numa_balancing(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	if (!read_line("/proc/sys/kernel/numa_balancing", &fact, finding))
		return;
	if (fact.text[0] != '0' && topology->nodes > 1)
		say(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.numa_balancing=0",
		        "NUMA balancing moves pages during trials");
	else
		say(finding, RM_FINDING_GOOD, "",
		        "no pages move between nodes");
}

/*
 * With "always" the kernel gives a huge page to whom it finds one for, by the
 * state of memory at that moment: two trials of one cell would differ.
 * "madvise" gives them to those who ask.
 */
static void huge_pages(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";
	struct rm_fact fact;

	(void)topology;
	if (!read_line(path, &fact, finding))
		return;
	if (strstr(fact.text, "[always]"))
		say(finding, RM_FINDING_WARNING,
		        "echo madvise | sudo tee /sys/kernel/mm/"
		        "transparent_hugepage/enabled",
		        "transparent huge pages are always on: which map gets "
		        "them is chance");
	else
		say(finding, RM_FINDING_GOOD, "",
		        "transparent huge pages: %.200s", fact.text);
}

static void swap(const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	rm_fact_field("/proc/meminfo", "SwapTotal", &fact);
	if (!told(&fact, "SwapTotal in /proc/meminfo", finding))
		return;
	if (strtoull(fact.text, NULL, 10))
		say(finding, RM_FINDING_WARNING, "sudo swapoff -a",
		        "swap is on (%s)", fact.text);
	else
		say(finding, RM_FINDING_GOOD, "", "no swap");
}

/* The kernel's own levels end at 2, user mode only. Those above are a patch of
   distributions that denies users perf_event_open() even for their own
   processes. */
static void paranoid(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	if (!read_line("/proc/sys/kernel/perf_event_paranoid", &fact, finding))
		return;
	if (atoi(fact.text) > 2)
		say(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.perf_event_paranoid=2",
		        "perf_event_paranoid is %s: no counters for users",
		        fact.text);
	else
		say(finding, RM_FINDING_GOOD, "", "perf_event_paranoid is %s",
		        fact.text);
}

static void left_out(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	int all = hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PU);

	if (!topology->this_machine)
		say(finding, RM_FINDING_WARNING,
		        "unset HWLOC_SYNTHETIC HWLOC_XMLFILE HWLOC_THISSYSTEM",
		        "hwloc describes another machine: threads are bound to "
		        "the CPUs that it numbers, whatever these are here");
	else if (topology->note[0])
		say(finding, RM_FINDING_NOTE, "", "%s", topology->note);
	else if ((int)topology->cpus < all)
		say(finding, RM_FINDING_NOTE, "",
		        "%u of %d CPUs may be used (cgroup or mask)",
		        topology->cpus, all);
	else
		say(finding, RM_FINDING_GOOD, "", "all %d CPUs may be used",
		        all);
}

/* In the order of the report: the processor, memory, counters, other load, what
   the machine is. Rows with a path need no function of their own
   (examine_digit()). */
static const struct check checks[] = {
	{ "governor", .examine = governor },
	{ "turbo", .examine = turbo },
	{ "smt", .examine = smt },
	{ "numa balancing", .examine = numa_balancing },
	{ "huge pages", .examine = huge_pages },
	{ "ksm", NULL, "/sys/kernel/mm/ksm/run", "1",
	        "echo 0 | sudo tee /sys/kernel/mm/ksm/run",
	        "KSM merges equal pages during trials", "KSM does not run" },
	{ "swap", .examine = swap },
	{ "nmi watchdog", NULL, "/proc/sys/kernel/nmi_watchdog", "1",
	        "sudo sysctl kernel.nmi_watchdog=0",
	        "the NMI watchdog takes a hardware counter and interrupts "
	        "every CPU",
	        "no NMI watchdog" },
	{ "perf permission", .examine = paranoid },
	{ "aslr", NULL, "/proc/sys/kernel/randomize_va_space", "01",
	        "sudo sysctl kernel.randomize_va_space=2",
	        "address layout is not random: one lucky layout in all trials",
	        "each process has its own address layout" },
	{ "load", .examine = pressure },
	{ "steal", .examine = steal },
	{ "virtual", .examine = virtual },
	{ "clock", .examine = clock_source },
	{ "cgroup", .examine = quota },
	{ "cpus", .examine = left_out },
};

size_t rm_doctor_examine(
        const struct rm_topology *topology, struct rm_finding *findings)
{
	size_t count = sizeof(checks) / sizeof(*checks);

	_Static_assert(sizeof(checks) / sizeof(*checks) <= RM_FINDINGS_MAX,
	        "room for every finding");
	for (size_t i = 0; i < count; i++) {
		findings[i] =
		        (struct rm_finding){ .subject = checks[i].subject };
		if (checks[i].examine)
			checks[i].examine(topology, &findings[i]);
		else
			examine_digit(&checks[i], &findings[i]);
	}
	return count;
}

const char *rm_finding_level_name(enum rm_finding_level level)
{
	static const char *const names[] = { "ok", "note", "warning",
		"unknown" };

	return names[level];
}
