/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rounds.c - a check in rounds: time instead of a count, since operations
 * cost what they cost, and threads that have little to do end one after the
 * other instead of meeting. Each round is one case, which can be run again.
 */
#include "verify/check/witness.h"

#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/base/sanitized.h"
#include "verify/check/budget.h"
#include "verify/check/quarantine.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* A failed round is run again where that costs at most so much, of CPU time
   and of the wall's: with `until_ns` taken away it is cut no more. */
enum { TRIES = 4 };
static const uint64_t TRY_NS = 500000000U;

struct rm_check_case rm_check_round(const struct rm_check *check,
        const struct rm_check_case *c, unsigned n, uint64_t ops)
{
	struct rm_check_case one = *c;

	one.ops = ops;
	if (n)
		one.seed = rm_seed(c->seed, n);
	one.preempt = c->preempt || (n % 2 && !rm_sanitized());
	one.quarantine =
	        (c->quarantine || (n / 2 % 2 && rm_quarantine_offered())) &&
	        !check->counts_memory;
	return one;
}

/* What the witness counted in all rounds. */
static void collect(
        const struct rm_witness *witness, struct rm_check_done *done)
{
	/* relaxed: the process has ended */
	done->operations = atomic_load_explicit(
	        &witness->operations, memory_order_relaxed);
	done->looked =
	        atomic_load_explicit(&witness->looked, memory_order_relaxed);
	done->met = atomic_load_explicit(&witness->met, memory_order_relaxed);
	done->stops =
	        atomic_load_explicit(&witness->stops, memory_order_relaxed);
	rm_coverage_say(&witness->coverage, done->pairs, sizeof(done->pairs));
}

/* With which frequency does the round fail again, as it is? Not asked of one
   that hangs: each would cost the deadline. */
static void repeat(const struct rm_check *check,
        const struct rm_check_limits *limits, struct rm_witness *witness,
        uint64_t round_ns, struct rm_check_done *done)
{
	struct rm_check_case again = done->last;

	again.story = NULL;
	again.until_ns = 0;
	if (done->hung || limits->in_process || round_ns > TRY_NS)
		return;
	for (; done->tried < TRIES; done->tried++) {
		struct rm_check_done one = { 0 };
		struct rm_error error = { "" };

		if (rm_check_isolated(check, &again, limits, witness, &one,
		            &error) == RM_CHECK_FAILED)
			done->failed_again++;
	}
}

/* Rounds until the budget is spent or one fails. */
static enum rm_check_verdict spend(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_witness *witness, struct rm_check_done *done,
        struct rm_error *error)
{
	const bool counted = !limits->budget_ns || !check->weight;
	enum rm_check_verdict verdict = RM_CHECK_OK;
	struct rm_check_done one = { 0 };
	struct rm_rounds rounds;
	uint64_t wall_ns = 0;

	rm_rounds_begin(&rounds, limits->budget_ns);
	while (verdict == RM_CHECK_OK && rm_rounds_another(&rounds)) {
		const uint64_t start_ns = rm_now_ns();
		struct rm_error said = { "" };

		done->last = rm_check_round(
		        check, c, done->rounds, counted ? c->ops : rounds.ops);
		if (!counted)
			done->last.until_ns =
			        start_ns + rm_rounds_longest_ns(&rounds);
		one = (struct rm_check_done){ 0 };
		verdict = rm_check_isolated(
		        check, &done->last, limits, witness, &one, &said);
		*error = said;
		wall_ns = rm_now_ns() - start_ns;
		rm_rounds_spent(&rounds, one.cpu_ns, wall_ns);
		done->cpu_ns += one.cpu_ns;
		done->rounds++;
		if (counted)
			break;
	}
	done->spent_ns = rounds.spent_ns;
	done->hung = one.hung;
	collect(witness, done);
	if (verdict == RM_CHECK_FAILED)
		repeat(check, limits, witness,
		        one.cpu_ns > wall_ns ? one.cpu_ns : wall_ns, done);
	return verdict;
}

enum rm_check_verdict rm_check_run(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_check_done *done, struct rm_error *error)
{
	const char *unfit = check->unfit(c);
	enum rm_check_verdict verdict;
	struct rm_witness *witness;

	if (unfit) {
		rm_error_set(error, 0, "%s", unfit);
		return RM_CHECK_SKIPPED;
	}
	/* of this process and of its children; zero, and had when touched */
	witness = mmap(NULL, sizeof(*witness), PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (witness == MAP_FAILED) {
		rm_error_set(error, -errno, "mmap: %s", strerror(errno));
		return RM_CHECK_FAILED;
	}
	verdict = spend(check, c, limits, witness, done, error);
	rm_witness_use(NULL);
	munmap(witness, sizeof(*witness));
	return verdict;
}

uint64_t rm_check_share(const struct rm_check *check,
        const struct rm_check_case *c, uint64_t left_ns)
{
	unsigned weights = 0;

	for (const struct rm_check *each = check;
	        each < rm_checks + rm_check_count; each++)
		if (!each->unfit(c))
			weights += each->weight;
	return rm_budget_share(left_ns, check->weight, weights);
}
