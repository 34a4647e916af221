/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_layout.h - sync.Map: data structures and functions that free them.
   Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_LAYOUT_H
#define RM_SYNCMAP_LAYOUT_H

#include "impls/gomap/gomap.h"
#include "impls/gomap/gomap_ops.h"
#include "impls/syncmap/syncmap_variant.h"

#include SYNCMAP_CELL
#include SYNCMAP_LOCK

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Both maps hold pointers to entries, whatever the size of the values. */
RM_HOT struct rm_shape syncmap_inner(struct rm_shape shape)
{
	return (struct rm_shape){ shape.str, 8 };
}

struct syncmap_entry {
	_Atomic uint64_t p; /* a cell, see syncmap_boxed.h */
	char *bytes;        /* bytes of the key, owned by the entry; NULL if
	                       keys are words */
	union {
		size_t expunged_at;         /* index in the list, if expunged */
		struct syncmap_entry *link; /* next entry that is being freed */
	};
};

/* The header that readers find. It never changes once published. */
#ifndef SYNCMAP_HEADER
struct syncmap_header {
	struct gomap *map;
	bool amended; /* true if dirty has keys that `map` lacks */
};
#endif

/* Lookups read the first word of an entry. */
static_assert(offsetof(struct syncmap_entry, p) == 0 &&
                      sizeof(struct syncmap_entry) == 24,
        "an entry: cell, key bytes, link");
static_assert(sizeof(struct syncmap_header) == 16,
        "a pointer and a flag: two words, padded");

/* The entries that a rebuild expunged. When an entry is revived, its pointer
   here becomes NULL. */
struct syncmap_expunged {
	size_t count, capacity;
	struct syncmap_entry *entries[];
};

struct syncmap {
	/* As in Go, lock and pointer share one cache line, so taking the lock
	   disturbs readers. */
	_Alignas(SYNCMAP_PAD) struct syncmap_lock lock;
	_Atomic(struct syncmap_header *) read;
	struct gomap *dirty;   /* the members below are protected by the lock */
	_Atomic size_t misses; /* some variants count it without the lock */
	struct syncmap_expunged *expunged;
	uint64_t generation; /* makes the seed of each dirty different */
	_Atomic uint64_t all_misses;
	uint64_t promotions, rebuilds, kept_entries, revivals;
	_Alignas(SYNCMAP_PAD) void *reclamation; /* constants */
	struct rm_shape shape;
	uint64_t seed;
};

/* Memory that only an old header refers to once the next one is published. */
struct syncmap_remains {
	struct syncmap_header *header;
	struct gomap *bare; /* a map without its entries, or NULL */
	struct gomap *full; /* a map with its entries and cells, or NULL */
	struct syncmap_expunged *expunged; /* a list with its entries, or
	                                      NULL */
};

/* If memory runs out, ends the process, since writes cannot report an error.
   The trial is recorded as failed. */
static inline void *syncmap_new(size_t bytes)
{
	void *memory = malloc(bytes);

	if (__builtin_expect(!memory, 0))
		gomap_no_memory();
	return memory;
}

/* Allocates an entry with its own copy of a string key. */
static inline struct syncmap_entry *syncmap_entry_new(
        struct rm_shape inner, struct rm_key key, uint64_t cell)
{
	struct syncmap_entry *entry = syncmap_new(sizeof(*entry));

	entry->bytes = NULL;
	atomic_init(&entry->p, cell); /* published by the lock or by a header */
	if (!inner.str)
		return entry;
	entry->bytes = syncmap_new(key.length + !key.length);
	if (key.length)
		memcpy(entry->bytes, key.bytes, key.length);
	return entry;
}

static inline void syncmap_entry_free(struct syncmap_entry *entry)
{
	free(entry->bytes);
	free(entry);
}

/* Returns the entry that a map's value points to, or NULL. */
RM_HOT struct syncmap_entry *syncmap_entry_of(const _Atomic uint64_t *words)
{
	/* relaxed: ordered by the load that found the map */
	return words ? (struct syncmap_entry *)(uintptr_t)atomic_load_explicit(
	                       words, memory_order_relaxed)
	             : NULL;
}

RM_HOT struct syncmap_entry *syncmap_find(
        const struct gomap *map, struct rm_shape inner, struct rm_key key)
{
	return syncmap_entry_of(gomap_find(map, inner, key));
}

/* Returns the size of a map in bytes, for statistics and for the limit. */
static inline uint64_t syncmap_map_bytes(const struct gomap *map)
{
	struct gomap_stats sum = { 0 };

	gomap_stats_add(map, &sum);
	return sizeof(*map) + sizeof(*map->extra) + sum.array_bytes;
}

/* Returns the size of a map with its entries and cells in bytes. Assumes keys
   of 16 bytes, since measuring each key would be O(n) under the lock. */
static inline uint64_t syncmap_full_bytes(
        const struct syncmap *map, const struct gomap *full)
{
	uint64_t each = sizeof(struct syncmap_entry) +
	                (SYNCMAP_BOXED ? map->shape.value_bytes : 0) +
	                (map->shape.str ? 16 : 0);

	return syncmap_map_bytes(full) + gomap_count(full) * each;
}

static inline uint64_t syncmap_list_bytes(const struct syncmap_expunged *list)
{
	return list->count * (sizeof(struct syncmap_entry) + 8);
}

/* Creates an empty map for `hint` entries that uses the keys of the entries. */
static inline struct gomap *syncmap_gomap(struct syncmap *map, size_t hint)
{
	struct gomap *made = gomap_create(hint, syncmap_inner(map->shape),
	        rm_seed(map->seed, map->generation++));

	if (made)
		gomap_borrow_keys(made);
	return made;
}

/* Frees a list of entries, linked by `link`, and their cells. */
static inline void syncmap_entries_free(struct syncmap_entry *entry)
{
	while (entry) {
		struct syncmap_entry *next = entry->link;

		/* relaxed: no other thread is left */
		syncmap_cell_free(
		        atomic_load_explicit(&entry->p, memory_order_relaxed));
		syncmap_entry_free(entry);
		entry = next;
	}
}

/* Frees a map, its entries and their cells, which no thread can reach. Entries
   are freed last, since in a growing map the iterator may read a key twice. */
GOMAP_RARE void syncmap_full_map_free(struct gomap *map)
{
	struct syncmap_entry *first = NULL;
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	if (!map)
		return;
	gomap_iterate_begin(map, &it);
	while (gomap_iterate_next(&it, map->extra->shape, &key, &value)) {
		struct syncmap_entry *entry = (void *)(uintptr_t)value.word[0];

		entry->link = first;
		first = entry;
	}
	gomap_iterate_end(&it);
	gomap_destroy(map);
	syncmap_entries_free(first);
}

GOMAP_RARE void syncmap_list_free(struct syncmap_expunged *list)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (list->entries[i])
			syncmap_entry_free(list->entries[i]);
	free(list);
}

#endif /* RM_SYNCMAP_LAYOUT_H */
