/* SPDX-License-Identifier: Apache-2.0 */
/* histories.c - the check `histories`: records batches of short histories,
 * judges each history, and reports their number, the kind of stamps, and the
 * number of undecided histories. */
#include "verify/check/recorder.h"

#include "runner/base/clock.h"
#include "runner/protocol/protocol.h"
#include "verify/history/history.h"

#include <sched.h>
#include <stdlib.h>

enum {
	HISTORY_OPS = 12,   /* operations of each thread in a history */
	HISTORY_BATCH = 64, /* histories recorded on one map */
	HISTORY_MENU = 64   /* maximum number of entries in the menu of kinds */
};

/* State of one batch. It is allocated once and used for many batches. */
struct histories {
	struct rm_stamps stamps;
	unsigned threads, writers; /* number of threads in this batch */
	uint64_t first;            /* rank of the first of `keys` keys */
	unsigned keys;             /* 2 .. RM_RECORDED */
	/* Kinds of operations; each kind occurs as often as its weight.
	 * Read-only kinds come first. */
	uint8_t menu[HISTORY_MENU];
	unsigned menu_reads, menu_all;
	_Atomic uint64_t arrived; /* arrivals at the meetings of this batch */
	struct rm_history_recorder *recorders; /* one per thread of the case */
	/* Content of the map before each history. */
	struct rm_history_pair initial[HISTORY_BATCH][RM_RECORDED];
	unsigned initial_count[HISTORY_BATCH];
	/* Index of each history's end in the recorder of a thread:
	 * [thread][history]. */
	size_t (*ends)[HISTORY_BATCH];
};

enum { SPINS = 200 }; /* spins before a waiting thread yields its CPU */

/* Adds a kind to the menu `times` times. `kind` is a kind of history, or
 * RM_RECORD_UPDATE. */
static void add_to_menu(struct histories *histories, bool offered,
        unsigned kind, unsigned times)
{
	while (offered && times-- && histories->menu_all < HISTORY_MENU)
		histories->menu[histories->menu_all++] = (uint8_t)kind;
}

/* Fills the menu with the operations that the map offers and guarantees. */
static void make_menu(struct histories *histories, const struct rm_impl *impl)
{
	const struct rm_map_ops *ops = impl->ops;
	const bool views = rm_impl_guarantees_views(impl);

	histories->menu_all = 0;
	add_to_menu(histories, true, RM_HISTORY_LOOKUP, 12);
	add_to_menu(histories, views && ops->length, RM_HISTORY_LENGTH, 1);
	add_to_menu(histories, views && ops->scan, RM_HISTORY_SCAN, 1);
	histories->menu_reads = histories->menu_all;
	add_to_menu(histories, true, RM_HISTORY_UPSERT, 6);
	add_to_menu(histories, true, RM_HISTORY_REMOVE, 4);
	add_to_menu(histories, ops->exchange, RM_HISTORY_EXCHANGE, 4);
	add_to_menu(histories, ops->take, RM_HISTORY_TAKE, 3);
	add_to_menu(histories, ops->insert_if_absent,
	        RM_HISTORY_INSERT_IF_ABSENT, 5);
	add_to_menu(histories, ops->compare_swap, RM_HISTORY_COMPARE_SWAP, 5);
	add_to_menu(
	        histories, ops->compare_remove, RM_HISTORY_COMPARE_REMOVE, 3);
	add_to_menu(histories, ops->update, RM_RECORD_UPDATE, 3);
	add_to_menu(histories, ops->clear, RM_HISTORY_CLEAR, 1);
}

/* Waits for all threads of the batch. The threads are parked in the map, but
 * they spin here, so that all continue at the same moment. Returns false if a
 * thread failed. */
static bool wait_for_all(struct rm_peer *peer, uint64_t *meetings)
{
	struct rm_peers *peers = peer->peers;
	struct histories *histories = peers->context;
	const uint64_t target = ++*meetings * peers->threads;

	peer->ops->quiesce(peer->thread);
	if (peer->ops->park)
		peer->ops->park(peer->thread);
	/* release, acquire: work before the meeting is visible after the
	 * meeting */
	atomic_fetch_add_explicit(&histories->arrived, 1, memory_order_release);
	for (unsigned spins = 0;; spins++) {
		if (atomic_load_explicit(&histories->arrived,
		            memory_order_acquire) >= target)
			break;
		/* relaxed: a hint to stop */
		if (atomic_load_explicit(&peers->failed, memory_order_relaxed))
			break;
		if (spins < SPINS)
			rm_cpu_relax();
		else
			sched_yield();
	}
	if (peer->ops->unpark)
		peer->ops->unpark(peer->thread);
	/* relaxed: a hint to stop */
	return !atomic_load_explicit(&peers->failed, memory_order_relaxed);
}

