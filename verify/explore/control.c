/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - runs the map with an injected bug (sample.h). A run that does not
 * find this bug is no evidence about the map. */
#include "verify/explore/play.h"
#include "verify/explore/sample.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* maximum number of schedules; exhaustive: of programs */
	CONTROLS_MOST = 2000,
	/* exhaustive: maximum number of schedules of a program */
	EXHAUSTED_MOST = 200,
};

static const struct rm_map_ops *inner; /* the map's own operations */

/* Has the bug: a present key is absent for a moment, so a lookup may miss
 * it. */
static bool upsert_in_two_steps(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	const bool was_there = rm_map_remove(inner, thread, shape, key);

	rm_map_upsert(inner, thread, shape, key, value);
	return was_there;
}

const char *rm_explore_no_control(const struct rm_explore_options *options)
{
	if (options->unjudged)
		return "results are not judged";
	return options->threads == 1 ? "one thread has no races" : NULL;
}

/* Returns the number of schedules up to the first that fails, or 0. */
static uint64_t find_bug(
        const struct rm_explore_options *options, uint64_t horizon)
{
	struct rm_explore_options wrong = *options;
	struct rm_impl impl = *options->impl;
	struct rm_map_ops ops = *options->impl->ops;
	struct rm_explore_played played = { .fault = RM_EXPLORE_NOTHING };
	struct rm_explore_tally tally = { 0 };
	struct rm_error error;

	inner = options->impl->ops;
	ops.upsert = upsert_in_two_steps;
	impl.ops = &ops;
	wrong.impl = &impl;
	wrong.written = NULL;
	if (wrong.policy == RM_EXPLORE_EXHAUSTIVE)
		wrong.schedules = EXHAUSTED_MOST;
	for (uint64_t i = 0; i < CONTROLS_MOST; i++) {
		if (rm_explore_play_number(
		            &wrong, i, horizon, &tally, NULL, &played, &error))
			return 0;
		if (played.fault)
			return tally.plays;
	}
	return 0;
}

/* Runs in a process of its own, since the map may crash. */
uint64_t rm_explore_control(
        const struct rm_explore_options *options, uint64_t horizon)
{
	uint64_t *shared, found;
	pid_t pid;

	if (rm_explore_no_control(options))
		return 0;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 0;
	pid = fork();
	if (!pid) {
		*shared = find_bug(options, horizon);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	found = *shared;
	munmap(shared, sizeof(*shared));
	return found;
}
