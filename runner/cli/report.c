/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - `readmostly report`, `compare` and `publish`: start Python. */
#include "runner/cli/cli.h"
#include "runner/cli/python.h"

int rm_cli_report(int argc, char **argv)
{
	return rm_python_exec_command("report", NULL, argc, argv);
}

int rm_cli_compare(int argc, char **argv)
{
	return rm_python_exec_command("compare", "compare", argc, argv);
}

int rm_cli_publish(int argc, char **argv)
{
	return rm_python_exec_command("publish", "publish", argc, argv);
}
