/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histories.c - the check: records short histories and has each judged; says
 * how many, by which stamps, and how many could not be decided.
 */
#include "runner/check/histories.h"

#include "runner/check/step.h"
#include "runner/history/judge.h"
#include "runner/history/text.h"

#include <errno.h>
#include <stdlib.h>

enum {
	OPS_PER_HISTORY = 1000, /* of c->ops: recording and judging */
	UNDECIDED_PER_MILLE = 1
};

/* A short history that needs more than this is undecided. */
static const struct rm_history_limits limits = { .states = 200000,
	.memory_bytes = (size_t)256 << 20 };

struct tally {
	uint64_t judged, undecided, overlapping;
};

/* Did two threads meet at all? */
static bool overlaps(const struct rm_history *history)
{
	for (size_t i = 0; i < history->count; i++)
		for (size_t k = i + 1; k < history->count; k++) {
			const struct rm_history_event *a = history->events + i;
			const struct rm_history_event *b = history->events + k;

			if (a->thread != b->thread &&
			        a->invoked <= b->returned &&
			        b->invoked <= a->returned)
				return true;
		}
	return false;
}

/* History number i of the batch, put together from its threads. */
static int assemble(const struct rm_histories *histories, unsigned i,
        struct rm_history *history)
{
	int code = 0;

	rm_history_reset(history);
	for (unsigned k = 0; k < histories->initial_count[i] && !code; k++)
		code = rm_history_add_initial(history,
		        histories->initial[i][k].key,
		        histories->initial[i][k].value);
	for (unsigned t = 0; t < histories->threads; t++) {
		const struct rm_recorder *from = histories->recorders + t;
		size_t at = i ? histories->ends[t][i - 1] : 0;

		for (; at < histories->ends[t][i] && !code; at++)
			code = rm_history_add(history, from->events + at,
			        from->pairs + from->events[at].first_pair);
	}
	return code;
}

/* A broken one, for a person and for `check --history`. */
static int tell(const struct rm_check_case *c,
        const struct rm_history_judgement *judgement, struct rm_error *error)
{
	if (c->story) {
		rm_history_explain(c->story, judgement);
		fprintf(c->story, "The same for `readmostly check "
		                  "--history FILE`:\n");
		rm_history_write(c->story, &judgement->smallest);
		fflush(c->story);
	}
	return rm_error_set(error, -1, "%s", judgement->why);
}

static int judge(const struct rm_check_case *c,
        const struct rm_history *history, struct tally *tally,
        struct rm_error *error)
{
	struct rm_history_judgement judgement = { 0 };
	int code = rm_history_judge(history, &limits, &judgement, error);

	if (code)
		rm_error_set(
		        error, -1, "judging a history: %s", strerror(-code));
	else if (judgement.verdict == RM_HISTORY_BROKEN)
		code = tell(c, &judgement, error);
	else if (judgement.verdict == RM_HISTORY_UNDECIDED)
		tally->undecided++;
	tally->judged++;
	tally->overlapping += overlaps(history);
	rm_history_judgement_clear(&judgement);
	return code ? -1 : 0;
}

static int judge_batch(const struct rm_check_case *c,
        const struct rm_histories *histories, struct rm_history *history,
        struct tally *tally, struct rm_error *error)
{
	for (unsigned i = 0; i < RM_HISTORY_BATCH; i++) {
		if (assemble(histories, i, history))
			return rm_error_set(error, -1, "out of memory");
		if (judge(c, history, tally, error))
			return -1;
	}
	return 0;
}

/* How many threads and keys this batch has: fewer threads than CPUs meet more
   closely, more of them in stranger ways. */
static void choose(const struct rm_check_case *c, uint64_t n,
        struct rm_histories *histories)
{
	const unsigned most = rm_case_threads(c, false);

	histories->threads = most < 3 ? most : 2 + (unsigned)(n % (most - 1));
	histories->writers = rm_case_writers(c, false);
	histories->keys = 2 + (unsigned)(n % (RM_RECORDED - 1));
	histories->first = rm_seed(c->seed, n) % 1024;
}

