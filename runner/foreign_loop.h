/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign_loop.h - runs an adapter for readmostly.h in the measured loop.
 *
 * `make IMPL=x.c` includes this header before the adapter's source, and defines
 * FOREIGN_ID (the map's id) and FOREIGN_IMPL (the name of its rm_impl). For
 * `make regress IMPL=x.so`, runner/regress_arms.sh generates a file that
 * includes this header and defines FOREIGN_FILE (the path of the library) and
 * the rm_impl with the shape u64x8.
 *
 * Each operation is a call through a pointer, as in programs in other languages
 * that use such a map. Reported costs include the call. Values have 8 bytes.
 * This header supports only the operations that loops and their verification
 * need. `readmostly check x.c` validates the table and checks all operations.
 */
#ifndef RM_FOREIGN_LOOP_H
#define RM_FOREIGN_LOOP_H

#include "runner/driver.h"
#include "runner/map.h"
#include "runner/readmostly.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first create() sets it, before any thread runs. */
static struct rm_foreign_map foreign;

#ifdef FOREIGN_FILE
static const struct rm_foreign_map *foreign_table(void)
{
	void *library = dlopen(FOREIGN_FILE, RTLD_NOW | RTLD_LOCAL);

	return library ? dlsym(library, "rm_foreign_map") : NULL;
}
#else
RM_C_BEGIN
extern const struct rm_foreign_map rm_foreign_map;
RM_C_END

static const struct rm_foreign_map *foreign_table(void)
{
	return &rm_foreign_map;
}
#endif

/* Copies the table of functions. Returns true if it is usable. */
static bool foreign_is_loaded(void)
{
	const struct rm_foreign_map *found = foreign_table();

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
	return foreign.create(
	        sizing->shape.str ? RM_FOREIGN_STR : RM_FOREIGN_U64,
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

RM_HOT struct rm_foreign_key foreign_key(
        struct rm_shape shape, struct rm_key key)
{
	struct rm_foreign_key own = { 0, NULL, 0 };

	if (shape.str) {
		own.bytes = key.bytes;
		own.length = key.length;
	} else {
		own.word = key.word;
	}
	return own;
}

RM_HOT bool foreign_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	const struct rm_foreign_key own = foreign_key(shape, key);

	return foreign.lookup(thread, &own, &value->word[0]);
}

RM_HOT bool foreign_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	const struct rm_foreign_key own = foreign_key(shape, key);

	return foreign.upsert(
	        thread, &own, value->word[0], old ? &old->word[0] : NULL);
}

RM_HOT bool foreign_take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	const struct rm_foreign_key own = foreign_key(shape, key);

	return foreign.remove(thread, &own, old ? &old->word[0] : NULL);
}

static const struct rm_map_ops foreign_ops = {
	.create = foreign_create,
	.destroy = foreign_destroy,
	.join = foreign_join,
	.leave = foreign_leave,
	.lookup = foreign_lookup,
	.quiesce = foreign_quiesce,
	.exchange = foreign_exchange,
	.take = foreign_take,
};

#ifndef RM_SIZED
RM_DRIVE(foreign_ops, u64x8, RM_U64X8)
#endif

#ifdef FOREIGN_ID
#if !defined(RM_SIZED) || RM_SIZED == 24
RM_DRIVE(foreign_ops, str16x8, RM_STR16X8)
#endif

RM_C_BEGIN
extern struct rm_impl FOREIGN_IMPL;
RM_C_END

struct rm_impl FOREIGN_IMPL = {
	.id = FOREIGN_ID,
	.family = "free",
	.sync = "its own",
	.source = "an adapter for readmostly.h",
	.dispatch = "callback",
	.ops = &foreign_ops,
};

/* A constructor, since a constant cannot be initialised from members of another
   constant. */
__attribute__((constructor)) static void foreign_describe(void)
{
	static char label[64];
	struct rm_impl *impl = &FOREIGN_IMPL;

	if (!foreign_is_loaded()) {
		fprintf(stderr,
		        "%s: rm_foreign_map lacks a function; `readmostly "
		        "check` with its source names it\n",
		        impl->id);
		abort();
	}
	snprintf(label, sizeof(label), "%.24s, each operation a call",
	        foreign.name);
	impl->label = label;
	impl->guarantees = foreign.guarantees;
	impl->progress = foreign.progress;
	if (foreign.flags & RM_FOREIGN_ONE_WRITER)
		impl->caps |= RM_CAP_SINGLE_WRITER;
	if (foreign.flags & RM_FOREIGN_SLOW_WRITES)
		impl->caps |= RM_CAP_SLOW_WRITES;
#ifndef RM_SIZED
	if (foreign.keys & RM_FOREIGN_U64)
		impl->drive[rm_shape_index(RM_U64X8)] = drive_u64x8;
#endif
#if !defined(RM_SIZED) || RM_SIZED == 24
	if (foreign.keys & RM_FOREIGN_STR) {
		impl->drive[rm_shape_index(RM_STR16X8)] = drive_str16x8;
		impl->value_most = 8; /* for long keys */
	}
#endif
	for (unsigned i = 0; i < RM_SHAPES; i++)
		impl->shapes |= impl->drive[i] ? 1U << i : 0;
}
#endif

#endif /* RM_FOREIGN_LOOP_H */
