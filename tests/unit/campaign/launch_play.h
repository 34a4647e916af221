/* SPDX-License-Identifier: Apache-2.0 */
/* launch_play.h - plays one trial with tests/fixtures/fake_trial.c. */
#ifndef RM_LAUNCH_PLAY_H
#define RM_LAUNCH_PLAY_H

#include "runner/campaign/internal.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char fake[PATH_MAX];
static const uint64_t second_ns = 1000000000;

/* $(BUILD)/tests/fake_trial stands beside this test. */
static inline void find_fake(void)
{
	ssize_t length = readlink("/proc/self/exe", fake, sizeof(fake) - 16);

	fake[length < 0 ? 0 : length] = 0;
	strcpy(strrchr(fake, '/') + 1, "fake_trial");
}

static inline json_t *request_of(const char *measure)
{
	return json_pack("{s:i, s:{s:s, s:i, s:i, s:s}, s:i}", "protocol",
	        RM_PROTOCOL, "cell", "id", "w/fake/u64x8", "threads", 2, "keys",
	        64, "measure", measure, "seed", 7);
}

static inline struct rm_outcome play_with(
        const char *how, struct rm_launch launch, const char *measure)
{
	struct rm_outcome outcome = { 0 };
	struct rm_error error = { 0 };
	json_t *request = request_of(measure);
	char *much = calloc(1, 1 << 20);

	/* More than a pipe holds: who does not read it breaks the pipe. */
	memset(much, 'x', (1 << 20) - 1);
	if (!strcmp(how, "deaf"))
		json_object_set_new(request, "more", json_string(much));
	free(much);
	const struct rm_cell cell = { .threads = 2,
		.keys = 64,
		.write_share = 0.03,
		.measure = strcmp(measure, "verify") ? RM_MEASURE_THROUGHPUT
		                                     : RM_MEASURE_VERIFY };
	char rules[128];

	launch.cell = &cell;
	snprintf(rules, sizeof(rules), strcmp(how, "deaf") ? "=%s" : "%s", how);
	setenv("RM_FAKE", rules, 1);
	if (!launch.program)
		launch.program = fake;
	if (!launch.deadline_ns)
		launch.deadline_ns = 60 * second_ns;
	if (!launch.interrupt_fd)
		launch.interrupt_fd = -1;
	if (rm_launch(&launch, request, &outcome, &error)) {
		printf("# %s: %s\n", how, error.text);
		/* what could not be recorded is no outcome */
		outcome.status = "error";
	}
	json_decref(request);
	if (outcome.reason)
		printf("# %s: exit %s: %.150s\n", how, outcome.exit,
		        outcome.reason);
	return outcome;
}

static inline struct rm_outcome play(const char *how)
{
	return play_with(how, (struct rm_launch){ 0 }, "throughput");
}

/* A failure with this exit whose reason has these words. */
static inline bool fails(
        const char *how, const char *exit_text, const char *words)
{
	struct rm_outcome outcome = play(how);
	bool right = !strcmp(outcome.exit, exit_text) &&
	             !strcmp(outcome.status, "failed") && !outcome.result &&
	             outcome.reason && strstr(outcome.reason, words) &&
	             !strchr(outcome.reason, '\n');

	rm_outcome_clear(&outcome);
	return right;
}

#endif /* RM_LAUNCH_PLAY_H */
