/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw_pointers.c - a Go map of pointers to records, under an RWMutex.
 *
 * A lookup adds to the lock's line twice, as in gomap_rw, and follows one
 * pointer more; an update of a present key does the same and writes the
 * record. Here a record is allocated for each new key and freed with it.
 */
enum { RECORDS_POOLED = 0 };
#include "impls/gomap/gomap_pointers.h"

const struct rm_impl rm_impl_gomap_rw_pointers = {
	.id = "gomap_rw_pointers",
	.label = "C port of map of pointers + RWMutex, waits in the kernel",
	POINTERS_MAP,
};
