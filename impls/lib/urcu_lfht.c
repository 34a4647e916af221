/* SPDX-License-Identifier: Apache-2.0 */
/* needs: liburcu-cds liburcu-qsbr */
/*
 * urcu_lfht.c - the lock-free hash table of liburcu, under QSBR.
 *
 * A lookup writes nothing shared. A thread of the library resizes the table, as
 * in most programs.
 */
#define URCU_FLAVOUR <urcu/urcu-qsbr.h>
#define URCU_FIXED   false
#include "impls/lib/urcu_map.h"
#include "runner/driver.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_urcu_lfht = {
	.id = "urcu_lfht",
	.label = "liburcu lfht, QSBR",
	.sync = "rcu-qsbr",
	.duty = RM_DUTY_ANNOUNCE,
	.caps = RM_CAP_BACKGROUND,
	URCU_MAP,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed after a grace period",
};
