/* SPDX-License-Identifier: Apache-2.0 */
/* dashmap_167.c - the result of a lookup outlives the lock of its shard: the
 * caller reads the value after the lock was released. Growth may have freed the
 * slots by then, or a writer may have changed them. */
#ifndef BUG_ID
#define BUG_ID dashmap_167
#endif
#include "verify/corpora/bugs/locked.h"

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct shard *shard = shard_of(thread, key);

	(void)shape;
	pthread_rwlock_rdlock(&shard->lock);
	uint64_t *slot = find(shard, key);

	if (!twin)
		pthread_rwlock_unlock(&shard->lock);
	if (slot)
		store_result(value, *value_of(slot));
	if (twin)
		pthread_rwlock_unlock(&shard->lock);
	return slot;
}

#define BUG_CREATE   base_create
#define BUG_EXCHANGE base_exchange
#define BUG_TAKE     base_take
#include "verify/corpora/bugs/bug_impl.h"
