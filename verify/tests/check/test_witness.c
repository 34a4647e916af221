/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_witness.c - what the process of a check shows of itself: progress of
 * all threads, the step, and what is kept from round to round.
 */
#include "tests/unit/tap.h"
#include "verify/check/witness.h"

#include <string.h>

static struct rm_witness one, other;

/* As what is left of an earlier round: all that may be. */
static void use_up(struct rm_witness *witness)
{
	atomic_store(&witness->progress, 5);
	for (unsigned i = 0; i < RM_WITNESS_THREADS; i++)
		atomic_store(&witness->threads[i].ticks, 1);
	strcpy(witness->step, "an old one");
	atomic_store(&witness->operations, 11);
	atomic_store(&witness->looked, 12);
	atomic_store(&witness->met, 13);
	atomic_store(&witness->stops, 14);
	atomic_store(&witness->stack_count, 2);
}

static void progress_is_of_all_threads(void)
{
	rm_witness_use(&one);
	CHECK(!rm_witness_progress(&one), "at first nothing has ended");
	rm_witness_goes_on();
	rm_witness_goes_on();
	CHECK(rm_witness_progress(&one) == 2, "what has no peers counts");
	atomic_store(&one.threads[0].ticks, 10);
	atomic_store(&one.threads[RM_WITNESS_THREADS - 1].ticks, 100);
	atomic_store(&one.threads[7].ticks, 1000);
	CHECK(rm_witness_progress(&one) == 1112,
	        "and what the first and the last of the peers have ended");
	CHECK(!rm_witness_progress(&other), "each witness has its own");
}

static void steps_have_names(void)
{
	char longer[2 * RM_STEP_BYTES];

	rm_witness_use(&one);
	rm_witness_step("phase %u, %s", 7, "keys");
	CHECK(!strcmp(one.step, "phase 7, keys"), "a step is named");
	CHECK(rm_witness_progress(&one) == 1, "and is progress");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	rm_witness_step("%s", longer);
	CHECK(strlen(one.step) == RM_STEP_BYTES - 1 &&
	                rm_witness_progress(&one) == 2,
	        "a long name is cut");
	rm_witness_step("%s", "short");
	CHECK(!strcmp(one.step, "short"), "the next takes its place");
}

static void a_round_begins_anew(void)
{
	use_up(&one);
	CHECK(rm_witness_progress(&one) == 5 + RM_WITNESS_THREADS,
	        "progress is that of 1024 threads");
	rm_witness_use(&one);
	CHECK(!rm_witness_progress(&one) && !one.step[0],
	        "a process has neither progress nor a step at its start");
	CHECK(one.operations == 11 && one.looked == 12 && one.met == 13 &&
	                one.stops == 14 && one.stack_count == 2,
	        "what several rounds count is kept");
}

static void somebody_looks_or_nobody(void)
{
	struct rm_witness *own;

	rm_witness_use(NULL);
	own = rm_witness();
	CHECK(own && own != &one && own != &other,
	        "a process that nobody looks at has a witness of its own");
	rm_witness_goes_on();
	rm_witness_use(&other);
	CHECK(rm_witness() == &other, "then it is the one that it is given");
	use_up(&one);
	rm_witness_goes_on();
	rm_witness_step("mine");
	CHECK(rm_witness_progress(&other) == 2 && !strcmp(other.step, "mine") &&
	                rm_witness_progress(&one) == 5 + RM_WITNESS_THREADS &&
	                !strcmp(one.step, "an old one"),
	        "and all that happens is shown there, and nowhere else");
	rm_witness_use(NULL);
	CHECK(rm_witness() == own && !rm_witness_progress(own),
	        "and its own again, without the progress from before");
}

int main(void)
{
	CHECK(rm_witness() && !rm_witness_progress(rm_witness()),
	        "there is a witness from the start");
	progress_is_of_all_threads();
	steps_have_names();
	a_round_begins_anew();
	somebody_looks_or_nobody();
	return DONE();
}
