/* SPDX-License-Identifier: Apache-2.0 */
/* families_sync_one.c - families.h with the prefixed keys in one sync.Map. */
#include "runner/driver.h"

enum { FAMILIES_MAPS = 1 };
#define FAMILIES_STORE "impls/technique/families_sync.h"
#include "impls/technique/families.h"

const struct rm_impl rm_impl_families_sync_one = {
	.id = "families_sync_one",
	.label = "prefixes, one port of sync.Map, waits in the kernel",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M16",
	TECHNIQUE("blocking", families_ops, families_loops),
};
