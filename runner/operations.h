/* SPDX-License-Identifier: Apache-2.0 */
/* operations.h - single operations of the measured loops: execution, timing in
   open loops, counts and verification. runner/driver.h uses them, as do loops
   that call a table of operations. */
#ifndef RM_OPERATIONS_H
#define RM_OPERATIONS_H

#include "runner/keys.h"
#include "runner/map.h"
#include "runner/worker.h"

/* Marks the start of an operation. Builds for the simulated machine define this
   macro before (runner/sim/guest/relax.h). In other builds, it is empty. */
#ifndef RM_OPERATION_BEGINS
#define RM_OPERATION_BEGINS() ((void)0)
#endif

RM_C_BEGIN
/* Open loop (runner/trial/open_loop.c). These functions are never inlined. */
/* Waits for the next scheduled start. Returns false if the window is over. Sets
   `sleeping` if the wait is so long that the thread must park first. */
bool rm_pace_next(struct rm_worker *worker, bool *sleeping);
/* Waits until the start that rm_pace_next() has chosen. */
void rm_pace_wait(struct rm_worker *worker);
/* Records one operation that has just ended. */
void rm_pace_record(
        struct rm_worker *worker, enum rm_operation operation, bool was_there);
RM_C_END

RM_HOT bool rm_stopped(const struct rm_worker *worker)
{
	/* relaxed: the flag publishes no data; join orders the results */
	return atomic_load_explicit(worker->stop, memory_order_relaxed);
}

/* Upserts a rank. The caller has built its key. */
RM_HOT void rm_write_key(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, uint64_t rank, struct rm_key key)
{
	struct rm_value value =
	        rm_value_of(rank, worker->slot, ++worker->sequence);
	bool was_there;

	RM_OPERATION_BEGINS();
	was_there = rm_map_upsert(map, worker->thread, shape, key, &value);

	worker->counts.writes++;
	if (!was_there) {
		worker->counts.inserts++;
		worker->key_sum += rm_rank_mix(rank);
	}
	if (worker->pace)
		rm_pace_record(worker, RM_UPSERT, was_there);
}

RM_HOT void rm_write_upsert(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, uint64_t rank)
{
	rm_write_key(map, shape, worker, rank,
	        rm_key_of(shape, rank, &worker->written));
}

RM_HOT void rm_write_remove(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, uint64_t rank)
{
	struct rm_key key = rm_key_of(shape, rank, &worker->written);
	bool was_there;

	RM_OPERATION_BEGINS();
	was_there = rm_map_remove(map, worker->thread, shape, key);

	worker->counts.writes++;
	if (was_there) {
		worker->counts.removes++;
		worker->key_sum -= rm_rank_mix(rank);
	} else {
		worker->counts.idle_removes++;
	}
	if (worker->pace)
		rm_pace_record(worker, RM_REMOVE, was_there);
}

/* Sources of the ranks of a loop. */
enum rm_draws { RM_DRAWS_UNIFORM, RM_DRAWS_STREAM, RM_DRAWS_SKEW };

RM_HOT enum rm_draws rm_draws_kind(const struct rm_worker *worker)
{
	if (worker->skew)
		return RM_DRAWS_SKEW;
	return worker->stream ? RM_DRAWS_STREAM : RM_DRAWS_UNIFORM;
}

/* after this number of draws, any resident rank is used */
enum { RM_REDRAWS = 64 };

/* Draws a resident rank for a write whose rank was absent. Draws again, or uses
   another position of the stream, so that the popularity of ranks does not
   change. */
RM_HOT uint64_t rm_draw_resident(const struct rm_worker *worker, uint64_t x)
{
	for (uint64_t i = 0; i < RM_REDRAWS; i++) {
		const uint64_t y = rm_seed(x, i);
		uint64_t rank;

		if (worker->skew)
			rank = rm_skew_rank(worker->skew, y);
		else if (worker->stream)
			rank = worker->stream[y & worker->stream_mask];
		else
			break;
		if (rank < worker->resident)
			return worker->skew ? rm_skew_key(worker->skew, rank)
			                    : rank;
	}
	/* x is in a narrow range here, so it is mixed again */
	return rm_below(rm_seed(x, 0), worker->resident);
}

