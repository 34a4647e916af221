/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold_go_mutex.c - Go's Mutex while its holders sleep.
 */
#include "impls/support/guard_go_mutex.h"

#include "impls/technique/hold_loop.h"

const struct rm_impl rm_impl_hold_go_mutex = {
	.id = "hold_go_mutex",
	.label = "port of Go's Mutex, held, waits in the kernel",
	.family = "technique",
	.sync = "mutex",
	.source = "Go: sync.Mutex",
	.system = "M2",
	.guarantees = "none",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &hold_ops,
	.loops = hold_loops,
};
