/* SPDX-License-Identifier: Apache-2.0 */
/* urcu_life.h - the maps on liburcu's table: creation, destruction, threads,
   statistics. Included by urcu_map.h only. */
#ifndef RM_URCU_LIFE_H
#define RM_URCU_LIFE_H

#include "impls/lib/urcu_node.h"

/* liburcu does not report when it resizes. But its resizing thread and helpers
   register before a resize and unregister after it, and they do so through the
   flavour of RCU given to the table. In the stats build this flavour measures
   the time between the two calls. The new size is unknown. */
static _Thread_local uint64_t urcu_resize_ns;

static void resize_begins(void)
{
	rcu_register_thread();
	urcu_resize_ns = RM_EVENT_CLOCK();
}

static void resize_ends(void)
{
	RM_EVENT_SPAN(RM_EVENT_RESIZE, urcu_resize_ns, 0);
	rcu_unregister_thread();
}

static const struct rcu_flavor_struct urcu_event_flavor = {
	.read_lock = rcu_read_lock,
	.read_unlock = rcu_read_unlock,
	.read_ongoing = rcu_read_ongoing,
	.read_quiescent_state = rcu_quiescent_state,
	.update_call_rcu = call_rcu,
	.update_synchronize_rcu = synchronize_rcu,
	.update_defer_rcu = defer_rcu,
	.thread_offline = rcu_thread_offline,
	.thread_online = rcu_thread_online,
	.register_thread = resize_begins,
	.unregister_thread = resize_ends,
	.barrier = rcu_barrier,
	.register_rculfhash_atfork = urcu_register_rculfhash_atfork,
	.unregister_rculfhash_atfork = urcu_unregister_rculfhash_atfork,
};

static void *create(const struct rm_sizing *sizing)
{
	size_t bytes =
	        sizeof(struct map) + sizing->threads * sizeof(struct thread);
	struct map *map = aligned_alloc(URCU_PAD, bytes);
	unsigned long buckets = 1;

	if (!map)
		return NULL;
	*map = (struct map){ .shape = sizing->shape,
		.seed = sizing->seed,
		.threads = sizing->threads };
	map->limit_bytes = sizing->retired_limit_bytes;
	if (!map->limit_bytes)
		map->limit_bytes = URCU_LIMIT;
	map->batch_bytes = map->limit_bytes / (4 * map->threads);
	if (map->batch_bytes > URCU_BATCH_BYTES)
		map->batch_bytes = URCU_BATCH_BYTES;
	for (size_t i = 0; i < map->threads; i++)
		map->thread[i] = (struct thread){ .map = map };
	while ((sizing->presize || URCU_FIXED) && buckets < sizing->keys)
		buckets *= 2;
	if (URCU_FIXED)
		buckets *= 2;
	map->table = cds_lfht_new_flavor(buckets, buckets,
	        URCU_FIXED ? buckets : 0,
	        URCU_FIXED ? 0 : CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING,
	        RM_STATS_BUILT ? &urcu_event_flavor : &rcu_flavor, NULL);
	/* starts the thread of call_rcu(), which inherits the CPUs of this
	   thread */
	if (map->table && get_default_call_rcu_data())
		return map;
	if (map->table)
		cds_lfht_destroy(map->table, NULL);
	free(map);
	return NULL;
}

/* Retires nodes through call_rcu() even here, since the resizing thread may
   still visit them. */
static void destroy(void *opaque)
{
	struct map *map = opaque;
	struct thread last = { .map = map, .pinned = 1 };

	urcu_enter();
	clear(&last);
	urcu_exit();
	rcu_barrier();
	cds_lfht_destroy(map->table, NULL);
	free(map);
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	urcu_enter();
	/* relaxed: a counter that publishes nothing */
	atomic_fetch_add_explicit(&map->joined, 1, memory_order_relaxed);
	return &map->thread[slot];
}

/* The last thread to leave waits until everything is freed. */
static void leave(void *opaque)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;

	account(thread);
	urcu_exit();
	/* relaxed: call_rcu() orders the nodes that other threads retired */
	if (atomic_fetch_sub_explicit(&map->joined, 1, memory_order_relaxed) ==
	        1)
		rcu_barrier();
}

static void quiesce(void *thread)
{
	(void)thread;
	rcu_quiescent_state();
}

static void park(void *thread)
{
	(void)thread;
	rcu_thread_offline();
}

static void unpark(void *thread)
{
	(void)thread;
	rcu_thread_online();
}

static void stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct map *map = opaque;
	uint64_t sum[4] = { 0 };

	for (size_t i = 0; i < map->threads; i++) {
		struct thread *thread = &map->thread[i];
		_Atomic uint64_t *const counters[4] = { &thread->retired,
			&thread->retired_bytes, &thread->waits,
			&thread->wait_ns };

		for (int c = 0; c < 4; c++)
			sum[c] += rm_stat_read(counters[c]);
	}
	emit(context, "retired", "1", rm_stat_value(sum[0]));
	emit(context, "freed", "1", rm_stat_value(rm_stat_read(&map->freed)));
	emit(context, "retired_bytes", "bytes", rm_stat_value(sum[1]));
	emit(context, "freed_bytes", "bytes",
	        rm_stat_value(rm_stat_read(&map->freed_bytes)));
	emit(context, "retired_peak_bytes", "bytes",
	        (double)atomic_load_explicit(
	                &map->peak_bytes, memory_order_relaxed));
	emit(context, "retired_limit_bytes", "bytes", (double)map->limit_bytes);
	emit(context, "grace_waits", "1", (double)sum[2]);
	emit(context, "grace_wait_ns", "ns", (double)sum[3]);
	emit(context, "grace_waiting", "1",
	        (double)atomic_load_explicit(
	                &map->waiting, memory_order_relaxed));
}

/* Checks that a lookup of each node's key finds this node. */
static bool check(void *opaque, char *why, size_t size)
{
	struct map *map = opaque;
	struct cds_lfht_iter at, found;
	struct node *node;
	bool ok = true;

	urcu_enter();
	rcu_read_lock();
	cds_lfht_first(map->table, &at);
	while (ok && (node = node_of(cds_lfht_iter_get_node(&at)))) {
		ok = find(map, map->shape, node_key(map->shape, node),
		             &found) == node;
		cds_lfht_next(map->table, &at);
	}
	rcu_read_unlock();
	urcu_exit();
	if (!ok)
		snprintf(why, size, "a lookup does not find a node's key");
	return ok;
}

#endif /* RM_URCU_LIFE_H */
