/* SPDX-License-Identifier: Apache-2.0 */
/* emptying_replace.c - replaces the full map with a new one and frees the old
   map. In Go the collector frees it later, at no cost to this thread; here the
   time includes it. */
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
