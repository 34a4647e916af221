/* SPDX-License-Identifier: Apache-2.0 */
/* needs: liburcu-cds liburcu-memb */
/*
 * urcu_lfht_memb.c - liburcu's hash table of fixed size, under
 * sys_membarrier().
 *
 * Like urcu_lfht_fixed, but a reader announces each lookup, before and after
 * it, by a store to its own cache line, without a fence. The kernel's
 * membarrier orders these stores when a writer waits. Threads need not announce
 * quiescence.
 */
#define URCU_FLAVOUR <urcu/urcu-memb.h>
#define URCU_FIXED   true
#include "impls/lib/urcu_map.h"
#include "runner/driver.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_urcu_lfht_memb = {
	.id = "urcu_lfht_memb",
	.label = "liburcu fixed, memb",
	.sync = "rcu-memb",
	.duty = RM_DUTY_GUARD,
	.caps = RM_CAP_BACKGROUND | RM_CAP_FIXED_SIZE,
	URCU_MAP,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed after a grace period",
};
