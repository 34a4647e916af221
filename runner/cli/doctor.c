/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - `readmostly env doctor`: lists sources of noise and changes
   nothing. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include "runner/counters/counters.h"

#include <argp.h>
#include <hwloc.h>
#include <sched.h>
#include <stdio.h>

/* Prints whether the table of events covers the first usable CPU, which the
   counters use. An unknown CPU is only a note, since it disturbs no
   measurement. */
static void print_cpu(const struct rm_topology *topology)
{
	char text[300];
	unsigned cpu = (unsigned)hwloc_bitmap_first(topology->usable);
	bool known = rm_counters_describe_cpu(cpu, text, sizeof(text));

	printf("%-8s %-16s %s\n",
	        rm_finding_level_name(
	                known ? RM_FINDING_GOOD : RM_FINDING_NOTE),
	        "event map", text);
}

static int print_findings(bool strict)
{
	struct rm_finding findings[RM_FINDINGS_MAX];
	struct rm_topology topology = { 0 };
	struct rm_error error = { "" };
	size_t count, warnings = 0, unknown = 0, deciding = 0;

	if (rm_topology_load(NULL, &topology, &error)) {
		rm_topology_free(&topology);
		return rm_print_error("env doctor", &error, RM_FAILED);
	}
	count = rm_doctor_examine(&topology, findings);
	for (size_t i = 0; i < count; i++) {
		const struct rm_finding *finding = &findings[i];

		printf("%-8s %-16s %s\n", rm_finding_level_name(finding->level),
		        finding->subject, finding->text);
		if (finding->command[0])
			printf("%-25s fix: %s\n", "", finding->command);
		warnings += finding->level == RM_FINDING_WARNING;
		unknown += finding->level == RM_FINDING_UNKNOWN;
		deciding += finding->level == RM_FINDING_UNKNOWN &&
		            finding->is_noise;
	}
	print_cpu(&topology);
	if (warnings)
		printf("%zu warning%s", warnings, warnings == 1 ? "" : "s");
	else
		printf("no noise sources found");
	if (unknown)
		printf("; %zu of %zu checks are unknown", unknown, count);
	putchar('\n');
	rm_topology_free(&topology);
	if (strict && warnings)
		return RM_FAILED;
	return strict && deciding ? RM_INCOMPLETE : RM_OK;
}

enum { PROBE_MS = 1000 };

/* Prints within two seconds whether the machine is busy; for scripts. */
static int print_busy(void)
{
	struct rm_busy busy;
	cpu_set_t mask;
	unsigned cpus = 1;

	if (!sched_getaffinity(0, sizeof(mask), &mask))
		cpus = (unsigned)CPU_COUNT(&mask);
	rm_busy_measure(cpus, false, &busy);
	if (!busy.is_busy)
		rm_busy_probe(PROBE_MS, &busy);
	if (busy.is_busy) {
		printf("%s\n", busy.text);
		return RM_FAILED;
	}
	if (busy.pressure_percent < 0 && busy.load < 0 &&
	        busy.probe_percent < 0) {
		printf("not known: none of /proc/pressure/cpu, /proc/loadavg "
		       "and schedstat of /proc/thread-self can be read\n");
		return RM_INCOMPLETE;
	}
	printf("idle: no other process uses the CPUs");
	if (busy.pressure_percent >= 0)
		printf("; tasks waited for a CPU in %.1f %% of the last 10 s",
		        busy.pressure_percent);
	if (busy.probe_percent >= 0)
		printf("; a probe of 1 s waited for its CPU in %.1f %% of the "
		       "time",
		        busy.probe_percent);
	printf("\n");
	return RM_OK;
}

struct arguments {
	bool strict, busy;
};

static const struct argp_option options[] = {
	{ "strict", 's', NULL, 0,
	        "exit with status 1 if there is a warning, else 3 if a check "
	        "whose answer may be noise is unknown (on virtual machines, "
	        "governor and turbo)",
	        0 },
	{ "busy", 'b', NULL, 0,
	        "only print whether the machine is busy now, in at most 2 s; "
	        "status 1 if it is, 3 if that is not known",
	        0 },
	{ 0 },
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 's':
		arguments->strict = true;
		return 0;
	case 'b':
		arguments->busy = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": expected no argument", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int rm_cli_doctor(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "",
		"Lists what disturbs measurement on this machine, each with "
		"the command that fixes it. Changes nothing.",
		NULL, NULL, NULL };
	struct arguments arguments = { 0 };

	rm_argument_parse(&argp, argc, argv, &arguments);
	return arguments.busy ? print_busy() : print_findings(arguments.strict);
}
