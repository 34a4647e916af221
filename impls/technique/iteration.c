/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iteration.c - the order in which a Go map is visited, and which keys are
 * visited if keys are inserted or removed during the visit.
 *
 * An audit fills a map with KEYS keys, visits it eight times and counts how
 * many later orders differ from the first. Then it visits the map once more
 * and, after the first entry, inserts half as many new keys and removes every
 * second old key. An iteration over a snapshot would visit all removed keys and
 * no new one. Keys that stay must be visited exactly once. The claims are from
 * article S0, sections 1 and 2.4.
 */
#include "impls/gomap/gomap_ops.h"
#include "impls/support/hash.h"

enum {
	AUDIT_AUDITS,
	ORDERS,
	DIFFER,
	INSERTED,
	INSERTED_SEEN,
	REMOVED,
	REMOVED_UNSEEN,
	AUDIT_COUNTS
};

static const char *const audit_names[AUDIT_COUNTS][2] = {
	[AUDIT_AUDITS] = { "audits", "1" },
	[ORDERS] = { "orders_compared", "1" },
	[DIFFER] = { "orders_that_differ", "1" },
	[INSERTED] = { "inserted_while_visited", "1" },
	[INSERTED_SEEN] = { "inserted_and_visited", "1" },
	[REMOVED] = { "removed_while_visited", "1" },
	[REMOVED_UNSEEN] = { "removed_and_not_visited", "1" },
};

#include "impls/technique/audit.h"

enum { VISITS = 8 };

static void put(struct gomap *map, uint64_t word)
{
	const struct rm_value value = { { word } };

	gomap_exchange(
	        map, RM_U64X8, (struct rm_key){ .word = word }, &value, NULL);
}

/* Returns a hash of the order of the keys. */
static uint64_t order_of(struct gomap *map)
{
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;
	uint64_t order = 1;

	gomap_iterate_begin(map, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value))
		order = rm_multiply_fold(
		        order ^ RM_HASH_A, key.word ^ RM_HASH_B);
	gomap_iterate_end(&it);
	return order;
}

/* Removes every second key except `seen`. Inserts keys with numbers from `keys`
   on. */
static void change(struct audit *audit, struct gomap *map, uint64_t seen)
{
	for (uint64_t i = 0; i < audit->keys; i += 2)
		if (i != seen) {
			gomap_remove(map, RM_U64X8,
			        (struct rm_key){ .word = i }, NULL);
			audit_add(audit, REMOVED, 1);
		}
	for (uint64_t i = 0; i < audit->keys / 2; i++)
		put(map, audit->keys + i);
	audit_add(audit, INSERTED, audit->keys / 2);
}

/* Counts the visits of each key. `visits` has 2 * keys bytes. */
static void visit_changing(
        struct audit *audit, struct gomap *map, uint8_t *visits)
{
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;
	bool first = true;

	gomap_iterate_begin(map, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &key, &value)) {
		visits[key.word]++;
		if (first)
			change(audit, map, key.word);
		first = false;
	}
	gomap_iterate_end(&it);
}

/* Adds up the visits. Returns false if a key that stayed was not visited
   exactly once. */
static bool judge(struct audit *audit, const uint8_t *visits)
{
	bool right = true;

	for (uint64_t i = 0; i < audit->keys; i++) {
		/* a removed key that was visited must be the first one */
		if (i % 2 == 0)
			audit_add(audit, REMOVED_UNSEEN, !visits[i]);
		right &= i % 2 ? visits[i] == 1 : visits[i] <= 1;
	}
	for (uint64_t i = audit->keys; i < 2 * audit->keys; i++) {
		audit_add(audit, INSERTED_SEEN, visits[i]);
		right &= visits[i] <= 1;
	}
	return right;
}

static bool audit_once(struct audit *audit, uint64_t seed)
{
	struct gomap *map = gomap_create(audit->keys, RM_U64X8, seed);
	uint8_t *visits = calloc(2 * audit->keys, 1);
	bool right = map && visits;

	if (right) {
		for (uint64_t i = 0; i < audit->keys; i++)
			put(map, i);
		const uint64_t first = order_of(map);

		for (unsigned i = 1; i < VISITS; i++)
			audit_add(audit, DIFFER, order_of(map) != first);
		audit_add(audit, ORDERS, VISITS - 1);
		visit_changing(audit, map, visits);
		right = judge(audit, visits);
	}
	gomap_destroy(map);
	free(visits);
	return right;
}

const struct rm_impl rm_impl_iteration = {
	.id = "iteration",
	.label = "iteration of the native map, step by step",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M1",
	TECHNIQUE("wait-free", audit_ops, audit_loops),
};
