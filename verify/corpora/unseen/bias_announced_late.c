/* SPDX-License-Identifier: Apache-2.0 */
/* bias_announced_late.c - shards under reader-writer locks biased towards
 * readers (idea: BRAVO, Dice and Kogan 2019). While a lock is biased, a reader
 * announces itself in its own word, checks that the lock is still biased, and
 * then does not access the lock. A writer locks, ends the bias, and waits for
 * announced readers.
 *
 * Bug: the reader's store is a release and its check an acquire, so the check
 * may happen before the store is visible. The writer's two steps are ordered,
 * but it can miss the announcement while the reader misses the end of the bias:
 * both enter. Corrected version: store and check are sequentially consistent.
 * Lookups in a biased shard write their thread's word. */
#ifndef ID
#define ID bias_announced_late
#endif
#include "impls/support/spin.h"
#include "verify/corpora/broken/broken.h"

/* seq_cst pairs with the writer's store of `biased` and its loads of `reads`;
 * release and acquire are too weak, since they order nothing between two
 * locations */
#define ORDER_SAY  (RIGHT ? memory_order_seq_cst : memory_order_release)
#define ORDER_LOOK (RIGHT ? memory_order_seq_cst : memory_order_acquire)

/* number of unbiased reads after which a lock is biased again */
enum { SLOW_READS = 8 };

struct guard {
	pthread_rwlock_t lock;
	_Atomic bool biased; /* set to true under the read lock */
	_Atomic unsigned slow;
	struct readers *readers;
};

/* A thread's handle. */
struct reader {
	/* the guard under which the thread reads without the lock */
	_Alignas(128) _Atomic(struct guard *) reads;
	struct map *map;
};

struct readers {
	size_t threads;
	struct reader reader[];
};

static inline void guard_init(struct guard *guard)
{
	pthread_rwlock_init(&guard->lock, NULL);
	atomic_init(&guard->biased, true);
	atomic_init(&guard->slow, 0);
}

static inline void guard_end(struct guard *guard)
{
	pthread_rwlock_destroy(&guard->lock);
}

static inline void guard_read(struct guard *guard, void *thread)
{
	struct reader *me = thread;

	if (atomic_load(&guard->biased)) {
		atomic_store_explicit(&me->reads, guard, ORDER_SAY);
		if (atomic_load_explicit(&guard->biased, ORDER_LOOK))
			return;
		atomic_store(&me->reads, NULL);
	}
	pthread_rwlock_rdlock(&guard->lock);
	if (!atomic_load(&guard->biased) &&
	        atomic_fetch_add(&guard->slow, 1) % SLOW_READS ==
	                SLOW_READS - 1)
		atomic_store(&guard->biased, true);
}

static inline void guard_write(struct guard *guard, void *thread)
{
	(void)thread;
	pthread_rwlock_wrlock(&guard->lock);
	if (!atomic_load(&guard->biased))
		return;
	atomic_store(&guard->biased, false);
	for (size_t i = 0; i < guard->readers->threads; i++) {
		struct reader *reader = &guard->readers->reader[i];
		unsigned looks = 0;

		while (atomic_load(&reader->reads) == guard)
			spin_wait(&looks);
	}
}

/* Ends a read or a write. */
static inline void guard_leave(struct guard *guard, void *thread)
{
	struct reader *me = thread;

	if (atomic_load(&me->reads) == guard)
		atomic_store(&me->reads, NULL);
	else
		pthread_rwlock_unlock(&guard->lock);
}

static inline void *guard_map(void *thread)
{
	return ((struct reader *)thread)->map;
}

#include "verify/corpora/broken/shards.h"

static void destroy(void *opaque)
{
	struct map *map = opaque;

	free(map->shard[0].guard.readers);
	shards_destroy(map);
}

static void *create(const struct rm_sizing *sizing)
{
	struct map *map = shards_create(sizing);

	if (!map)
		return NULL;
	struct readers *readers = aligned_alloc(_Alignof(struct readers),
	        sizeof(*readers) + sizing->threads * sizeof(struct reader));
	for (size_t i = 0; i < SHARDS; i++)
		map->shard[i].guard.readers = readers;
	if (!readers) {
		destroy(map);
		return NULL;
	}
	readers->threads = sizing->threads;
	for (size_t i = 0; i < readers->threads; i++) {
		atomic_init(&readers->reader[i].reads, NULL);
		readers->reader[i].map = map;
	}
	return map;
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	return &map->shard[0].guard.readers->reader[slot];
}

/* For leave and quiesce, which do nothing: a thread reads only during its
 * operations. */
static void no_more(void *thread)
{
	(void)thread;
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = no_more,
	.lookup = shards_lookup,
	.remove = shards_remove,
	.quiesce = no_more,
	.exchange = shards_exchange,
	.take = shards_take,
	.insert_if_absent = shards_insert_if_absent,
	.compare_swap = shards_compare_swap,
	.compare_remove = shards_compare_remove,
	.update = shards_update,
	.scan = shards_scan,
	.length = shards_length,
	.clear = shards_clear,
	.check = shards_check,
};

RM_DRIVES_U64(ops)

const struct rm_impl BROKEN_SYMBOL(ID) = {
	BROKEN_MAP("shard", "bravo", "once-if-present", "blocking"),
};
