/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_sample.c - compares the number of schedules with an enumeration,
 * and tests the run with an injected bug. A stub determines which numbers
 * fail. */
#include "verify/explore/control.c"
#include "verify/explore/sample.c"

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, HORIZON = 321 };

struct rm_explore_world rm_explore;

bool rm_explore_is_special(
        const struct rm_explore_options *options, uint64_t number)
{
	return options->ops == 5 && number % 2 == 0;
}

bool rm_explore_is_progress(
        const struct rm_explore_options *options, uint64_t number)
{
	(void)options;
	return number == 32;
}

struct count {
	uint64_t left[THREADS], all, few;
	unsigned threads;
};

/* Counts all orders of the steps that are left. */
static void enumerate(struct count *count, unsigned last, unsigned preemptions)
{
	bool any = false;

	for (unsigned t = 0; t < count->threads; t++) {
		if (!count->left[t])
			continue;
		any = true;
		count->left[t]--;
		enumerate(count, t,
		        preemptions + (last < count->threads && t != last &&
		                              count->left[last]));
		count->left[t]++;
	}
	count->all += !any;
	count->few += !any && preemptions <= RM_EXPLORE_FEW;
}

static bool counts(
        unsigned threads, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct count count = { .left = { a, b, c, d }, .threads = threads };
	const struct rm_explore_space space =
	        rm_explore_space_of(count.left, threads);

	enumerate(&count, threads, 0);
	return fabs(space.all - log10((double)count.all)) < 1e-9 &&
	       fabs(space.few - log10((double)count.few)) < 1e-9;
}

static void spaces(void)
{
	bool two = true, three = true;

	for (uint64_t a = 1; a < 7; a++)
		for (uint64_t b = 1; b < 7; b++) {
			two &= counts(2, a, b, 0, 0);
			three &= counts(3, a, b, 3, 0);
		}
	CHECK(counts(1, 5, 0, 0, 0), "one thread has one schedule");
	CHECK(two, "schedules of two threads, all and with few preemptions, "
	           "are counted like an enumeration");
	CHECK(three, "schedules of three threads are counted like an "
	             "enumeration");
	CHECK(counts(4, 2, 3, 1, 2), "schedules of four threads are counted "
	                             "like an enumeration");
	CHECK(isfinite(rm_explore_space_of((uint64_t[]){ 66000, 100000, 1 }, 3)
	                       .all),
	        "a large number is finite");
}

static void some_are_measured(void)
{
	const struct rm_explore_options options = { .ops = 6 };
	const struct rm_explore_options special = { .ops = 5 };
	struct rm_explore_tally tally = { 0 };

	rm_explore.lanes = 3;
	rm_explore.lane[1].steps = 2;
	rm_explore.lane[2].steps = 3;
	for (uint64_t number = 0; number < 64; number++) {
		rm_explore_space_add(&tally, &options, number);
		rm_explore_space_add(&tally, &special, number);
	}
	CHECK(tally.measured == 3 && tally.points == 15,
	        "one number in 16 is measured, unless its program is special "
	        "or about progress");
	CHECK(fabs(tally.log_all - 3) < 1e-9,
	        "the logarithms are added"); /* ten schedules */
}

static struct {
	char calls[8];
	uint64_t fails, breaks, crashes; /* numbers; 0: none */
} stub;

static bool count_upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	(void)thread, (void)shape, (void)key, (void)value;
	strcat(stub.calls, "u");
	return false;
}

static bool count_remove(void *thread, struct rm_shape shape, struct rm_key key)
{
	(void)thread, (void)shape, (void)key;
	strcat(stub.calls, "r");
	return true;
}

static const struct rm_map_ops ops = { .upsert = count_upsert,
	.remove = count_remove };
static const struct rm_impl impl = { .id = "right", .ops = &ops };

void rm_explore_played_clear(struct rm_explore_played *played)
{
	(void)played;
}

/* Only the injected bug can fail. */
int rm_explore_play_number(const struct rm_explore_options *options,
        uint64_t number, uint64_t horizon, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	const struct rm_value value = { { 0 } };
	const bool is_removed = rm_map_upsert(options->impl->ops, NULL,
	        RM_U64X8, (struct rm_key){ .word = 1 }, &value);

	(void)taken, (void)error;
	if (stub.crashes && number == stub.crashes)
		abort();
	tally->plays += 2;
	if (stub.fails && number >= stub.fails && is_removed &&
	        !strcmp(stub.calls, "ru") && horizon == HORIZON &&
	        !options->written)
		played->fault = RM_EXPLORE_HISTORY;
	stub.calls[0] = '\0';
	return stub.breaks && number == stub.breaks ? -1 : 0;
}

static void controls(void)
{
	struct rm_explore_options options = {
		.impl = &impl, .threads = 3, .written = (const void *)&stub
	};

	CHECK(!rm_explore_control(&options, HORIZON),
	        "a bug that is not found gives 0");
	stub.fails = 7;
	CHECK(rm_explore_control(&options, HORIZON) == 16,
	        "an upsert that first removes its key is found after 16 plays");
	stub.breaks = 6;
	CHECK(!rm_explore_control(&options, HORIZON), "an error gives 0");
	stub.breaks = 0;
	stub.crashes = 6;
	CHECK(!rm_explore_control(&options, HORIZON), "a crash gives 0");
	stub.crashes = 0;
	options.threads = 1;
	CHECK(rm_explore_no_control(&options) &&
	                !rm_explore_control(&options, HORIZON),
	        "one thread cannot find the bug");
	options.threads = 3;
	options.unjudged = true;
	CHECK(rm_explore_no_control(&options),
	        "a run whose results are not judged cannot find the bug");
}

int main(void)
{
	spaces();
	some_are_measured();
	controls();
	return DONE();
}
