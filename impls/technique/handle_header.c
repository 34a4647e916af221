/* SPDX-License-Identifier: Apache-2.0 */
/* handle_header.c - a map variable that is its header, assigned word by word.
   Misuse: article S1 describes a Go map variable like this. A thread that
   copies it during an assignment gets some words of one map and some of the
   other, for example a count without buckets. Go's variable is one word and
   cannot tear (handle_shared); handle_clone also takes a lock. */
#include "impls/support/guard_none.h"

#define HANDLE_FORM HANDLE_HEADER
#include "impls/technique/handle.h"

const struct rm_impl rm_impl_handle_header = {
	.id = "handle_header",
	.label = "map header, assigned",
	.sync = "none",
	.source = "article S1, 2.2; Go map before 1.24",
	.system = "M16",
	TECHNIQUE("wait-free", handle_ops, handle_loops),
	.misuse = "check: torn headers",
};
