/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_pthread_rw_reader.c - Go's map under a POSIX rwlock, readers preferred.
 *
 * This is glibc's default kind: readers enter as long as there are readers, so
 * writers may starve. Each lookup writes the lock's line twice.
 */
#include <pthread.h>

enum { GUARD_RWLOCK_KIND = PTHREAD_RWLOCK_PREFER_READER_NP };

#include "impls/shard/shard_one.h"
#include "impls/support/guard_pthread_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_pthread_rw_reader = {
	.id = "gomap_pthread_rw_reader",
	.label = "C port of Go's map + rwlock, readers, waits in the kernel",
	.sync = "pthread-rwlock",
	.source = "Go runtime, map before 1.24; POSIX rwlock (glibc), "
	          "PREFER_READER",
	.system = "M3",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
};