/* Return the thread's oldest rank in the map, and the rank that it inserts
   next. */
RM_HOT uint64_t rm_fresh_oldest(const struct rm_worker *worker)
{
	return worker->slot + worker->fresh_done * worker->threads;
}

RM_HOT uint64_t rm_fresh_next(const struct rm_worker *worker)
{
	const uint64_t own =
	        (worker->resident + worker->threads - 1 - worker->slot) /
	        worker->threads;

	return rm_fresh_oldest(worker) + own * worker->threads;
}

/* Called after the new rank was inserted. With a short guard, each write must
   be published. */
RM_HOT void rm_fresh_publish(struct rm_worker *worker)
{
	const uint64_t done = ++worker->fresh_done;

	/* relaxed: a look-up that sees this before the insert misses, and such
	   misses are counted */
	if (done % RM_FRESH_PUBLISHED == 0 ||
	        worker->fresh_guard < 2 * RM_FRESH_PUBLISHED)
		atomic_store_explicit(&worker->fresh[worker->slot].base,
		        (done + worker->fresh_guard) * worker->threads,
		        memory_order_relaxed);
}

/* Executes one write. `rank` was drawn for a lookup. If it is absent, draws a
   resident rank with the random bits `x`. */
RM_HOT void rm_write(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, uint64_t rank, uint64_t x)
{
	enum rm_write_kind kind = worker->write_kind;

	if (__builtin_expect(rank >= worker->resident, 0))
		rank = rm_draw_resident(worker, x);

	if (kind == RM_FRESH)
		rank = rm_fresh_next(worker);
	if (kind == RM_CHURN)
		rm_write_remove(map, shape, worker, rank);
	rm_write_upsert(map, shape, worker, rank);
	if (kind == RM_FRESH) {
		rm_write_remove(map, shape, worker, rm_fresh_oldest(worker));
		rm_fresh_publish(worker);
	}
	if (kind != RM_UPDATE)
		worker->counts.pairs++;
}

/* Returns the number that is added to a drawn rank. With fresh writes, it is
   (writes that the rank's owner thread has published + guard) x threads, and
   gives a present key. Otherwise it is 0. */
RM_HOT uint64_t rm_lookup_base(const struct rm_worker *worker, uint64_t rank)
{
	uint64_t owner; /* rank modulo threads, computed without a division */

	if (worker->write_kind != RM_FRESH)
		return 0;
	owner = rm_below(worker->fresh_magic * (uint32_t)rank, worker->threads);
	/* relaxed: a slightly outdated value suffices, see fresh_guard */
	return atomic_load_explicit(
	        &worker->fresh[owner].base, memory_order_relaxed);
}

/* Draws a rank: uniformly from the high bits of `x`, from the stream, or from
   the skewed distribution with further random bits. `draws` is a constant in
   inlined loops. */
RM_HOT uint64_t rm_draw(const struct rm_worker *worker, enum rm_draws draws,
        uint64_t x, uint64_t *rng, uint64_t *position, uint64_t span)
{
	if (draws == RM_DRAWS_STREAM)
		return worker->stream[(*position)++ & worker->stream_mask];
	if (draws == RM_DRAWS_SKEW)
		return rm_skew_key(
		        worker->skew, rm_skew_rank(worker->skew, rm_next(rng)));
	return rm_below(x, span);
}

/* Returns the number of sessions that a thread of a life-cycle loop keeps open:
   its share of the keys, or a default if the trial has no keys (readmostly
   check). */
RM_HOT uint64_t rm_sessions_held(const struct rm_worker *worker)
{
	const uint64_t preset = 16;

	return worker->resident > worker->slot
	               ? (worker->resident - 1 - worker->slot) /
	                                 worker->threads +
	                         1
	               : preset;
}

