/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - finds noise sources and prints commands that fix them. Changes
   nothing. */
#include "runner/machine/internal.h"

#include "runner/base/host.h"
#include "runner/base/limits.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

struct check {
	const char *subject;
	bool is_noise; /* false: concerns only notes or counters */
	void (*examine)(
	        const struct rm_topology *topology, struct rm_finding *finding);
	/* If `examine` is NULL, the first character of the file `path`
	   determines the level. */
	const char *path;
	const char *disturbing; /* first characters that produce a warning */
	const char *command, *warning, *good;
};

__attribute__((format(printf, 4, 5))) static void set_finding(
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

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

/* True if the fact is known and contains one of the characters in `any`.
   Otherwise stores the reason in `finding`. */
static bool require_fact(const struct rm_fact *fact, const char *path,
        const char *any, struct rm_finding *finding)
{
	if (fact->status != RM_FACT_OK)
		set_finding(finding, RM_FINDING_UNKNOWN, "", "%s is %s", path,
		        rm_fact_status_name(fact->status));
	else if (!strpbrk(fact->text, any))
		set_finding(finding, RM_FINDING_UNKNOWN, "",
		        "%s is \"%.80s\", which is not a known value", path,
		        fact->text);
	else
		return true;
	return false;
}

/* Reads the first line of a file, then calls require_fact(). */
static bool read_line(const char *path, const char *any, struct rm_fact *fact,
        struct rm_finding *finding)
{
	rm_fact_read(path, fact);
	return require_fact(fact, path, any, finding);
}

static void examine_digit(const struct check *check, struct rm_finding *finding)
{
	struct rm_fact fact;

	if (!read_line(check->path, DIGITS, &fact, finding))
		return;
	if (strchr(check->disturbing, fact.text[0]))
		set_finding(finding, RM_FINDING_WARNING, check->command, "%s",
		        check->warning);
	else
		set_finding(finding, RM_FINDING_GOOD, "", "%s", check->good);
}

#define CPUS "/sys/devices/system/cpu/"

/* Checks the frequency governor. rm_fact_count_lines() counts the CPUs of each
   governor. A comma means that the governors differ, so threads on different
   CPUs run at different clock rates. */
static void governor(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = CPUS "cpu[0-9]*/cpufreq/scaling_governor";
	struct rm_fact fact;

	(void)topology;
	rm_fact_count_lines(path, &fact);
	if (!require_fact(&fact, path, LETTERS, finding))
		return;
	if (strncmp(fact.text, "performance x ", 14) || strchr(fact.text, ','))
		set_finding(finding, RM_FINDING_WARNING,
		        "sudo cpupower frequency-set -g performance",
		        "frequency governor is %s: the clock follows the load",
		        fact.text);
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "governor is performance");
}

/* Checks turbo mode. Intel's file is 1 if turbo is off ("no turbo"), and the
   generic file is 1 if turbo is on ("boost"). intel_pstate takes precedence. */
static void turbo(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact intel, boost;

	(void)topology;
	rm_fact_read(CPUS "intel_pstate/no_turbo", &intel);
	rm_fact_read(CPUS "cpufreq/boost", &boost);
	if (intel.status == RM_FACT_OK && intel.text[0] == '0')
		set_finding(finding, RM_FINDING_WARNING,
		        "echo 1 | sudo tee " CPUS "intel_pstate/no_turbo",
		        "turbo is on: the clock depends on heat and on how "
		        "many cores are busy");
	else if (intel.status != RM_FACT_OK && boost.status == RM_FACT_OK &&
	         boost.text[0] == '1')
		set_finding(finding, RM_FINDING_WARNING,
		        "echo 0 | sudo tee " CPUS "cpufreq/boost",
		        "boost is on: the clock depends on heat and on how "
		        "many cores are busy");
	else if (intel.text[0] == '1' ||
	         (intel.status != RM_FACT_OK && boost.text[0] == '0'))
		set_finding(finding, RM_FINDING_GOOD, "", "turbo is off");
	else
		set_finding(finding, RM_FINDING_UNKNOWN, "",
		        "the switch for turbo is unknown here");
}

/* Reports SMT as a note only. Trials with one thread per core do not improve if
   SMT is off, and trials could not measure the cost of a shared core. */
static void smt(const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	/* without this file, hwloc reports one core per CPU */
	if (topology->this_machine &&
	        !read_line(CPUS "cpu0/topology/thread_siblings_list", DIGITS,
	                &fact, finding))
		return;
	if (topology->cpus > topology->cores)
		set_finding(finding, RM_FINDING_NOTE, "",
		        "%u CPUs on %u cores: with more threads than cores two "
		        "of them share one core",
		        topology->cpus, topology->cores);
	else
		set_finding(finding, RM_FINDING_GOOD, "", "one CPU per core");
}

/* Checks the kernel's clock, since paced loops and the measure latency read it
   at every operation. */
