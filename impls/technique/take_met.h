/* SPDX-License-Identifier: Apache-2.0 */
/*
 * take_met.h - runs a Delete between the load of a value and the delete of a
 * LoadAndDelete, for every key of an audit, in one thread that acts for two
 * (article S1, 3.3; claim S1-12).
 *
 * Two racing threads overlap there by chance or never, so a run without an
 * error proves little. Here the second thread's whole operation runs exactly at
 * that point: a Delete within a LoadAndDelete for even keys, and the reverse
 * for odd keys. Half of the keys are in the read map, and half only in dirty.
 * An operation that loads and deletes in two steps gives the key to both.
 *
 * This is a template. The includer defines met_take(), a LoadAndDelete.
 */
#ifndef RM_TECHNIQUE_TAKE_MET_H
#define RM_TECHNIQUE_TAKE_MET_H

static void met_between(void);
#define SYNCMAP_BEFORE_EXCHANGE() met_between()
#include "impls/syncmap/syncmap.h"

enum { AUDIT_AUDITS, MEETINGS, BOTH, NEITHER, LOST, AUDIT_COUNTS };

static const char *const audit_names[AUDIT_COUNTS][2] = {
	[AUDIT_AUDITS] = { "audits", "1" },
	/* operations of the second thread that ran within one of the first */
	[MEETINGS] = { "takers_met", "1" },
	[BOTH] = { "both_got_it", "1" },
	[NEITHER] = { "neither_got_it", "1" },
	/* calls of LoadAndDelete that returned a value that was not stored */
	[LOST] = { "values_lost", "1" },
};

#include "impls/technique/audit.h"

/* The operation of the second thread, once the first has loaded the value. */
struct met_second {
	struct audit *audit;
	void *thread;
	struct rm_key key;
	bool takes, got; /* `takes` is true for LoadAndDelete, false for
	                    Delete */
	struct rm_value value;
};

/* Not NULL while the second operation is pending. This is thread-local, since
   the hook runs deep in the map's code and has no argument for it. */
static _Thread_local struct met_second *met_waiting;

static bool met_take(void *thread, struct rm_key key, struct rm_value *old);

static void met_between(void)
{
	struct met_second *second = met_waiting;

	if (!second)
		return;
	met_waiting = NULL;
	audit_add(second->audit, MEETINGS, 1);
	second->got =
	        second->takes
	                ? met_take(second->thread, second->key, &second->value)
	                : syncmap_remove(second->thread, RM_U64X8, second->key);
}

/* Both operations take `key`, whose value is key + 1. */
static void met_take_key(
        struct audit *audit, void *first, void *other, uint64_t key)
{
	struct met_second second = { .audit = audit,
		.thread = other,
		.key = { .word = key },
		.takes = key % 2 };
	struct rm_value value = { { 0 } };
	bool got;

	met_waiting = &second;
	got = second.takes ? syncmap_remove(first, RM_U64X8, second.key)
	                   : met_take(first, second.key, &value);
	met_waiting = NULL;
	if (second.takes)
		value = second.value;
	audit_add(audit, BOTH, got && second.got);
	audit_add(audit, NEITHER, !got && !second.got);
	audit_add(audit, LOST,
	        (second.takes ? second.got : got) && value.word[0] != key + 1);
}

static void met_store(void *thread, uint64_t first, uint64_t end)
{
	for (uint64_t key = first; key < end; key++) {
		const struct rm_value value = { { key + 1 } };

		syncmap_upsert(thread, RM_U64X8, (struct rm_key){ .word = key },
		        &value);
	}
}

/* Promotes dirty by as many misses as dirty has entries. */
static void met_promote(void *thread, uint64_t keys)
{
	struct rm_value value;

	for (uint64_t i = 0; i < keys; i++)
		syncmap_lookup(
		        thread, RM_U64X8, (struct rm_key){ .word = i }, &value);
}

static bool met_take_all(struct audit *audit, void *first, void *second)
{
	struct rm_value value;
	bool empty = true;

	met_store(first, 0, audit->keys);
	met_promote(first, audit->keys);
	met_store(first, audit->keys, 2 * audit->keys);
	for (uint64_t key = 0; key < 2 * audit->keys; key++) {
		met_take_key(audit, first, second, key);
		empty &= !syncmap_lookup(first, RM_U64X8,
		        (struct rm_key){ .word = key }, &value);
	}
	return empty;
}

/* Returns false if a key remains that both operations should have removed. */
static bool audit_once(struct audit *audit, uint64_t seed)
{
	const struct rm_sizing sizing = {
		.threads = 2, .shape = RM_U64X8, .seed = seed
	};
	struct syncmap *map = syncmap_create(&sizing);
	void *first = map ? syncmap_join(map, 0) : NULL;
	void *second = first ? syncmap_join(map, 1) : NULL;
	const bool right = second && met_take_all(audit, first, second);

	if (second)
		syncmap_leave(second);
	if (first)
		syncmap_leave(first);
	if (map)
		syncmap_destroy(map);
	return right;
}

#endif /* RM_TECHNIQUE_TAKE_MET_H */
