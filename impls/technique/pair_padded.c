/* SPDX-License-Identifier: Apache-2.0 */
/* pair_padded.c - two words of different threads, 56 bytes apart. Each has its
   own cache line, so the threads do not disturb each other. */
enum { PAIR_PAD = 56 };
#include "impls/technique/pair.h"

const struct rm_impl rm_impl_pair_padded = {
	.id = "pair_padded",
	.label = "pair, padded",
	.sync = "none",
	.source = "false sharing: impls/technique/pair.h",
	.system = "M16",
	TECHNIQUE("wait-free", pair_ops, pair_loops),
};