static void clock_source(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = "/sys/devices/system/clocksource/clocksource0/"
	                   "current_clocksource";
	struct rm_fact fact;

	(void)topology;
	if (!read_line(path, LETTERS, &fact, finding))
		return;
	if (rm_host_clock_is_counter(fact.text)) {
		set_finding(
		        finding, RM_FINDING_GOOD, "", "clock is %s", fact.text);
		return;
	}
	set_finding(finding, RM_FINDING_WARNING,
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
	if (!require_fact(&fact, "flags in /proc/cpuinfo", LETTERS, finding))
		return;
	if (!strcmp(fact.text, "yes"))
		set_finding(finding, RM_FINDING_NOTE, "",
		        "a virtual machine: the host decides which caches and "
		        "counters are visible");
	else
		set_finding(
		        finding, RM_FINDING_GOOD, "", "not a virtual machine");
}

/* Checks the time that the hypervisor took, as an average since boot, which
   underestimates a host that became busy recently. The first line of /proc/stat
   has ticks: user nice system idle iowait irq softirq steal. */
static void steal(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	unsigned long long ticks[8] = { 0 }, sum = 0;
	struct rm_fact fact;
	double share;

	(void)topology;
	if (!read_line("/proc/stat", DIGITS, &fact, finding))
		return;
	sscanf(fact.text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu",
	        &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4],
	        &ticks[5], &ticks[6], &ticks[7]);
	for (int i = 0; i < 8; i++)
		sum += ticks[i];
	share = sum ? 100.0 * (double)ticks[7] / (double)sum : 0;
	if (share > 0.1)
		set_finding(finding, RM_FINDING_WARNING, "",
		        "the host took %.2f %% of the time since boot for "
		        "other guests: use a machine of your own",
		        share);
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "the host steals no CPU time (%.2f %%)", share);
}

static void scheduling(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	char text[RM_SCHEDULING_BYTES];
	const char *fault = rm_limits_scheduling(text);

	(void)topology;
	set_finding(finding, fault ? RM_FINDING_WARNING : RM_FINDING_GOOD,
	        fault ? RM_SCHEDULING_FIX : "", "%s%s%s", text,
	        fault ? ": " : "", fault ? fault : "");
}

static void quota(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	char text[RM_FINDING_TEXT];
	struct rm_fact fact;

	if (!read_line("/proc/self/cgroup", ":", &fact, finding))
		return;
	const enum rm_finding_level level = rm_quota_examine(topology, text);

	rm_fact_cgroup_quota(&fact);
	if (level != RM_FINDING_GOOD)
		set_finding(finding, level, "", "%.280s%s", text,
		        level == RM_FINDING_WARNING
		                ? ", e.g. docker run without --cpus"
		                : "");
	else if (fact.status == RM_FACT_ABSENT ||
	         require_fact(
	                 &fact, "the CPU time limit", LETTERS DIGITS, finding))
		set_finding(finding, RM_FINDING_GOOD, "", "no CPU time limit");
}

/* Reports how much memory and how many threads trials may use
   (rm_limits_read()). */
static void limits(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_limits limits;
	char tasks[32] = "any number of";

	(void)topology;
	rm_limits_read(&limits);
	if (limits.tasks.left != UINT64_MAX)
		snprintf(tasks, sizeof(tasks), "%" PRIu64, limits.tasks.left);
	if (limits.memory.left == UINT64_MAX)
		set_finding(finding, RM_FINDING_NOTE, "",
		        "free memory is not known (/proc/meminfo)");
	else
		set_finding(finding, RM_FINDING_NOTE, "",
		        "%" PRIu64 " MiB of memory (%.100s) and %s processes "
		        "and threads (%.100s) are left for trials%s",
		        limits.memory.left >> 20, limits.memory.source, tasks,
		        limits.tasks.source[0] ? limits.tasks.source
		                               : "no limit was found",
		        rm_cgroup_is_visible("memory") &&
		                        rm_cgroup_is_visible("pids")
		                ? ""
		                : "; limits of the control group are unknown");
}

/* Checks avg10: percent of the last 10 s in which a ready task had no CPU (the
   kernel's accounting/psi.rst). */
static void pressure(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;
	const char *average;

	(void)topology;
	if (!read_line("/proc/pressure/cpu", "=", &fact, finding))
		return;
	average = strstr(fact.text, "avg10=");
	if (average && strtod(average + 6, NULL) > 5)
		set_finding(finding, RM_FINDING_WARNING,
		        "top -b -n 1 -o %CPU | head -15",
		        "tasks waited for a CPU in %.1f %% of the last 10 s: "
		        "other processes are running",
		        strtod(average + 6, NULL));
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "no task waits for a CPU");
}

/* Checks automatic NUMA balancing. It is harmless on a machine with one
   node. */
static void numa_balancing(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	if (!read_line(
	            "/proc/sys/kernel/numa_balancing", DIGITS, &fact, finding))
		return;
	if (fact.text[0] != '0' && topology->nodes > 1)
		set_finding(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.numa_balancing=0",
		        "NUMA balancing moves pages during trials");
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "no pages move between nodes");
}

/* Checks transparent huge pages. With "always", the kernel assigns huge pages
   depending on the state of memory, so two trials of one cell would differ.
   With "madvise", only programs that request huge pages get them. */
