/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.h - the measured loops, inlined into each map.
 *
 * RM_DRIVES(ops) gives a map its own copies of the loops with a constant
 * table of operations and a constant shape, so that the compiler leaves no
 * indirect call (docs/adr/0001). `make check-dispatch` reads the machine code
 * and fails where one is left.
 *
 * The loop keeps its state in registers and never branches on configuration;
 * what a write does is decided in write_*(), out of line.
 */
#ifndef RM_DRIVER_H
#define RM_DRIVER_H

#include "runner/keys.h"
#include "runner/map.h"
#include "runner/worker.h"

/* Where an operation begins: of interest to the simulated machine alone, which
   says so before this file (runner/sim/guest/relax.h). */
#ifndef RM_OPERATION_BEGINS
#define RM_OPERATION_BEGINS() ((void)0)
#endif

/* Open loop (runner/trial/pace.c). Direct calls, never inlined. */
/* Waits for the next intended start; false: the window is over. `sleeping`
   says whether the wait is long enough to park first. */
bool rm_pace_next(struct rm_worker *worker, bool *sleeping);
/* Waits until the start that rm_pace_next() announced. */
void rm_pace_wait(struct rm_worker *worker);
/* Records one operation that ended now. */
void rm_pace_record(
        struct rm_worker *worker, enum rm_operation operation, bool was_there);

RM_HOT bool rm_stopped(const struct rm_worker *worker)
{
	/* relaxed: a flag that publishes nothing; join orders the results */
	return atomic_load_explicit(worker->stop, memory_order_relaxed);
}

RM_HOT void rm_write_upsert(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, uint64_t rank)
{
	struct rm_key key = rm_key_of(shape, rank, &worker->written);
	struct rm_value value =
	        rm_value_of(rank, worker->slot, ++worker->sequence);
	bool was_there;

	RM_OPERATION_BEGINS();
	was_there = map->upsert(worker->thread, shape, key, &value);

	worker->counts.writes++;
	if (!was_there) {
		worker->counts.inserts++;
		worker->key_sum += rm_rank_mix(rank);
	}
	if (worker->pace)
		rm_pace_record(worker, RM_UPSERT, was_there);
}

RM_HOT void rm_write_remove(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, uint64_t rank)
{
	struct rm_key key = rm_key_of(shape, rank, &worker->written);
	bool was_there;

	RM_OPERATION_BEGINS();
	was_there = map->remove(worker->thread, shape, key);

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

/*
 * One write decision. `rank` was drawn for a lookup: where it is an absent
 * one, a resident one is drawn anew from the random bits `x`.
 */
RM_HOT void rm_write(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, uint64_t rank, uint64_t x)
{
	enum rm_write_kind kind = worker->write_kind;

	if (__builtin_expect(rank >= worker->resident, 0))
		/* x itself is known to be high here: mix it again */
		rank = rm_below(rm_seed(x, 0), worker->resident);

	if (kind == RM_FRESH)
		/* relaxed: only uniqueness matters */
		rank = atomic_fetch_add_explicit(
		        worker->head, 1, memory_order_relaxed);
	if (kind == RM_CHURN)
		rm_write_remove(map, shape, worker, rank);
	rm_write_upsert(map, shape, worker, rank);
	if (kind == RM_FRESH)
		rm_write_remove(map, shape, worker, rank - worker->resident);
	if (kind != RM_UPDATE)
		worker->counts.pairs++;
}

/* First rank that lookups may draw: moves only with fresh writes. */
RM_HOT uint64_t rm_lookup_base(const struct rm_worker *worker)
{
	if (worker->write_kind != RM_FRESH)
		return 0;
	/* relaxed: any recent value will do, see fresh_guard */
	return atomic_load_explicit(worker->head, memory_order_relaxed) -
	       worker->resident + worker->fresh_guard;
}

/* Takes the next rank from the stream, or from the high bits of `x`. */
RM_HOT uint64_t rm_draw(struct rm_worker *worker, bool streamed, uint64_t x,
        uint64_t *position, uint64_t span)
{
	if (streamed)
		return worker->stream[(*position)++ & worker->stream_mask];
	return rm_below(x, span);
}

/* A lookup that found nothing: may it? */
RM_HOT void rm_count_miss(struct rm_worker *worker, uint64_t offset)
{
	if (offset >= worker->resident)
		worker->counts.misses_absent++;
	else
		worker->counts.misses_resident++;
}

/* One lookup, its value verified and consumed. `paced` is a constant. */
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
		return rm_value_wrong(shape, &value, base + offset);
	rm_count_miss(worker, offset);
	return 0;
}

