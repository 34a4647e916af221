/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_address.c - stores into shards that the address of the key's argument
 * chooses, as the listing of article S2 does: where the key lies, not what it
 * is. A planted misuse: one key goes to different shards, and is not found.
 *
 * In units of a key's alignment, since of addresses modulo 64 only eight would
 * be left. Stacks of threads are whole pages apart, as those of goroutines are
 * whole blocks apart: at one depth of calls all of them get the same shard.
 */
#define ROUTE_OF(key)  ((uintptr_t)(key) / _Alignof(struct rm_key) % SHARDS)
#define ROUTE_MISLEADS true
#include "impls/technique/route.h"

const struct rm_impl rm_impl_route_address = {
	.id = "route_address",
	.label = "shard by address",
	.sync = "go-rwmutex",
	.source = "article S2, 4.3, the listing",
	.system = "M5",
	TECHNIQUE("blocking", route_ops, route_loops),
	.misuse = "measured: lookups_lost",
};
