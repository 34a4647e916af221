/* SPDX-License-Identifier: Apache-2.0 */
/*
 * increment_unguarded.c - threads that add to values of one Go map, no lock.
 *
 * Misuse: Go's map sees some of the writes that meet, by an ordinary flag, and
 * dies of the first ("concurrent map writes"); increments of one key get lost.
 * Here all that it sees is counted. increment_rw takes a lock; how often the
 * flag fires where nobody waits in the middle of a write: increment_bare.
 */
#include "impls/support/guard_none.h"

enum { INCREMENT_GIVES_WAY = 1, INCREMENT_TELLS = 0 };
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
