/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_loop.h - runs a map of a shared library (readmostly.h) in the measured
 * loop. runner/regress_arms.sh writes the file that includes this header, for
 * `make regress IMPL=x.so`. That file defines FOREIGN_FILE (the path of the
 * library) and the rm_impl.
 *
 * Each operation is a call through a pointer, as programs in other languages
 * use such a map; reported costs include the call. Supports only the shape
 * u64x8 and the operations that loops and their verification need. `readmostly
 * check x.so` checks all others and validates the library's table.
 */
#ifndef RM_FOREIGN_LOOP_H
#define RM_FOREIGN_LOOP_H

#include "runner/driver.h"
#include "runner/map.h"
#include "runner/readmostly.h"

#include <dlfcn.h>
#include <string.h>

/* Written once by the first create(), before any thread runs. */
static struct rm_foreign_map foreign;

/* Loads the library; returns whether its table of functions is usable. */
static bool foreign_is_loaded(void)
{
	void *library = dlopen(FOREIGN_FILE, RTLD_NOW | RTLD_LOCAL);
	const struct rm_foreign_map *found =
	        library ? dlsym(library, "rm_foreign_map") : NULL;

	if (!found || found->version != RM_FOREIGN_VERSION)
		return false;
	const size_t bytes =
	        found->size < sizeof(foreign) ? found->size : sizeof(foreign);

	memcpy(&foreign, found, bytes);
	return foreign.create && foreign.destroy && foreign.lookup &&
	       foreign.upsert && foreign.remove;
}

static void *foreign_create(const struct rm_sizing *sizing)
{
	if (!foreign.create && !foreign_is_loaded())
		return NULL;
	return foreign.create(RM_FOREIGN_U64,
	        sizing->presize ? sizing->keys : 0, sizing->threads,
	        sizing->seed);
}

static void foreign_destroy(void *map)
{
	foreign.destroy(map);
}

static void *foreign_join(void *map, size_t slot)
{
	return foreign.join ? foreign.join(map, slot) : map;
}

static void foreign_leave(void *thread)
{
	if (foreign.leave)
		foreign.leave(thread);
}

RM_HOT void foreign_quiesce(void *thread)
{
	if (foreign.quiesce)
		foreign.quiesce(thread);
}

RM_HOT bool foreign_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	const struct rm_foreign_key own = { .word = key.word };

	(void)shape;
	return foreign.lookup(thread, &own, &value->word[0]);
}

RM_HOT bool foreign_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	const struct rm_foreign_key own = { .word = key.word };

	(void)shape;
	return foreign.upsert(
	        thread, &own, value->word[0], old ? &old->word[0] : NULL);
}

RM_HOT bool foreign_upsert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	return foreign_exchange(thread, shape, key, value, NULL);
}

RM_HOT bool foreign_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	const struct rm_foreign_key own = { .word = key.word };

	(void)shape;
	return foreign.remove(thread, &own, old ? &old->word[0] : NULL);
}

RM_HOT bool foreign_remove(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	return foreign_take(thread, shape, key, NULL);
}

static const struct rm_map_ops foreign_ops = {
	.create = foreign_create,
	.destroy = foreign_destroy,
	.join = foreign_join,
	.leave = foreign_leave,
	.lookup = foreign_lookup,
	.upsert = foreign_upsert,
	.remove = foreign_remove,
	.quiesce = foreign_quiesce,
	.exchange = foreign_exchange,
	.take = foreign_take,
};

RM_DRIVE(foreign_ops, u64x8, RM_U64X8)

#endif /* RM_FOREIGN_LOOP_H */
