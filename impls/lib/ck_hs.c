/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_hs.c - Concurrency Kit's hash set of objects.
 *
 * needs: ck
 *
 * It uses open addressing within cache lines. A slot is a pointer with 16 bits
 * of hash. A lookup writes nothing shared and, to read the object, reads one
 * cache line more than ck_ht. Removals leave tombstones, which growth drops.
 */
#include <ck_hs.h>

#define CK_SET(name)    ck_hs_##name
#define CK_SET_MODE     (CK_HS_MODE_SPMC | CK_HS_MODE_OBJECT)
#define CK_SET_ITERATOR CK_HS_ITERATOR_INITIALIZER
#define CK_SET_SMALLEST TABLE_SMALLEST
#include "impls/lib/ck_set.h"
#include "runner/driver.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_ck_hs = {
	.volatile_order = true,
	.id = "ck_hs",
	.label = "ck_hs, one writer",
	.family = "free",
	.sync = "epoch, mutex for writes",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Al Bahra, Concurrency Kit, ck_hs and ck_epoch",
	.guarantees = "point-in-time",
	.progress = "blocking", /* writers block; lookups are lock-free */
	/* dispatch: none in this object, but callbacks in the library */
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's object; freed after an epoch",
};
