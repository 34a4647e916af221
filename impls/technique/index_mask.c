/* SPDX-License-Identifier: Apache-2.0 */
/* index_mask.c - index.h with the lowest bits of the hash. */
#define INDEX_OF(hash, segments) ((hash) & ((segments)-1))
#define INDEX_NAME               "the mask"
#include "impls/technique/index.h"

const struct rm_impl rm_impl_index_mask = {
	.id = "index_mask",
	.label = "segment by mask",
	.sync = "none",
	.source = "article S2, 4.4",
	.system = "M6",
	TECHNIQUE("wait-free", index_ops, index_loops),
};
