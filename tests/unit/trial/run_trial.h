/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_trial.h - runs trials in the test's process and reads their results.
 */
#ifndef RM_TEST_RUN_TRIAL_H
#define RM_TEST_RUN_TRIAL_H

#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

/* A small trial of a presized map: 1000 keys, two threads, 10 % writes. It ends
   after a number of operations, not after a time. */
static inline struct rm_request small_request(const char *map)
{
	struct rm_request request = { .seed = 11,
		.counters = json_pack("{s:s}", "backend", "none"),
		.cell = { .id = "test",
		        .shape = RM_U64X8,
		        .keys = 1000,
		        .write_share = 0.1,
		        .threads = 2,
		        .memory = "first-touch",
		        .presize = true,
		        .window_ops = 6400,
		        .deadline_ns = 60000000000,
		        .measure = RM_MEASURE_THROUGHPUT } };

	strcpy(request.cell.map, map);
	return request;
}

/* Returns the same trial with another loop. Aborts the test if the loop is
   invalid. */
static inline struct rm_request loop_request(const char *map, const char *loop)
{
	struct rm_request request = small_request(map);

	if (rm_loop_parse(loop, &request.cell.loop))
		abort();
	return request;
}

/* Returns the result of the team, judged as in a campaign, as a new
   reference. */
static inline json_t *result_of(struct rm_team *team)
{
	json_t *result = rm_team_result(team);

	if (rm_result_judge(&team->request->cell, result))
		abort();
	return result;
}

/* Runs a trial of `impl`. The request stays valid. */
static inline json_t *trial_of(
        struct rm_request *request, const struct rm_impl *impl)
{
	struct rm_team team;
	json_t *result;

	rm_team_run(&team, request, impl);
	result = result_of(&team);
	rm_team_clear(&team);
	return result;
}

/* Runs a trial of `impl` and releases the request. */
static inline json_t *run_on(
        struct rm_request *request, const struct rm_impl *impl)
{
	json_t *result = trial_of(request, impl);

	json_decref(request->counters);
	return result;
}

static inline const char *text_of(const json_t *result, const char *name)
{
	const char *text = json_string_value(json_object_get(result, name));

	return text ? text : "";
}

static inline double number_of(const json_t *result, const char *name)
{
	return json_number_value(json_object_get(result, name));
}

/* Returns a statistic of the map; or -1 if there is none. */
static inline double stat_of(const json_t *result, const char *name)
{
	size_t i;
	json_t *stat;

	json_array_foreach (json_object_get(result, "stats"), i, stat)
		if (!strcmp(text_of(stat, "name"), name))
			return number_of(stat, "value");
	return -1;
}

/* True if the result has this status and `reason` is part of its reason. */
static inline bool is(
        const json_t *result, const char *status, const char *reason)
{
	bool so = !strcmp(text_of(result, "status"), status) &&
	          strstr(text_of(result, "reason"), reason);

	if (!so)
		printf("# %s: %s\n", text_of(result, "status"),
		        text_of(result, "reason"));
	return so;
}

#endif /* RM_TEST_RUN_TRIAL_H */
