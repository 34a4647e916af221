/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpdk.h - included before DPDK's benchmark of rte_hash (gcc -include). It
 * replaces the benchmark's main function, which measures all key lengths, and
 * its clock by the thread's CPU time. Each CALIBRATE_* replaces a part of its
 * loop by this suite's, so that differences get a measured cause.
 */
#define ALLOW_EXPERIMENTAL_API

#include "test.h"

#include "impls/support/hash.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_hash.h>
#include <time.h>

static inline uint64_t calibrate_clock(void) /* in ps */
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) *
	       1000;
}

#define rte_rdtsc calibrate_clock

static inline hash_sig_t calibrate_hash(const void *key)
{
	const struct rm_key word = { .word = *(const uint64_t *)key };

	return (hash_sig_t)rm_hash(RM_U64X8, word, 7);
}

#ifdef CALIBRATE_HASH /* rte_jhash, called through a pointer */
#define CALIBRATE_WITH_HASH       1
#define rte_hash_hash(table, key) calibrate_hash(key)
#define rte_hash_lookup_with_hash_data(table, key, hash, data) \
	rte_hash_lookup_with_hash_data(                        \
	        table, key, ((void)(hash), calibrate_hash(key)), data)

static inline int calibrate_bulk(const struct rte_hash *table,
        const void **keys, unsigned count, uint64_t *hits, void **data)
{
	hash_sig_t hashes[RTE_HASH_LOOKUP_BULK_MAX];

	for (unsigned i = 0; i < count; i++)
		hashes[i] = calibrate_hash(keys[i]);
	return rte_hash_lookup_with_hash_bulk_data(
	        table, keys, hashes, (int)count, hits, data);
}

#define rte_hash_lookup_with_hash_bulk_data(    \
        table, keys, hashes, count, hits, data) \
	calibrate_bulk(table, keys, count, hits, data)
#else
#define CALIBRATE_WITH_HASH 0
#endif

#ifdef CALIBRATE_MATCH /* memcmp */
static int calibrate_equal(const void *a, const void *b, size_t length)
{
	(void)length;
	return *(const uint64_t *)a != *(const uint64_t *)b;
}
#endif

static inline struct rte_hash *calibrate_create(
        struct rte_hash_parameters *parameters)
{
	struct rte_hash *table;

#ifdef CALIBRATE_FREE /* a table without concurrency, sized for its keys */
	parameters->extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF |
	                         RTE_HASH_EXTRA_FLAGS_EXT_TABLE;
	parameters->entries = 2048 + 2048 / 8 + 1024;
#endif
	table = rte_hash_create(parameters);
#ifdef CALIBRATE_MATCH
	rte_hash_set_cmp_func(table, calibrate_equal);
#endif
	return table;
}

#define rte_hash_create calibrate_create

/* Keys of 8 bytes, in a table with overflow buckets. */
#define CALIBRATE_MAIN                                                         \
	char *arguments[] = { "calibrate", "--no-huge", "--no-shconf",         \
		"--no-pci", "--no-telemetry", "--log-level=error", "--lcores", \
		"0@0", "-m", "256", NULL };                                    \
	const unsigned hash = CALIBRATE_WITH_HASH, data = 1, at = 1, ext = 1;  \
	if (rte_eal_init(10, arguments) < 0 ||                                 \
	        create_table(data, at, 0, ext) ||                              \
	        get_input_keys(1, at, ext) || timed_adds(hash, data, at, ext)) \
		return 1;                                                      \
	shuffle_input_keys(at, ext);                                           \
	if (CALIBRATE_LOOKUPS(hash, data, at, ext))                            \
		return 1;                                                      \
	printf("%" PRIu64 " ps per lookup\n",                                  \
	        cycles[at][CALIBRATE_OPERATION][hash][data]);                  \
	return 0;

#ifdef CALIBRATE_BULK
#define CALIBRATE_LOOKUPS   timed_lookups_multi
#define CALIBRATE_OPERATION OP_LOOKUP_MULTI
#else
#define CALIBRATE_LOOKUPS   timed_lookups
#define CALIBRATE_OPERATION OP_LOOKUP
#endif

#undef REGISTER_TEST_COMMAND
#define REGISTER_TEST_COMMAND(name, function) \
	int main(void)                        \
	{                                     \
		CALIBRATE_MAIN                \
	}
