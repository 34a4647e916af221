/* SPDX-License-Identifier: Apache-2.0 */
/* rounds.c - runs a check in rounds until its time is used up. The budget is a
 * time, not a number of operations, because operations differ in cost, and with
 * few operations a thread would end before the next thread starts. Each round
 * is one case, which can be repeated. */
#include "verify/check/witness.h"

#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/base/sanitized.h"
#include "verify/check/budget.h"
#include "verify/check/quarantine.h"

#include <string.h>
#include <sys/mman.h>

/* A failing round is repeated only if it took at most TRY_NS of CPU and wall
 * time, since `until_ns` does not end repetitions. */
enum { TRIES = 4 };
static const uint64_t TRY_NS = 500000000U;

struct rm_check_case rm_check_round(const struct rm_check *check,
        const struct rm_check_case *c, unsigned n, uint64_t ops)
{
	struct rm_check_case round_case = *c;

	round_case.ops = ops;
	if (n)
		round_case.seed = rm_seed(c->seed, n);
	round_case.preempt = c->preempt || (n % 2 && !rm_sanitized());
	round_case.quarantine =
	        (c->quarantine || (n / 2 % 2 && rm_quarantine_is_loaded())) &&
	        !check->counts_memory;
	return round_case;
}

/* Copies the sums over all rounds from the shared witness. */
static void copy_counts(
        const struct rm_witness *witness, struct rm_check_result *done)
{
	/* relaxed: the process has ended */
	done->operations = atomic_load_explicit(
	        &witness->operations, memory_order_relaxed);
	done->sampled =
	        atomic_load_explicit(&witness->sampled, memory_order_relaxed);
	done->overlapped = atomic_load_explicit(
	        &witness->overlapped, memory_order_relaxed);
	done->stops =
	        atomic_load_explicit(&witness->stops, memory_order_relaxed);
	done->weak = rm_coverage_format(
	        &witness->coverage, done->pairs, sizeof(done->pairs));
}

/* Counts how often the round fails again. Rounds that hang are not repeated,
 * because each would run until the deadline. */
static void repeat_failure(const struct rm_check *check,
        const struct rm_check_limits *limits, struct rm_witness *witness,
        uint64_t round_ns, struct rm_check_result *done)
{
	struct rm_check_case repeated_case = done->last;

	repeated_case.story = NULL;
	repeated_case.until_ns = 0;
	if (done->hung || limits->in_process || round_ns > TRY_NS)
		return;
	for (; done->repeats < TRIES; done->repeats++) {
		struct rm_check_result round_result = { 0 };
		struct rm_error error = { "" };

		if (rm_check_isolated(check, &repeated_case, limits, witness,
		            &round_result, &error) == RM_CHECK_FAILED)
			done->repeat_failures++;
	}
}

/* Runs rounds until the budget is used or one fails. */
static enum rm_check_verdict run_rounds(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_witness *witness, struct rm_check_result *done,
        struct rm_error *error)
{
	const bool single_round = !limits->budget_ns || !check->weight;
	enum rm_check_verdict verdict = RM_CHECK_OK;
	struct rm_check_result round_result = { 0 };
	struct rm_rounds rounds;
	uint64_t wall_ns = 0;

	rm_rounds_begin(&rounds, limits->budget_ns);
	while (verdict == RM_CHECK_OK && rm_rounds_have_time(&rounds)) {
		const uint64_t start_ns = rm_now_ns();
		struct rm_error round_error = { "" };

		done->last = rm_check_round(check, c, done->rounds,
		        single_round ? c->ops : rounds.ops);
		if (!single_round)
			done->last.until_ns =
			        start_ns + rm_rounds_limit_ns(&rounds);
		round_result = (struct rm_check_result){ 0 };
		verdict = rm_check_isolated(check, &done->last, limits, witness,
		        &round_result, &round_error);
		*error = round_error;
		wall_ns = rm_now_ns() - start_ns;
		rm_rounds_record(&rounds, round_result.cpu_ns, wall_ns);
		done->cpu_ns += round_result.cpu_ns;
		done->rounds++;
		if (single_round)
			break;
	}
	done->spent_ns = rounds.spent_ns;
	done->hung = round_result.hung;
	copy_counts(witness, done);
	if (verdict == RM_CHECK_FAILED)
		repeat_failure(check, limits, witness,
		        round_result.cpu_ns > wall_ns ? round_result.cpu_ns
		                                      : wall_ns,
		        done);
	return verdict;
}

enum rm_check_verdict rm_check_run(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_check_result *done, struct rm_error *error)
{
	const char *unfit = check->unfit(c);
	enum rm_check_verdict verdict;
	struct rm_witness *witness;

	if (unfit) {
		rm_error_set(error, 0, "%s", unfit);
		return RM_CHECK_SKIPPED;
	}
	/* shared with the children; zeroed, and allocated on first access */
	witness = mmap(NULL, sizeof(*witness), PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (witness == MAP_FAILED)
		return rm_check_not_run(
		        error, true, "no memory for its counts");
	verdict = run_rounds(check, c, limits, witness, done, error);
	rm_witness_use(NULL);
	munmap(witness, sizeof(*witness));
	return verdict;
}

uint64_t rm_check_share_ns(const struct rm_check *check,
        const struct rm_check_case *c, uint64_t left_ns)
{
	unsigned weights = 0;

	for (const struct rm_check *each = check;
	        each < rm_checks + rm_check_count; each++)
		if (!each->unfit(c))
			weights += each->weight;
	return rm_budget_share_ns(left_ns, check->weight, weights);
}
