/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair_adjacent.c - two words of different threads, beside each other.
 *
 * Misuse: they share a cache line, so that each write to one takes the other
 * from its reader (false sharing). pair_padded keeps them apart.
 */
enum { PAIR_PAD = 0 };
#include "impls/technique/pair.h"

const struct rm_impl rm_impl_pair_adjacent = {
	.id = "pair_adjacent",
	.label = "pair, adjacent",
	.sync = "none",
	.source = "false sharing: impls/technique/pair.h",
	.system = "M16",
	TECHNIQUE("wait-free", pair_ops, pair_loops),
	.misuse = "measured: lines shared, ns per operation",
};
