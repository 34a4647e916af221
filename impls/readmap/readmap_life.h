/* SPDX-License-Identifier: Apache-2.0 */
/* readmap_life.h - readmap: creation, whole buckets for scans and clear,
   statistics, check. */
#ifndef RM_READMAP_LIFE_H
#define RM_READMAP_LIFE_H

#include "impls/readmap/readmap_resize.h"

#include <stdio.h>

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	(void)owner;
	if (kind == READMAP_TABLE)
		readmap_table_free(pointer);
	else
		free(pointer);
}

/* Frees a table whose keys have not moved, with their nodes. */
static void readmap_table_destroy(
        const struct readmap *map, struct readmap_table *table)
{
	for (uint64_t i = 0; readmap_has_nodes(map->shape) && i < table->lines;
	        i++) {
		struct readmap_line *line = &table->line[i];
		const bool moved = readmap_read(&line->meta) & READMAP_MOVED;

		for (; line && !moved; line = readmap_next_line(line)) {
			uint64_t live =
			        readmap_read(&line->meta) & READMAP_LIVE;

			for (; live; live &= live - 1)
				free(readmap_node_of(readmap_read(readmap_value(
				        line,
				        (unsigned)__builtin_ctzll(live)))));
		}
	}
	readmap_table_free(table);
}

static void readmap_destroy(void *opaque)
{
	struct readmap *map = opaque;
	/* both relaxed: no other thread is left */
	const uintptr_t word =
	        atomic_load_explicit(&map->word, memory_order_relaxed);

	if (word) {
		struct readmap_table *table = readmap_table_of(word);
		struct readmap_table *next = atomic_load_explicit(
		        &table->next, memory_order_relaxed);

		if (next)
			readmap_table_destroy(map, next);
		readmap_table_destroy(map, table);
	}
	epoch_destroy(map->epoch, map);
	free(map);
}

static void *readmap_create(const struct rm_sizing *sizing)
{
	struct readmap *map =
	        aligned_alloc(_Alignof(struct readmap), sizeof(*map));
	struct readmap_table *table;

	if (!map)
		return NULL;
	*map = (struct readmap){ .seed = sizing->seed,
		.shape = sizing->shape,
		.floor = READMAP_FIRST_LINES };
	while (sizing->presize &&
	        map->floor * READMAP_LOAD_EIGHTHS / 8 < sizing->keys)
		map->floor *= 2;
	table = readmap_table_new(map->floor);
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	if (table) {
		atomic_init(&map->word, readmap_word_of(table));
		atomic_init(&map->lines_now, table->lines);
	}
	if (table && map->epoch)
		return map;
	readmap_destroy(map);
	return NULL;
}

/* Copies of the entries of one bucket. Each has a key word and a value, and for
   strings the length and the bytes. The owner frees `at`. */
struct readmap_entries {
	char *at;
	size_t bytes, room;
	bool more; /* false if the callback has ended the scan */
};

static void readmap_add_bytes(
        struct readmap_entries *entries, const void *from, size_t bytes)
{
	if (entries->room - entries->bytes < bytes) {
		entries->room = 2 * entries->room + bytes + 256;
		entries->at = realloc(entries->at, entries->room);
		if (!entries->at)
			abort();
	}
	memcpy(entries->at + entries->bytes, from, bytes);
	entries->bytes += bytes;
}

static void readmap_add_entry(struct readmap_entries *entries,
        struct rm_shape shape, uint64_t word, uint64_t value_word)
{
	struct rm_key key = { .word = word };
	struct rm_value value;

	if (shape.str)
		key = readmap_node_key(shape, readmap_node_of(value_word));
	readmap_load_value(shape, value_word, &value);
	readmap_add_bytes(entries, &key.word, sizeof(key.word));
	readmap_add_bytes(entries, &value, shape.value_bytes);
	if (!shape.str)
		return;
	readmap_add_bytes(entries, &key.length, sizeof(key.length));
	if (key.length)
		readmap_add_bytes(entries, key.bytes, key.length);
}

/* Calls `fn` for each copy until `fn` returns false. */
static void readmap_visit(struct rm_shape shape,
        struct readmap_entries *entries, rm_scan_fn *fn, void *context)
{
	struct rm_value value;
	struct rm_key key = { 0 };

