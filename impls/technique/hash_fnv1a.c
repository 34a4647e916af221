/* SPDX-License-Identifier: Apache-2.0 */
/* hash_fnv1a.c - the hash that selects shards in article S4. */
#include "impls/support/fnv.h"

/* test vectors published with the function */
#define HASH_OF(bytes, length) rm_fnv1a(bytes, length)
#define HASH_EMPTY             0xcbf29ce484222325U
#define HASH_A                 0xaf63dc4c8601ec8cU
#include "impls/technique/hash_loop.h"

const struct rm_impl rm_impl_hash_fnv1a = {
	.id = "hash_fnv1a",
	.label = "FNV-1a, 64 bits",
	.sync = "none",
	.source = "Fowler, Noll, Vo: FNV-1a, 64 bits",
	.system = "M5",
	TECHNIQUE("wait-free", hash_ops, hash_loops),
};
