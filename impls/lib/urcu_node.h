/* SPDX-License-Identifier: Apache-2.0 */
/*
 * urcu_node.h - nodes, threads and reclamation of the maps on liburcu's table.
 *
 * The includer defines the flavour of RCU: URCU_FLAVOUR is its header, which
 * maps the rcu_* names to that flavour. QSBR has no cost per lookup, and
 * rcu_read_lock() is empty, unlike in other flavours. In return, a thread must
 * register once and go offline before it blocks.
 *
 * call_rcu()'s thread frees removed nodes. create() starts it in the thread
 * that has all CPUs of the trial. The first writer would make it inherit that
 * worker's single CPU.
 */
#ifndef RM_URCU_NODE_H
#define RM_URCU_NODE_H

#include "impls/support/hash.h"
#include "runner/base/clock.h"
#include "runner/map.h"

#define URCU_API_MAP
#define _LGPL_SOURCE /* lets the compiler inline the short functions that
                        announce quiescence */
#include URCU_FLAVOUR

#include <urcu/rculfhash.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	URCU_PAD = 128,
	URCU_BATCH_BYTES = 64 << 10, /* bytes that a thread retires before it
	                                adds them to the map's total */
	URCU_LIMIT = 256 << 20,      /* default of retired_limit_bytes */
};

/* A key and its value, immutable once in the table. Allocated for the shape:
   the value's words, then the bytes of a string key. */
struct node {
	struct cds_lfht_node link;
	struct rcu_head head; /* used once the node is removed */
	struct map *map;      /* needed by node_free() for statistics */
	uint64_t key;         /* the 64-bit key, or the string's length */
	uint64_t word[];
};

/* One thread's handle; the counters have one writer. */
struct thread {
	_Alignas(URCU_PAD) struct map *map;
	unsigned pinned;      /* number of open scans; if not 0, stay online */
	uint64_t unaccounted; /* bytes that were retired since the last
	                         account() */
	_Atomic uint64_t retired, retired_bytes, waits, wait_ns;
};

struct map {
	struct cds_lfht *table; /* constants, up to the next line */
	struct rm_shape shape;
	uint64_t seed, limit_bytes, batch_bytes;
	size_t threads;
	/* bytes accounted and not yet freed */
	_Alignas(URCU_PAD) _Atomic int64_t held_bytes;
	_Atomic int64_t peak_bytes;
	_Atomic unsigned joined, waiting;
	_Alignas(URCU_PAD) _Atomic uint64_t freed, freed_bytes;
	struct thread thread[];
};

/* liburcu registers threads of the operating system, not handles. This is the
   number of handles of the thread. */
static _Thread_local unsigned urcu_handles;

static void urcu_enter(void)
{
	if (urcu_handles++ == 0)
		rcu_register_thread();
}

static void urcu_exit(void)
{
	if (--urcu_handles == 0)
		rcu_unregister_thread();
}

RM_HOT struct node *node_of(struct cds_lfht_node *link)
{
	return link ? (struct node *)((char *)link -
	                              offsetof(struct node, link))
	            : NULL;
}

RM_HOT char *node_bytes(struct rm_shape shape, struct node *node)
{
	return (char *)&node->word[shape.value_bytes / 8];
}

RM_HOT struct rm_key node_key(struct rm_shape shape, struct node *node)
{
	if (!shape.str)
		return (struct rm_key){ .word = node->key };
	return (struct rm_key){ .bytes = node_bytes(shape, node),
		.length = node->key };
}

RM_HOT uint64_t node_size(struct rm_shape shape, uint64_t key)
{
	return sizeof(struct node) + shape.value_bytes + (shape.str ? key : 0);
}

/* If memory runs out, ends the process, since writes cannot report an error.
   The trial is recorded as failed. */
RM_HOT struct node *node_new(struct map *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	const uint64_t word = shape.str ? key.length : key.word;
	struct node *node = malloc(node_size(shape, word));

	if (!node)
		abort();
	cds_lfht_node_init(&node->link);
	node->map = map;
	node->key = word;
	memcpy(node->word, value, shape.value_bytes);
	if (shape.str && key.length)
		memcpy(node_bytes(shape, node), key.bytes, key.length);
	return node;
}

/* Runs after a grace period, in the thread of call_rcu(). */
static void node_free(struct rcu_head *head)
{
	struct node *node =
	        (struct node *)((char *)head - offsetof(struct node, head));
	struct map *map = node->map;
	uint64_t bytes = node_size(map->shape, node->key);

	free(node);
	/* relaxed: a threshold and statistics. The map still exists, since
	   destroy() waits for this function with a barrier. */
	atomic_fetch_sub_explicit(
	        &map->held_bytes, (int64_t)bytes, memory_order_relaxed);
	RM_STAT_OWN(map->freed_bytes, bytes);
	RM_STAT_OWN(map->freed, 1);
}

/* Adds the newly retired bytes to the map's total and updates the peak. */
static void account(struct thread *thread)
{
	struct map *map = thread->map;
	int64_t bytes = (int64_t)thread->unaccounted;
	/* all relaxed: a threshold and a statistic */
	int64_t held = atomic_fetch_add_explicit(
	                       &map->held_bytes, bytes, memory_order_relaxed) +
	               bytes;
	int64_t peak =
	        atomic_load_explicit(&map->peak_bytes, memory_order_relaxed);

	thread->unaccounted = 0;
	while (peak < held &&
	        !atomic_compare_exchange_weak_explicit(&map->peak_bytes, &peak,
	                held, memory_order_relaxed, memory_order_relaxed))
		;
}

/* Waits until all retired memory is freed. The thread is offline, so that no
   thread waits for it. */
static RM_COLD void await_freed(struct thread *thread)
{
	const uint64_t start_ns = rm_now_ns();

	/* both relaxed: a statistic */
	atomic_fetch_add_explicit(
	        &thread->map->waiting, 1, memory_order_relaxed);
	rcu_thread_offline();
	rcu_barrier();
	rcu_thread_online();
	atomic_fetch_sub_explicit(
	        &thread->map->waiting, 1, memory_order_relaxed);
	RM_EVENT_SPAN(RM_EVENT_GRACE_WAIT, start_ns, 0);
	rm_stat_own(&thread->waits, 1);
	rm_stat_own(&thread->wait_ns, rm_now_ns() - start_ns);
}

/* Accounts a full batch of retired nodes. Waits if the total is above the
   limit. */
static RM_COLD void settle(struct thread *thread)
{
	struct map *map = thread->map;

	account(thread);
	/* relaxed: a threshold */
	if (!thread->pinned &&
	        atomic_load_explicit(&map->held_bytes, memory_order_relaxed) >
	                (int64_t)map->limit_bytes)
		await_freed(thread);
}

/* Passes a removed node to call_rcu(). The caller must hold no references,
   since this function waits if too much memory is retired. */
RM_HOT void retire(
        struct thread *thread, struct rm_shape shape, struct node *node)
{
	const uint64_t bytes = node_size(shape, node->key);

	call_rcu(&node->head, node_free);
	RM_STAT_OWN(thread->retired, 1);
	RM_STAT_OWN(thread->retired_bytes, bytes);
	thread->unaccounted += bytes;
	if (__builtin_expect(
	            thread->unaccounted >= thread->map->batch_bytes, 0))
		settle(thread);
}

#endif /* RM_URCU_NODE_H */
