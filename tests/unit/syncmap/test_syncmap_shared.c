/* SPDX-License-Identifier: Apache-2.0 */
/* test_syncmap_shared.c - tests syncmap_rlock_miss: a lookup that misses shares
   the lock, and the thread that makes a promotion due takes it exclusively. */
#define SYNCMAP_LOCK "impls/syncmap/syncmap_rwlock.h"
#include "tests/unit/syncmap/syncmap_bench.h"

int main(void)
{
	struct bench b = bench_open(true);
	struct syncmap_figures state;

	fill(&b, 3);
	store(&b, 10, 10);
	pthread_rwlock_rdlock(&b.map->lock.rwlock);
	/* if the lock were exclusive, this would hang */
	CHECK(load(&b, 10) == 10 && load(&b, 99) == 0 &&
	                syncmap_misses(b.map) == 2,
	        "lookups miss while another reader holds the lock");
	pthread_rwlock_unlock(&b.map->lock.rwlock);
	CHECK(load(&b, 10) == 10 && load(&b, 99) == 0,
	        "misses reach the number of entries in dirty");
	state = syncmap_figures(b.map);
	CHECK(!state.amended && state.promotions == 2 && state.read_keys == 4 &&
	                state.misses == 0 && state.all_misses == 4,
	        "misses promote, as in Go");
	CHECK(drop(&b, 10) && drop(&b, 0), "removals take the exclusive lock");
	store(&b, 11, 11);
	syncmap_promote_after(b.thread, b.map);
	CHECK(syncmap_figures(b.map).amended, "a late promotion does nothing");
	bench_close(&b, "invariants hold");
	return DONE();
}
