/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpdk_hash.h - DPDK's rte_hash, with lock-free lookups.
 *
 * It uses cuckoo hashing in buckets of eight, and overflow buckets if both
 * buckets of a key are full. A lookup writes nothing shared and starts over if
 * a key was moved in the meantime. It reads a line of the bucket and one of the
 * key. Removed entries are reused after a grace period of DPDK's QSBR,
 * announced once per batch.
 *
 * The table is created for its number of keys. Its memory comes from one
 * mapping by DPDK, whose size is set by the first map of a process. Keys have a
 * fixed length and values are pointers, so only u64x8 is supported. Since the
 * library does not report the presence of a key to an update, a write first
 * looks up the key under a mutex. So there is one writer at a time, and the
 * library's own lock is not needed.
 */
#ifndef RM_DPDK_HASH_H
#define RM_DPDK_HASH_H

#define ALLOW_EXPERIMENTAL_API /* in some versions the QSBR of a table is
                                  experimental */

#include "impls/support/hash.h"
#include "impls/support/lock_pthread.h"
#include "impls/support/spin.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_rcu_qsbr.h>
#include <rte_version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BASE_MIB = 256,      /* enough for several small maps */
	BYTES_PER_KEY = 128, /* upper bound for key, buckets and rings */
	SPARE = 1024,        /* entries that wait for a grace period */
};

struct map;

struct thread {
	_Alignas(2 * RM_CACHE_LINE) struct map *map;
	unsigned id;
};

struct map {
	struct rte_hash *table; /* constant, like the other members before the
	                           mutex */
	struct rte_rcu_qsbr *readers;
	uint64_t seed;
	_Alignas(2 * RM_CACHE_LINE) pthread_mutex_t writer;
	size_t count; /* protected by the mutex */
	struct thread thread[];
};

/* Starts DPDK's environment once per process: no huge pages, no devices, and
   nothing that outlives the process. DPDK pins this thread to one CPU, so the
   trial's affinity is restored. */
static pthread_mutex_t environment = PTHREAD_MUTEX_INITIALIZER;
static int environment_state; /* protected by the mutex: 0 not started, 1
                                 running, -1 failed */

static int start_environment(size_t keys)
{
	char lcores[32], mib[32];
	char *arguments[] = { "readmostly", "--no-huge", "--no-shconf",
		"--no-pci", "--no-telemetry", "--log-level=error", "--lcores",
		lcores, "-m", mib, NULL };
	cpu_set_t cpus;
	int cpu = 0, started;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return -1;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(lcores, sizeof(lcores), "0@%d", cpu);
	snprintf(mib, sizeof(mib), "%zu",
	        BASE_MIB + (keys * BYTES_PER_KEY >> 20));
	started = rte_eal_init(
	        sizeof(arguments) / sizeof(*arguments) - 1, arguments);
	/* EALREADY: another row in a test program has started it */
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	        (started < 0 && rte_errno != EALREADY))
		return -1;
	return 1;
}

static bool has_environment(size_t keys)
{
	int state;

	pthread_mutex_lock(&environment);
	if (!environment_state)
		environment_state = start_environment(keys);
	state = environment_state;
	pthread_mutex_unlock(&environment);
	return state > 0;
}

/* Returns 32 bits of the hash: the low bits choose the bucket, the upper half
   is compared. */
RM_HOT hash_sig_t hash_of(const struct map *map, struct rm_key key)
{
	return (hash_sig_t)rm_hash(RM_U64X8, key, map->seed);
}

RM_HOT bool find(const struct map *map, struct rm_key key, hash_sig_t hash,
        struct rm_value *value)
{
	void *stored;

	if (rte_hash_lookup_with_hash_data(
	            map->table, &key.word, hash, &stored) < 0)
		return false;
	value->word[0] = (uintptr_t)stored;
	return true;
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const struct thread *thread = opaque;

	(void)shape;
	return find(thread->map, key, hash_of(thread->map, key), value);
}

/* The library computes the places of all keys and fetches their lines before it
   compares them. */
