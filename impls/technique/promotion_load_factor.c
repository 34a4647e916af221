/* SPDX-License-Identifier: Apache-2.0 */
/* promotion_load_factor.c - promotion for a sync.Map that promotes a full dirty
   map (syncmap_load_factor), as article S0, 3.2, claims about Go. The audit
   must distinguish the two rules. See impls/technique/promotion.h. */
#define SYNCMAP_RULES .promotion = SYNCMAP_PROMOTE_LOADED
#include "impls/technique/promotion.h"

const struct rm_impl rm_impl_promotion_load_factor = {
	.id = "promotion_load_factor",
	.label = "promotion by load factor, step by step",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go; its promotion as misdescribed",
	.system = "M4",
	TECHNIQUE("blocking", audit_ops, audit_loops),
};
