/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmap_resize.h - readmap: growth, compaction and shrinking.
 *
 * The number of keys decides the size of the next table, whatever the reason
 * for it. If the load is too high, it has twice as many lines. Below one key in
 * eight lines, it has half as many. Otherwise it has the same number, and no
 * lines in chains. Each write then moves some buckets. The last mover publishes
 * the new table and retires the old one. No table begins to move before it is
 * published, so a mover never meets a bucket that has moved on. Until its
 * source is marked as moved, only the mover uses a bucket of the new table.
 *
 * If writes stop before all buckets have moved, look-ups of moved buckets
 * search two tables until writes continue.
 */
#ifndef RM_READMAP_RESIZE_H
#define RM_READMAP_RESIZE_H

#include "impls/readmap/readmap_write.h"
#include "impls/support/epoch_guard.h"

/* Returns the number of keys; exact if no thread writes. */
static inline uint64_t readmap_keys(struct readmap *map)
{
	int64_t keys = 0;

	for (size_t i = 0; i < READMAP_STRIPES; i++)
		/* relaxed: a threshold */
		keys += atomic_load_explicit(
		        &map->stripe[i].keys, memory_order_relaxed);
	return keys > 0 ? (uint64_t)keys : 0;
}

/* Returns the number of lines of the table that should replace this one, or 0
   to keep it. */
static uint64_t readmap_wanted_lines(
        struct readmap *map, struct readmap_table *table)
{
	const uint64_t keys = readmap_keys(map);

	if (keys > table->limit)
		return table->lines * 2;
	if (table->lines > map->floor && keys * READMAP_SPARSE < table->lines)
		return table->lines / 2;
	/* both relaxed: thresholds */
	if (atomic_load_explicit(&table->chained, memory_order_relaxed) >
	        atomic_load_explicit(&table->crowded, memory_order_relaxed))
		return table->lines;
	return 0;
}

/* Starts the move of the current table if it is due and memory suffices. */
static RM_COLD void readmap_resize(struct readmap *map)
{
	struct readmap_table *table = readmap_table_of(readmap_word(map));
	struct readmap_table *next = NULL;
	uint64_t lines;

	/* relaxed: a hint. acquire: pairs with the release below, so that the
	   table is the current one and `next` is not set twice */
	if (atomic_load_explicit(&table->next, memory_order_relaxed) ||
	        atomic_exchange_explicit(
	                &map->resizing, true, memory_order_acquire))
		return;
	table = readmap_table_of(readmap_word(map));
	lines = readmap_wanted_lines(map, table);
	/* relaxed: only this thread sets it */
	if (lines && !atomic_load_explicit(&table->next, memory_order_relaxed))
		next = readmap_table_new(lines);
	if (next) {
		RM_EVENT_OPEN(RM_EVENT_GROWTH, map, lines);
		/* release: publishes the empty table to readmap_help() */
		atomic_store_explicit(&table->next, next, memory_order_release);
	}
	/* release: pairs with the exchange above */
	atomic_store_explicit(&map->resizing, false, memory_order_release);
}

/* Puts a key into a bucket of the new table that only this thread uses. */
static void readmap_place(const struct readmap *map, uintptr_t table,
        uint64_t word, uint64_t value)
{
	const uint64_t hash = readmap_hash(map, word);
	struct readmap_spot spot = { .table = table,
		.hash = hash,
		.word = word,
		.head = readmap_home(table, hash) };

	spot.meta = readmap_read(&spot.head->meta);
	readmap_insert(&spot, value);
	/* relaxed: published with the mark of the source */
	atomic_store_explicit(
	        &spot.head->meta, spot.meta, memory_order_relaxed);
}

/* Copies the keys of a locked bucket. */
static void readmap_copy_bucket(
        const struct readmap *map, struct readmap_line *line, uintptr_t table)
{
	for (; line; line = readmap_next_line(line)) {
		uint64_t live = readmap_read(&line->meta) & READMAP_LIVE;

		for (; live; live &= live - 1) {
			const unsigned bit = (unsigned)__builtin_ctzll(live);

			readmap_place(map, table,
			        readmap_read(readmap_key(line, bit)),
			        readmap_read(readmap_value(line, bit)));
		}
	}
}

/* Locks a bucket of the table that moves. Only this thread may move the
   bucket. */
static uint64_t readmap_lock_source(struct readmap_line *head)
{
	unsigned looks = 0;

	/* acquire: W1, pairs with W3 */
	for (;;) {
		const uint64_t meta = atomic_fetch_or_explicit(
		        &head->meta, READMAP_LOCK, memory_order_acquire);

		if (!(meta & READMAP_LOCK))
			return meta;
		spin_wait(&looks);
	}
}

/* Moves one or two buckets (`sources`) that share their buckets in the new
   table. All are copied before the first one is marked. */
