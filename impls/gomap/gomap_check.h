/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_check.h - Go's map: checks every invariant. For tests and checkers. */
#ifndef RM_SUPPORT_GOMAP_CHECK_H
#define RM_SUPPORT_GOMAP_CHECK_H

#include "impls/gomap/gomap.h"

/* Results of one walk over all chains; `why` is NULL until the walk finds a
   fault. */
struct gomap_check_state {
	const struct gomap *map;
	const char *why;
	uint64_t entries, overflow;
};

/* Checks that a lookup of the entry's key finds this entry. */
GOMAP_PLAIN const char *gomap_check_entry(const struct gomap *map,
        struct gomap_bucket *head, struct gomap_bucket *bucket, size_t slot)
{
	struct rm_shape shape = map->extra->shape;
	const _Atomic uint64_t *held = gomap_slot_key(bucket, shape, slot);
	struct rm_key key = gomap_key_of(shape, held);
	uint64_t hash = gomap_hash(map, shape, key);

	if (!gomap_equals_itself(held))
		return gomap_find(map, shape, key)
		               ? "a lookup finds a key that differs from itself"
		               : NULL;
	if (gomap_get(bucket->tophash[slot]) != gomap_tophash(hash))
		return "a tophash does not match its key";
	if (gomap_chain(map, shape, hash) != head)
		return "an entry is in another key's chain";
	if (gomap_find(map, shape, key) !=
	        gomap_slot_value(bucket, shape, slot))
		return "a key is duplicate, or a lookup stops before it";
	return NULL;
}

/* Checks a chain in use. It must have no marks of moving, and emptyRest only at
   its end. If `filled` is false, it must have no entries. */
GOMAP_PLAIN void gomap_check_chain(
        struct gomap_check_state *seen, struct gomap_bucket *head, bool filled)
{
	struct rm_shape shape = seen->map->extra->shape;
	unsigned before = GOMAP_LIVE;

	for (struct gomap_bucket *b = head; b; b = gomap_next(b, shape)) {
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
			unsigned top = gomap_get(b->tophash[slot]);

			if (top != GOMAP_EMPTY_REST &&
			        before == GOMAP_EMPTY_REST)
				seen->why = "a slot in use follows emptyRest";
			else if (top > GOMAP_EMPTY_ONE && top < GOMAP_LIVE)
				seen->why = "a current slot is marked as moved";
			else if (top >= GOMAP_LIVE && !filled)
				seen->why =
				        "a chain not moved yet has an entry";
			else if (top >= GOMAP_LIVE)
				seen->why = gomap_check_entry(
				        seen->map, head, b, slot);
			if (seen->why)
				return;
			seen->entries += top >= GOMAP_LIVE;
			before = top;
		}
	}
	if (before == GOMAP_EMPTY_ONE)
		seen->why = "a chain ends with emptyOne";
}

/* Checks that a moved chain has only marks. Does not count entries. */
GOMAP_PLAIN void gomap_check_moved(
        struct gomap_check_state *seen, struct gomap_bucket *head)
{
	struct rm_shape shape = seen->map->extra->shape;

	for (struct gomap_bucket *b = head; b; b = gomap_next(b, shape))
		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++) {
			unsigned top = gomap_get(b->tophash[slot]);

			if (top <= GOMAP_EMPTY_ONE || top >= GOMAP_LIVE)
				seen->why = "a chain has moved partially";
		}
}

GOMAP_PLAIN void gomap_check_old(struct gomap_check_state *seen)
{
	const struct gomap *map = seen->map;
	struct rm_shape shape = map->extra->shape;
	struct gomap_bucket *old = gomap_get(map->oldbuckets);
	uint64_t size = gomap_old_mask(map) + 1;

	if (gomap_mask(gomap_array_of(old)->log2_buckets) != size - 1)
		seen->why = "the old array has another size";
	if (gomap_get(map->nevacuate) >= size)
		seen->why = "all buckets have moved, but growth has not ended";
	for (uint64_t i = 0; i < size && !seen->why; i++) {
		struct gomap_bucket *head = gomap_at(old, shape, i);

		if (gomap_moved(head))
			gomap_check_moved(seen, head);
		else if (i < gomap_get(map->nevacuate))
			seen->why = "a bucket before nevacuate has not moved";
		else
			gomap_check_chain(seen, head, true);
	}
}