static void huge_pages(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";
	struct rm_fact fact;

	(void)topology;
	if (!read_line(path, "[", &fact, finding))
		return;
	if (strstr(fact.text, "[always]"))
		set_finding(finding, RM_FINDING_WARNING,
		        "echo madvise | sudo tee /sys/kernel/mm/"
		        "transparent_hugepage/enabled",
		        "transparent huge pages are always on: which map gets "
		        "them is random");
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "transparent huge pages: %.200s", fact.text);
}

static void swap(const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	rm_fact_field("/proc/meminfo", "SwapTotal", &fact);
	if (!require_fact(&fact, "SwapTotal in /proc/meminfo", DIGITS, finding))
		return;
	if (strtoull(fact.text, NULL, 10))
		set_finding(finding, RM_FINDING_WARNING, "sudo swapoff -a",
		        "swap is on (%s)", fact.text);
	else
		set_finding(finding, RM_FINDING_GOOD, "", "no swap");
}

/* Checks perf_event_paranoid. The kernel's own levels end at 2 (user mode
   only). With higher levels, patches of some distributions deny
   perf_event_open() to users even for their own processes. */
static void paranoid(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact;

	(void)topology;
	if (!read_line("/proc/sys/kernel/perf_event_paranoid", DIGITS, &fact,
	            finding))
		return;
	if (atoi(fact.text) > 2)
		set_finding(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.perf_event_paranoid=2",
		        "perf_event_paranoid is %s: users cannot use counters",
		        fact.text);
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "perf_event_paranoid is %s", fact.text);
}

static void aslr(const struct rm_topology *topology, struct rm_finding *finding)
{
	struct rm_fact fact, own;

	(void)topology;
	if (!read_line("/proc/sys/kernel/randomize_va_space", DIGITS, &fact,
	            finding))
		return;
	rm_fact_read("/proc/self/personality", &own);
	if (strchr("01", fact.text[0]))
		set_finding(finding, RM_FINDING_WARNING,
		        "sudo sysctl kernel.randomize_va_space=2",
		        "address layout is not random: all trials share one "
		        "layout");
	else if (strtoul(own.text, NULL, 16) & ADDR_NO_RANDOMIZE)
		set_finding(finding, RM_FINDING_NOTE, "",
		        "this process has a fixed address layout (setarch -R), "
		        "which trials of a campaign do not inherit");
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "each process has its own address layout");
}

static void examine_cpus(
        const struct rm_topology *topology, struct rm_finding *finding)
{
	int all = hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_PU);

	if (!topology->this_machine)
		set_finding(finding, RM_FINDING_WARNING,
		        "unset HWLOC_SYNTHETIC HWLOC_XMLFILE HWLOC_THISSYSTEM",
		        "hwloc describes another machine: threads are bound to "
		        "the CPU numbers of that machine, which may be wrong "
		        "here");
	else if (topology->note[0])
		set_finding(finding, RM_FINDING_NOTE, "", "%s", topology->note);
	else if ((int)topology->cpus < all)
		set_finding(finding, RM_FINDING_NOTE, "",
		        "%u of %d CPUs may be used (cgroup or mask)",
		        topology->cpus, all);
	else
		set_finding(finding, RM_FINDING_GOOD, "",
		        "all %d CPUs may be used", all);
}

/* In the order of the output: processor, memory, counters, load, kind of
   machine. examine_digit() examines rows with a path. */
static const struct check checks[] = {
	{ "governor", true, .examine = governor },
	{ "turbo", true, .examine = turbo },
	{ "smt", false, .examine = smt },
	{ "numa balancing", true, .examine = numa_balancing },
	{ "huge pages", true, .examine = huge_pages },
	{ "ksm", true, NULL, "/sys/kernel/mm/ksm/run", "1",
	        "echo 0 | sudo tee /sys/kernel/mm/ksm/run",
	        "KSM merges equal pages during trials", "KSM does not run" },
	{ "swap", true, .examine = swap },
	{ "nmi watchdog", true, NULL, "/proc/sys/kernel/nmi_watchdog", "1",
	        "sudo sysctl kernel.nmi_watchdog=0",
	        "the NMI watchdog takes a hardware counter and interrupts "
	        "every CPU",
	        "no NMI watchdog" },
	{ "perf permission", false, .examine = paranoid },
	{ "aslr", false, .examine = aslr },
	{ "load", true, .examine = pressure },
	{ "steal", true, .examine = steal },
	{ "virtual", false, .examine = virtual },
	{ "clock", true, .examine = clock_source },
	{ "scheduling", true, .examine = scheduling },
	{ "cgroup", true, .examine = quota },
	{ "limits", false, .examine = limits },
	{ "cpus", false, .examine = examine_cpus },
};

size_t rm_doctor_examine(
        const struct rm_topology *topology, struct rm_finding *findings)
{
	size_t count = sizeof(checks) / sizeof(*checks);

	_Static_assert(sizeof(checks) / sizeof(*checks) <= RM_FINDINGS_MAX,
	        "RM_FINDINGS_MAX is too small");
	for (size_t i = 0; i < count; i++) {
		findings[i] = (struct rm_finding){ .subject = checks[i].subject,
			.is_noise = checks[i].is_noise };
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
