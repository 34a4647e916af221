/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_pthread_rw_writer.c - Go's map under a POSIX rwlock, writers preferred.
 *
 * A waiting writer blocks new readers, and one writer may follow another. So
 * readers may starve, whereas Go's RWMutex admits them after each write. Each
 * lookup writes the lock's line twice.
 */
#include <pthread.h>

enum { GUARD_RWLOCK_KIND = PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP };

#include "impls/shard/shard_one.h"
#include "impls/support/guard_pthread_rw.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_pthread_rw_writer = {
	.id = "gomap_pthread_rw_writer",
	.label = "C port of Go's map + rwlock, writers, waits in the kernel",
	.sync = "pthread-rwlock",
	.source = "Go runtime, map before 1.24; POSIX rwlock (glibc), "
	          "PREFER_WRITER_NONRECURSIVE",
	.system = "M3",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
};
