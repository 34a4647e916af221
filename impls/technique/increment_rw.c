/* SPDX-License-Identifier: Apache-2.0 */
/* increment_rw.c - threads that increment values of one Go map under an
   RWMutex. This is the correct form of increment_unguarded: increments take the
   write lock. */
#include "impls/support/guard_go_rw.h"

enum { INCREMENT_SLEEPS = 0, INCREMENT_REPORTS_ONLY = 0 };
#include "impls/technique/increment.h"

const struct rm_impl rm_impl_increment_rw = {
	.id = "increment_rw",
	.label = "increments, port of RWMutex, waits in the kernel",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex",
	.system = "M16",
	TECHNIQUE("blocking", increment_ops, increment_loops),
};
