/* SPDX-License-Identifier: Apache-2.0 */
/* hold_go_mutex.c - Go's Mutex while its holders sleep. */
#include "impls/support/guard_go_mutex.h"

#include "impls/technique/hold_loop.h"

const struct rm_impl rm_impl_hold_go_mutex = {
	.id = "hold_go_mutex",
	.label = "C port of Go's Mutex, held, waits in the kernel",
	.sync = "mutex",
	.source = "Go: sync.Mutex",
	.system = "M2",
	TECHNIQUE("blocking", hold_ops, hold_loops),
};
