/* SPDX-License-Identifier: Apache-2.0 */
/* handle_shared.c - a copy of a map variable by assignment. Misuse: the copied
   word is the address of the same header, so a write through the copy changes
   the original, without a common lock. handle_clone copies the entries. */
#include "impls/support/guard_none.h"

#define HANDLE_FORM HANDLE_WORD
#include "impls/technique/handle.h"

const struct rm_impl rm_impl_handle_shared = {
	.id = "handle_shared",
	.label = "map variable, assigned",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M16",
	TECHNIQUE("wait-free", handle_ops, handle_loops),
	.misuse = "check: two variables, one map",
};
