/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promotion.h - when a sync.Map builds its dirty map and promotes it: one
 * thread inspects the map after every store and every lookup of an audit.
 *
 * A cycle stores KEYS new keys and then looks up keys of dirty until dirty is
 * promoted. An audit has four cycles. In between it updates a known key while
 * it holds the lock, as a promotion does. If the update waited for the lock, it
 * would wait forever, and the trial would end at its deadline. The rules of
 * promotion are from article S0, sections 2.1 and 2.2 (misses; a number of
 * buckets; misses above the length of read; all writers wait) and 3.2 (a load
 * factor of 0.75).
 *
 * This is a template: the includer first selects SYNCMAP_RULES.
 */
#ifndef RM_TECHNIQUE_PROMOTION_H
#define RM_TECHNIQUE_PROMOTION_H

#include "impls/syncmap/syncmap.h"

enum {
	AUDIT_AUDITS,
	MADE,
	MADE_EARLY,
	PROMOTED,
	PROMOTED_OFF,
	EXACT,
	LOADED,
	UPDATES_UNDER_LOCK,
	AUDIT_COUNTS
};

static const char *const audit_names[AUDIT_COUNTS][2] = {
	[AUDIT_AUDITS] = { "audits", "1" },
	[MADE] = { "dirty_made", "1" },
	/* dirty maps that were made after at most as many misses as the read
	   map has entries */
	[MADE_EARLY] = { "dirty_made_without_misses", "1" },
	[PROMOTED] = { "promotions_seen", "1" },
	/* lookups that broke the rule: promote if there are as many misses as
	   entries of dirty */
	[PROMOTED_OFF] = { "promotions_off_entries", "1" },
	/* promotions at a number of misses that only the exact rule explains,
	   and not the number of buckets, of slots or of entries before
	   growth */
	[EXACT] = { "promotions_by_exact_count", "1" },
	/* stores after which more than 3/4 of dirty's slots were used and dirty
	   was not promoted */
	[LOADED] = { "loaded_dirty_kept", "1" },
	[UPDATES_UNDER_LOCK] = { "updates_beside_the_lock", "1" },
};

#include "impls/technique/audit.h"

enum { CYCLES = 4 };

static void promotion_store(struct audit *audit, void *thread, uint64_t word)
{
	struct syncmap *map = syncmap_of(thread);
	const bool had_dirty = map->dirty != NULL;
	const size_t misses = syncmap_misses(map);
	const size_t read = gomap_count(syncmap_read_locked(map)->map);
	const uint64_t promotions = map->promotions;
	const struct rm_value value = { { word } };

	syncmap_upsert(
	        thread, RM_U64X8, (struct rm_key){ .word = word }, &value);
	audit_add(audit, MADE, !had_dirty && map->dirty);
	audit_add(
	        audit, MADE_EARLY, !had_dirty && map->dirty && misses <= read);
	audit_add(audit, PROMOTED, map->promotions - promotions);
	audit_add(audit, LOADED,
	        map->promotions == promotions && map->dirty &&
	                syncmap_dirty_is_full(map->dirty));
}

/* True if a rule based on buckets gives this number of misses. */
static bool promotion_estimates(uint64_t misses, unsigned log2_buckets)
{
	const uint64_t buckets = (uint64_t)1 << log2_buckets;

	return misses == buckets || misses == GOMAP_SLOTS * buckets ||
	       misses == 13 * buckets / 2;
}

/* Looks up a key that only dirty has. Returns true if dirty was promoted. */
static bool promotion_lookup(struct audit *audit, void *thread, uint64_t word)
{
	struct syncmap *map = syncmap_of(thread);
	const uint64_t promotions = map->promotions;
	const uint64_t entries = gomap_count(map->dirty);
	const uint64_t misses = syncmap_misses(map) + 1;
	const unsigned log2_buckets = gomap_get(map->dirty->log2_buckets);
	struct rm_value value;
	bool promoted;

	syncmap_lookup(
	        thread, RM_U64X8, (struct rm_key){ .word = word }, &value);
	promoted = map->promotions != promotions;
	audit_add(audit, PROMOTED, promoted);
	audit_add(audit, PROMOTED_OFF, promoted != (misses == entries));
	audit_add(audit, EXACT,
	        promoted && misses == entries &&
	                !promotion_estimates(misses, log2_buckets));
	return promoted;
}

/* Updates a key of the read map, if there is one, while it holds the lock. */
static void promotion_update(struct audit *audit, void *thread)
{
	struct syncmap *map = syncmap_of(thread);
	const struct rm_key key = { .word = 0 };
	const struct rm_value value = { { 0 } };
	struct syncmap_entry *entry =
	        syncmap_find(syncmap_read_locked(map)->map, RM_U64X8, key);

	if (!entry || syncmap_cell_of(entry) == SYNCMAP_EXPUNGED)
		return;
	syncmap_lock(&map->lock);
	syncmap_upsert(thread, RM_U64X8, key, &value);
	syncmap_unlock(&map->lock);
	audit_add(audit, UPDATES_UNDER_LOCK, 1);
}

/* `first` is the first new key of this cycle. */
static void promotion_cycle(struct audit *audit, void *thread, uint64_t first)
{
	struct syncmap *map = syncmap_of(thread);

	for (uint64_t i = 0; i < audit->keys; i++)
		promotion_store(audit, thread, first + i);
	/* enough for twice the number of misses that should suffice */
	for (uint64_t i = 0; map->dirty && i < 2 * (first + audit->keys) + 2;
	        i++)
		if (promotion_lookup(audit, thread, first + audit->keys - 1))
			break;
	promotion_update(audit, thread);
	syncmap_quiesce(thread);
}

/* True if all inserted keys are present. */
static bool promotion_has_all(void *thread, uint64_t keys)
{
	struct rm_value value;
	bool all = true;

	for (uint64_t i = 0; i < keys; i++)
		all &= syncmap_lookup(thread, RM_U64X8,
		               (struct rm_key){ .word = i }, &value) &&
		       value.word[0] == i;
	return all;
}

static bool audit_once(struct audit *audit, uint64_t seed)
{
	const struct rm_sizing sizing = {
		.threads = 1, .shape = RM_U64X8, .seed = seed
	};
	struct syncmap *map = syncmap_create(&sizing);
	void *thread = map ? syncmap_join(map, 0) : NULL;
	bool right = thread;

	if (thread) {
		for (uint64_t i = 0; i < CYCLES; i++)
			promotion_cycle(audit, thread, i * audit->keys);
		right = promotion_has_all(thread, CYCLES * audit->keys);
		syncmap_leave(thread);
	}
	if (map)
		syncmap_destroy(map);
	return right;
}

#endif /* RM_TECHNIQUE_PROMOTION_H */
