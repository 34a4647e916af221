/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_rhs.c - Concurrency Kit's Robin Hood hash set of objects.
 *
 * needs: ck
 *
 * Writes move entries to equalise probe lengths; lookups check that no entry
 * moved past them. The read-mostly mode stores metadata apart from the slots. A
 * lookup writes nothing shared and, to read the object, reads one cache line
 * more than ck_ht.
 */
#include <ck_rhs.h>

#define CK_SET(name) ck_rhs_##name
#define CK_SET_MODE \
	(CK_RHS_MODE_SPMC | CK_RHS_MODE_OBJECT | CK_RHS_MODE_READ_MOSTLY)
#define CK_SET_ITERATOR CK_RHS_ITERATOR_INITIALIZER
/* A write that moves an entry increments one of 1,024 generations, selected by
   the slot where the entry's search begins. A lookup checks the generation of
   its hash. In a table with fewer slots these two generations differ, and a
   lookup would miss a key whose entry moves past it. */
#define CK_SET_SMALLEST 1024
#include "impls/lib/ck_set.h"
#include "runner/driver.h"

RM_DRIVES(ops)

const struct rm_impl rm_impl_ck_rhs = {
	.volatile_order = true,
	.id = "ck_rhs",
	.label = "ck_rhs, one writer",
	.family = "free",
	.sync = "epoch, mutex for writes",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Al Bahra, Concurrency Kit, ck_rhs and ck_epoch",
	.guarantees = "point-in-time",
	.progress = "blocking", /* writers block; lookups are lock-free */
	/* dispatch: none in this object, but callbacks in the library */
	RM_ALL_OF(ops),
	.value_most = 1024,
	.value_place = "inline, in the key's object; freed after an epoch",
};
