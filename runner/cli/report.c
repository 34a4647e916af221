/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - `readmostly report` and `compare`: Python makes the page. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/cli/python.h"

/* Becomes `python3 -m report [FIRST] ARGUMENTS`. */
static int become(const char *command, const char *first, int argc, char **argv)
{
	struct rm_question question = { .command = command,
		.interrupt_fd = -1 };
	struct rm_error error = { "" };

	if (first)
		question.words[question.count++] = first;
	if ((size_t)argc + question.count > RM_PYTHON_WORDS) {
		rm_error_set(&error, 0, "expected at most %d arguments",
		        RM_PYTHON_WORDS);
		return rm_complain(command, &error, RM_USAGE);
	}
	for (int i = 1; i < argc; i++)
		question.words[question.count++] = argv[i];
	return rm_python_become(&question);
}

int rm_cli_report(int argc, char **argv)
{
	return become("report", argc == 1 ? "--help" : NULL, argc, argv);
}

int rm_cli_compare(int argc, char **argv)
{
	return become("compare", "compare", argc, argv);
}
