/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.h - the measured loops, inlined into each map.
 *
 * RM_DRIVES(ops) gives a map its own copies of the loops, with a constant table
 * of operations and a constant shape, so that the compiler removes all indirect
 * calls (docs/adr/0001). `make check-dispatch` checks this in the machine code.
 *
 * The loop keeps its state in registers and never branches on configuration;
 * write_*(), which is not inlined, decides what a write does.
 */
#ifndef RM_DRIVER_H
#define RM_DRIVER_H

#include "runner/operations.h"

/* The closed loop. Compile-time constants: `draws` is the source of the ranks,
   and `moving` is true if fresh writes change the resident ranks. The loop ends
   when the stop flag is set (read once per batch and after each write), or at
   iterations_limit, rounded up to whole batches. */
RM_HOT void rm_drive_mix(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker, enum rm_draws draws, bool moving,
        void (*write)(struct rm_worker *worker, uint64_t rank, uint64_t x))
{
	const uint64_t span = worker->span;
	const uint32_t write_below = worker->write_below;
	uint64_t rng = worker->rng, position = worker->position, wrong = 0;

	do {
		uint64_t left = RM_BATCH;

		do {
			uint64_t x = rm_next(&rng);
			uint64_t rank = rm_draw(
			        worker, draws, x, &rng, &position, span);

			if (__builtin_expect((uint32_t)x < write_below, 0)) {
				write(worker, rank, x);
				left = rm_batch_rest_after_write(worker, left);
				continue;
			}
			wrong |= rm_read(map, shape, worker, false,
			        moving ? rm_lookup_base(worker, rank) : 0,
			        rank);
		} while (--left);
		worker->counts.iterations += RM_BATCH;
		map->quiesce(worker->thread);
	} while (!rm_stopped(worker) &&
	         worker->counts.iterations < worker->iterations_limit);
	worker->counts.wrong |= wrong;
	worker->rng = rng;
	worker->position = position;
}

/* The look-ups of one batch. */
struct rm_bulk {
	unsigned count;
	uint64_t rank[RM_BATCH];
	struct rm_key key[RM_BATCH];
	struct rm_value value[RM_BATCH];
};

RM_HOT uint64_t rm_read_bulk(const struct rm_map_ops *map,
        struct rm_shape shape, struct rm_worker *worker, struct rm_bulk *bulk)
{
	uint64_t found, wrong = 0;

	RM_OPERATION_BEGINS();
	found = map->lookup_many(
	        worker->thread, shape, bulk->key, bulk->count, bulk->value);
	for (unsigned i = 0; i < bulk->count; i++, found >>= 1) {
		if (__builtin_expect(found & 1, 1))
			wrong |= rm_value_errors(
			        shape, &bulk->value[i], bulk->rank[i]);
		else
			rm_count_miss(worker, bulk->rank[i]);
	}
	return wrong;
}

/* Like rm_drive_mix() with uniform draws, but one call makes all look-ups of a
   batch, after the batch's writes. A real program can only batch look-ups if it
   has several keys, so results of this loop are not comparable with results of
   single look-ups. */
RM_HOT void rm_drive_bulk(const struct rm_map_ops *map, struct rm_shape shape,
        struct rm_worker *worker,
        void (*write)(struct rm_worker *worker, uint64_t rank, uint64_t x))
{
	uint64_t rng = worker->rng, position = worker->position, wrong = 0;
	struct rm_bulk bulk;

	do {
		uint64_t left = RM_BATCH;

		bulk.count = 0;
		do {
			const uint64_t x = rm_next(&rng);
			const uint64_t rank = rm_draw(worker, RM_DRAWS_UNIFORM,
			        x, &rng, &position, worker->span);

			if (__builtin_expect(
			            (uint32_t)x < worker->write_below, 0)) {
				write(worker, rank, x);
				left = rm_batch_rest_after_write(worker, left);
				continue;
			}
			bulk.rank[bulk.count] = rank;
			bulk.key[bulk.count++].word = rm_scatter(rank);
		} while (--left);
		if (bulk.count)
			wrong |= rm_read_bulk(map, shape, worker, &bulk);
		worker->counts.iterations += RM_BATCH;
		map->quiesce(worker->thread);
	} while (!rm_stopped(worker) &&
	         worker->counts.iterations < worker->iterations_limit);
	worker->counts.wrong |= wrong;
	worker->rng = rng;
	worker->position = position;
}

/* The closed loop for recorded operations. Replays the stream until
   iterations_limit, a multiple of the stream's length. The low bits of an entry
   encode the operation. Look-ups are tested first, since other operations are
   rare. */
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

/* The open loop: each operation starts at its scheduled time. */
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
		uint64_t rank = rm_draw(worker, rm_draws_kind(worker), x,
		        &worker->rng, &worker->position, worker->span);

		worker->counts.iterations++;
		if ((uint32_t)x < worker->write_below)
			write(worker, rank, x);
		else
			worker->counts.wrong |= rm_read(map, shape, worker,
			        true, rm_lookup_base(worker, rank), rank);
		map->quiesce(worker->thread);
	}
}

/* The functions for one shape of a map: its write path, its six loops, and the
   drive function that selects a loop. Each loop is a separate function, so that
   the compiler can use all registers for it. These are macros because a
   function cannot define functions. */
#define RM_LOOP(name, kind, call)                                    \
	static __attribute__((noinline)) void drive_##name##_##kind( \
	        struct rm_worker *worker)                            \
	{                                                            \
		call;                                                \
	}

