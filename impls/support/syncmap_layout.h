/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_layout.h - sync.Map: what it is made of, its birth and its end.
   Inner part of syncmap.h. */
#ifndef RM_SYNCMAP_LAYOUT_H
#define RM_SYNCMAP_LAYOUT_H

#include "impls/support/epoch.h"
#include "impls/support/gomap.h"
#include "impls/support/gomap_ops.h"
#include "runner/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Both maps hold a pointer to an entry, whatever the size of the values. */
RM_HOT struct rm_shape syncmap_inner(struct rm_shape shape)
{
	return (struct rm_shape){ shape.str, 8 };
}

/* A value; never changes once an entry points to it. */
struct syncmap_box {
	uint64_t word[3]; /* allocated: 1 or 3 words */
};

/* The third state of an entry: an address that no box has. */
#define SYNCMAP_EXPUNGED ((struct syncmap_box *)1)

struct syncmap_entry {
	_Atomic(struct syncmap_box *) p;
	char *bytes; /* string shapes: the key's, owned; else NULL */
	union {
		size_t expunged_at; /* while expunged: place in the list */
		struct syncmap_entry *link; /* while being freed */
	};
};

/* What readers see; never changes once published. */
struct syncmap_header {
	struct gomap *map;
	bool amended; /* dirty has keys that map has not */
};

/* The entries that a rebuild expunged. One that was revived left a NULL. */
struct syncmap_expunged {
	size_t count, room;
	struct syncmap_entry *entries[];
};

struct syncmap {
	/* As in Go, one line for mutex and pointer: who takes the mutex
	   disturbs readers. */
	_Alignas(EPOCH_PAD) pthread_mutex_t lock;
	_Atomic(struct syncmap_header *) read;
	struct gomap *dirty; /* from here on: under the lock */
	size_t misses;
	struct syncmap_expunged *expunged;
	uint64_t generation; /* of the seed: each dirty has its own */
	uint64_t all_misses, promotions, rebuilds, rebuilt_entries;
	uint64_t revivals;
	_Alignas(EPOCH_PAD) struct epoch *epoch; /* constants */
	struct rm_shape shape;
	uint64_t seed;
};

/* Kinds of retired objects, for epoch_free(). */
enum {
	SYNCMAP_BOX,      /* and headers: one free() */
	SYNCMAP_ENTRY,    /* with the key, without a box */
	SYNCMAP_MAP,      /* without the entries */
	SYNCMAP_FULL_MAP, /* with entries and boxes: clear() */
	SYNCMAP_LIST,     /* of expunged entries, with them */
};

/* The contract's writes cannot fail: the process ends and the trial is
   recorded as failed. */
static inline void *syncmap_new(size_t bytes)
{
	void *memory = malloc(bytes);

	if (__builtin_expect(!memory, 0))
		gomap_no_memory();
	return memory;
}

RM_HOT struct syncmap_box *syncmap_box_new(
        struct rm_shape shape, const struct rm_value *value)
{
	struct syncmap_box *box = syncmap_new(shape.value_bytes);

	memcpy(box, value, shape.value_bytes);
	return box;
}

RM_HOT void syncmap_box_read(struct rm_shape shape,
        const struct syncmap_box *box, struct rm_value *value)
{
	memcpy(value, box, shape.value_bytes);
}

/* An entry with its own copy of a string key. */
static inline struct syncmap_entry *syncmap_entry_new(
        struct rm_shape inner, struct rm_key key, struct syncmap_box *box)
{
	struct syncmap_entry *entry = syncmap_new(sizeof(*entry));

