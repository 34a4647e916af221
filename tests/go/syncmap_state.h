/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_state.h - computes the internal state of the port of sync.Map, in the
 * format of tests/go/replay/syncmap.go.
 */
#ifndef RM_GO_SYNCMAP_STATE_H
#define RM_GO_SYNCMAP_STATE_H

#include "impls/syncmap/syncmap.h"

/* Summary of one of the two maps inside a sync.Map. */
struct syncmap_half {
	uint64_t count, empty, expunged, digest;
};

/* Returns an integer key itself, or the first eight bytes of a string key. */
static inline uint64_t key_word(struct rm_shape shape, struct rm_key key)
{
	if (shape.str)
		memcpy(&key.word, key.bytes, sizeof(key.word));
	return key.word;
}

static struct syncmap_half syncmap_walk(
        const struct syncmap *map, struct gomap *inside)
{
	struct rm_shape inner = syncmap_inner(map->shape);
	struct syncmap_half half = { .count = gomap_count(inside) };
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	gomap_iterate_begin(inside, &it);
	while (gomap_iterate_next(&it, inner, &key, &value)) {
		struct syncmap_entry *entry = (void *)(uintptr_t)value.word[0];
		uint64_t cell = syncmap_cell_of(entry);

		half.empty += cell == SYNCMAP_NIL;
		half.expunged += cell == SYNCMAP_EXPUNGED;
		if (!syncmap_live(cell))
			continue;
		syncmap_cell_read(map->shape, cell, &value);
		half.digest += rm_seed(key_word(inner, key), value.word[0]);
	}
	gomap_iterate_end(&it);
	return half;
}

enum { SYNCMAP_STATE_FIELDS = 9 };

/* Stores the state: entries in read, amended (0 or 1), entries in dirty,
   misses, nil entries in read, nil entries in dirty, expunged entries. Two
   digests of the live pairs in read and in dirty follow. No other thread may
   use the map. */
static void syncmap_state(
        struct syncmap *map, uint64_t fields[SYNCMAP_STATE_FIELDS])
{
	struct syncmap_header *header = syncmap_read_locked(map);
	struct syncmap_half read = syncmap_walk(map, header->map);
	struct syncmap_half dirty = { 0 };

	if (map->dirty)
		dirty = syncmap_walk(map, map->dirty);
	fields[0] = read.count;
	fields[1] = header->amended;
	fields[2] = dirty.count;
	fields[3] = syncmap_misses(map);
	fields[4] = read.empty;
	fields[5] = dirty.empty;
	fields[6] = read.expunged + dirty.expunged;
	fields[7] = read.digest;
	fields[8] = dirty.digest;
}

#endif /* RM_GO_SYNCMAP_STATE_H */
