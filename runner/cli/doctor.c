/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - `readmostly doctor`: what disturbs here; changes nothing. */
#include "runner/machine/doctor.h"
#include "runner/base/error.h"
#include "runner/cli/cli.h"
#include "runner/plan/topology.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

static const struct argp_option options[] = {
	{ "strict", 's', NULL, 0, "status 1 where there is a warning", 0 },
	{ 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	bool *strict = state->input;

	switch (key) {
	case 's':
		*strict = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": expected no argument", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "",
	"Says what disturbs measurement on this machine and the command that "
	"changes it. Changes nothing itself.",
	NULL, NULL, NULL };

int rm_cli_doctor(int argc, char **argv)
{
	struct rm_finding findings[RM_FINDINGS_MAX];
	struct rm_topology topology = { 0 };
	struct rm_error error = { "" };
	size_t count, warnings = 0;
	bool strict = false;

	argp_err_exit_status = RM_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &strict);
	if (rm_topology_load(NULL, &topology, &error)) {
		fprintf(stderr, "readmostly doctor: %s\n", error.text);
		rm_topology_free(&topology);
		return RM_FAILED;
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
	if (warnings)
		printf("%zu warnings\n", warnings);
	else
		printf("nothing found that disturbs\n");
	rm_topology_free(&topology);
	return strict && warnings ? RM_FAILED : RM_OK;
}