/* A write may be slow: where the window ended meanwhile, what is left of the
   batch is not done and not counted. */
RM_HOT uint64_t rm_left_after_write(struct rm_worker *worker, uint64_t left)
{
	if (!rm_stopped(worker))
		return left;
	worker->counts.iterations -= left - 1;
	return 1;
}

/*
 * The closed loop. `streamed` (ranks come from a stream) and `moving` (the
 * resident ranks move: fresh writes) are constants. Iterations end at the
 * window's end (stop flag: once a batch and after each write) or at
 * iterations_limit, a multiple of RM_BATCH.
 */
RM_HOT void rm_drive_mix(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, bool streamed, bool moving,
        void (*write)(struct rm_worker *worker, uint64_t rank, uint64_t x))
{
	const uint64_t span = worker->span;
	const uint32_t write_below = worker->write_below;
	uint64_t rng = worker->rng, position = worker->position, wrong = 0;

	do {
		const uint64_t base = moving ? rm_lookup_base(worker) : 0;
		uint64_t left = RM_BATCH;

		do {
			uint64_t x = rm_next(&rng);
			uint64_t rank =
			        rm_draw(worker, streamed, x, &position, span);

			if (__builtin_expect((uint32_t)x < write_below, 0)) {
				write(worker, rank, x);
				left = rm_left_after_write(worker, left);
				continue;
			}
			wrong |= rm_read(map, shape, worker, false, base, rank);
		} while (--left);
		worker->counts.iterations += RM_BATCH;
		map->quiesce(worker->thread);
	} while (!rm_stopped(worker) &&
	         worker->counts.iterations < worker->iterations_limit);
	worker->counts.wrong |= wrong;
	worker->rng = rng;
	worker->position = position;
}

/*
 * The closed loop over recorded operations: rounds of the stream until
 * iterations_limit, which is a multiple of its length. What is rare is
 * decided after the look-up, in the entry's low bits.
 */
RM_HOT void rm_drive_replay(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker,
        void (*write)(struct rm_worker *worker, uint64_t rank, uint64_t x),
        void (*take)(struct rm_worker *worker, uint64_t rank))
{
	const uint32_t *entries = worker->stream;
	const uint64_t limit = worker->iterations_limit;
	uint64_t position = 0, done = 0, wrong = 0;

	while (done < limit) {
		const uint32_t entry = entries[position++];
		const uint32_t rank = rm_replay_rank(entry);
		const enum rm_operation operation = rm_replay_operation(entry);

		if (__builtin_expect(operation == RM_LOOKUP, 1)) {
			wrong |= rm_read(map, shape, worker, false, 0, rank);
		} else if (operation == RM_UPSERT) {
			worker->sequence = entries[position++] - 1;
			write(worker, rank, 0);
		} else if (operation == RM_REMOVE) {
			take(worker, rank);
		} else {
			position = 0;
			continue;
		}
		if (++done % RM_BATCH == 0)
			map->quiesce(worker->thread);
	}
	map->quiesce(worker->thread);
	worker->counts.iterations = done;
	worker->counts.wrong |= wrong;
}

