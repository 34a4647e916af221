/* SPDX-License-Identifier: Apache-2.0 */
/* all_ones_is_deleted.c - linear probing under one reader-writer lock; the
 * words 0 and all ones mark empty and deleted slots.
 *
 * Bug: compare_remove() searches the table directly, although these two words
 * can also be keys. For the key of all ones it finds a tombstone with an old
 * value, or nothing. Corrected version: it uses find(), like all other
 * operations. Lookups write to the lock. */
#ifndef ID
#define ID all_ones_is_deleted
#endif
#include "verify/corpora/broken/slots.h"

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct map *map = thread;
	bool equal;

	pthread_rwlock_wrlock(&map->lock);
	struct slot *slot = RIGHT ? find(map, key.word, NULL)
	                          : find_in_table(map, key.word, NULL);
	equal = slot && broken_same(shape, &slot->value, expected);
	if (equal)
		bury(map, slot, key.word);
	pthread_rwlock_unlock(&map->lock);
	return equal;
}

static const struct rm_map_ops ops = {
	SLOTS_OPS,
	.compare_remove = compare_remove,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("lock", "rwlock", "point-in-time", "blocking"),
};
