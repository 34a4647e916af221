/* SPDX-License-Identifier: Apache-2.0 */
/* index_modulo.c - index.h with the remainder of a division. */
#define INDEX_OF(hash, segments) ((hash) % (segments))
#define INDEX_NAME               "the remainder"
#include "impls/technique/index.h"

const struct rm_impl rm_impl_index_modulo = {
	.id = "index_modulo",
	.label = "segment by remainder",
	.sync = "none",
	.source = "article S2, 4.4",
	.system = "M6",
	TECHNIQUE("wait-free", index_ops, index_loops),
};
