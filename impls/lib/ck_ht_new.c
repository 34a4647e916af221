/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_ht_new.c - ck_ht of a newer Concurrency Kit.
 *
 * needs: ck-new
 *
 * It uses the code of ck_ht with another version of the library.
 */
#include "impls/lib/ck_operations.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_ck_ht_new = {
	.volatile_order = true,
	.id = "ck_ht_new",
	.label = "ck_ht newest, one writer",
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