/* Checks that the unused preallocated buckets are empty. */
GOMAP_PLAIN void gomap_check_preallocated(struct gomap_check_state *seen)
{
	struct gomap_extra *extra = seen->map->extra;
	struct gomap_bucket *buckets = gomap_get(seen->map->buckets);
	struct gomap_bucket *next = extra->next_overflow;
	uint64_t all =
	        gomap_array_buckets(gomap_array_of(buckets)->log2_buckets);
	struct gomap_bucket *end = gomap_at(buckets, extra->shape, all);

	if (next && !gomap_array_holds(buckets, extra->shape, next))
		seen->why = "nextOverflow is outside of the array";
	for (; next && next < end; next = gomap_at(next, extra->shape, 1))
		if (gomap_get(next->tophash[0]) != GOMAP_EMPTY_REST ||
		        (gomap_next(next, extra->shape) != NULL) !=
		                (gomap_at(next, extra->shape, 1) == end))
			seen->why = "a preallocated bucket is in use";
}

GOMAP_PLAIN void gomap_check_current(struct gomap_check_state *seen)
{
	const struct gomap *map = seen->map;
	struct rm_shape shape = map->extra->shape;
	struct gomap_bucket *buckets = gomap_get(map->buckets);
	struct gomap_bucket *old = gomap_get(map->oldbuckets);
	uint64_t mask = gomap_mask(gomap_get(map->log2_buckets));

	if (gomap_array_of(buckets)->log2_buckets !=
	        gomap_get(map->log2_buckets))
		seen->why = "the array has another size";
	for (uint64_t i = 0; i <= mask && !seen->why; i++) {
		struct gomap_bucket *head = gomap_at(buckets, shape, i);
		bool filled = !old || gomap_moved(gomap_at(old, shape,
		                              i & gomap_old_mask(map)));

		gomap_check_chain(seen, head, filled);
		for (head = gomap_next(head, shape); head;
		        head = gomap_next(head, shape))
			seen->overflow++;
	}
	if (!seen->why)
		gomap_check_preallocated(seen);
}

/* Checks every invariant of a map that no other thread uses. Returns NULL, or a
   constant string that describes the fault. */
GOMAP_CALL const char *gomap_check(const struct gomap *map)
{
	struct gomap_check_state seen = { .map = map };
	unsigned log2_buckets = gomap_get(map->log2_buckets);

	if (gomap_get(map->flags) & GOMAP_WRITING)
		return "a write is in progress";
	if (!gomap_get(map->oldbuckets) &&
	        (gomap_get(map->flags) & GOMAP_SAME_SIZE))
		return "same-size growth without old buckets";
	if (!gomap_get(map->buckets))
		return gomap_get(map->count) || log2_buckets
		               ? "entries without buckets"
		               : NULL;
	gomap_check_current(&seen);
	if (gomap_get(map->oldbuckets) && !seen.why)
		gomap_check_old(&seen);
	if (!seen.why && seen.entries != gomap_get(map->count))
		return "count is not the number of entries";
	if (!seen.why && log2_buckets < 16 &&
	        seen.overflow != gomap_get(map->noverflow))
		return "noverflow is not the number of overflow buckets";
	return seen.why;
}

/* Reports the result of gomap_check() as rm_map_ops.check does. */
GOMAP_PLAIN bool gomap_check_report(
        const struct gomap *map, char *why, size_t size)
{
	const char *broken = gomap_check(map);

	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

#endif /* RM_SUPPORT_GOMAP_CHECK_H */
