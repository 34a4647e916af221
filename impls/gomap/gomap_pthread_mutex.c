/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_pthread_mutex.c - Go's map under one POSIX mutex, the default kind.
 *
 * Like gomap_mutex, but unfair: it never hands the lock over to a waiting
 * thread. It shows what Go's Mutex costs, and that results for a map under a
 * mutex do not depend on the kind of mutex.
 */
#include "impls/shard/shard_one.h"
#include "impls/support/guard_pthread_mutex.h"

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_gomap_pthread_mutex = {
	.id = "gomap_pthread_mutex",
	.label = "C port of Go's map + pthread mutex, waits in the kernel",
	.sync = "pthread-mutex",
	.source = "Go runtime, map before 1.24; POSIX mutex (glibc)",
	.system = "M2",
	GOMAP_LOCKED,
	RM_ALL_OF(ops),
};
