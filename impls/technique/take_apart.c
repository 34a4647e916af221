/* SPDX-License-Identifier: Apache-2.0 */
/* take_apart.c - a LoadAndDelete that is a Load and then a Delete, as article
   S1, section 3.3, claims about Go. Compared with take_met, it shows that the
   counts detect what the article describes. See impls/technique/take_met.h. */
#include "impls/technique/take_met.h"

static bool met_take(void *thread, struct rm_key key, struct rm_value *old)
{
	if (!syncmap_lookup(thread, RM_U64X8, key, old))
		return false;
	met_between();
	syncmap_remove(thread, RM_U64X8, key);
	return true;
}

const struct rm_impl rm_impl_take_apart = {
	.id = "take_apart",
	.label = "Delete between a Load and a Delete",
	.sync = "epoch",
	.source =
	        "Go 1.19-1.23, sync/map.go; its LoadAndDelete as misdescribed",
	.system = "M4",
	TECHNIQUE("blocking", audit_ops, audit_loops),
};
