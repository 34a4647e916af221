/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - `readmostly doctor`: what disturbs here; changes nothing. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"

#include "runner/counters/counters.h"

#include <sched.h>
#include <stdio.h>

/* The first CPU that this process may use: counters go by it, too. */
static unsigned first_cpu(void)
{
	cpu_set_t mask;
	unsigned cpu = 0;

	if (sched_getaffinity(0, sizeof(mask), &mask))
		return 0;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &mask))
		cpu++;
	return cpu;
}

/* No warning: what is not counted disturbs nothing. */
static void print_cpu(void)
{
	char text[300];
	bool known = rm_counters_know_cpu(first_cpu(), text, sizeof(text));

	printf("%-8s %-16s %s\n",
	        rm_finding_level_name(
	                known ? RM_FINDING_GOOD : RM_FINDING_NOTE),
	        "event map", text);
}

int rm_cli_doctor(int argc, char **argv)
{
	struct rm_finding findings[RM_FINDINGS_MAX];
	struct rm_topology topology = { 0 };
	struct rm_error error = { "" };
	size_t count, warnings = 0;
	bool strict = rm_command_switch(argc, argv, "strict", 's',
	        "status 1 where there is a warning",
	        "Says what disturbs measurement on this machine and the "
	        "command that changes it. Changes nothing itself.");

	if (rm_topology_load(NULL, &topology, &error)) {
		rm_topology_free(&topology);
		return rm_complain("doctor", &error, RM_FAILED);
	}
	count = rm_doctor_examine(&topology, findings);
	for (size_t i = 0; i < count; i++) {
		const struct rm_finding *finding = &findings[i];

		printf("%-8s %-16s %s\n", rm_finding_level_name(finding->level),
		        finding->subject, finding->text);
		if (finding->command[0])
			printf("%-25s change it: %s\n", "", finding->command);
		warnings += finding->level == RM_FINDING_WARNING;
	}
	print_cpu();
	if (warnings)
		printf("%zu warnings\n", warnings);
	else
		printf("nothing found that disturbs\n");
	rm_topology_free(&topology);
	return strict && warnings ? RM_FAILED : RM_OK;
}
