/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup_cancel.c - closes idle connections and signals their handlers. This
   is the correct form of cleanup_delete: each handler polls its own flag while
   it waits for input. */
enum { CLEANUP_CANCELS = 1 };
#include "impls/technique/cleanup.h"

const struct rm_impl rm_impl_cleanup_cancel = {
	.id = "cleanup_cancel",
	.label = "cleanup, cancelling",
	.sync = "epoch",
	.source = "a cancelled context per handler: impls/technique/cleanup.h",
	.system = "M16",
	TECHNIQUE("blocking", cleanup_ops, cleanup_loops),
};
