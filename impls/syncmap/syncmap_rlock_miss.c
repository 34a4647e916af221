/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_rlock_miss.c - sync.Map in which lookups that miss share the lock.
 *
 * Like syncmap, but a lookup that must search dirty takes a reader lock and
 * counts its miss with an atomic addition. Some articles describe the read path
 * like this; in Go that path takes the mutex. A miss that makes a promotion due
 * releases the lock, takes it exclusively and checks again.
 */
#define SYNCMAP_LOCK "impls/syncmap/syncmap_rwlock.h"
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_rlock_miss = {
	.id = "syncmap_rlock_miss",
	.label = "C port of sync.Map, rlock on miss, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; its miss path as misdescribed",
	.system = "M4",
	SYNCMAP_MAP,
};
