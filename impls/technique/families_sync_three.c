/* SPDX-License-Identifier: Apache-2.0 */
/* families_sync_three.c - families.h with a sync.Map for each module. */
#include "runner/driver.h"

enum { FAMILIES_MAPS = 3 };
#define FAMILIES_STORE "impls/technique/families_sync.h"
#include "impls/technique/families.h"

const struct rm_impl rm_impl_families_sync_three = {
	.id = "families_sync_three",
	.label = "prefixes, 3 ports of sync.Map, waits in the kernel",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M16",
	TECHNIQUE("blocking", families_ops, families_loops),
};
