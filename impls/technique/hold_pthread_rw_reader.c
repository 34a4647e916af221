/* SPDX-License-Identifier: Apache-2.0 */
/* hold_pthread_rw_reader.c - the POSIX rwlock that prefers readers. */
#define GUARD_RWLOCK_KIND PTHREAD_RWLOCK_PREFER_READER_NP
#include "impls/support/guard_pthread_rw.h"

#include "impls/technique/hold_loop.h"

const struct rm_impl rm_impl_hold_pthread_rw_reader = {
	.id = "hold_pthread_rw_reader",
	.label = "rwlock (readers), held",
	.sync = "rwlock",
	.source = "POSIX: pthread_rwlock_t, readers first",
	.system = "M3",
	TECHNIQUE("blocking", hold_ops, hold_loops),
};
