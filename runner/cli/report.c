/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - `readmostly report`, `compare` and `publish`: start Python. */
#include "runner/cli/cli.h"
#include "runner/cli/command.h"
#include "runner/cli/python.h"

/* Replaces this process by `python3 -m report [FIRST] ARGUMENTS`. */
static int exec_report(
        const char *command, const char *first, int argc, char **argv)
{
	struct rm_report_call call = { .command = command, .interrupt_fd = -1 };
	struct rm_error error = { "" };

	if (first)
		call.args[call.count++] = first;
	if ((size_t)argc + call.count > RM_PYTHON_ARGS) {
		rm_error_set(&error, 0, "expected at most %d arguments",
		        RM_PYTHON_ARGS);
		return rm_print_error(command, &error, RM_USAGE);
	}
	for (int i = 1; i < argc; i++)
		call.args[call.count++] = argv[i];
	return rm_python_exec(&call);
}

int rm_cli_report(int argc, char **argv)
{
	return exec_report("report", argc == 1 ? "--help" : NULL, argc, argv);
}

int rm_cli_compare(int argc, char **argv)
{
	return exec_report("compare", "compare", argc, argv);
}

int rm_cli_publish(int argc, char **argv)
{
	return exec_report("publish", "publish", argc, argv);
}