	for (size_t at = 0; entries->more && at < entries->bytes;) {
		const char *from = entries->at + at;

		memcpy(&key.word, from, sizeof(key.word));
		memcpy(&value, from + sizeof(key.word), shape.value_bytes);
		at += sizeof(key.word) + shape.value_bytes;
		if (shape.str) {
			memcpy(&key.length, entries->at + at,
			        sizeof(key.length));
			key.bytes = entries->at + at + sizeof(key.length);
			at += sizeof(key.length) + key.length;
		}
		entries->more = fn(context, key, &value);
	}
}

/* Returns the live slots of a line whose keys have at least this hash, as bits
   of its meta. If the table shrinks during a scan, a bucket also has keys that
   were visited before. */
static uint64_t readmap_slots_from(const struct readmap *map,
        const struct readmap_line *line, uint64_t meta, uint64_t from)
{
	uint64_t slots = 0;

	for (uint64_t live = meta & READMAP_LIVE; live; live &= live - 1)
		if (readmap_hash(map,
		            readmap_read(readmap_key(line,
		                    (unsigned)__builtin_ctzll(live)))) >= from)
			slots |= live & -live;
	return slots;
}

/* Returns the lowest hash of the next bucket, or 0 after the last bucket. */
static uint64_t readmap_after(uintptr_t table, uint64_t hash)
{
	return (hash | ((UINT64_C(64) << table % RM_CACHE_LINE) - 1)) + 1;
}

/* Copies the entries of the bucket of hash `from` whose hash is at least
   `from`. Returns readmap_after(). */
static uint64_t readmap_copy_out(
        struct readmap *map, uint64_t from, struct readmap_entries *entries)
{
	const struct readmap_spot spot = readmap_lock(map, from);
	uint64_t meta = spot.meta;

	entries->bytes = 0;
	for (struct readmap_line *line = spot.head; line;) {
		uint64_t slots = readmap_slots_from(map, line, meta, from);

		for (; slots; slots &= slots - 1) {
			const unsigned bit = (unsigned)__builtin_ctzll(slots);

			readmap_add_entry(entries, map->shape,
			        readmap_read(readmap_key(line, bit)),
			        readmap_read(readmap_value(line, bit)));
		}
		line = readmap_next_line(line);
		if (line)
			meta = readmap_read(&line->meta);
	}
	readmap_unlock(&spot);
	return readmap_after(spot.table, from);
}

/* Like readmap_copy_out(), but removes the keys. */
static uint64_t readmap_clear_bucket(struct epoch_record *record, uint64_t from)
{
	struct readmap *map = record->owner;
	struct readmap_spot spot = readmap_lock(map, from);
	int64_t removed = 0;

	for (struct readmap_line *line = spot.head; line;
	        line = readmap_next_line(line)) {
		spot.line = line;
		for (uint64_t slots = readmap_slots_from(map, line,
		             line == spot.head ? spot.meta
		                               : readmap_read(&line->meta),
		             from);
		        slots; slots &= slots - 1) {
			spot.bit = (unsigned)__builtin_ctzll(slots);
			const uint64_t value = readmap_value_at(&spot);

			readmap_erase(&spot);
			if (readmap_has_nodes(map->shape))
				readmap_retire_node(record, map->shape, value);
			removed++;
		}
	}
	readmap_unlock(&spot);
	if (removed)
		readmap_count_removed(map, &spot, removed);
	return readmap_after(spot.table, from);
}

/* Like readmap_copy_out(), but counts the keys. A bucket of one line is counted
   by one load of its meta. */
static uint64_t readmap_count_bucket(
        struct readmap *map, uint64_t from, size_t *count)
{
	const uintptr_t table = readmap_word(map);
	const uint64_t next = readmap_after(table, from);
	/* acquire: pairs with W3 (readmap_layout.h). A count does not need
	   seq_cst */
	uint64_t slots = atomic_load_explicit(
	        &readmap_home(table, from)->meta, memory_order_acquire);

	if (!(slots & READMAP_CHAIN) &&
	        readmap_after(table, from - 1) != next) {
		for (slots &= READMAP_LIVE; slots; slots &= slots - 1)
			++*count;
		return next;
	}

