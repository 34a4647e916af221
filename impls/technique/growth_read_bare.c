/* SPDX-License-Identifier: Apache-2.0 */
/* growth_read_bare.c - lookups in a map that grows, without a lock. Misuse:
   readers may access a map while its header and buckets change word by word. No
   thread sleeps to provoke errors, so the machine decides whether a reader
   fails. The trial is valid either way; `lookups_lost` and
   `headers_of_two_moments` report errors. growth_read_rw takes a lock. */
#include "impls/support/guard_none.h"
#include "impls/technique/growth_read.h"

const struct rm_impl rm_impl_growth_read_bare = {
	.id = "growth_read_bare",
	.label = "look-ups during growth, no lock",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M16",
	TECHNIQUE("wait-free", growth_ops, growth_loops),
	.misuse = "statistics lookups_lost, headers_of_two_moments",
};