/* Gives each key a new value or removes it, and records the content. */
static void prepare(struct rm_peer *peer, unsigned history)
{
	struct histories *histories = peer->peers->context;
	struct rm_history_pair *initial = histories->initial[history];
	unsigned count = 0;

	for (unsigned i = 0; i < histories->keys; i++) {
		const uint64_t rank = histories->first + i;
		const struct rm_key key = rm_peer_key(peer, rank);
		const struct rm_value value = rm_peer_value(peer, rank);

		if (rm_next(&peer->rng) % 2) {
			rm_map_remove(
			        peer->ops, peer->thread, peer->shape, key);
			continue;
		}
		rm_map_upsert(
		        peer->ops, peer->thread, peer->shape, key, &value);
		initial[count++] =
		        (struct rm_history_pair){ rank, value.word[0] };
	}
	histories->initial_count[history] = count;
}

/* Runs one thread's operations of a history. Most operations use the same key,
 * because this reveals most wrong orders. */
static void record(struct rm_peer *peer, struct rm_history_recorder *recorder)
{
	const struct histories *histories = peer->peers->context;
	const unsigned choices = peer->slot < histories->writers
	                                 ? histories->menu_all
	                                 : histories->menu_reads;

	for (unsigned i = 0; i < HISTORY_OPS; i++) {
		uint64_t x = rm_next(&peer->rng);
		uint64_t key = x % 2 ? 0 : (x >> 8) % histories->keys;

		/* random delay, about as long as an operation, so that threads
		 * are not in step */
		for (uint64_t n = x >> 16 & 31; n; n--)
			rm_cpu_relax();
		rm_record(recorder, histories->menu[(x >> 32) % choices],
		        histories->first + key);
		rm_peer_count(peer);
	}
}

/* Between two meetings the threads share only the map and the stamps. After the
 * first meeting all start from the state that slot 0 prepared. Because of the
 * second meeting, the preparation of the next history does not overlap this
 * history. */
static void run_thread(struct rm_peer *peer)
{
	struct histories *histories = peer->peers->context;
	struct rm_history_recorder *recorder =
	        histories->recorders + peer->slot;
	uint64_t meetings = 0;

	recorder->peer = peer;
	recorder->count = recorder->pair_count = 0;
	recorder->first = histories->first;
	memset(recorder->known, 0, sizeof(recorder->known));
	for (unsigned i = 0; i < HISTORY_BATCH; i++) {
		if (peer->slot == 0)
			prepare(peer, i);
		if (!wait_for_all(peer, &meetings))
			return;
		record(peer, recorder);
		histories->ends[peer->slot][i] = recorder->count;
		if (!wait_for_all(peer, &meetings))
			return;
	}
}

/* Records a batch on a new map; c->seed is the seed of this batch. Returns 0,
 * or -1 with `error` if the map returned a value that was never written. */
static int run_batch(const struct rm_check_case *c, struct histories *histories,
        struct rm_error *error)
{
	const struct rm_case_phase phases[] = {
		{ histories->threads, run_thread }, { 0 }
	};

	/* relaxed: no other thread runs */
	atomic_store_explicit(&histories->arrived, 0, memory_order_relaxed);
	return rm_case_play(
	        c, RM_RECORDED, c->seed & 1, phases, histories, error);
}

enum {
	/* cost of recording and judging a history, in units of c->ops */
	OPS_PER_HISTORY = 1000,
	UNDECIDED_PER_MILLE = 1
};

/* A short history that needs more states than this stays undecided. */
static const struct rm_history_limits limits = { .states = 200000,
	.memory_bytes = (size_t)256 << 20 };

struct tally {
	uint64_t judged, undecided, overlapping;
};

/* Returns true if operations of two threads overlapped. */
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

/* Builds history number i of the batch from its threads. */
static int assemble(const struct histories *histories, unsigned i,
        struct rm_history *history)
{
	int code = 0;

	rm_history_reset(history);
	for (unsigned k = 0; k < histories->initial_count[i] && !code; k++)
		code = rm_history_add_initial(history,
		        histories->initial[i][k].key,
		        histories->initial[i][k].value);
	for (unsigned t = 0; t < histories->threads; t++) {
		const struct rm_history_recorder *from =
		        histories->recorders + t;
		size_t at = i ? histories->ends[t][i - 1] : 0;

		for (; at < histories->ends[t][i] && !code; at++)
			code = rm_history_add(history, from->events + at,
			        from->pairs + from->events[at].first_pair);
	}
	return code;
}

/* Prints a failing history: a timeline, and the lines to pass to `check
 * --history`. */
