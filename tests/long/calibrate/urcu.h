/* SPDX-License-Identifier: Apache-2.0 */
/*
 * urcu.h - included before liburcu's benchmark of cds_lfht (gcc -include). Each
 * CALIBRATE_* replaces a part of its loop by this suite's, so that differences
 * get a measured cause. Without a macro the benchmark is unchanged.
 */
#include "test_urcu_hash.h"

#include "impls/support/hash.h"
#include "runner/base/rng.h"

#ifdef CALIBRATE_DRAW /* replaces rand_r() and its remainder by a variable */
static __thread uint64_t calibrate_state = 1;

static inline int calibrate_draw(unsigned int *state)
{
	(void)state;
	return (int)rm_below(rm_next(&calibrate_state), CALIBRATE_DRAW);
}

#define rand_r(state) calibrate_draw(state)
#ifdef CALIBRATE_READER /* only in the file of the readers */
#define lookup_pool_size ((unsigned long)CALIBRATE_DRAW)
#endif
#endif

#ifdef CALIBRATE_HASH /* replaces lookup3 of Jenkins */
static inline unsigned long calibrate_hash(const void *key)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = (uint64_t)key }, 7);
}

#define test_hash(key, length, seed) calibrate_hash(key)
#define cds_lfht_test_lookup(table, key, length, at)                  \
	do {                                                          \
		void *calibrate_key = (key);                          \
		cds_lfht_lookup(table, calibrate_hash(calibrate_key), \
		        calibrate_match, calibrate_key, at);          \
	} while (0)
#define calibrate_match test_match
#endif

#ifdef CALIBRATE_MATCH /* replaces a call into another file */
static int calibrate_equal(struct cds_lfht_node *node, const void *key)
{
	return to_test_node(node)->key == key;
}

#undef calibrate_match
#define calibrate_match calibrate_equal
#endif
