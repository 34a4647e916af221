/* SPDX-License-Identifier: Apache-2.0 */
/* dashmap_195.c - each entry of an iterator holds the shard's read lock, in
 * addition to the iterator itself. If new readers must queue after waiting
 * writers, and a writer arrives between the two acquisitions, both threads wait
 * forever. */
#ifndef BUG_ID
#define BUG_ID dashmap_195
#endif
#include "verify/corpora/bugs/locked.h"

static void *create(const struct rm_sizing *sizing)
{
	return locked_create(
	        sizing, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
}

struct visit {
	rm_scan_fn *fn;
	void *context;
	struct shard *shard;
	bool go_on;
};

static bool visit_entry(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct visit *visit = context;

	if (!twin)
		pthread_rwlock_rdlock(&visit->shard->lock);
	visit->go_on = visit->fn(visit->context, key, value);
	if (!twin)
		pthread_rwlock_unlock(&visit->shard->lock);
	return visit->go_on;
}

static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct locked *map = thread;
	struct visit visit = { .fn = fn, .context = context, .go_on = true };

	(void)shape;
	for (int i = 0; i < SHARDS && visit.go_on; i++) {
		visit.shard = map->shards + i;
		pthread_rwlock_rdlock(&visit.shard->lock);
		probe_scan(&visit.shard->table, SLOT, visit_entry, &visit);
		pthread_rwlock_unlock(&visit.shard->lock);
	}
}

#define BUG_LOOKUP     base_lookup
#define BUG_EXCHANGE   base_exchange
#define BUG_TAKE       base_take
#define BUG_SCAN       scan
#define BUG_GUARANTEES "once-if-present"
#include "verify/corpora/bugs/bug_impl.h"