static int batches(const struct rm_check_case *c,
        struct rm_histories *histories, struct rm_history *history,
        struct rm_error *error)
{
	const uint64_t wanted = c->ops / OPS_PER_HISTORY;
	struct tally tally = { 0 };

	for (uint64_t n = 0; !n || tally.judged < wanted; n++) {
		struct rm_check_case one = *c;

		one.seed = rm_seed(c->seed, n);
		choose(c, n, histories);
		if (rm_histories_play(&one, histories, error) ||
		        judge_batch(c, histories, history, &tally, error))
			return -1;
	}
	if (tally.undecided * 1000 > tally.judged * UNDECIDED_PER_MILLE)
		return rm_error_set(error, -1,
		        "%llu of %llu histories undecided after %llu states "
		        "each, at most %d in 1000 may be",
		        (unsigned long long)tally.undecided,
		        (unsigned long long)tally.judged,
		        (unsigned long long)limits.states, UNDECIDED_PER_MILLE);
	rm_error_set(error, 0,
	        "%llu histories, %llu with overlaps, %llu undecided; stamps: "
	        "%s%s%s",
	        (unsigned long long)tally.judged,
	        (unsigned long long)tally.overlapping,
	        (unsigned long long)tally.undecided,
	        histories->stamps.tsc ? "tsc" : "shared counter, since ",
	        histories->stamps.tsc ? "" : histories->stamps.why,
	        histories->stamps.tsc ? ""
	                              : ": store buffering cannot be seen");
	return 0;
}

/* Threads of a library may hold signals back, and a trap that is held back
   ends the process. */
static bool may_step(const struct rm_check_case *c)
{
	return !(c->impl->caps & RM_CAP_BACKGROUND) && rm_step_init();
}

static int allocate(const struct rm_check_case *c,
        struct rm_histories *histories, struct rm_error *error)
{
	const size_t events = (size_t)RM_HISTORY_OPS * RM_HISTORY_BATCH;

	histories->recorders = aligned_alloc(
	        RM_CACHE_LINE, c->threads * sizeof(*histories->recorders));
	histories->ends = calloc(c->threads, sizeof(*histories->ends));
	if (!histories->recorders || !histories->ends)
		return rm_error_set(error, -1, "out of memory");
	memset(histories->recorders, 0,
	        c->threads * sizeof(*histories->recorders));
	const bool steps = may_step(c);

	for (unsigned i = 0; i < c->threads; i++) {
		if (rm_recorder_init(histories->recorders + i,
		            &histories->stamps, events, events * RM_RECORDED))
			return rm_error_set(error, -1, "out of memory");
		histories->recorders[i].steps = steps;
	}
	return 0;
}

int rm_check_histories(const struct rm_check_case *c, struct rm_error *error)
{
	struct rm_histories *histories =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*histories));
	struct rm_history history = { .seed = c->seed };
	int code;

	if (!histories)
		return rm_error_set(error, -1, "out of memory");
	memset(histories, 0, sizeof(*histories));
	rm_stamps_choose(&histories->stamps);
	rm_histories_menu(histories, c->impl);
	snprintf(history.map, sizeof(history.map), "%s", c->impl->id);
	snprintf(history.stamps, sizeof(history.stamps), "%s",
	        histories->stamps.tsc ? "tsc" : "sequence");
	snprintf(history.command, sizeof(history.command),
	        "readmostly check %s --only histories --ops %llu --threads %u "
	        "--seed %llu",
	        c->impl->id, (unsigned long long)c->ops, c->threads,
	        (unsigned long long)c->seed);
	rm_history_guarantee_parse(c->impl->guarantees, &history.guarantee);
	code = allocate(c, histories, error);
	if (!code)
		code = batches(c, histories, &history, error);
	for (unsigned i = 0; histories->recorders && i < c->threads; i++)
		rm_recorder_free(histories->recorders + i);
	free(histories->recorders);
	free(histories->ends);
	free(histories);
	rm_history_clear(&history);
	return code;
}
