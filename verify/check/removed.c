/* SPDX-License-Identifier: Apache-2.0 */
/* removed.c - the check `removed`: removed keys must not use memory. One thread
 * inserts new keys and removes the oldest, so that the map keeps RESIDENT keys.
 * Its memory may grow at first. Later it may grow by at most BYTES_PER_KEY for
 * each new key, which is less than the smallest entry that a map could leak. */
#include "verify/check/allocated.h"

enum {
	RESIDENT = 256,
	FIRST = 4096, /* new keys after which the map has its final size */
	KEYS = 50000,
	BYTES_PER_KEY = 8,
	SLACK_BYTES = 1 << 18,
};

struct removed {
	uint64_t keys;
	size_t first_bytes, last_bytes; /* after FIRST and after `keys` keys */
};

static size_t limit_bytes(const struct removed *removed)
{
	return removed->first_bytes + SLACK_BYTES +
	       (removed->keys - FIRST) * BYTES_PER_KEY;
}

static void replace_keys(struct rm_peer *peer)
{
	struct removed *removed = peer->peers->context;

	for (uint64_t n = 0; n < KEYS && rm_peer_tick_in_time(peer); n++) {
		rm_peer_upsert(peer, n, rm_peer_value(peer, n));
		if (n >= RESIDENT)
			rm_peer_remove(peer, n - RESIDENT);
		peer->ops->quiesce(peer->thread);
		if (n + 1 == FIRST)
			removed->first_bytes = allocated_bytes();
		removed->keys = n + 1;
	}
	if (removed->keys > FIRST)
		removed->last_bytes = wait_for_bytes(
		        peer->peers->c, peer, limit_bytes(removed));
}

int rm_check_removed(const struct rm_check_case *c, struct rm_error *error)
{
	struct removed removed = { 0 };
	void *map = rm_case_create(c, RESIDENT, false, error);
	int code;

	if (!map)
		return -1;
	code = rm_peers_run(c, map, 1, replace_keys, &removed, error);
	c->impl->ops->destroy(map);
	if (code || removed.keys <= FIRST ||
	        removed.last_bytes <= limit_bytes(&removed))
		return code;
	return rm_error_set(error, -1,
	        "%zu bytes more are allocated after %llu new keys than after "
	        "%d, although only %d keys are present",
	        removed.last_bytes - removed.first_bytes,
	        (unsigned long long)removed.keys, FIRST, RESIDENT);
}
