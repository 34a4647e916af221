/* SPDX-License-Identifier: Apache-2.0 */
/* growth_read_rw.c - lookups in a map that grows, under an RWMutex. This is the
   correct form of growth_read_bare. The writer holds the lock exclusively, so
   no reader sees a write half done. */
#include "impls/support/guard_go_rw.h"
#include "impls/technique/growth_read.h"

const struct rm_impl rm_impl_growth_read_rw = {
	.id = "growth_read_rw",
	.label = "look-ups during growth, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex",
	.system = "M16",
	TECHNIQUE("blocking", growth_ops, growth_loops),
};
