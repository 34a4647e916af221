/* SPDX-License-Identifier: Apache-2.0 */
/* shard_rw_64_boxed.c - 64 Go maps of pointers to values, each under its own
   RWMutex. In article S2 the 64 shards map strings to pointers. This is like
   shard_rw_64, but a lookup follows one more pointer, and a store allocates a
   box and frees the old one. */
#include "impls/support/fnv.h"
#include "impls/support/guard_go_rw.h"

enum { SHARDS = 64, SHARD_ALIGN = 128 };

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return rm_fnv1a_shard(shape, key, SHARDS);
}

#include "impls/gomap/gomap_boxed.h"

RM_DRIVES(boxed_ops)

const struct rm_impl rm_impl_shard_rw_64_boxed = {
	.id = "shard_rw_64_boxed",
	.label = "64 shards of boxes, port of RWMutex, waits in the kernel",
	.family = "shard",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex; FNV-1a shard choice; "
	          "pointers as values",
	.system = "M5",
	.guarantees = "once-if-present",
	.progress = "blocking",
	RM_ALL_OF(boxed_ops),
};
