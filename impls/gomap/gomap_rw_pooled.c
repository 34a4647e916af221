/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_rw_pooled.c - a Go map of pointers to pooled records, under an RWMutex.
 *
 * A lookup adds to the lock's line twice, as in gomap_rw, and follows one more
 * pointer. An update of a present key also writes the record. Records come from
 * a pool. Once the pool is large enough, no operation allocates.
 */
enum { RECORDS_POOLED = 1 };
#include "impls/gomap/gomap_pointers.h"

const struct rm_impl rm_impl_gomap_rw_pooled = {
	.id = "gomap_rw_pooled",
	.label = "C port of map, pooled records + RWMutex, waits in the kernel",
	POINTERS_MAP,
};
