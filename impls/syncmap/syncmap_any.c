/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_any.c - Go's classic sync.Map with keys of type any, as in Go.
 *
 * Go's sync.Map takes its keys as interfaces, so both of its maps hash and
 * compare through the key's type. syncmap has keys of a known type, which is
 * impossible in Go. Compare this map with gomap_u64_rw and gomap_str_rw, since
 * Go has fast paths for maps with typed keys. A lookup of a promoted key writes
 * nothing shared. Waiting threads sleep in the kernel.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_callback.h"
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_any = {
	.id = "syncmap_any",
	.label = "C port of sync.Map, keys of type any, waits in the kernel",
	.family = "sync",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go: keys of type any",
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "callback",
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "by pointer; freed after an epoch",
};