#define RM_DRIVE(ops, name, shape)                                           \
	static __attribute__((noinline)) void write_##name(                  \
	        struct rm_worker *worker, uint64_t rank, uint64_t x)         \
	{                                                                    \
		rm_write(&(ops), shape, worker, rank, x);                    \
	}                                                                    \
	static __attribute__((noinline)) void take_##name(                   \
	        struct rm_worker *worker, uint64_t rank)                     \
	{                                                                    \
		rm_write_remove(&(ops), shape, worker, rank);                \
	}                                                                    \
	RM_LOOP(name, mix,                                                   \
	        rm_drive_mix(&(ops), shape, worker, RM_DRAWS_UNIFORM, false, \
	                write_##name))                                       \
	RM_LOOP(name, fresh,                                                 \
	        rm_drive_mix(&(ops), shape, worker, RM_DRAWS_UNIFORM, true,  \
	                write_##name))                                       \
	RM_LOOP(name, stream,                                                \
	        rm_drive_mix(&(ops), shape, worker, RM_DRAWS_STREAM, true,   \
	                write_##name))                                       \
	RM_LOOP(name, skew,                                                  \
	        rm_drive_mix(&(ops), shape, worker, RM_DRAWS_SKEW, true,     \
	                write_##name))                                       \
	RM_LOOP(name, replay,                                                \
	        rm_drive_replay(                                             \
	                &(ops), shape, worker, write_##name, take_##name))   \
	RM_LOOP(name, paced,                                                 \
	        rm_drive_paced(&(ops), shape, worker, write_##name))         \
	static void drive_##name(struct rm_worker *worker)                   \
	{                                                                    \
		if (worker->pace)                                            \
			drive_##name##_paced(worker);                        \
		else if (worker->replay)                                     \
			drive_##name##_replay(worker);                       \
		else if (worker->skew)                                       \
			drive_##name##_skew(worker);                         \
		else if (worker->stream)                                     \
			drive_##name##_stream(worker);                       \
		else if (worker->write_kind == RM_FRESH)                     \
			drive_##name##_fresh(worker);                        \
		else                                                         \
			drive_##name##_mix(worker);                          \
	}

/* Defines drive_bulk, for shapes with 8-byte keys and values. If draws are not
   uniform, it uses single look-ups. */
#define RM_DRIVE_BULK(ops)                                                \
	RM_DRIVE(ops, u64x8, RM_U64X8)                                    \
	RM_LOOP(u64x8, bulk,                                              \
	        rm_drive_bulk(&(ops), RM_U64X8, worker, write_u64x8))     \
	static void drive_bulk(struct rm_worker *worker)                  \
	{                                                                 \
		if (worker->pace || worker->replay || worker->skew ||     \
		        worker->stream || worker->write_kind == RM_FRESH) \
			drive_u64x8(worker);                              \
		else                                                      \
			drive_u64x8_bulk(worker);                         \
	}

/* RM_DRIVES and RM_DRIVES_U64 define the loops of a map. RM_ALL_DRIVES and
   RM_U64_DRIVES initialise rm_impl.drive with them. */
#ifndef RM_SIZED
#define RM_DRIVES_U64(ops)             \
	RM_DRIVE(ops, u64x8, RM_U64X8) \
	RM_DRIVE(ops, u64x24, RM_U64X24)

#define RM_DRIVES(ops)                     \
	RM_DRIVES_U64(ops)                 \
	RM_DRIVE(ops, str16x8, RM_STR16X8) \
	RM_DRIVE(ops, str16x24, RM_STR16X24)

#define RM_U64_DRIVES                                 \
	{                                             \
		drive_u64x8, drive_u64x24, NULL, NULL \
	}
#define RM_ALL_DRIVES                                                    \
	{                                                                \
		drive_u64x8, drive_u64x24, drive_str16x8, drive_str16x24 \
	}
#elif RM_SIZED == 24 /* long keys are strings */
#define RM_DRIVES_U64(ops)
#define RM_DRIVES(ops)                     \
	RM_DRIVE(ops, str16x8, RM_STR16X8) \
	RM_DRIVE(ops, str16x24, RM_STR16X24)
#define RM_U64_DRIVES                  \
	{                              \
		NULL, NULL, NULL, NULL \
	}
#define RM_ALL_DRIVES                                     \
	{                                                 \
		NULL, NULL, drive_str16x8, drive_str16x24 \
	}
#else /* only long values; the plain program has the other shapes */
#define RM_DRIVES_U64(ops) RM_DRIVE(ops, u64x24, RM_U64X24)
#define RM_DRIVES(ops)     \
	RM_DRIVES_U64(ops) \
	RM_DRIVE(ops, str16x24, RM_STR16X24)
#define RM_U64_DRIVES                          \
	{                                      \
		NULL, drive_u64x24, NULL, NULL \
	}
#define RM_ALL_DRIVES                                    \
	{                                                \
		NULL, drive_u64x24, NULL, drive_str16x24 \
	}
#endif

/* Initialisers of rm_impl, for a map that uses RM_DRIVES(table) or
   RM_DRIVES_U64(table). */
#define RM_ALL_OF(table) \
	.shapes = RM_ALL_SHAPES, .ops = &(table), .drive = RM_ALL_DRIVES
#define RM_U64_OF(table) \
	.shapes = RM_U64_SHAPES, .ops = &(table), .drive = RM_U64_DRIVES

#endif /* RM_DRIVER_H */
