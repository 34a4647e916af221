/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route_address.c - stores into shards selected by the address of the argument,
 * like the listing of article S2, that is, by the location of the key instead
 * of its content. Misuse: one key goes to different shards and is not found.
 *
 * Addresses are divided by the alignment of a key, since otherwise only eight
 * of 64 shards would be used. Stacks of threads are whole pages apart, and
 * stacks of goroutines whole blocks, so at equal call depth all get the same
 * shard.
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
