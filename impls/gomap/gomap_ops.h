/* SPDX-License-Identifier: Apache-2.0 */
/* gomap_ops.h - further operations of the map contract on one map of gomap.h.
   The caller holds the lock that the operation needs. */
#ifndef RM_SUPPORT_GOMAP_OPS_H
#define RM_SUPPORT_GOMAP_OPS_H

#include "impls/gomap/gomap.h"

/* In the map contract upsert cannot fail, and a silently lost write would be
   wrong. */
GOMAP_RARE _Noreturn void gomap_no_memory(void)
{
	fputs("fatal: no memory for another entry\n", stderr);
	abort();
}

/* Inserts or replaces. Returns whether the key was present; if it was, stores
   its old value in `old`, which may be NULL. */
RM_HOT bool gomap_exchange(struct gomap *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	bool was_there;
	_Atomic uint64_t *words = gomap_assign(map, shape, key, &was_there);

	if (__builtin_expect(!words, 0))
		gomap_no_memory();
	if (old && was_there)
		gomap_value_load(shape, words, old);
	gomap_value_store(shape, words, value);
	return was_there;
}

/* Inserts an absent key. If the key is present, stores its value and returns
   true. */
RM_HOT bool gomap_insert_if_absent(struct gomap *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	bool was_there;
	_Atomic uint64_t *words = gomap_assign(map, shape, key, &was_there);

	if (__builtin_expect(!words, 0))
		gomap_no_memory();
	if (was_there)
		gomap_value_load(shape, words, present);
	else
		gomap_value_store(shape, words, value);
	return was_there;
}

/* Replaces the value with `value` if it is `expected`. Returns whether it
   replaced it. */
GOMAP_PLAIN bool gomap_compare_swap(struct gomap *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	struct rm_value present;
	_Atomic uint64_t *words = gomap_find(map, shape, key);

	if (!words)
		return false;
	gomap_value_load(shape, words, &present);
	if (memcmp(&present, expected, shape.value_bytes) != 0)
		return false;
	gomap_value_store(shape, words, value);
	return true;
}

/* Removes the key if its value is `expected`. Returns whether it removed it. */
GOMAP_PLAIN bool gomap_compare_remove(struct gomap *map, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct rm_value present;

	return gomap_lookup(map, shape, key, &present) &&
	       !memcmp(&present, expected, shape.value_bytes) &&
	       gomap_remove(map, shape, key, NULL);
}

/* Stores the value that `fn` computes from the old one, unless `fn` returns
   false. Returns whether the key was present. */
GOMAP_PLAIN bool gomap_update(struct gomap *map, struct rm_shape shape,
        struct rm_key key, rm_update_fn *fn, void *context)
{
	struct rm_value old, value;
	_Atomic uint64_t *words = gomap_find(map, shape, key);

	if (words)
		gomap_value_load(shape, words, &old);
	if (!fn(context, words ? &old : NULL, &value))
		return words != NULL;
	if (words)
		gomap_value_store(shape, words, &value);
	else
		gomap_exchange(map, shape, key, &value, NULL);
	return words != NULL;
}

/* Visits all entries until `fn` returns false; returns false in that case. */
GOMAP_PLAIN bool gomap_scan(
        struct gomap *map, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct gomap_iterator it;
	struct rm_key key;
	struct rm_value value;
	bool more = true;

	gomap_iterate_begin(map, &it);
	while (more && gomap_iterate_next(&it, shape, &key, &value))
		more = fn(context, key, &value);
	gomap_iterate_end(&it);
	return more;
}

/* Sums over the maps in an array of shards. Initialise with zeros. */
struct gomap_stats {
	uint64_t buckets, array_bytes, overflow_now;
	uint64_t growths, same_size_growths, failed_growths;
	uint64_t evacuations, overflow_buckets, conflicts, third_conflicts;
};

/* Adds a map's statistics. Any thread that may look up can call it. */
GOMAP_PLAIN void gomap_stats_add(
        const struct gomap *map, struct gomap_stats *sum)
{
	const struct gomap_extra *extra = map->extra;
	unsigned log2_buckets = gomap_get(map->log2_buckets);

	sum->buckets += (uint64_t)1 << log2_buckets;
	if (gomap_get(map->buckets))
		sum->array_bytes += gomap_array_buckets(log2_buckets) *
		                    gomap_stride(extra->shape);
	sum->overflow_now += gomap_get(map->noverflow);
	sum->growths += gomap_get(extra->growths);
	sum->same_size_growths += gomap_get(extra->same_size_growths);
	sum->failed_growths += gomap_get(extra->failed_growths);
	sum->evacuations += gomap_get(extra->evacuations);
	sum->overflow_buckets += gomap_get(extra->overflow_buckets);
	sum->conflicts += gomap_get(extra->conflicts);
	sum->third_conflicts += gomap_get(extra->third_conflicts);
}

GOMAP_PLAIN void gomap_stats_emit(
        const struct gomap_stats *sum, rm_stat_fn *emit, void *context)
{
	emit(context, "buckets", "1", (double)sum->buckets);
	emit(context, "array_bytes", "bytes", (double)sum->array_bytes);
	emit(context, "overflow_buckets_now", "1", (double)sum->overflow_now);
	emit(context, "growths", "1", (double)sum->growths);
	emit(context, "same_size_growths", "1", (double)sum->same_size_growths);
	emit(context, "failed_growths", "1", (double)sum->failed_growths);
	emit(context, "buckets_moved", "1", (double)sum->evacuations);
	emit(context, "overflow_buckets_made", "1",
	        (double)sum->overflow_buckets);
	emit(context, "conflicts", "1", (double)sum->conflicts);
	emit(context, "third_conflicts", "1",
	        rm_stat_value(sum->third_conflicts));
}

#endif /* RM_SUPPORT_GOMAP_OPS_H */
