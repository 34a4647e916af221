/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - `readmostly dev describe`: prints the keys of workload files, as
   text or as the JSON schema of a cell. */
#include "runner/cli/cli.h"
#include "runner/protocol/protocol.h"

#include <argp.h>
#include <stdio.h>

static const struct argp_option options[] = {
	{ "schema", 's', NULL, 0, "print the JSON schema of a cell", 0 }, { 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	bool *schema = state->input;

	switch (key) {
	case 's':
		*schema = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "\"%s\": expected no argument", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = { options, parse, "",
	"Lists the keys of a workload file, each with its default and its "
	"valid values.",
	NULL, NULL, NULL };

int rm_cli_describe(int argc, char **argv)
{
	bool schema = false;

	rm_argument_parse(&argp, argc, argv, &schema);
	if (schema) {
		json_t *json = rm_cell_schema();
		int failed = !json || json_dumpf(json, stdout, JSON_INDENT(2));

		json_decref(json);
		puts("");
		return failed ? RM_INCOMPLETE : RM_OK;
	}
	printf("%-11s %-12s %s\n", "KEY", "PRESET", "EXPECTED");
	for (int key = 0; key < RM_WORKLOAD_KEYS; key++)
		printf("%-11s %-12s %s%s\n", rm_factors[key].key,
		        rm_factors[key].preset ? rm_factors[key].preset : "-",
		        rm_factors[key].expected,
		        rm_factors[key].list ? "; or several" : "");
	return RM_OK;
}
