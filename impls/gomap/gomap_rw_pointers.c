/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw_pointers.c - a Go map of pointers to records, under an RWMutex.
 *
 * A lookup adds to the lock's line twice, as in gomap_rw, and follows one more
 * pointer. An update of a present key also writes the record. Each new key
 * allocates a record, which is freed with the key.
 */
enum { RECORDS_POOLED = 0 };
#include "impls/gomap/gomap_pointers.h"

const struct rm_impl rm_impl_gomap_rw_pointers = {
	.id = "gomap_rw_pointers",
	.label = "C port of map of pointers + RWMutex, waits in the kernel",
	POINTERS_MAP,
};