static int print_failure(const struct rm_check_case *c,
        const struct rm_history_judgement *judgement, struct rm_error *error)
{
	if (c->story) {
		rm_history_explain(c->story, judgement);
		fprintf(c->story, "Input for `readmostly check "
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

	rm_witness_count_progress();
	if (code)
		rm_error_set(
		        error, -1, "judging a history: %s", strerror(-code));
	else if (judgement.verdict == RM_HISTORY_BROKEN)
		code = print_failure(c, &judgement, error);
	else if (judgement.verdict == RM_HISTORY_UNDECIDED)
		tally->undecided++;
	tally->judged++;
	tally->overlapping += overlaps(history);
	rm_history_judgement_clear(&judgement);
	return code ? -1 : 0;
}

static int judge_batch(const struct rm_check_case *c,
        const struct histories *histories, struct rm_history *history,
        struct tally *tally, struct rm_error *error)
{
	for (unsigned i = 0; i < HISTORY_BATCH; i++) {
		if (assemble(histories, i, history))
			return rm_error_set(error, -1, "out of memory");
		if (judge(c, history, tally, error))
			return -1;
	}
	return 0;
}

/* Chooses threads and keys for this batch. With fewer threads than CPUs,
 * operations overlap more often; with more threads, other interleavings
 * occur. */
static void choose_size(
        const struct rm_check_case *c, uint64_t n, struct histories *histories)
{
	const unsigned most = rm_case_threads(c, false);

	histories->threads = most < 3 ? most : 2 + (unsigned)(n % (most - 1));
	histories->writers = rm_case_writers(c, false);
	histories->keys = 2 + (unsigned)(n % (RM_RECORDED - 1));
	histories->first = rm_seed(c->seed, n) % 1024;
}

/* Counts undecided histories, because a check that decides nothing must not
 * pass. A batch depends only on its number and the seed, so it can be
 * repeated. */
static int run_batches(const struct rm_check_case *c,
        struct histories *histories, struct rm_history *history,
        struct rm_error *error)
{
	const uint64_t histories_max = c->ops / OPS_PER_HISTORY;
	struct tally tally = { 0 };

	for (uint64_t n = 0;
	        !n || (tally.judged < histories_max && rm_case_has_time(c, n));
	        n++) {
		struct rm_check_case batch_case = *c;

		batch_case.seed = rm_seed(c->seed, n);
		choose_size(c, n, histories);
		if (run_batch(&batch_case, histories, error) ||
		        judge_batch(c, histories, history, &tally, error))
			return -1;
	}
	if (tally.undecided * 1000 > tally.judged * UNDECIDED_PER_MILLE)
		return rm_error_set(error, -1,
		        "%llu of %llu histories undecided after %llu states "
		        "each, at most %d in 1000 are allowed",
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

/* Single steps are unsafe if the map has threads of its own: they may block
 * signals, and a blocked trap ends the process. */
static bool may_step(const struct rm_check_case *c)
{
	return !(c->impl->caps & RM_CAP_BACKGROUND) && rm_step_init();
}

/* Allocates and touches all memory before the first operation. The memory
 * suffices for the worst case, in which each operation scans all keys: a full
 * recorder would drop operations, which would then not be judged. */
static int allocate(const struct rm_check_case *c, struct histories *histories,
        struct rm_error *error)
{
	const size_t events = (size_t)HISTORY_OPS * HISTORY_BATCH;

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
	struct histories *histories =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*histories));
	struct rm_history history = { .seed = c->seed };
	int code;

	if (!histories)
		return rm_error_set(error, -1, "out of memory");
	memset(histories, 0, sizeof(*histories));
	rm_stamps_choose(&histories->stamps);
	make_menu(histories, c->impl);
	snprintf(history.map, sizeof(history.map), "%s", c->impl->id);
	snprintf(history.stamps, sizeof(history.stamps), "%s",
	        histories->stamps.tsc ? "tsc" : "sequence");
	snprintf(history.command, sizeof(history.command),
	        "readmostly check %s --shape %s --only histories --ops %llu "
	        "--threads %u --seed %llu%s%s",
	        c->impl->id, rm_shape_name(c->shape),
	        (unsigned long long)c->ops, c->threads,
	        (unsigned long long)c->seed, c->preempt ? " --preempt" : "",
	        c->quarantine ? " --quarantine" : "");
	rm_history_guarantee_parse(c->impl->guarantees, &history.guarantee);
	code = allocate(c, histories, error);
	if (!code)
		code = run_batches(c, histories, &history, error);
	for (unsigned i = 0; histories->recorders && i < c->threads; i++)
		rm_recorder_free(histories->recorders + i);
	free(histories->recorders);
	free(histories->ends);
	free(histories);
	rm_history_clear(&history);
	return code;
}
