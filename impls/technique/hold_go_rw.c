/* SPDX-License-Identifier: Apache-2.0 */
/* hold_go_rw.c - Go's RWMutex while its holders sleep. */
#include "impls/support/guard_go_rw.h"

#include "impls/technique/hold_loop.h"

const struct rm_impl rm_impl_hold_go_rw = {
	.id = "hold_go_rw",
	.label = "C port of Go's RWMutex, held, waits in the kernel",
	.sync = "rwlock",
	.source = "Go: sync.RWMutex",
	.system = "M3",
	TECHNIQUE("blocking", hold_ops, hold_loops),
};
