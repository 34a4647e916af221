/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_any.c - Go's classic sync.Map as it stands for Go: keys of type any.
 *
 * Go's sync.Map takes its keys as interfaces, so that both of its maps hash and
 * compare them through the key's type; syncmap has keys of a known type, which
 * no Go program can have. Beside it belong gomap_u64_rw and gomap_str_rw: a map
 * with a typed key has the fast way to it in Go. A lookup of a key that has been
 * promoted writes nothing shared. The lock's waits are the kernel's.
 */
#define GOMAP_KEYS "impls/gomap/gomap_keys_callback.h"
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_any = {
	.id = "syncmap_any",
	.label = "C port of sync.Map, keys any, waits in the kernel",
	.family = "sync",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go: keys of type any",
	.system = "",
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "callback",
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "by pointer; freed after an epoch",
};
