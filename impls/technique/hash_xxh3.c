/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_xxh3.c - XXH3 of the xxHash library, with vectors.
 * needs: libxxhash
 */
#include "impls/support/xxh3.h"

/* test vectors published with the function: seed 0 */
#define HASH_OF(bytes, length) XXH3_64bits(bytes, length)
#define HASH_EMPTY             0x2d06800538d394c2U
#define HASH_A                 0xe6c632b61e964e1fU
#include "impls/technique/hash_loop.h"

const struct rm_impl rm_impl_hash_xxh3 = {
	.id = "hash_xxh3",
	.label = "XXH3, 64 bits",
	.sync = "none",
	.source = "xxHash: XXH3_64bits, " RM_XXH3_VECTOR,
	.system = "M5",
	TECHNIQUE("wait-free", hash_ops, hash_loops),
};
