/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle_header.c - a map variable that is its header, assigned word by word.
 *
 * Misuse: what article S1 says a Go map variable is. Who copies it in the middle
 * of an assignment has some words of the one map and some of the other, such as
 * no buckets of a map that has many. Go's variable is one word and cannot tear
 * (handle_shared); handle_clone takes a lock as well.
 */
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
