/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - runs the checks. */
#include "runner/machine/doctor.h"
#include "runner/machine/doctor_checks.h"

#include <stdarg.h>
#include <stdio.h>

struct check {
	const char *subject;
	void (*examine)(
	        const struct rm_topology *topology, struct rm_finding *finding);
};

void rm_doctor_say(struct rm_finding *finding, enum rm_finding_level level,
        const char *command, const char *format, ...)
{
	va_list arguments;

	finding->level = level;
	va_start(arguments, format);
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	va_end(arguments);
	snprintf(finding->command, sizeof(finding->command), "%s", command);
}

bool rm_doctor_told(const struct rm_fact *fact, const char *path,
        struct rm_finding *finding)
{
	if (fact->status == RM_FACT_OK)
		return true;
	rm_doctor_say(finding, RM_FINDING_UNKNOWN, "", "%s is %s", path,
	        rm_fact_status_name(fact->status));
	return false;
}

bool rm_doctor_read(
        const char *path, struct rm_fact *fact, struct rm_finding *finding)
{
	rm_fact_read(path, fact);
	return rm_doctor_told(fact, path, finding);
}

/* Ticks of /proc/stat's first line: user nice system idle iowait irq softirq
   steal ... */
static const struct check checks[] = { { "governor", rm_doctor_governor },
	{ "turbo", rm_doctor_turbo }, { "smt", rm_doctor_smt },
	{ "numa balancing", rm_doctor_numa_balancing },
	{ "huge pages", rm_doctor_huge_pages }, { "ksm", rm_doctor_ksm },
	{ "swap", rm_doctor_swap }, { "nmi watchdog", rm_doctor_watchdog },
	{ "perf permission", rm_doctor_paranoid }, { "aslr", rm_doctor_aslr },
	{ "load", rm_doctor_pressure }, { "steal", rm_doctor_steal },
	{ "virtual", rm_doctor_virtual }, { "clock", rm_doctor_clock_source },
	{ "cgroup", rm_doctor_quota },
	{ "cpus", rm_doctor_topology_left_out } };

size_t rm_doctor_examine(
        const struct rm_topology *topology, struct rm_finding *findings)
{
	size_t count = sizeof(checks) / sizeof(*checks);

	_Static_assert(sizeof(checks) / sizeof(*checks) <= RM_FINDINGS_MAX,
	        "room for every finding");
	for (size_t i = 0; i < count; i++) {
		findings[i] =
		        (struct rm_finding){ .subject = checks[i].subject };
		checks[i].examine(topology, &findings[i]);
	}
	return count;
}

const char *rm_finding_level_name(enum rm_finding_level level)
{
	static const char *const names[] = { "ok", "note", "warning",
		"unknown" };

	return names[level];
}
