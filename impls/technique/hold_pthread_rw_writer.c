/* SPDX-License-Identifier: Apache-2.0 */
/* hold_pthread_rw_writer.c - the POSIX rwlock that prefers writers. */
#define GUARD_RWLOCK_KIND PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP
#include "impls/support/guard_pthread_rw.h"

#include "impls/technique/hold_loop.h"

const struct rm_impl rm_impl_hold_pthread_rw_writer = {
	.id = "hold_pthread_rw_writer",
	.label = "rwlock (writers), held",
	.sync = "rwlock",
	.source = "POSIX: pthread_rwlock_t, writers first",
	.system = "M3",
	TECHNIQUE("blocking", hold_ops, hold_loops),
};
