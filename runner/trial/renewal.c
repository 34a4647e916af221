/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renewal.c - settle = renewed:N: replaces each key N times before the warm-up,
 * so that the window measures a used map, not a new one.
 */
#include "runner/trial/internal.h"

#include "runner/base/clock.h"
#include "runner/operations.h"

#include <string.h>

/* A prime above 2^31, the maximum number of keys. i * STRIDE modulo n visits
   each value below n once, in an order that differs from the prefill's. */
static const uint64_t STRIDE = 2654435761;

/* Returns the number of prefilled ranks of this thread: slot, slot + threads,
   ... */
static uint64_t count_own_ranks(const struct rm_member *member)
{
	const struct rm_team *team = member->team;
	const unsigned slot = member->worker.slot;

	return team->prefilled > slot
	               ? (team->prefilled - 1 - slot) /
	                                 team->request->cell.threads +
	                         1
	               : 0;
}

uint64_t rm_renewals_expected(const struct rm_team *team)
{
	return rm_team_has_keys(team)
	               ? team->prefilled * team->request->cell.renewals
	               : 0;
}

/* Renews a key: makes a fresh write as in the window, or removes and inserts
   the key. */
static void renew(struct rm_member *member, uint64_t i, uint64_t ranks)
{
	const struct rm_map_ops *ops = member->team->impl->ops;
	const struct rm_shape shape = member->team->request->cell.shape;
	struct rm_worker *worker = &member->worker;
	const uint64_t rank =
	        worker->slot + i * STRIDE % ranks * worker->threads;

	if (worker->write_kind == RM_FRESH) {
		rm_write(ops, shape, worker, rank, 0);
		return;
	}
	rm_write_remove(ops, shape, worker, rank);
	rm_write_upsert(ops, shape, worker, rank);
}

/* Counts renewals separately from the warm-up, and records no latencies. */
void rm_renew_keys(struct rm_member *member)
{
	struct rm_worker *worker = &member->worker;
	struct rm_renewal *renewal = &member->team->renewals[worker->slot];
	const struct rm_counts counts = worker->counts;
	const uint64_t ranks = count_own_ranks(member);
	struct rm_pace *pace = worker->pace;

	worker->pace = NULL;
	memset(&worker->counts, 0, sizeof(worker->counts));
	renewal->start_ns = rm_now_ns();
	for (unsigned n = 0; n < member->team->request->cell.renewals; n++)
		for (uint64_t i = 0; i < ranks; i++) {
			renew(member, i, ranks);
			if (i % RM_BATCH == 0)
				member->team->impl->ops->quiesce(
				        worker->thread);
		}
	renewal->end_ns = rm_now_ns();
	renewal->counts = worker->counts;
	worker->counts = counts;
	worker->pace = pace;
}

json_t *rm_renewal_result(const struct rm_team *team)
{
	uint64_t first = UINT64_MAX, last = 0, keys = 0;

	if (!team->renewals)
		return json_null();
	for (unsigned i = 0; i < team->request->cell.threads; i++) {
		const struct rm_renewal *renewal = &team->renewals[i];

		keys += renewal->counts.removes;
		if (renewal->start_ns && renewal->start_ns < first)
			first = renewal->start_ns;
		if (renewal->end_ns > last)
			last = renewal->end_ns;
	}
	return json_pack("{s:I, s:I}", "keys", (json_int_t)keys, "elapsed_ns",
	        (json_int_t)(last > first ? last - first : 0));
}
