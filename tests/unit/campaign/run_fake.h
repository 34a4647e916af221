/* SPDX-License-Identifier: Apache-2.0 */
/* run_fake.h - runs one trial of tests/fixtures/fake_trial.c. */
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

/* Path of $(BUILD)/tests/fake_trial, in this test's folder. */
static inline void find_fake(void)
{
	ssize_t length = readlink("/proc/self/exe", fake, sizeof(fake) - 16);

	fake[length < 0 ? 0 : length] = 0;
	strcpy(strrchr(fake, '/') + 1, "fake_trial");
}

static inline json_t *make_request(const char *measure)
{
	return json_pack("{s:i, s:{s:s, s:i, s:i, s:s}, s:i}", "protocol",
	        RM_PROTOCOL, "cell", "id", "w/fake/u64x8", "threads", 2, "keys",
	        64, "measure", measure, "seed", 7);
}

static inline struct rm_outcome run_fake_with(
        const char *behaviour, struct rm_launch launch, const char *measure)
{
	struct rm_outcome outcome = { 0 };
	struct rm_error error = { 0 };
	json_t *request = make_request(measure);
	char *padding = calloc(1, 1 << 20);

	/* larger than the buffer of a pipe, so an unread request breaks the
	   pipe */
	memset(padding, 'x', (1 << 20) - 1);
	if (!strcmp(behaviour, "deaf"))
		json_object_set_new(request, "more", json_string(padding));
	free(padding);
	const struct rm_cell cell = { .threads = 2,
		.keys = 64,
		.write_share = 0.03,
		.measure = strcmp(measure, "verify") ? RM_MEASURE_THROUGHPUT
		                                     : RM_MEASURE_VERIFY };
	char rules[128];

	launch.cell = &cell;
	snprintf(rules, sizeof(rules), strcmp(behaviour, "deaf") ? "=%s" : "%s",
	        behaviour);
	setenv("RM_FAKE", rules, 1);
	if (!launch.program)
		launch.program = fake;
	if (!launch.deadline_ns)
		launch.deadline_ns = 60 * second_ns;
	if (!launch.interrupt_fd)
		launch.interrupt_fd = -1;
	if (rm_launch(&launch, request, &outcome, &error)) {
		printf("# %s: %s\n", behaviour, error.text);
		/* an error of rm_launch() leaves no outcome */
		outcome.status = "error";
	}
	json_decref(request);
	if (outcome.reason)
		printf("# %s: exit %s: %.150s\n", behaviour, outcome.exit,
		        outcome.reason);
	return outcome;
}

static inline struct rm_outcome run_fake(const char *behaviour)
{
	return run_fake_with(behaviour, (struct rm_launch){ 0 }, "throughput");
}

/* True if the trial fails with this exit status and this text in its reason. */
static inline bool fails(
        const char *behaviour, const char *exit_text, const char *text)
{
	struct rm_outcome outcome = run_fake(behaviour);
	bool is_expected = !strcmp(outcome.exit, exit_text) &&
	                   !strcmp(outcome.status, "failed") &&
	                   !outcome.result && outcome.reason &&
	                   strstr(outcome.reason, text) &&
	                   !strchr(outcome.reason, '\n');

	rm_outcome_clear(&outcome);
	return is_expected;
}

#endif /* RM_LAUNCH_PLAY_H */