	struct readmap_spot spot = readmap_lock(map, from);

	for (struct readmap_line *line = spot.head; line;
	        line = readmap_next_line(line)) {
		slots = readmap_slots_from(map, line,
		        line == spot.head ? spot.meta
		                          : readmap_read(&line->meta),
		        from);
		for (; slots; slots &= slots - 1)
			++*count;
	}
	readmap_unlock(&spot);
	return readmap_after(spot.table, from);
}

static void readmap_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct readmap *map = opaque;

	emit(context, "lines", "1", (double)rm_stat_read(&map->lines_now));
	emit(context, "resizes", "1", (double)rm_stat_read(&map->resizes));
	emit(context, "keys", "1", (double)readmap_keys(map));
	epoch_stats(map->epoch, emit, context);
}

/* Describes what is wrong with a slot of the bucket of `head`, or returns
   NULL. */
static const char *readmap_check_slot(const struct readmap *map,
        const struct readmap_line *head, uintptr_t table,
        struct readmap_line *line, unsigned bit)
{
	const uint64_t word = readmap_read(readmap_key(line, bit));
	const struct rm_key key =
	        map->shape.str ? readmap_node_key(map->shape,
	                                 readmap_node_of(readmap_read(
	                                         readmap_value(line, bit))))
	                       : (struct rm_key){ .word = word };
	struct readmap_spot spot = { .hash = rm_hash(
		                             map->shape, key, map->seed),
		.word = word,
		.head = (struct readmap_line *)head,
		.meta = readmap_read((_Atomic uint64_t *)&head->meta) };

	if (map->shape.str && spot.hash != word)
		return "a key word is not the hash of its string";
	if (readmap_home(table, spot.hash) != head)
		return "a key is in a wrong bucket";
	if ((readmap_read(&line->meta) ^ readmap_tags(spot.hash)) &
	        readmap_slot_mask(bit))
		return "a tag differs from its key";
	if (line != head && !(spot.meta & readmap_filter(spot.hash)))
		return "a filter lacks a key";
	if (!readmap_find_in(&spot, spot.head, spot.meta, map->shape, key))
		readmap_find_chained(&spot, map->shape, key);
	if (spot.line != line || spot.bit != bit)
		return "a key is there twice";
	return NULL;
}

static const char *readmap_check_bucket(const struct readmap *map,
        struct readmap_line *head, uintptr_t table, uint64_t *keys)
{
	const uint64_t meta = readmap_read(&head->meta);
	const char *broken = NULL;

	if (meta & READMAP_LOCK)
		return "a bucket is locked";
	if (meta & READMAP_MOVED)
		return meta & READMAP_TAGS ? "a moved bucket has keys" : NULL;
	if (readmap_next_line(head) && !(meta & READMAP_CHAIN))
		return "a chain is not marked";
	for (struct readmap_line *line = head; line && !broken;
	        line = readmap_next_line(line)) {
		uint64_t live = readmap_read(&line->meta) & READMAP_LIVE;

		for (; live && !broken; live &= live - 1, ++*keys)
			broken = readmap_check_slot(map, head, table, line,
			        (unsigned)__builtin_ctzll(live));
	}
	return broken;
}

static const char *readmap_check_table(
        const struct readmap *map, struct readmap_table *table, uint64_t *keys)
{
	const char *broken = NULL;

	for (uint64_t i = 0; i < table->lines && !broken; i++)
		broken = readmap_check_bucket(
		        map, &table->line[i], readmap_word_of(table), keys);
	return broken;
}

/* If writes stopped during a move, keys are in two tables. */
static bool readmap_check(void *opaque, char *why, size_t size)
{
	struct readmap *map = opaque;
	struct readmap_table *table = readmap_table_of(readmap_word(map));
	/* relaxed: no other thread uses the map */
	struct readmap_table *next =
	        atomic_load_explicit(&table->next, memory_order_relaxed);
	uint64_t keys = 0;
	const char *broken = readmap_check_table(map, table, &keys);

	if (!broken && next)
		broken = readmap_check_table(map, next, &keys);
	if (!broken && keys != readmap_keys(map))
		broken = "the count differs from the keys";
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

#endif /* RM_READMAP_LIFE_H */
