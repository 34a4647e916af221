/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emptying_replace.c - a fresh map takes the place of the full one, which
 * is freed. In Go the collector frees it later, at no cost to who replaces it:
 * here the cost is in the time.
 */
#include "impls/technique/emptying.h"

static struct gomap *emptying(struct gomap *map, uint64_t keys, uint64_t seed)
{
	(void)keys;
	gomap_destroy(map);
	return gomap_create(0, RM_U64X8, seed);
}

const struct rm_impl rm_impl_emptying_replace = {
	.id = "emptying_replace",
	.label = "emptying by a fresh map",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M1",
	TECHNIQUE("wait-free", audit_ops, audit_loops),
};
