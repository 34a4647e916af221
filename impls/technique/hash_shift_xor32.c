/* SPDX-License-Identifier: Apache-2.0 */
/* hash_shift_xor32.c - the shift-xor hash of article S2. */
#include "impls/support/shift_xor.h"

/* computed by hand; "a" takes one step, from 0xdeadbecf to (h << 5) + (h >>
   2) */
#define HASH_OF(text, size)            \
	rm_shift_xor32_key(RM_STR16X8, \
	        (struct rm_key){ .bytes = (text), .length = (size) })
#define HASH_EMPTY 0x5eadbeefU
#define HASH_A     0xd634163U
#include "impls/technique/hash_loop.h"

const struct rm_impl rm_impl_hash_shift_xor32 = {
	.id = "hash_shift_xor32",
	.label = "shift-xor, 32 bits",
	.sync = "none",
	.source = "article S2, 4.1, with 32-bit integers",
	.system = "M5",
	TECHNIQUE("wait-free", hash_ops, hash_loops),
};
