/* SPDX-License-Identifier: Apache-2.0 */
/* take_met.c - runs a Delete within a LoadAndDelete of the port of sync.Map.
   Its LoadAndDelete atomically exchanges the value that it has read for nil.
   See impls/technique/take_met.h. */
#include "impls/technique/take_met.h"

static bool met_take(void *thread, struct rm_key key, struct rm_value *old)
{
	return syncmap_take(thread, RM_U64X8, key, old);
}

const struct rm_impl rm_impl_take_met = {
	.id = "take_met",
	.label = "Delete during a LoadAndDelete",
	.sync = "epoch",
	.source = "Go 1.19-1.23, sync/map.go",
	.system = "M4",
	TECHNIQUE("blocking", audit_ops, audit_loops),
};
