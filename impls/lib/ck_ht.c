/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_ht.c - Concurrency Kit's hash table: lock-free lookups, one writer.
 *
 * needs: ck
 *
 * A mutex admits one writer at a time; lookups run concurrently with it.
 * Lookups write no shared memory: the epoch section that protects their reads
 * is opened once per batch instead of once per lookup.
 *
 * u64 keys and u64x8 values are in the table itself (direct mode). Other
 * values, and the bytes of strings, are in nodes. A replacement frees the old
 * node. Direct mode reserves the keys 0 and ~0, so these two are stored
 * separately. A string key of more than 65,535 bytes ends the process, since
 * the library truncates lengths to 16 bits.
 */
#include "impls/lib/ck_operations.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_ck_ht = {
	.volatile_order = true,
	.id = "ck_ht",
	.label = "ck_ht, one writer",
	.family = "free",
	.sync = "epoch, mutex for writes",
	.duty = RM_DUTY_ANNOUNCE,
	.caps = RM_CAP_SHORT_KEYS,
	.source = "Al Bahra, Concurrency Kit, ck_ht and ck_epoch",
	.guarantees = "point-in-time",
	.progress = "blocking", /* writers block; lookups are lock-free */
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "by pointer; freed after an epoch",
};
