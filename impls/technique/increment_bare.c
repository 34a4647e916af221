/* SPDX-License-Identifier: Apache-2.0 */
/*
 * increment_bare.c - increment_unguarded without its waits: how often does the
 * flag fire?
 *
 * Misuse: as there, and nobody waits in the middle of a write. Whether writers
 * meet is left to the machine, so a run without a conflict is an answer, too:
 * the trial is good either way and `flag_fired`, `conflicts`,
 * `first_conflict_after` and `increments_lost` tell.
 */
#include "impls/support/guard_none.h"

enum { INCREMENT_GIVES_WAY = 0, INCREMENT_TELLS = 1 };
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
