/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpdk_hash.c - DPDK's rte_hash, with look-ups that take no lock.
 *
 * needs: libdpdk
 *
 * Cuckoo hashing in buckets of eight, overflow buckets where both of a key are
 * full. A look-up writes nothing shared and starts anew where a key was moved
 * meanwhile; it reads a bucket's line and the key's. Removed entries are used
 * again after a grace period of DPDK's own QSBR, announced once a batch.
 *
 * The table is made for its keys. Its memory is DPDK's, from one mapping which
 * the first map of a process sizes. Keys are of one length and values pointers:
 * u64x8 only. As the library does not tell an update whether the key was there,
 * a write asks first, under a mutex: then there is one writer at a time, and
 * the library needs no lock of its own, which would be one for all of them too.
 */
#define ALLOW_EXPERIMENTAL_API /* the QSBR of a table, in some versions */

#include "impls/support/hash.h"
#include "impls/support/lock_pthread.h"
#include "impls/support/spin.h"
#include "runner/driver.h"
#include "runner/map.h"

#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_rcu_qsbr.h>
#include <rte_version.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BASE_MIB = 256,      /* for small maps, side by side */
	BYTES_PER_KEY = 128, /* of key, buckets, rings: at most */
	SPARE = 1024,        /* entries that wait for a grace period */
};

struct map;

struct thread {
	_Alignas(2 * RM_CACHE_LINE) struct map *map;
	unsigned id;
};

struct map {
	struct rte_hash *table; /* constants, up to the mutex' line */
	struct rte_rcu_qsbr *readers;
	uint64_t seed;
	_Alignas(2 * RM_CACHE_LINE) pthread_mutex_t writer;
	size_t count; /* under the mutex */
	struct thread thread[];
};

/*
 * DPDK's environment, once a process: no huge pages, no devices, nothing that
 * outlives the process. It pins this thread to the one CPU that it is told;
 * what the trial chose is restored.
 */
static pthread_mutex_t environment = PTHREAD_MUTEX_INITIALIZER;
static int environment_state; /* under the mutex: 0 none, 1 there, -1 failed */

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
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || started < 0)
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

/* 32 bits of it: the low ones choose the bucket, the upper half is compared. */
RM_HOT hash_sig_t hash_of(const struct map *map, struct rm_key key)
{
	return (hash_sig_t)rm_hash(RM_U64X8, key, map->seed);
}

RM_HOT bool find(const struct map *map, struct rm_key key, hash_sig_t hash,
        struct rm_value *value)
{
	void *held;

	if (rte_hash_lookup_with_hash_data(map->table, &key.word, hash, &held) <
	        0)
		return false;
	value->word[0] = (uintptr_t)held;
	return true;
}

RM_HOT bool lookup(void *opaque, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const struct thread *thread = opaque;

	(void)shape;
	return find(thread->map, key, hash_of(thread->map, key), value);
}

/* Entries that were removed wait for all threads. Those may be here, too, and
   say that they hold nothing. */
static RM_COLD void await_room(struct thread *thread, unsigned *looks)
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
	/* anew after a wait, in which others may have written the key */
	for (;; await_room(thread, &looks)) {
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

RM_HOT bool upsert(void *opaque, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	return exchange(opaque, shape, key, value, NULL);
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

RM_HOT bool remove_key(void *opaque, struct rm_shape shape, struct rm_key key)
{
	return take(opaque, shape, key, NULL);
}

/* Writers wait meanwhile: one moment of the map. */
static void scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct map *map = ((struct thread *)opaque)->map;
	const void *word;
	void *held;
	uint32_t at = 0;
	bool more = true;

	(void)shape;
	lock_mutex(&map->writer);
	while (more && rte_hash_iterate(map->table, &word, &held, &at) >= 0) {
		struct rm_value value = { { (uintptr_t)held } };
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

/* Tables have names, all of a process different ones. */
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

	/* relaxed: only the number matters */
	snprintf(name, sizeof(name), "%u",
	        atomic_fetch_add_explicit(&tables, 1, memory_order_relaxed));
	table = rte_hash_create(&parameters);
	if (table && !rte_hash_rcu_qsbr_add(table, &reclaims))
		return table;
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

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.quiesce = quiesce,
	.park = park,
	.unpark = unpark,
	.exchange = exchange,
	.take = take,
	.scan = scan,
	.length = length,
};

RM_DRIVE(ops, u64x8, RM_U64X8)

const struct rm_impl rm_impl_dpdk_hash = {
	.id = "dpdk_hash",
	.label = "DPDK rte_hash",
	.family = "rcu",
	.sync = "rcu-qsbr, mutex for writes",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "DPDK, rte_hash: cuckoo hashing, lock-free readers",
	.system = "",
	.shapes = 1 << 0,
	.caps = RM_CAP_BACKGROUND | RM_CAP_FIXED_SIZE,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "none", /* in this object; the library compares by memcmp */
	.ops = &ops,
	.drive = { drive_u64x8, NULL, NULL, NULL },
	.version = rte_version,
};
