/* SPDX-License-Identifier: Apache-2.0 */
/* families_three.c - families.h with a Go map per module. */
#include "runner/driver.h"

enum { FAMILIES_MAPS = 3 };
#define FAMILIES_STORE "impls/technique/families_rw.h"
#include "impls/technique/families.h"

const struct rm_impl rm_impl_families_three = {
	.id = "families_three",
	.label = "prefixes, three maps",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24; Go: sync.RWMutex",
	.system = "M16",
	TECHNIQUE("blocking", families_ops, families_loops),
};
