/* SPDX-License-Identifier: Apache-2.0 */
/* needs: liburcu-new */
/*
 * urcu_lfht_fixed_new.c - urcu_lfht_fixed with a newer liburcu.
 *
 * It uses the code of urcu_lfht_fixed with another version of the library.
 */
#define URCU_FLAVOUR <urcu/urcu-qsbr.h>
#define URCU_FIXED   true
#include "impls/lib/urcu_map.h"
#include "impls/lib/urcu_new.h"
#include "runner/driver.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_urcu_lfht_fixed_new = {
	.id = "urcu_lfht_fixed_new",
	.label = "liburcu newest, fixed, QSBR",
	.sync = "rcu-qsbr",
	.duty = RM_DUTY_ANNOUNCE,
	.caps = RM_CAP_BACKGROUND | RM_CAP_FIXED_SIZE,
	URCU_MAP,
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed after a grace period",
};
