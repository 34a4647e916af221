/* SPDX-License-Identifier: Apache-2.0 */
/* test_stamps.c - tests the basis of recorded histories: stamps, single steps,
 * and the summary of the check. */
#include "runner/impl.h"
#include "tests/unit/tap.h"
#include "verify/check/recorder.h"

#include <pthread.h>
#include <string.h>

enum { STAMPS = 20000 };

static void *take_stamps(void *opaque)
{
	struct rm_stamps *stamps = opaque;
	uint64_t last = rm_stamp(stamps);

	for (int i = 1; i < STAMPS; i++) {
		uint64_t now = rm_stamp(stamps);

		if (now <= last)
			/* the counter went back, or did not advance */
			return opaque;
		last = now;
	}
	return NULL;
}

static void shared_counter_never_repeats(void)
{
	struct rm_stamps stamps = { .why = "the test needs the counter" };
	void *wrong[2];
	pthread_t id;

	if (pthread_create(&id, NULL, take_stamps, &stamps)) {
		SKIP("a shared counter returns each stamp once", "no thread");
		return;
	}
	wrong[0] = take_stamps(&stamps);
	pthread_join(id, wrong + 1);
	CHECK(!wrong[0] && !wrong[1], "a shared counter only grows");
	CHECK(rm_stamp(&stamps) == (uint64_t)2 * STAMPS,
	        "a shared counter returns each stamp once");
}

static void choice_has_a_reason(void)
{
	struct rm_stamps stamps;

	rm_stamps_choose(&stamps);
	printf("# stamps: %s\n", stamps.tsc ? "tsc" : stamps.why);
	CHECK(stamps.tsc == !stamps.why,
	        "the TSC is chosen, or there is a reason");
	CHECK(!stamps.tsc || rm_tsc_invariant(),
	        "the TSC is chosen only if it is invariant");
}

static uint64_t mix(uint64_t x)
{
	for (int i = 0; i < 64; i++)
		x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9U;
	return x;
}

/* Ends the steps at every instruction of a short function, and after the
 * function. */
static void steps_change_nothing(void)
{
	bool same = true;

	if (!rm_step_init()) {
		SKIP("single steps change nothing",
		        "no single steps on this CPU");
		return;
	}
	for (unsigned steps = 0; steps < 400; steps += 7) {
		rm_step_arm(steps, steps % 3);
		uint64_t stepped = mix(steps);

		rm_step_disarm();
		same = same && stepped == mix(steps);
	}
	CHECK(same, "single steps change nothing");
}

static void check_says_what_was_done(void)
{
	const struct rm_check_case c = { .impl = rm_impl_find("rwlock_probe"),
		.shape = RM_U64X8,
		.seed = 1,
		.ops = 1000,
		.threads = 4 };
	const struct rm_check_limits limits = { .deadline_ns = 600000000000U,
		.memory_bytes = (uint64_t)4 << 30 };
	struct rm_check_result done = { .rounds = 0 };
	struct rm_error reported = { "" };
	enum rm_check_verdict verdict = rm_check_run(
	        rm_check_find("histories"), &c, &limits, &done, &reported);

	printf("# %s\n", reported.text);
	CHECK(verdict == RM_CHECK_OK, "histories of a correct map pass");
	CHECK(strstr(reported.text, " 0 undecided; stamps: "),
	        "a check that passes has a summary");
	CHECK(done.rounds == 1 && done.cpu_ns && done.last.ops == c.ops,
	        "without a budget a check is one round of the given "
	        "operations");
}

int main(void)
{
	shared_counter_never_repeats();
	choice_has_a_reason();
	steps_change_nothing();
	check_says_what_was_done();
	return DONE();
}
