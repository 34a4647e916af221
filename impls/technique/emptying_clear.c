/* SPDX-License-Identifier: Apache-2.0 */
/* emptying_clear.c - clears the arrays in place, like Go's clear(). */
#include "impls/technique/emptying.h"

static struct gomap *emptying(struct gomap *map, uint64_t keys, uint64_t seed)
{
	(void)keys, (void)seed;
	gomap_clear(map, RM_U64X8);
	return map;
}

const struct rm_impl rm_impl_emptying_clear = {
	.id = "emptying_clear",
	.label = "emptying in place",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M1",
	TECHNIQUE("wait-free", audit_ops, audit_loops),
};