RM_HOT uint64_t lookup_many(void *opaque, struct rm_shape shape,
        const struct rm_key *keys, unsigned count, struct rm_value *values)
{
	const struct thread *thread = opaque;
	const void *words[RTE_HASH_LOOKUP_BULK_MAX];
	void *stored[RTE_HASH_LOOKUP_BULK_MAX];
	hash_sig_t hashes[RTE_HASH_LOOKUP_BULK_MAX];
	uint64_t found = 0;

	(void)shape;
	for (unsigned i = 0; i < count; i++) {
		words[i] = &keys[i].word;
		hashes[i] = hash_of(thread->map, keys[i]);
	}
	rte_hash_lookup_with_hash_bulk_data(
	        thread->map->table, words, hashes, count, &found, stored);
	for (unsigned i = 0; i < count; i++)
		if (found >> i & 1)
			values[i].word[0] = (uintptr_t)stored[i];
	return found;
}

/* Waits for a free entry. A removed entry becomes free once all threads have
   announced that they hold no reference. Other threads may also wait here, so
   each announces it here. */
static RM_COLD void await_free_entry(struct thread *thread, unsigned *looks)
{
	pthread_mutex_unlock(&thread->map->writer);
	rte_rcu_qsbr_quiescent(thread->map->readers, thread->id);
	spin_wait(looks);
	lock_mutex(&thread->map->writer);
}

RM_HOT bool exchange(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	const hash_sig_t hash = hash_of(map, key);
	struct rm_value before = { { 0 } };
	unsigned looks = 0;
	bool was_there;

	(void)shape;
	lock_mutex(&map->writer);
	/* starts over after a wait, since other threads may have written the
	   key */
	for (;; await_free_entry(thread, &looks)) {
		was_there = find(map, key, hash, &before);
		if (!rte_hash_add_key_with_hash_data(map->table, &key.word,
		            hash, (void *)(uintptr_t)value->word[0]))
			break;
	}
	map->count += !was_there;
	pthread_mutex_unlock(&map->writer);
	if (was_there && old)
		old->word[0] = before.word[0];
	return was_there;
}

RM_HOT bool take(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct thread *thread = opaque;
	struct map *map = thread->map;
	const hash_sig_t hash = hash_of(map, key);
	struct rm_value before;
	bool was_there;

	(void)shape;
	lock_mutex(&map->writer);
	was_there = !old || find(map, key, hash, &before);
	was_there = was_there && rte_hash_del_key_with_hash(
	                                 map->table, &key.word, hash) >= 0;
	map->count -= was_there;
	pthread_mutex_unlock(&map->writer);
	if (was_there && old)
		old->word[0] = before.word[0];
	return was_there;
}

/* Writers wait, so all visited entries were present at the same time. */
static void scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = ((struct thread *)opaque)->map;
	const void *word;
	void *stored;
	uint32_t at = 0;
	bool more = true;

	(void)shape;
	lock_mutex(&map->writer);
	while (more && rte_hash_iterate(map->table, &word, &stored, &at) >= 0) {
		struct rm_value value = { { (uintptr_t)stored } };
		struct rm_key key = { .word = *(const uint64_t *)word };

		more = fn(context, key, &value);
	}
	pthread_mutex_unlock(&map->writer);
}

static size_t length(void *opaque)
{
	struct map *map = ((struct thread *)opaque)->map;
	size_t count;

	lock_mutex(&map->writer);
	count = map->count;
	pthread_mutex_unlock(&map->writer);
	return count;
}

static struct rte_rcu_qsbr *readers_new(size_t threads)
{
	const size_t bytes = rte_rcu_qsbr_get_memsize((uint32_t)threads);
	struct rte_rcu_qsbr *readers = aligned_alloc(RM_CACHE_LINE,
	        (bytes + RM_CACHE_LINE - 1) & -(size_t)RM_CACHE_LINE);

	if (readers && !rte_rcu_qsbr_init(readers, (uint32_t)threads))
		return readers;
	free(readers);
	return NULL;
}

/* The library has its own comparisons for multiples of 16 bytes, and calls
   memcmp for other sizes. */
