/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth_points.c - examines the effect of a size hint on a Go map, when the
 * map grows, and which operations move its buckets.
 *
 * An audit creates a map, with a hint of KEYS if the cell is presized, and
 * fills it with 16 times KEYS keys. After each insert it inspects the number of
 * buckets, the number of keys at which growth begins, and the number of old
 * buckets that one write moves. Each time growth has begun, it looks up all
 * keys and counts the buckets that these lookups moved. A second map without a
 * hint gets the same keys, and both must agree. The claims are from articles
 * S0, section 1 (a hint is a number of buckets) and S1, section 4.3 (a map
 * starts with 8 buckets; lookups move buckets).
 */
#include "impls/gomap/gomap_ops.h"

enum {
	AUDIT_AUDITS,
	BUCKETS,
	GROWTHS,
	OFF_LOAD_FACTOR,
	WRITES,
	OVER_TWO,
	READS,
	MOVED_BY_LOOKUPS,
	DIFFER,
	AUDIT_COUNTS
};

static const char *const audit_names[AUDIT_COUNTS][2] = {
	[AUDIT_AUDITS] = { "audits", "1" },
	/* buckets after the first insert, summed over audits */
	[BUCKETS] = { "buckets_at_first", "1" },
	[GROWTHS] = { "growths_seen", "1" },
	/* inserts that broke the rule: growth begins above 6.5 entries per
	   bucket */
	[OFF_LOAD_FACTOR] = { "growths_off_load_factor", "1" },
	[WRITES] = { "writes_while_growing", "1" },
	[OVER_TWO] = { "writes_that_moved_over_two", "1" },
	[READS] = { "lookups_while_growing", "1" },
	[MOVED_BY_LOOKUPS] = { "buckets_moved_by_lookups", "1" },
	/* keys for which maps with and without a hint give different answers */
	[DIFFER] = { "answers_that_differ", "1" },
};

#include "impls/technique/audit.h"

enum { FILL_FACTOR = 16 }; /* number of inserted keys / KEYS */

/* A map's state, to compare before and after. */
struct moment {
	uint64_t count, growths, evacuations;
	unsigned log2_buckets;
	bool growing;
};

static struct moment moment_of(const struct gomap *map)
{
	return (struct moment){ gomap_count(map),
		gomap_get(map->extra->growths),
		gomap_get(map->extra->evacuations),
		gomap_get(map->log2_buckets),
		gomap_get(map->oldbuckets) != NULL };
}

/* True if there are more than 6.5 entries per bucket. Uses integers only. */
static bool over_load_factor(uint64_t count, unsigned log2_buckets)
{
	return 2 * count > (uint64_t)13 << log2_buckets;
}

/* Looks up all inserted keys. Returns whether all were found. */
static bool lookup_all(
        struct audit *audit, const struct gomap *map, uint64_t keys)
{
	const uint64_t before = gomap_get(map->extra->evacuations);
	struct rm_value value;
	bool all = true;

	for (uint64_t i = 0; i < keys; i++)
		all &= gomap_lookup(map, RM_U64X8, (struct rm_key){ .word = i },
		               &value) &&
		       value.word[0] == i;
	audit_add(audit, READS, keys);
	audit_add(audit, MOVED_BY_LOOKUPS,
	        gomap_get(map->extra->evacuations) - before);
	return all;
}

/* Inserts key `i` and counts the effects on the map. */
static bool insert_key(struct audit *audit, struct gomap *map, uint64_t i)
{
	const struct rm_value value = { { i } };
	const struct moment before = moment_of(map);

	gomap_exchange(
	        map, RM_U64X8, (struct rm_key){ .word = i }, &value, NULL);

	const struct moment after = moment_of(map);
	const bool grew = after.growths != before.growths;
	const bool due = over_load_factor(after.count, before.log2_buckets);

	if (i == 0)
		audit_add(audit, BUCKETS, (uint64_t)1 << after.log2_buckets);
	audit_add(audit, GROWTHS, grew);
	audit_add(audit, OFF_LOAD_FACTOR, grew != due);
	if (before.growing || grew) {
		audit_add(audit, WRITES, 1);
		audit_add(audit, OVER_TWO,
		        after.evacuations - before.evacuations > 2);
	}
	return !grew || lookup_all(audit, map, i + 1);
}

static bool audit_once(struct audit *audit, uint64_t seed)
{
	const uint64_t keys = audit->keys * FILL_FACTOR;
	struct gomap *map =
	        gomap_create(audit->presize ? audit->keys : 0, RM_U64X8, seed);
	struct gomap *plain = gomap_create(0, RM_U64X8, seed);
	bool right = map && plain;

	for (uint64_t i = 0; right && i < keys; i++) {
		const struct rm_value value = { { i } };

		right = insert_key(audit, map, i);
		gomap_exchange(plain, RM_U64X8, (struct rm_key){ .word = i },
		        &value, NULL);
	}
	for (uint64_t i = 0; right && i < 2 * keys; i++) {
		const struct rm_key key = { .word = i };

		audit_add(audit, DIFFER,
		        !gomap_find(map, RM_U64X8, key) !=
		                !gomap_find(plain, RM_U64X8, key));
	}
	gomap_destroy(map);
	gomap_destroy(plain);
	return right;
}

const struct rm_impl rm_impl_growth_points = {
	.id = "growth_points",
	.label = "growth of the native map, step by step",
	.sync = "none",
	.source = "Go map before 1.24",
	.system = "M1",
	TECHNIQUE("wait-free", audit_ops, audit_loops),
};
