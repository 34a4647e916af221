/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_rhs.c - Concurrency Kit's Robin Hood hash set of objects.
 *
 * needs: ck
 *
 * Probe lengths are evened out by writes, which move entries; lookups check that
 * none moved past them. Its form for sets that are mostly read keeps what is
 * about the slots apart from them. A lookup writes nothing shared, and reads one
 * line more than ck_ht: the object.
 */
#include <ck_rhs.h>

typedef ck_rhs_t ck_table;
#include "impls/lib/ck_set.h"
#include "runner/driver.h"

static bool set_init(ck_table *set, bool str, struct ck_malloc *allocator,
        unsigned long slots, unsigned long seed)
{
	return ck_rhs_init(set,
	        CK_RHS_MODE_SPMC | CK_RHS_MODE_OBJECT | CK_RHS_MODE_READ_MOSTLY,
	        str ? hash_bytes : hash_word, str ? same_bytes : same_word,
	        allocator, slots, seed);
}

static void set_destroy(ck_table *set)
{
	ck_rhs_destroy(set);
}

RM_HOT void *set_get(
        ck_table *set, unsigned long hash, const struct rm_key *key)
{
	return ck_rhs_get(set, hash, key);
}

static bool set_set(
        ck_table *set, unsigned long hash, struct rm_key *key, void **previous)
{
	return ck_rhs_set(set, hash, key, previous);
}

RM_HOT void *set_remove(
        ck_table *set, unsigned long hash, const struct rm_key *key)
{
	return ck_rhs_remove(set, hash, key);
}

static unsigned long set_count(ck_table *set)
{
	return ck_rhs_count(set);
}

static void set_each(
        ck_table *set, bool (*visit)(void *, void *), void *context)
{
	ck_rhs_iterator_t at = CK_RHS_ITERATOR_INITIALIZER;
	void *key;

	while (ck_rhs_next(set, &at, &key) && visit(context, key))
		;
}

RM_DRIVES(ops)

const struct rm_impl rm_impl_ck_rhs = {
	.id = "ck_rhs",
	.label = "ck_rhs, one writer",
	.family = "free",
	.sync = "epoch, mutex for writes",
	.source = "Al Bahra, Concurrency Kit, ck_rhs and ck_epoch",
	.system = "",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "point-in-time",
	.progress = "blocking", /* writers; lookups are lock-free */
	.dispatch = "none",     /* in this object; the library calls back */
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
