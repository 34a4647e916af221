/* SPDX-License-Identifier: Apache-2.0 */
/* increment_bare.c - increment_unguarded without its sleeps: measures how often
   the flag fires. Misuse, as in increment_unguarded, but no thread sleeps in
   the middle of a write. Whether writers overlap depends on the machine, so a
   run without a conflict is valid, too. `flag_fired`, `conflicts`,
   `first_conflict_after` and `increments_lost` report the result. */
#include "impls/support/guard_none.h"

enum { INCREMENT_SLEEPS = 0, INCREMENT_REPORTS_ONLY = 1 };
#include "impls/technique/increment.h"

const struct rm_impl rm_impl_increment_bare = {
	.id = "increment_bare",
	.label = "no lock, no waits",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M16",
	TECHNIQUE("wait-free", increment_ops, increment_loops),
	.misuse = "statistics flag_fired, increments_lost",
};
