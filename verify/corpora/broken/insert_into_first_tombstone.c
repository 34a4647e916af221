/* SPDX-License-Identifier: Apache-2.0 */
/* insert_into_first_tombstone.c - linear probing under one reader-writer lock.
 *
 * Bug: insert_if_absent() ends its search at the first free slot, and a
 * tombstone is free. If the key is further on, it is now present twice, and the
 * older entry reappears when the newer one is removed. Corrected version: the
 * search continues to the first empty slot. Lookups write to the lock. */
#ifndef ID
#define ID insert_into_first_tombstone
#endif
#include "verify/corpora/broken/slots.h"

/* Like find(), but the search ends at the first slot that is free. */
static struct slot *find_or_free(
        struct map *map, uint64_t word, struct slot **room)
{
	size_t i = home(map, word);

	while (!reserved(map->slot[i].key) && map->slot[i].key != word)
		i = (i + 1) & map->mask;
	*room = &map->slot[i];
	return map->slot[i].key == word ? *room : NULL;
}

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct map *map = thread;
	struct slot *room = NULL;

	pthread_rwlock_wrlock(&map->lock);
	make_room(map);
	struct slot *slot = RIGHT || reserved(key.word)
	                            ? find(map, key.word, &room)
	                            : find_or_free(map, key.word, &room);
	if (slot)
		broken_copy(shape, present, &slot->value);
	else
		fill(map, room, shape, key, value);
	pthread_rwlock_unlock(&map->lock);
	return slot != NULL;
}

static const struct rm_map_ops ops = {
	SLOTS_OPS,
	.insert_if_absent = insert_if_absent,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "rwlock", "point-in-time", "blocking"),
};
