/* SPDX-License-Identifier: Apache-2.0 */
/* behind_block.c - a lookup reads a table's length and address in two steps, so
 * it may combine an old length with a new, shorter table. */
#ifndef PLANTED_ID
#define PLANTED_ID behind_block
#endif
#include "verify/corpora/planted/planted.h"

enum { SHORT = 2, LONG = 3 };

struct tables {
	_Atomic(uint64_t) length;
	_Atomic(uint64_t *) table;
	uint64_t *both[2];
};

static void *create_tables(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);
	struct tables *tables = xcalloc(1, sizeof(*tables));

	tables->both[0] = xcalloc(LONG, sizeof(uint64_t));
	tables->both[1] = xcalloc(SHORT, sizeof(uint64_t));
	tables->length = LONG;
	tables->table = tables->both[0];
	map->extra = tables;
	return map;
}

static void destroy_tables(void *opaque)
{
	struct planted *map = opaque;
	struct tables *tables = map->extra;

	free(tables->both[0]);
	free(tables->both[1]);
	base_destroy(map);
}

/* The first exchange makes the table shorter. */
RM_HOT bool exchange_and_shorten(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	struct tables *tables = map->extra;

	tables->length = SHORT;
	tables->table = tables->both[1];
	return base_exchange(thread, shape, key, value, old);
}

RM_HOT bool lookup_last_slot(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct planted *map = thread;
	struct tables *tables = map->extra;
	const uint64_t length = twin ? SHORT : tables->length;
	const uint64_t *table = tables->table;

	if (table[length - 1])
		return false;
	return base_lookup(thread, shape, key, value);
}

#define PLANTED_CREATE   create_tables
#define PLANTED_DESTROY  destroy_tables
#define PLANTED_EXCHANGE exchange_and_shorten
#define PLANTED_LOOKUP   lookup_last_slot
#include "verify/corpora/planted/planted_impl.h"
