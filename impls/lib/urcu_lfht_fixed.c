/* SPDX-License-Identifier: Apache-2.0 */
/* needs: liburcu-cds liburcu-qsbr */
/*
 * urcu_lfht_fixed.c - liburcu's hash table with a fixed size, under QSBR.
 *
 * A lookup writes nothing shared. The table is created with two buckets per key
 * and never resized. If the number of keys is known, this is the library's best
 * case, since a table that resizes grows far beyond its keys.
 */
#define URCU_FLAVOUR <urcu/urcu-qsbr.h>
#define URCU_FIXED   true
#include "impls/lib/urcu_map.h"
#include "runner/driver.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_urcu_lfht_fixed = {
	.id = "urcu_lfht_fixed",
	.label = "liburcu fixed, QSBR",
	.sync = "rcu-qsbr",
	.duty = RM_DUTY_ANNOUNCE,
	.caps = RM_CAP_BACKGROUND | RM_CAP_FIXED_SIZE,
	URCU_MAP,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed after a grace period",
};