static void readmap_move(const struct readmap *map, struct readmap_line *head,
        unsigned sources, uintptr_t table)
{
	uint64_t meta[2];

	for (unsigned i = 0; i < sources; i++) {
		meta[i] = readmap_lock_source(&head[i]);
		readmap_copy_bucket(map, &head[i], table);
	}
	for (unsigned i = 0; i < sources; i++) {
		RM_PAUSE();
		/* seq_cst: W3; publishes the copies */
		atomic_store_explicit(&head[i].meta,
		        ((meta[i] & ~READMAP_TAGS) | READMAP_MOVED |
		                READMAP_CHAIN) +
		                READMAP_VERSION,
		        memory_order_seq_cst);
	}
}

/* Makes the table to which all buckets have moved the current one. */
static void readmap_publish(struct epoch_record *record,
        struct readmap_table *old, struct readmap_table *table)
{
	struct readmap *map = record->owner;
	/* all relaxed: thresholds and statistics */
	const uint64_t chained =
	        atomic_load_explicit(&table->chained, memory_order_relaxed);

	atomic_store_explicit(&table->crowded,
	        2 * chained + table->lines / READMAP_POOL_SHARE * 2 +
	                READMAP_POOL_MORE,
	        memory_order_relaxed);
	atomic_store_explicit(
	        &map->lines_now, table->lines, memory_order_relaxed);
	atomic_fetch_add_explicit(&map->resizes, 1, memory_order_relaxed);
	/* release: pairs with R1. All marks were stored before */
	atomic_store_explicit(
	        &map->word, readmap_word_of(table), memory_order_release);
	RM_EVENT_CLOSE(RM_EVENT_GROWTH, map);
	epoch_retire(record, READMAP_TABLE, old, readmap_table_bytes(old));
}

/* Moves some buckets of the current table. */
static RM_COLD void readmap_move_some(struct epoch_record *record,
        struct readmap_table *old, struct readmap_table *table)
{
	const unsigned sources = old->lines > table->lines ? 2 : 1;
	const uint64_t groups = old->lines / sources;
	const uintptr_t word = readmap_word_of(table);
	uint64_t from, done;

	/* both relaxed: no other thread gets this number */
	if (atomic_load_explicit(&old->cursor, memory_order_relaxed) >= groups)
		return;
	from = atomic_fetch_add_explicit(
	        &old->cursor, READMAP_STEP, memory_order_relaxed);
	if (from >= groups)
		return;
	done = groups - from < READMAP_STEP ? groups - from : READMAP_STEP;
	for (uint64_t i = from; i < from + done; i++)
		readmap_move(
		        record->owner, &old->line[i * sources], sources, word);
	/* acq_rel: the last thread publishes the work of all threads */
	if (atomic_fetch_add_explicit(&old->done, done, memory_order_acq_rel) +
	                done ==
	        groups)
		readmap_publish(record, old, table);
}

/* Retires a node that no slot refers to any more. */
RM_HOT void readmap_retire_node(
        struct epoch_record *record, struct rm_shape shape, uint64_t value_word)
{
	struct readmap_node *node = readmap_node_of(value_word);

	epoch_retire(record, READMAP_NODE, node,
	        readmap_node_bytes(shape, readmap_node_length(shape, node)));
}

/* Moves some buckets if the table is moving. Called before each write. */
RM_HOT void readmap_help(struct epoch_record *record)
{
	const struct readmap *map = record->owner;
	struct readmap_table *table = readmap_table_of(readmap_word(map));
	/* acquire: pairs with the release in readmap_resize() */
	struct readmap_table *next =
	        atomic_load_explicit(&table->next, memory_order_acquire);

	if (__builtin_expect(next != NULL, 0))
		readmap_move_some(record, table, next);
}

/* Adds to the number of keys. Returns an estimate of the new number,
   extrapolated from one stripe. */
RM_HOT int64_t readmap_add_keys(
        struct readmap *map, const struct readmap_spot *spot, int64_t keys)
{
	_Atomic int64_t *stripe =
	        &map->stripe[spot->hash % READMAP_STRIPES].keys;

	/* relaxed: exact only if no thread writes */
	return (atomic_fetch_add_explicit(stripe, keys, memory_order_relaxed) +
	               keys) *
	       READMAP_STRIPES;
}

/* Called after an insert, when its bucket is unlocked. */
RM_HOT void readmap_count_insert(
        struct readmap *map, const struct readmap_spot *spot)
{
	struct readmap_table *table = readmap_table_of(spot->table);
	const int64_t keys = readmap_add_keys(map, spot, 1);

	/* both relaxed: thresholds */
	if (__builtin_expect(keys > (int64_t)table->limit, 0) ||
	        __builtin_expect(atomic_load_explicit(&table->chained,
	                                 memory_order_relaxed) >
	                                 atomic_load_explicit(&table->crowded,
	                                         memory_order_relaxed),
	                0))
		readmap_resize(map);
}

/* Called after keys of one bucket were removed, when the bucket is unlocked. */
RM_HOT void readmap_count_removed(
        struct readmap *map, const struct readmap_spot *spot, int64_t removed)
{
	const struct readmap_table *table = readmap_table_of(spot->table);
	const int64_t keys = readmap_add_keys(map, spot, -removed);

	if (__builtin_expect(table->lines > map->floor, 0) &&
	        keys * READMAP_SPARSE < (int64_t)table->lines)
		readmap_resize(map);
}

#endif /* RM_READMAP_RESIZE_H */
