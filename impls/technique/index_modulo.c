/* SPDX-License-Identifier: Apache-2.0 */
/* index_modulo.c - the remainder of a division selects the segment; see
   index.h. */
#define INDEX_OF(hash, segments) ((hash) % (segments))
#define INDEX_SAYS               "the remainder"
#include "impls/technique/index.h"

const struct rm_impl rm_impl_index_modulo = {
	.id = "index_modulo",
	.label = "segment by remainder",
	.sync = "none",
	.source = "article S2, 4.4",
	.system = "M6",
	TECHNIQUE("wait-free", index_ops, index_loops),
};
