/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.c - a table of rm_foreign_map functions as a table of rm_map_ops. */
#include "runner/check/foreign.h"

#include "runner/check/foreign_load.h"

#include <stdlib.h>

/* The one library of this process; written once, before any thread. */
static struct rm_foreign_map table;

static struct rm_foreign_key key_of(struct rm_key key)
{
	return (struct rm_foreign_key){ key.word, key.bytes, key.length };
}

static void *create(const struct rm_sizing *sizing)
{
	return table.create(sizing->shape.str ? RM_FOREIGN_STR : RM_FOREIGN_U64,
	        sizing->presize ? sizing->keys : 0, sizing->threads,
	        sizing->seed);
}

static void destroy(void *map)
{
	table.destroy(map);
}

static void *join(void *map, size_t slot)
{
	return table.join ? table.join(map, slot) : map;
}

static void leave(void *thread)
{
	if (table.leave)
		table.leave(thread);
}

static void quiesce(void *thread)
{
	if (table.quiesce)
		table.quiesce(thread);
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.lookup(thread, &foreign, &value->word[0]);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.upsert(thread, &foreign, value->word[0], &old->word[0]);
}

static bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.upsert(thread, &foreign, value->word[0], NULL);
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.remove(thread, &foreign, &old->word[0]);
}

static bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.remove(thread, &foreign, NULL);
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.insert_if_absent(
	        thread, &foreign, value->word[0], &present->word[0]);
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.compare_swap(
	        thread, &foreign, expected->word[0], value->word[0]);
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct rm_foreign_key foreign = key_of(key);

	(void)shape;
	return table.compare_remove(thread, &foreign, expected->word[0]);
}

struct visit {
	rm_scan_fn *fn;
	void *context;
};

static int visit_one(
        void *context, const struct rm_foreign_key *key, uint64_t value)
{
	struct visit *visit = context;
	const struct rm_value own = { { value } };

	return visit->fn(visit->context,
	        (struct rm_key){ key->word, key->bytes, key->length }, &own);
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct visit visit = { fn, context };

	(void)shape;
	table.scan(thread, visit_one, &visit);
}

static size_t length(void *thread)
{
	return table.length(thread);
}

static void clear(void *thread)
{
	table.clear(thread);
}

/* What the library offers, in our words. */
static struct rm_map_ops ops_of(void)
{
	struct rm_map_ops ops = {
		.create = create,
		.destroy = destroy,
		.join = join,
		.leave = leave,
		.lookup = lookup,
		.upsert = upsert,
		.remove = remove_key,
		.quiesce = quiesce,
		.exchange = exchange,
		.take = take,
	};

	if (table.insert_if_absent)
		ops.insert_if_absent = insert_if_absent;
	if (table.compare_swap)
		ops.compare_swap = compare_swap;
	if (table.compare_remove)
		ops.compare_remove = compare_remove;
	if (table.scan)
		ops.scan = scan;
	if (table.length)
		ops.length = length;
	if (table.clear)
		ops.clear = clear;
	return ops;
}

static unsigned shapes_of(uint32_t keys)
{
	unsigned shapes = 0;

	if (keys & RM_FOREIGN_U64)
		shapes |= 1U << rm_shape_index(RM_U64X8);
	if (keys & RM_FOREIGN_STR)
		shapes |= 1U << rm_shape_index(RM_STR16X8);
	return shapes;
}

int rm_foreign_load(
        const char *path, const struct rm_impl **impl, struct rm_error *error)
{
	static struct rm_map_ops ops;
	static struct rm_impl described;
	int result;

	if (table.create)
		return rm_error_set(error, -EBUSY,
		        "%s: a library is loaded already, expected one", path);
	result = rm_foreign_read(path, &table, error);
	if (result)
		return result;
	ops = ops_of();
	described = (struct rm_impl){
		.id = path,
		.label = table.name,
		.family = "free",
		.sync = "its own",
		.source = path,
		.system = "",
		.shapes = shapes_of(table.keys),
		.guarantees = table.guarantees,
		.progress = table.progress,
		.dispatch = "callback",
		.ops = &ops,
	};
	*impl = &described;
	return 0;
}
