/* SPDX-License-Identifier: Apache-2.0 */
/* advise.c - `readmostly advise`: the report's answer, which knows the rows. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/cli/python.h"

#include <argp.h>
#include <string.h>

static const struct argp argp = { NULL, NULL,
	"DIR --writes SHARE --keys N --threads N [OPTION...]",
	"Which map for your workload, of the campaign in DIR (a folder of run, "
	"crossover or claims): first and second choice and their ratio, what "
	"would change the answer, the measured cells that it rests on, and "
	"what it does not know. Outside of what was measured it refuses, and "
	"prints the workload file that would settle the question. Runs "
	"nothing.\v"
	"  --writes SHARE      3%: of all operations\n"
	"  --keys N            10k, 64Ki: resident ones\n"
	"  --threads N         that use the map at once\n"
	"  --write-kind KIND   update, churn or fresh\n"
	"  --shape SHAPE       u64x8, u64x24, str16x8, str16x24\n"
	"  --needs LIST        of scan, range, bounded-memory, with commas\n\n"
	"The options are those of `python3 -m report advise --help`. Status: 0 "
	"an answer; 1 refused: outside of what was measured, or a control "
	"failed; 2 usage or input; 3 not ranked: measure more.",
	NULL, NULL, NULL };

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-?") ||
		        !strcmp(argv[i], "--usage"))
			return true;
	return false;
}

int rm_cli_advise(int argc, char **argv)
{
	struct rm_question question = { .command = "advise",
		.words = { "advise" },
		.count = 1,
		.interrupt_fd = -1 };
	struct rm_error error = { 0 };

	if (asks_for_help(argc, argv)) {
		argp_help(&argp, stdout, ARGP_HELP_STD_HELP, argv[0]);
		return RM_OK;
	}
	if (argc < 2)
		rm_error_set(&error, 0,
		        "expected DIR, the folder of a campaign (readmostly "
		        "advise --help)");
	if (argc > RM_PYTHON_WORDS)
		rm_error_set(&error, 0, "expected at most %d arguments",
		        RM_PYTHON_WORDS);
	if (error.text[0])
		return rm_complain("advise", &error, RM_USAGE);
	for (int i = 1; i < argc; i++)
		question.words[question.count++] = argv[i];
	return rm_python_become(&question);
}
