/* SPDX-License-Identifier: Apache-2.0 */
/*
 * urcu.h - put in front of liburcu's own benchmark of cds_lfht (gcc -include):
 * it gives parts of its loop to this suite's, one by one, so that a gap has a
 * measured cause. Without a macro of CALIBRATE_* their program is as it is.
 */
#include "test_urcu_hash.h"

#include "impls/support/hash.h"
#include "runner/base/rng.h"

#ifdef CALIBRATE_DRAW /* their rand_r() and its remainder by a variable */
static __thread uint64_t calibrate_state = 1;

static inline int calibrate_draw(unsigned int *state)
{
	(void)state;
	return (int)rm_below(rm_next(&calibrate_state), CALIBRATE_DRAW);
}

#define rand_r(state) calibrate_draw(state)
#ifdef CALIBRATE_READER /* the file that asks, not the one that has them */
#define lookup_pool_size ((unsigned long)CALIBRATE_DRAW)
#endif
#endif

#ifdef CALIBRATE_HASH /* Jenkins' lookup3 */
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

#ifdef CALIBRATE_MATCH /* a call of another file's function */
static int calibrate_equal(struct cds_lfht_node *node, const void *key)
{
	return to_test_node(node)->key == key;
}

#undef calibrate_match
#define calibrate_match calibrate_equal
#endif
