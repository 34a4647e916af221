/* SPDX-License-Identifier: Apache-2.0 */
/* advise.c - `readmostly advise`: starts `python3 -m report advise`. */
#include "runner/cli/cli.h"
#include "runner/cli/python.h"

#include <argp.h>
#include <stdbool.h>
#include <string.h>

static const struct argp argp = { NULL, NULL,
	"DIR --writes SHARE --keys N --threads N [OPTION...]",
	"Recommends a map for your workload from the results in DIR, a folder "
	"of run, crossover or claims. Prints the first and second choice, "
	"their ratio, what would change the recommendation, the measured cells "
	"that support it, and its limits. Outside the measured range it prints "
	"the workload file to measure instead. Runs nothing.\v"
	"  --writes SHARE      share of writes, such as 3%\n"
	"  --keys N            number of resident keys, such as 10k or 64Ki\n"
	"  --threads N         threads that use the map concurrently\n"
	"  --write-kind KIND   update, churn or fresh\n"
	"  --misses SHARE      look-ups of absent keys (default 0%)\n"
	"  --dist DIST         uniform, zipf:THETA, hot:KEYS%:OPERATIONS%, "
	"sequential\n"
	"  --shape SHAPE       u64x8, u64x24, str16x8, str16x24, str32x8, ...\n"
	"                      (default of kind, dist, shape, placement: the\n"
	"                      only measured value, or that of workload "
	"files)\n"
	"  --placement PLACE   cores, smt, sockets, numa:N, compact, none\n"
	"  --needs LIST        separated by commas: scan, range, "
	"point-in-time,\n"
	"                      lock-free, wait-free, many-writers, "
	"new-answers, growth,\n"
	"                      no-duties, no-threads, bounded-memory\n"
	"  --json              print the answer with all numbers as JSON\n"
	"  --workload          print only the workload file that measures "
	"this place\n\n"
	"Status: 0 recommended; 1 no recommendation: outside the measured "
	"range, or a "
	"control failed; 2 usage or input; 3 the maps cannot be ranked: "
	"measure more.",
	NULL, NULL, NULL };

static bool has_help_option(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-?") ||
		        !strcmp(argv[i], "--usage"))
			return true;
	return false;
}

int rm_cli_advise(int argc, char **argv)
{
	if (!has_help_option(argc, argv))
		return rm_python_exec_command("advise", "advise", argc, argv);
	argp_help(&argp, stdout, ARGP_HELP_STD_HELP, argv[0]);
	return RM_OK;
}