	entry->bytes = NULL;
	atomic_init(&entry->p, box); /* published by the lock or a header */
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

/* The entry that a map's value is, or NULL. */
RM_HOT struct syncmap_entry *syncmap_entry_of(const _Atomic uint64_t *words)
{
	/* relaxed: who found the map has acquired what is in it */
	return words ? (struct syncmap_entry *)(uintptr_t)atomic_load_explicit(
	                       words, memory_order_relaxed)
	             : NULL;
}

RM_HOT struct syncmap_entry *syncmap_find(
        const struct gomap *map, struct rm_shape inner, struct rm_key key)
{
	return syncmap_entry_of(gomap_find(map, inner, key));
}

/* What a map takes, for statistics and the limit. */
static inline uint64_t syncmap_map_bytes(const struct gomap *map)
{
	struct gomap_stats sum = { 0 };

	gomap_stats_add(map, &sum);
	return sizeof(*map) + sizeof(*map->extra) + sum.array_bytes;
}

/* An empty map that borrows its keys; `hint` entries will come. */
static inline struct gomap *syncmap_gomap(struct syncmap *map, size_t hint)
{
	struct gomap *made = gomap_create(hint, syncmap_inner(map->shape),
	        rm_seed(map->seed, map->generation++));

	if (made)
		gomap_borrow_keys(made);
	return made;
}

/* Frees a list of entries, linked by `link`, and their boxes. */
static void syncmap_entries_free(struct syncmap_entry *entry)
{
	while (entry) {
		struct syncmap_entry *next = entry->link;
		/* relaxed: nobody else is left */
		struct syncmap_box *box =
		        atomic_load_explicit(&entry->p, memory_order_relaxed);

		if (box != SYNCMAP_EXPUNGED)
			free(box);
		syncmap_entry_free(entry);
		entry = next;
	}
}

/* Frees a map, its entries and their boxes. Nobody can reach them. Entries go
   last: in a growing map the iterator may look at a key twice. */
static RM_COLD void syncmap_full_map_free(struct gomap *map)
{
	struct syncmap_entry *first = NULL;
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

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

static RM_COLD void syncmap_list_free(struct syncmap_expunged *list)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (list->entries[i])
			syncmap_entry_free(list->entries[i]);
	free(list);
}

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	(void)owner;
	switch (kind) {
	case SYNCMAP_BOX:
		free(pointer);
		break;
	case SYNCMAP_ENTRY:
		syncmap_entry_free(pointer);
		break;
	case SYNCMAP_MAP:
		gomap_destroy(pointer);
		break;
	case SYNCMAP_FULL_MAP:
		syncmap_full_map_free(pointer);
		break;
	default:
		syncmap_list_free(pointer);
	}
}

/* Frees the map and all it holds. */
static void syncmap_destroy(void *opaque)
{
	struct syncmap *map = opaque;
	/* relaxed: nobody else is left */
	struct syncmap_header *header =
	        atomic_load_explicit(&map->read, memory_order_relaxed);

	epoch_destroy(map->epoch, map);
	if (header && map->dirty) { /* dirty holds all that is not expunged */
		syncmap_full_map_free(map->dirty);
		gomap_destroy(header->map);
	} else if (header && header->map) {
		syncmap_full_map_free(header->map);
	}
	syncmap_list_free(map->expunged);
	free(header);
	pthread_mutex_destroy(&map->lock);
	free(map);
}

/* `leak`: frees nothing before syncmap_destroy(). Go's map takes no size
   hint, and so sizing->keys and ->presize are not used. */
static void *syncmap_create(const struct rm_sizing *sizing, bool leak)
{
	struct syncmap *map = aligned_alloc(EPOCH_PAD, sizeof(*map));
	struct syncmap_header *header = calloc(1, sizeof(*header));

	if (!map || !header) {
		free(map);
		free(header);
		return NULL;
	}
	*map = (struct syncmap){ .shape = sizing->shape, .seed = sizing->seed };
	pthread_mutex_init(&map->lock, NULL);
	atomic_init(&map->read, header);
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, leak);
	header->map = syncmap_gomap(map, 0);
	if (map->epoch && header->map)
		return map;
	syncmap_destroy(map);
	return NULL;
}

static void *syncmap_join(void *opaque, size_t slot)
{
	struct syncmap *map = opaque;

	return epoch_join(map->epoch, slot, map);
}

static void syncmap_leave(void *thread)
{
	epoch_leave(thread);
}

#endif /* RM_SYNCMAP_LAYOUT_H */
