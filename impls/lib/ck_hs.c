/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ck_hs.c - Concurrency Kit's hash set of objects.
 *
 * needs: ck
 *
 * Open addressing by cache lines; a slot is a pointer with 16 bits of hash. A
 * lookup writes nothing shared, and reads one line more than ck_ht: the object.
 * Removals leave tombstones; a growth drops them.
 */
#include <ck_hs.h>

typedef ck_hs_t ck_table;
#include "impls/lib/ck_set.h"
#include "runner/driver.h"

static bool set_init(ck_table *set, bool str, struct ck_malloc *allocator,
        unsigned long slots, unsigned long seed)
{
	return ck_hs_init(set, CK_HS_MODE_SPMC | CK_HS_MODE_OBJECT,
	        str ? hash_bytes : hash_word, str ? same_bytes : same_word,
	        allocator, slots, seed);
}

static void set_destroy(ck_table *set)
{
	ck_hs_destroy(set);
}

RM_HOT void *set_get(
        ck_table *set, unsigned long hash, const struct rm_key *key)
{
	return ck_hs_get(set, hash, key);
}

static bool set_set(
        ck_table *set, unsigned long hash, struct rm_key *key, void **previous)
{
	return ck_hs_set(set, hash, key, previous);
}

RM_HOT void *set_remove(
        ck_table *set, unsigned long hash, const struct rm_key *key)
{
	return ck_hs_remove(set, hash, key);
}

static unsigned long set_count(ck_table *set)
{
	return ck_hs_count(set);
}

static void set_each(
        ck_table *set, bool (*visit)(void *, void *), void *context)
{
	ck_hs_iterator_t at = CK_HS_ITERATOR_INITIALIZER;
	void *key;

	while (ck_hs_next(set, &at, &key) && visit(context, key))
		;
}

RM_DRIVES(ops)

const struct rm_impl rm_impl_ck_hs = {
	.id = "ck_hs",
	.label = "ck_hs, one writer",
	.family = "free",
	.sync = "epoch, mutex for writes",
	.source = "Al Bahra, Concurrency Kit, ck_hs and ck_epoch",
	.system = "",
	.shapes = RM_ALL_SHAPES,
	.guarantees = "point-in-time",
	.progress = "blocking", /* writers; lookups are lock-free */
	.dispatch = "none",     /* in this object; the library calls back */
	.ops = &ops,
	.drive = RM_ALL_DRIVES,
};
