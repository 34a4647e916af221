/* SPDX-License-Identifier: Apache-2.0 */
/* handle_clone.c - a copy of a map, made entry by entry. This is the safe form
   of handle_shared. Clones are made under the read lock, and writes through the
   original take the write lock. A copy takes O(keys). */
#include "impls/support/guard_go_rw.h"

#define HANDLE_FORM HANDLE_CLONE
#include "impls/technique/handle.h"

const struct rm_impl rm_impl_handle_clone = {
	.id = "handle_clone",
	.label = "map variable, cloned",
	.sync = "go-rwmutex",
	.source = "Go map before 1.24, sync.RWMutex",
	.system = "M16",
	TECHNIQUE("blocking", handle_ops, handle_loops),
};
