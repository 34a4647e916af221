/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch_arena.h - objects that show whether they have been freed, for the tests
 * of epoch.h.
 *
 * Objects come from an arena and are never reused. epoch_free() only marks them
 * dead, so a reader that finds a dead one proves a fault. The mark is a plain
 * word, so ThreadSanitizer detects a missing order, too.
 */
#ifndef RM_TEST_EPOCH_ARENA_H
#define RM_TEST_EPOCH_ARENA_H

#include "impls/support/epoch.h"
#include "tests/unit/wanted_stat.h"

#include <string.h>

enum { OBJECTS = 200000, SLOTS = 64 };

struct object {
	uint64_t dead;
};

/* The "map" of these tests, which owns all records. */
struct arena {
	struct epoch *epoch;
	struct object *objects;
	_Atomic size_t used, dead;
	_Atomic(struct object *) slots[SLOTS];
};

static void epoch_free(void *owner, unsigned kind, void *pointer)
{
	struct arena *arena = owner;
	struct object *object = pointer;

	object->dead += kind; /* the kind is 1, so an object that is freed twice
	                         has 2 */
	/* relaxed: read after all threads are joined */
	atomic_fetch_add_explicit(&arena->dead, 1, memory_order_relaxed);
}

static struct object *object_new(struct arena *arena)
{
	/* relaxed: only uniqueness matters */
	return &arena->objects[atomic_fetch_add_explicit(
	        &arena->used, 1, memory_order_relaxed)];
}

static void arena_open(
        struct arena *arena, size_t threads, uint64_t limit, bool keep)
{
	memset((void *)arena, 0, sizeof(*arena));
	arena->objects = calloc(OBJECTS, sizeof(*arena->objects));
	arena->epoch = epoch_create(threads, limit, keep);
}

static void arena_close(struct arena *arena)
{
	epoch_destroy(arena->epoch, arena);
	free(arena->objects);
}

static struct epoch_record *join(struct arena *arena, size_t slot)
{
	return epoch_join(arena->epoch, slot, arena);
}

static double stat_of(struct arena *arena, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	epoch_stats(arena->epoch, take_wanted, &wanted);
	return wanted.value;
}

#endif /* RM_TEST_EPOCH_ARENA_H */
