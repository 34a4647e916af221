/* SPDX-License-Identifier: Apache-2.0 */
/* test_simulated_cost.c - the planned time of trials on a simulated machine
   agrees with the measured times of tests/fixtures/simulated-costs.tsv. */
#include "runner/plan/internal.h"
#include "tests/unit/tap.h"

#include <stdio.h>

/* The last column is the time of the process; its start takes PROCESS_S. */
#define PROCESS_S 0.013
#define FACTOR    2.1

static double planned_s(const char *family, const char *sync, unsigned caps,
        const struct rm_cell *cell)
{
	struct rm_map_info map = { .caps = caps,
		.json = json_pack(
		        "{s:s, s:s}", "family", family, "sync", sync) };
	uint64_t ns = rm_plan_simulated_ns(cell, &map);

	json_decref(map.json);
	return (double)ns / 1e9 + PROCESS_S;
}

/* Reads one row; returns false for a comment or the end. */
static bool row_is_met(const char *line, unsigned *rows)
{
	char map[32], family[16], sync[16];
	struct rm_cell cell = { .write_share = 0.03 };
	unsigned caps;
	double s, planned;
	unsigned long keys, warm_up_us, ops;

	if (sscanf(line, "%31s %15s %15s %u %lu %u %lu %lu %lf", map, family,
	            sync, &caps, &keys, &cell.threads, &warm_up_us, &ops,
	            &s) != 9)
		return true;
	cell.keys = keys;
	cell.warm_up_ns = warm_up_us * 1000;
	cell.window_ops = ops;
	planned = planned_s(family, sync, caps, &cell);
	++*rows;
	if (planned < FACTOR * s && s < FACTOR * planned)
		return true;
	printf("# planned %.3f s: %s", planned, line);
	return false;
}

int main(void)
{
	FILE *file = fopen("tests/fixtures/simulated-costs.tsv", "r");
	char line[256];
	unsigned rows = 0, wrong = 0;

	while (file && fgets(line, sizeof(line), file))
		wrong += !row_is_met(line, &rows);
	if (file)
		fclose(file);
	CHECK(rows > 50 && wrong <= rows / 20,
	        "the plan of 19 of 20 simulated trials is within a factor of "
	        "2.1");
	return DONE();
}
