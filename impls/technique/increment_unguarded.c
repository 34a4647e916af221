/* SPDX-License-Identifier: Apache-2.0 */
/* increment_unguarded.c - threads that increment values of one Go map without a
   lock. Misuse: Go's map detects some concurrent writes by an ordinary flag and
   aborts at the first one ("concurrent map writes"). Increments of the same key
   are lost. Here all detected conflicts are counted. increment_rw takes a lock.
   increment_bare shows how often the flag fires without sleeps. */
#include "impls/support/guard_none.h"

enum { INCREMENT_SLEEPS = 1, INCREMENT_REPORTS_ONLY = 0 };
#include "impls/technique/increment.h"

const struct rm_impl rm_impl_increment_unguarded = {
	.id = "increment_unguarded",
	.label = "increments, no lock",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M16",
	TECHNIQUE("wait-free", increment_ops, increment_loops),
	.misuse = "check: concurrent map writes",
};
