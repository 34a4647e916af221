/* SPDX-License-Identifier: Apache-2.0 */
/* families_one.c - families.h with the prefixed keys in one Go map. */
#include "runner/driver.h"

enum { FAMILIES_MAPS = 1 };
#define FAMILIES_STORE "impls/technique/families_rw.h"
#include "impls/technique/families.h"

const struct rm_impl rm_impl_families_one = {
	.id = "families_one",
	.label = "prefixes, one map",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24; Go: sync.RWMutex",
	.system = "M16",
	TECHNIQUE("blocking", families_ops, families_loops),
};
