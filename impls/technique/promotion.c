/* SPDX-License-Identifier: Apache-2.0 */
/* promotion.c - when a sync.Map builds and promotes its dirty map, tested on
   the port, which has Go's rules. See impls/technique/promotion.h. */
#include "impls/technique/promotion.h"

const struct rm_impl rm_impl_promotion = {
	.id = "promotion",
	.label = "promotion of a dirty map, step by step",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M4",
	TECHNIQUE("blocking", audit_ops, audit_loops),
};
