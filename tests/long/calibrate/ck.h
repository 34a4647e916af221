/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck.h - included before Concurrency Kit's benchmark of ck_ht (gcc -include).
 * The clock's unit is a picosecond of thread CPU time, since the benchmark
 * prints whole ticks. Each CALIBRATE_* replaces a part of its loop by this
 * suite's, so that differences get a measured cause.
 */
#include <ck_ht.h>

#include "regressions/common.h"

#include "impls/support/hash.h"

#include <time.h>

/* One call for each pass over all keys. */
static inline uint64_t calibrate_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) *
	       1000;
}

#define rdtsc calibrate_clock

#ifdef CALIBRATE_HASH /* the key itself, by a function pointer */
static inline uint64_t calibrate_hash(uint64_t word)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, 7);
}

static void calibrate_hash_of(
        ck_ht_hash_t *hash, const void *key, size_t length, uint64_t seed)
{
	(void)length, (void)seed;
	hash->value = calibrate_hash(*(const uintptr_t *)key);
}

#define ck_ht_hash_direct(hash, table, word) \
	((hash)->value = calibrate_hash(word))
#else
#define calibrate_hash_of hash_function
#endif

#ifdef CALIBRATE_DELETE /* the mode that allows removals */
#define CALIBRATE_MODE CK_HT_WORKLOAD_DELETE
#else
#define CALIBRATE_MODE 0
#endif

#define ck_ht_init(table, mode, hash, ...)                            \
	ck_ht_init(table, (mode) | CALIBRATE_MODE, calibrate_hash_of, \
	        __VA_ARGS__)