static int compare(const void *a, const void *b, size_t length)
{
	(void)length;
	return *(const uint64_t *)a != *(const uint64_t *)b;
}

/* Each table of a process needs a unique name. */
static struct rte_hash *table_new(size_t keys, struct rte_rcu_qsbr *readers)
{
	static _Atomic unsigned tables;
	char name[RTE_HASH_NAMESIZE];
	struct rte_hash_parameters parameters = {
		.name = name,
		.entries = (uint32_t)(keys + keys / 8 + SPARE),
		.key_len = sizeof(uint64_t),
		.socket_id = SOCKET_ID_ANY,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF |
		              RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};
	struct rte_hash_rcu_config reclaims = { .v = readers };
	struct rte_hash *table;

	/* relaxed: only uniqueness matters */
	snprintf(name, sizeof(name), "%u",
	        atomic_fetch_add_explicit(&tables, 1, memory_order_relaxed));
	table = rte_hash_create(&parameters);
	if (table && !rte_hash_rcu_qsbr_add(table, &reclaims)) {
		rte_hash_set_cmp_func(table, compare);
		return table;
	}
	rte_hash_free(table);
	return NULL;
}

static void *create(const struct rm_sizing *sizing)
{
	const size_t bytes =
	        sizeof(struct map) + sizing->threads * sizeof(struct thread);
	struct map *map;

	if (!has_environment(sizing->keys))
		return NULL;
	map = aligned_alloc(_Alignof(struct map), bytes);
	if (!map)
		return NULL;
	*map = (struct map){ .seed = sizing->seed };
	for (unsigned i = 0; i < sizing->threads; i++)
		map->thread[i] = (struct thread){ .map = map, .id = i };
	map->readers = readers_new(sizing->threads);
	if (map->readers)
		map->table = table_new(sizing->keys, map->readers);
	if (!map->table) {
		free(map->readers);
		free(map);
		return NULL;
	}
	pthread_mutex_init(&map->writer, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct map *map = opaque;

	rte_hash_free(map->table);
	free(map->readers);
	pthread_mutex_destroy(&map->writer);
	free(map);
}

static void *join(void *opaque, size_t slot)
{
	struct map *map = opaque;

	rte_rcu_qsbr_thread_register(map->readers, (unsigned)slot);
	rte_rcu_qsbr_thread_online(map->readers, (unsigned)slot);
	return &map->thread[slot];
}

static void leave(void *opaque)
{
	struct thread *thread = opaque;

	rte_rcu_qsbr_thread_offline(thread->map->readers, thread->id);
	rte_rcu_qsbr_thread_unregister(thread->map->readers, thread->id);
}

RM_HOT void quiesce(void *opaque)
{
	const struct thread *thread = opaque;

	rte_rcu_qsbr_quiescent(thread->map->readers, thread->id);
}

static void park(void *opaque)
{
	const struct thread *thread = opaque;

	rte_rcu_qsbr_thread_offline(thread->map->readers, thread->id);
}

static void unpark(void *opaque)
{
	const struct thread *thread = opaque;

	rte_rcu_qsbr_thread_online(thread->map->readers, thread->id);
}

#define DPDK_OPS                                                              \
	.create = create, .destroy = destroy, .join = join, .leave = leave,   \
	.lookup = lookup, .quiesce = quiesce, .park = park, .unpark = unpark, \
	.exchange = exchange, .take = take, .scan = scan, .length = length

/* Members of struct rm_impl that these maps share. `dispatch` describes this
   object, not the library, which calls compare(). */
#define DPDK_MAP                                                            \
	.family = "rcu", .sync = "rcu-qsbr, mutex for writes",              \
	.duty = RM_DUTY_ANNOUNCE,                                           \
	.source = "DPDK, rte_hash: cuckoo hashing, lock-free readers",      \
	.shapes = 1 << 0, .caps = RM_CAP_BACKGROUND | RM_CAP_FIXED_SIZE,    \
	.guarantees = "point-in-time", .progress = "blocking", .ops = &ops, \
	.version = rte_version

#endif /* RM_DPDK_HASH_H */
