/* SPDX-License-Identifier: Apache-2.0 */
/* slab_boxed.c - sessions whose state is a Go map of boxed values, to compare
   with slab, which has the same directory and locks. A session allocates a
   record, a map and a box per write. */
#define SESSION_STATE "impls/slab/session_boxed.h"
#include "impls/slab/sessions.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SESSIONS_OPS };

RM_DRIVES(ops)

const struct rm_impl rm_impl_slab_boxed = {
	.id = "slab_boxed",
	.label = "map of boxes per session",
	.source = "map[field]any per session, Go map before 1.24",
	RM_ALL_OF(ops),
	SESSIONS_MAP,
};
