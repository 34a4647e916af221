/* SPDX-License-Identifier: Apache-2.0 */
/* emptying_delete.c - removes the keys one by one, in a loop over the map.
   (Go's compiler turns exactly this loop into a clear.) */
#include "impls/technique/emptying.h"

static struct gomap *emptying(struct gomap *map, uint64_t keys, uint64_t seed)
{
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;

	(void)keys, (void)seed;
	gomap_iterate_begin(map, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value))
		gomap_remove(map, RM_U64X8, key, NULL);
	gomap_iterate_end(&it);
	return map;
}

const struct rm_impl rm_impl_emptying_delete = {
	.id = "emptying_delete",
	.label = "emptying key by key",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M1",
	TECHNIQUE("wait-free", audit_ops, audit_loops),
};