/* The open loop: each operation starts when its schedule says so. */
RM_HOT void rm_drive_paced(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker,
        void (*write)(struct rm_worker *worker, uint64_t rank, uint64_t x))
{
	bool sleeping;

	while (rm_pace_next(worker, &sleeping)) {
		if (sleeping && map->park)
			map->park(worker->thread);
		rm_pace_wait(worker);
		if (sleeping && map->park)
			map->unpark(worker->thread);

		uint64_t x = rm_next(&worker->rng);
		uint64_t base = rm_lookup_base(worker);
		uint64_t rank = rm_draw(worker, worker->stream != NULL, x,
		        &worker->position, worker->span);

		worker->counts.iterations++;
		if ((uint32_t)x < worker->write_below)
			write(worker, rank, x);
		else
			worker->counts.wrong |=
			        rm_read(map, shape, worker, true, base, rank);
		map->quiesce(worker->thread);
	}
}

/*
 * One shape of a map: its write path and its five loops, each out of line so
 * that the compiler gives each all registers, and the drive that chooses one
 * before the loop, never inside it. The only macros of the contract: a
 * function cannot make functions.
 */
#define RM_LOOP(name, kind, call)                                    \
	static __attribute__((noinline)) void drive_##name##_##kind( \
	        struct rm_worker *worker)                            \
	{                                                            \
		call;                                                \
	}

#define RM_DRIVE(ops, name, shape)                                             \
	static __attribute__((noinline)) void write_##name(                    \
	        struct rm_worker *worker, uint64_t rank, uint64_t x)           \
	{                                                                      \
		rm_write(&(ops), shape, worker, rank, x);                      \
	}                                                                      \
	static __attribute__((noinline)) void take_##name(                     \
	        struct rm_worker *worker, uint64_t rank)                       \
	{                                                                      \
		rm_write_remove(&(ops), shape, worker, rank);                  \
	}                                                                      \
	RM_LOOP(name, mix,                                                     \
	        rm_drive_mix(                                                  \
	                &(ops), shape, worker, false, false, write_##name))    \
	RM_LOOP(name, fresh,                                                   \
	        rm_drive_mix(                                                  \
	                &(ops), shape, worker, false, true, write_##name))     \
	RM_LOOP(name, stream,                                                  \
	        rm_drive_mix(&(ops), shape, worker, true, true, write_##name)) \
	RM_LOOP(name, replay,                                                  \
	        rm_drive_replay(                                               \
	                &(ops), shape, worker, write_##name, take_##name))     \
	RM_LOOP(name, paced,                                                   \
	        rm_drive_paced(&(ops), shape, worker, write_##name))           \
	static void drive_##name(struct rm_worker *worker)                     \
	{                                                                      \
		if (worker->pace)                                              \
			drive_##name##_paced(worker);                          \
		else if (worker->replay)                                       \
			drive_##name##_replay(worker);                         \
		else if (worker->stream)                                       \
			drive_##name##_stream(worker);                         \
		else if (worker->write_kind == RM_FRESH)                       \
			drive_##name##_fresh(worker);                          \
		else                                                           \
			drive_##name##_mix(worker);                            \
	}

#define RM_DRIVES_U64(ops)             \
	RM_DRIVE(ops, u64x8, RM_U64X8) \
	RM_DRIVE(ops, u64x24, RM_U64X24)

#define RM_DRIVES(ops)                     \
	RM_DRIVES_U64(ops)                 \
	RM_DRIVE(ops, str16x8, RM_STR16X8) \
	RM_DRIVE(ops, str16x24, RM_STR16X24)

/* Initialisers of rm_impl.drive. */
#define RM_U64_DRIVES                                 \
	{                                             \
		drive_u64x8, drive_u64x24, NULL, NULL \
	}
#define RM_ALL_DRIVES                                                    \
	{                                                                \
		drive_u64x8, drive_u64x24, drive_str16x8, drive_str16x24 \
	}

#endif /* RM_DRIVER_H */
