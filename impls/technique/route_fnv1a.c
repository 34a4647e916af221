/* SPDX-License-Identifier: Apache-2.0 */
/* route_fnv1a.c - stores into shards selected by a hash of the key, to compare
   with route_address. */
#define ROUTE_OF(key)  shard_choice(RM_STR16X24, *(key))
#define ROUTE_MISLEADS false
#include "impls/technique/route.h"

const struct rm_impl rm_impl_route_fnv1a = {
	.id = "route_fnv1a",
	.label = "shard by FNV-1a",
	.sync = "go-rwmutex",
	.source = "FNV-1a shard choice over Go maps, as shard_rw_64",
	.system = "M5",
	TECHNIQUE("blocking", route_ops, route_loops),
};
