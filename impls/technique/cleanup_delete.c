/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup_delete.c - closes and deletes idle connections, but does not signal
   their handlers. Misuse: the handlers wait forever and can no longer be found.
   cleanup_cancel signals them. */
enum { CLEANUP_CANCELS = 0 };
#include "impls/technique/cleanup.h"

const struct rm_impl rm_impl_cleanup_delete = {
	.id = "cleanup_delete",
	.label = "cleanup, deleting only",
	.sync = "epoch",
	.source = "iterate and delete: impls/technique/cleanup.h",
	.system = "M16",
	TECHNIQUE("blocking", cleanup_ops, cleanup_loops),
	.misuse = "check: handlers outlived their connection",
};
