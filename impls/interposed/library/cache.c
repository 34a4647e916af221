/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c - a small lookup cache that LD_PRELOAD puts in front of the map of
 * interposed.h. Each thread has 8 entries and replaces the least recently used
 * one.
 *
 * Writes invalidate entries. Each key maps to one of 256 pairs of counters. A
 * write increments `started` before it begins and `finished` after it ends. An
 * entry is filled only if no write was in progress, that is, if `finished` and
 * `started`, read in this order before the lookup, were equal. An entry is
 * valid while `started` is unchanged: no write of such a key has begun since.
 *
 * -DCACHE_NO_INVALIDATION is the negative control: every check of values must
 * detect it.
 */
#include "impls/interposed/interposed.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef CACHE_NO_INVALIDATION
enum { INVALIDATES = 0 };
#else
enum { INVALIDATES = 1 };
#endif
enum { ENTRIES = 8, COUNTERS = 256 };

struct entry {
	uint64_t map, key, value; /* `map` is the id of the map, or 0 if the
	                             entry is empty */
	uint64_t started, used;
};

static _Thread_local struct entry entries[ENTRIES];
static _Thread_local uint64_t clock_hand;

static struct counter {
	_Alignas(64) _Atomic uint64_t started;
	_Atomic uint64_t finished;
} counters[COUNTERS];

static struct counter *counter_of(uint64_t key)
{
	return &counters[key * 0x9e3779b97f4a7c15U >> 56];
}

/* Returns the next definition of a name, or aborts. */
static void *next_definition(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (!symbol) {
		fprintf(stderr, "cache: no later library has %s\n", name);
		abort();
	}
	return symbol;
}

typedef bool lookup_fn(void *map, uint64_t key, uint64_t *value);
typedef bool exchange_fn(
        void *map, uint64_t key, uint64_t value, uint64_t *old);
typedef bool take_fn(void *map, uint64_t key, uint64_t *old);

/* The function is resolved once, and all threads get the same address. relaxed:
   a constant */
#define NEXT(type, name)                                                   \
	static _Atomic(type *) found;                                      \
	type *real = atomic_load_explicit(&found, memory_order_relaxed);   \
	if (!real) {                                                       \
		*(void **)&real = next_definition(name);                   \
		atomic_store_explicit(&found, real, memory_order_relaxed); \
	}

/* Returns the key's entry, or the entry to replace. */
static struct entry *entry_of(uint64_t id, uint64_t key)
{
	struct entry *oldest = &entries[0];

	for (unsigned i = 0; i < ENTRIES; i++) {
		if (entries[i].map == id && entries[i].key == key)
			return &entries[i];
		if (entries[i].used < oldest->used)
			oldest = &entries[i];
	}
	return oldest;
}

bool rm_interposed_lookup(void *map, uint64_t key, uint64_t *value)
{
	NEXT(lookup_fn, "rm_interposed_lookup")
	const uint64_t id = ((struct interposed_head *)map)->id;
	struct counter *counter = counter_of(key);
	struct entry *entry = entry_of(id, key);
	/* both seq_cst: `finished` is read first; pair with the increments by
	   writers */
	const uint64_t finished = atomic_load(&counter->finished);
	const uint64_t started = atomic_load(&counter->started);

	entry->used = ++clock_hand;
	if (entry->map == id && entry->key == key &&
	        (!INVALIDATES || entry->started == started)) {
		*value = entry->value;
		return true;
	}
	entry->map = 0;
	if (!real(map, key, value))
		return false;
	if (!INVALIDATES || finished == started)
		*entry = (struct entry){ id, key, *value, started, clock_hand };
	return true;
}

bool rm_interposed_exchange(
        void *map, uint64_t key, uint64_t value, uint64_t *old)
{
	NEXT(exchange_fn, "rm_interposed_exchange")
	struct counter *counter = counter_of(key);

	/* both seq_cst: around the write; pair with the loads in lookups */
	atomic_fetch_add(&counter->started, 1);
	bool was_there = real(map, key, value, old);
	atomic_fetch_add(&counter->finished, 1);
	return was_there;
}

bool rm_interposed_take(void *map, uint64_t key, uint64_t *old)
{
	NEXT(take_fn, "rm_interposed_take")
	struct counter *counter = counter_of(key);

	/* both seq_cst: as in exchange() */
	atomic_fetch_add(&counter->started, 1);
	bool was_there = real(map, key, old);
	atomic_fetch_add(&counter->finished, 1);
	return was_there;
}
