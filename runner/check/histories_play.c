/* SPDX-License-Identifier: Apache-2.0 */
/* histories_play.c - records a batch of short histories on one map. */
#include "runner/check/histories.h"

#include "runner/base/clock.h"

#include <sched.h>

enum { SPINS = 200 }; /* before a thread that waits gives its CPU away */

static void offer(struct rm_histories *histories, bool offered,
        enum rm_history_kind kind, unsigned times)
{
	while (offered && times-- && histories->menu_all < RM_HISTORY_MENU)
		histories->menu[histories->menu_all++] = (uint8_t)kind;
}

void rm_histories_menu(
        struct rm_histories *histories, const struct rm_impl *impl)
{
	const struct rm_map_ops *ops = impl->ops;
	/* a map that promises nothing of scans is not asked for them */
	const bool views = strcmp(impl->guarantees, "none") != 0;

	histories->menu_all = 0;
	offer(histories, true, RM_HISTORY_LOOKUP, 12);
	offer(histories, views && ops->length, RM_HISTORY_LENGTH, 1);
	offer(histories, views && ops->scan, RM_HISTORY_SCAN, 1);
	histories->menu_reads = histories->menu_all;
	offer(histories, true, RM_HISTORY_UPSERT, 6);
	offer(histories, true, RM_HISTORY_REMOVE, 4);
	offer(histories, ops->exchange, RM_HISTORY_EXCHANGE, 4);
	offer(histories, ops->take, RM_HISTORY_TAKE, 3);
	offer(histories, ops->insert_if_absent, RM_HISTORY_INSERT_IF_ABSENT, 5);
	offer(histories, ops->compare_swap, RM_HISTORY_COMPARE_SWAP, 5);
	offer(histories, ops->compare_remove, RM_HISTORY_COMPARE_REMOVE, 3);
	offer(histories, ops->clear, RM_HISTORY_CLEAR, 1);
}

/* All threads of the batch; asleep for the map, not for the scheduler: they
   shall go on at the same moment. False: somebody failed. */
static bool meet(struct rm_peer *peer, uint64_t *meetings)
{
	struct rm_crowd *crowd = peer->crowd;
	struct rm_histories *histories = crowd->context;
	const uint64_t target = ++*meetings * crowd->threads;

	peer->ops->quiesce(peer->thread);
	if (peer->ops->park)
		peer->ops->park(peer->thread);
	/* release, acquire: what was done before the meeting is seen after */
	atomic_fetch_add_explicit(&histories->arrived, 1, memory_order_release);
	for (unsigned spins = 0;; spins++) {
		if (atomic_load_explicit(&histories->arrived,
		            memory_order_acquire) >= target)
			break;
		/* relaxed: a hint to stop */
		if (atomic_load_explicit(&crowd->failed, memory_order_relaxed))
			break;
		if (spins < SPINS)
			rm_cpu_relax();
		else
			sched_yield();
	}
	if (peer->ops->unpark)
		peer->ops->unpark(peer->thread);
	/* relaxed: as above */
	return !atomic_load_explicit(&crowd->failed, memory_order_relaxed);
}

/* Each key is there with a new value, or not: both known. */
static void prepare(struct rm_peer *peer, unsigned history)
{
	struct rm_histories *histories = peer->crowd->context;
	struct rm_history_pair *initial = histories->initial[history];
	unsigned count = 0;

	for (unsigned i = 0; i < histories->keys; i++) {
		const uint64_t rank = histories->first + i;
		const struct rm_key key = rm_peer_key(peer, rank);
		const struct rm_value value = rm_peer_value(peer, rank);

		if (rm_next(&peer->rng) % 2) {
			peer->ops->remove(peer->thread, peer->shape, key);
			continue;
		}
		peer->ops->upsert(peer->thread, peer->shape, key, &value);
		initial[count++] =
		        (struct rm_history_pair){ rank, value.word[0] };
	}
	histories->initial_count[history] = count;
}

/* One thread's part of one history. A single key is best at showing who came
   first, so most operations go there. */
static void record(struct rm_peer *peer, struct rm_recorder *recorder)
{
	const struct rm_histories *histories = peer->crowd->context;
	const unsigned choices = peer->slot < histories->writers
	                                 ? histories->menu_all
	                                 : histories->menu_reads;

	for (unsigned i = 0; i < RM_HISTORY_OPS; i++) {
		uint64_t x = rm_next(&peer->rng);
		uint64_t key = x % 2 ? 0 : (x >> 8) % histories->keys;

		/* not in step: out of phase by about an operation */
		for (uint64_t n = x >> 16 & 31; n; n--)
			rm_cpu_relax();
		rm_record(recorder, histories->menu[(x >> 32) % choices],
		        histories->first + key);
	}
}

static void play(struct rm_peer *peer)
{
	struct rm_histories *histories = peer->crowd->context;
	struct rm_recorder *recorder = histories->recorders + peer->slot;
	uint64_t meetings = 0;

	recorder->peer = peer;
	recorder->count = recorder->pair_count = 0;
	recorder->first = histories->first;
	memset(recorder->known, 0, sizeof(recorder->known));
	for (unsigned i = 0; i < RM_HISTORY_BATCH; i++) {
		if (peer->slot == 0)
			prepare(peer, i);
		if (!meet(peer, &meetings))
			return;
		record(peer, recorder);
		histories->ends[peer->slot][i] = recorder->count;
		if (!meet(peer, &meetings))
			return;
	}
}

int rm_histories_play(const struct rm_check_case *c,
        struct rm_histories *histories, struct rm_error *error)
{
	void *map = rm_case_create(c, RM_RECORDED, c->seed & 1, error);
	int code;

	if (!map)
		return -1;
	/* relaxed: no other thread runs */
	atomic_store_explicit(&histories->arrived, 0, memory_order_relaxed);
	code = rm_crowd_run(c, map, histories->threads, play, histories, error);
	if (!code)
		code = rm_case_invariants(c, map, error);
	c->impl->ops->destroy(map);
	return code;
}
