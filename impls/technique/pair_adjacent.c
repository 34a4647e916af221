/* SPDX-License-Identifier: Apache-2.0 */
/* pair_adjacent.c - two adjacent words of different threads. Misuse: they share
   a cache line, so each write to one word takes the line from the thread that
   uses the other word (false sharing). pair_padded separates them. */
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
