/* SPDX-License-Identifier: Apache-2.0 */
/* test_witness.c - tests the data that a check's process reports: progress of
 * all threads, the current step, and counts over all rounds. */
#include "tests/unit/tap.h"
#include "verify/check/witness.h"

#include <string.h>

static struct rm_witness one, other;

/* Sets all members as an earlier round may leave them. */
static void fill_all(struct rm_witness *witness)
{
	atomic_store(&witness->progress, 5);
	for (unsigned i = 0; i < RM_WITNESS_THREADS; i++)
		atomic_store(&witness->threads[i].ticks, 1);
	strcpy(witness->step, "an old one");
	atomic_store(&witness->operations, 11);
	atomic_store(&witness->sampled, 12);
	atomic_store(&witness->overlapped, 13);
	atomic_store(&witness->stops, 14);
	atomic_store(&witness->stack_count, 2);
}

static void progress_is_of_all_threads(void)
{
	rm_witness_use(&one);
	CHECK(!rm_witness_progress(&one), "at first there is no progress");
	rm_witness_count_progress();
	rm_witness_count_progress();
	CHECK(rm_witness_progress(&one) == 2, "progress without peers counts");
	atomic_store(&one.threads[0].ticks, 10);
	atomic_store(&one.threads[RM_WITNESS_THREADS - 1].ticks, 100);
	atomic_store(&one.threads[7].ticks, 1000);
	CHECK(rm_witness_progress(&one) == 1112,
	        "operations of the first and the last peer count");
	CHECK(!rm_witness_progress(&other),
	        "each witness has its own progress");
}

static void steps_have_names(void)
{
	char longer[2 * RM_STEP_BYTES];

	rm_witness_use(&one);
	rm_witness_step("phase %u, %s", 7, "keys");
	CHECK(!strcmp(one.step, "phase 7, keys"), "a step has a name");
	CHECK(rm_witness_progress(&one) == 1, "a new step counts as progress");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	rm_witness_step("%s", longer);
	CHECK(strlen(one.step) == RM_STEP_BYTES - 1 &&
	                rm_witness_progress(&one) == 2,
	        "a long name is cut");
	rm_witness_step("%s", "short");
	CHECK(!strcmp(one.step, "short"),
	        "the name of the next step replaces a long one");
}

static void a_round_begins_anew(void)
{
	fill_all(&one);
	CHECK(rm_witness_progress(&one) == 5 + RM_WITNESS_THREADS,
	        "progress is summed over 1024 threads");
	rm_witness_use(&one);
	CHECK(!rm_witness_progress(&one) && !one.step[0],
	        "a new process has neither progress nor a step");
	CHECK(one.operations == 11 && one.sampled == 12 &&
	                one.overlapped == 13 && one.stops == 14 &&
	                one.stack_count == 2,
	        "counts of several rounds are kept");
}

static void somebody_looks_or_nobody(void)
{
	struct rm_witness *private_witness;

	rm_witness_use(NULL);
	private_witness = rm_witness();
	CHECK(private_witness && private_witness != &one &&
	                private_witness != &other,
	        "without a given witness there is a private one");
	rm_witness_count_progress();
	rm_witness_use(&other);
	CHECK(rm_witness() == &other, "a given witness is used");
	fill_all(&one);
	rm_witness_count_progress();
	rm_witness_step("mine");
	CHECK(rm_witness_progress(&other) == 2 && !strcmp(other.step, "mine") &&
	                rm_witness_progress(&one) == 5 + RM_WITNESS_THREADS &&
	                !strcmp(one.step, "an old one"),
	        "progress goes to the given witness only");
	rm_witness_use(NULL);
	CHECK(rm_witness() == private_witness &&
	                !rm_witness_progress(private_witness),
	        "without a witness the private one is used again, with its "
	        "progress reset");
}

int main(void)
{
	CHECK(rm_witness() && !rm_witness_progress(rm_witness()),
	        "a process has a witness from the start");
	progress_is_of_all_threads();
	steps_have_names();
	a_round_begins_anew();
	somebody_looks_or_nobody();
	return DONE();
}
