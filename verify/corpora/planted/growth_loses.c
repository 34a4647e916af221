/* SPDX-License-Identifier: Apache-2.0 */
/* growth_loses.c - one critical section copies the table into a larger one, and
 * the next replaces it by the copy: inserts in between are lost. */
#ifndef PLANTED_ID
#define PLANTED_ID growth_loses
#endif
#include "verify/corpora/planted/planted.h"

/* The table grows by itself when half of it is used; this fixture grows it at a
 * quarter. */
static bool growth_is_due(const struct planted *map)
{
	return map->table.count == (map->table.mask + 1) / 4;
}

static void copy_slots(const struct probe *from, struct probe *to)
{
	const size_t words = probe_stride(PLANTED_SLOT);

	for (size_t i = 0; i <= from->mask; i++) {
		const uint64_t *slot = from->slots + i * words;
		struct rm_key key = { .word = slot[PROBE_KEY] };

		if (!slot[PROBE_TAG])
			continue;
		probe_claim(to, PLANTED_SLOT, slot[PROBE_TAG],
		        key)[PROBE_KEY + 1] = slot[PROBE_KEY + 1];
	}
}

/* Keys that the new table lacks are lost, but their nodes must not leak: a
 * fixture has one bug. */
static void keep_nodes(const struct probe *from, struct planted *map)
{
	const size_t words = probe_stride(PLANTED_SLOT);

	for (size_t i = 0; i <= from->mask; i++) {
		const uint64_t *slot = from->slots + i * words;
		struct rm_key key = { .word = slot[PROBE_KEY] };
		struct node *node =
		        (struct node *)(uintptr_t)slot[PROBE_KEY + 1];

		if (!slot[PROBE_TAG] || find(map, key))
			continue;
		node->next = map->extra;
		map->extra = node;
	}
}

static RM_COLD void grow(struct planted *map)
{
	struct probe larger = map->table, old_table;

	larger.mask = larger.mask * 2 + 1;
	larger.count = 0;
	larger.slots = xcalloc(
	        larger.mask + 1, probe_stride(PLANTED_SLOT) * sizeof(uint64_t));
	copy_slots(&map->table, &larger);
	if (!twin) {
		pthread_mutex_unlock(&map->lock);
		/* growth is rare, and the pause makes it long */
		for (int i = 0; i < 8; i++)
			RM_PAUSE();
		pthread_mutex_lock(&map->lock);
	}
	old_table = map->table;
	if (old_table.mask >= larger.mask) { /* another thread was faster */
		probe_free(&larger, PLANTED_SLOT);
		return;
	}
	map->table = larger;
	keep_nodes(&old_table, map);
	probe_free(&old_table, PLANTED_SLOT);
}

RM_HOT bool growing_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	if (growth_is_due(map))
		grow(map);
	pthread_mutex_unlock(&map->lock);
	return base_exchange(thread, shape, key, value, old);
}

static void destroy(void *opaque)
{
	struct planted *map = opaque;
	struct node *node;

	while ((node = map->extra)) {
		map->extra = node->next;
		free(node);
	}
	base_destroy(map);
}

#define PLANTED_EXCHANGE growing_exchange
#define PLANTED_DESTROY  destroy
#include "verify/corpora/planted/planted_impl.h"