/* Chooses the session to touch. Returns its index among the `open` sessions,
   oldest first. The choice follows the distribution of ranks, so with `hot`,
   younger sessions are idle. */
RM_HOT uint64_t rm_draw_session(
        struct rm_worker *worker, uint64_t x, uint64_t open)
{
	if (worker->skew)
		return rm_skew_rank(worker->skew, rm_seed(x, 1)) /
		       worker->threads % open;
	if (!worker->stream)
		return rm_below(x, open);
	return rm_draw(worker, RM_DRAWS_STREAM, x, &worker->rng,
	               &worker->position, 0) /
	       worker->threads % open;
}

/* Number of sessions of a thread in lifecycle:T:S:EBB if EBB is above 1. In
   each thread, the number falls to the maximum divided by EBB, then rises to
   the maximum, and so on. A thread that reaches its turning point first renews
   sessions until all threads have reached theirs. So all numbers fall and rise
   together, even if a thread rarely gets a CPU. */
struct rm_session_wave {
	_Atomic(uint64_t) *turns; /* turning points of all threads */
	uint64_t threads, own;    /* own: turning points of this thread */
	uint64_t most, least;     /* number of sessions; equal if constant */
};

RM_HOT struct rm_session_wave rm_session_wave_start(
        const struct rm_worker *worker, uint64_t most, uint64_t own)
{
	const uint64_t least = most / worker->loop_args[2];
	const struct rm_session_wave tide = { worker->turns, worker->threads,
		own, most, least ? least : 1 };

	return tide;
}

/* Returns the effect of a renewal on the number of `open` sessions: 0 closes
   one and opens one, -2 closes two, and 2 opens two. While the number falls or
   rises, half of the renewals change it. */
RM_HOT int rm_session_wave_step(
        struct rm_session_wave *tide, uint64_t x, uint64_t open)
{
	const bool ebbs = tide->own % 2 == 0;

	/* relaxed: any recent value suffices */
	if (tide->least == tide->most ||
	        atomic_load_explicit(tide->turns, memory_order_relaxed) /
	                        tide->threads <
	                tide->own)
		return 0;
	if (ebbs ? open < tide->least + 2 : open + 2 > tide->most) {
		tide->own++;
		/* relaxed: the number publishes no data */
		atomic_fetch_add_explicit(tide->turns, 1, memory_order_relaxed);
		return 0;
	}
	if (rm_below(rm_seed(x, 2), 2))
		return 0;
	return ebbs ? -2 : 2;
}

/* Counts a lookup that missed. Misses of resident ranks are counted
   separately. */
RM_HOT void rm_count_miss(struct rm_worker *worker, uint64_t offset)
{
	if (offset >= worker->resident)
		worker->counts.misses_absent++;
	else
		worker->counts.misses_resident++;
}

/* Executes one lookup and verifies its value. `paced` is a compile-time
   constant. */
RM_HOT uint64_t rm_read(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, bool paced, uint64_t base, uint64_t offset)
{
	struct rm_value value;
	struct rm_key key = rm_key_of(shape, base + offset, &worker->line);
	bool hit;

	RM_OPERATION_BEGINS();
	hit = map->lookup(worker->thread, shape, key, &value);
	if (paced)
		rm_pace_record(worker, RM_LOOKUP, hit);
	if (__builtin_expect(hit, 1))
		return rm_value_errors(shape, &value, base + offset);
	rm_count_miss(worker, offset);
	return 0;
}

/* Returns the rest of the batch after a write. If the window ended during a
   slow write, the rest is not executed and not counted. */
RM_HOT uint64_t rm_batch_rest_after_write(
        struct rm_worker *worker, uint64_t left)
{
	if (!rm_stopped(worker))
		return left;
	worker->counts.iterations -= left - 1;
	return 1;
}

#endif /* RM_OPERATIONS_H */
