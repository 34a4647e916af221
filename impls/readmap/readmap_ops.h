/* SPDX-License-Identifier: Apache-2.0 */
/* readmap_ops.h - readmap's table of operations on 64-bit keys and values. */
#ifndef RM_READMAP_OPS_H
#define RM_READMAP_OPS_H

#include "impls/readmap/readmap_life.h"
#include "impls/readmap/readmap_read.h"
#include "runner/driver.h"

static void *join(void *opaque, size_t slot)
{
	struct readmap *map = opaque;

	return epoch_join(map->epoch, slot, map);
}

static void leave(void *thread)
{
	epoch_leave(thread);
}

static void quiesce(void *thread)
{
	if (!EPOCH_GUARDED)
		epoch_quiesce(thread);
}

static __attribute__((unused)) void park(void *thread)
{
	epoch_park(thread);
}

static __attribute__((unused)) void unpark(void *thread)
{
	epoch_unpark(thread);
}

RM_HOT struct readmap *readmap_of(void *thread)
{
	return ((struct epoch_record *)thread)->owner;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct readmap_result result;

	epoch_guard_enter(thread);
	result = readmap_get(readmap_of(thread), shape, key,
	        readmap_name(readmap_of(thread), shape, key));
	if (result.found)
		readmap_load_value(shape, result.value, value);
	epoch_guard_leave(thread);
	return result.found;
}

/* One guard spans all look-ups. Each starts from the table word again, so a
   prefetched line is only a hint. */
RM_HOT uint64_t lookup_many(void *thread, struct rm_shape shape,
        const struct rm_key *keys, unsigned count, struct rm_value *values)
{
	const struct readmap *map = readmap_of(thread);
	struct readmap_name name[READMAP_MANY];
	uint64_t found = 0;
	uintptr_t table;

	epoch_guard_enter(thread);
	table = readmap_word(map);
	for (unsigned i = 0; i < count; i++) {
		name[i] = readmap_name(map, shape, keys[i]);
		__builtin_prefetch(readmap_home(table, name[i].hash));
	}
	for (unsigned i = 0; i < count; i++) {
		const struct readmap_result result =
		        readmap_get(map, shape, keys[i], name[i]);

		if (result.found)
			readmap_load_value(shape, result.value, &values[i]);
		found |= (uint64_t)result.found << i;
	}
	epoch_guard_leave(thread);
	return found;
}

/* Begins a write. Locks the bucket. */
RM_HOT struct readmap_spot write_begin(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	epoch_guard_enter(thread);
	readmap_help(thread);
	return readmap_enter(readmap_of(thread), shape, key);
}

/* Ends a write that does not change the number of keys. */
RM_HOT void write_end(void *thread, const struct readmap_spot *spot)
{
	readmap_unlock(spot);
	epoch_guard_leave(thread);
	epoch_guard_settle(thread);
}

/* Replaces the value of the present key. */
RM_HOT void write_value(void *thread, struct rm_shape shape,
        const struct readmap_spot *spot, struct rm_key key,
        const struct rm_value *value)
{
	const uint64_t old = readmap_value_at(spot);

	if (!readmap_has_nodes(shape)) {
		readmap_replace(spot, value->word[0]);
	} else if (shape.value_bytes == 8) {
		/* release: pairs with the acquire in readmap_load_value() */
		atomic_store_explicit(&readmap_node_of(old)->value,
		        value->word[0], memory_order_release);
	} else {
		readmap_replace(spot, readmap_value_word(shape, key, value));
		readmap_retire_node(thread, shape, old);
	}
}

/* Inserts the key or replaces its value, and ends the write. */
RM_HOT void write_put(void *thread, struct rm_shape shape,
        struct readmap_spot *spot, struct rm_key key,
        const struct rm_value *value)
{
	if (spot->line) {
		write_value(thread, shape, spot, key, value);
		write_end(thread, spot);
		return;
	}
	readmap_insert(spot, readmap_value_word(shape, key, value));
	readmap_unlock(spot);
	readmap_count_insert(readmap_of(thread), spot);
	epoch_guard_leave(thread);
	epoch_guard_settle(thread);
}

/* Removes the present key, and ends the write. */
RM_HOT void write_erase(
        void *thread, struct rm_shape shape, struct readmap_spot *spot)
{
	const uint64_t old = readmap_value_at(spot);

	readmap_erase(spot);
	readmap_unlock(spot);
	if (readmap_has_nodes(shape))
		readmap_retire_node(thread, shape, old);
	readmap_count_removed(readmap_of(thread), spot, 1);
	epoch_guard_leave(thread);
	epoch_guard_settle(thread);
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct readmap_spot spot = write_begin(thread, shape, key);

	if (old && spot.line)
		readmap_load_value(shape, readmap_value_at(&spot), old);
	write_put(thread, shape, &spot, key, value);
	return spot.line != NULL;
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct readmap_spot spot = write_begin(thread, shape, key);

	if (old && spot.line)
		readmap_load_value(shape, readmap_value_at(&spot), old);
	if (spot.line)
		write_erase(thread, shape, &spot);
	else
		write_end(thread, &spot);
	return spot.line != NULL;
}

/* The operations below are not in the measured loop. */

static bool insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	struct readmap_spot spot = write_begin(thread, shape, key);

	if (spot.line) {
		readmap_load_value(shape, readmap_value_at(&spot), present);
		write_end(thread, &spot);
	} else {
		write_put(thread, shape, &spot, key, value);
	}
	return spot.line != NULL;
}

static bool spot_has(struct rm_shape shape, const struct readmap_spot *spot,
        const struct rm_value *expected)
{
	struct rm_value present;

	if (!spot->line)
		return false;
	readmap_load_value(shape, readmap_value_at(spot), &present);
	return memcmp(&present, expected, shape.value_bytes) == 0;
}

static bool compare_swap(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *expected, const struct rm_value *value)
{
	struct readmap_spot spot = write_begin(thread, shape, key);
	const bool equal = spot_has(shape, &spot, expected);

	if (equal)
		write_value(thread, shape, &spot, key, value);
	write_end(thread, &spot);
	return equal;
}

static bool compare_remove(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected)
{
	struct readmap_spot spot = write_begin(thread, shape, key);
	const bool equal = spot_has(shape, &spot, expected);

	if (equal)
		write_erase(thread, shape, &spot);
	else
		write_end(thread, &spot);
	return equal;
}

/* Calls `fn` while it holds the bucket's lock, so `fn` must not use this
   map. */
static bool update(void *thread, struct rm_shape shape, struct rm_key key,
        rm_update_fn *fn, void *context)
{
	struct readmap_spot spot = write_begin(thread, shape, key);
	struct rm_value old, value;

	if (spot.line)
		readmap_load_value(shape, readmap_value_at(&spot), &old);
	if (fn(context, spot.line ? &old : NULL, &value))
		write_put(thread, shape, &spot, key, &value);
	else
		write_end(thread, &spot);
	return spot.line != NULL;
}

/* Visits buckets in the order of hashes, and calls `fn` when the bucket's keys
   are copied and its lock is released. So `fn` may use the map, and the scan
   can continue in another table. A key that is present all the time is visited
   once, any other key at most once. */
static void scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct readmap_entries entries = { .more = true };
	uint64_t from = 0;

	do {
		epoch_guard_enter(thread);
		from = readmap_copy_out(readmap_of(thread), from, &entries);
		epoch_guard_leave(thread);
		readmap_visit(shape, &entries, fn, context);
	} while (entries.more && from);
	free(entries.at);
}

/* Counts bucket by bucket, so it has the guarantee of a scan. The map's own
   counter changes only after a key is visible. */
static size_t length(void *thread)
{
	size_t count = 0;
	uint64_t from = 0;

	do {
		epoch_guard_enter(thread);
		from = readmap_count_bucket(readmap_of(thread), from, &count);
		epoch_guard_leave(thread);
	} while (from);
	return count;
}

/* Clears bucket by bucket. A key that is inserted again after its removal
   stays. */
static void clear(void *thread)
{
	uint64_t from = 0;

	do {
		epoch_guard_enter(thread);
		readmap_help(thread);
		from = readmap_clear_bucket(thread, from);
		epoch_guard_leave(thread);
		epoch_guard_settle(thread);
	} while (from);
}

#define READMAP_OPS                                                         \
	.create = readmap_create, .destroy = readmap_destroy, .join = join, \
	.leave = leave, .lookup = lookup, .quiesce = quiesce,               \
	.exchange = exchange, .take = take,                                 \
	.insert_if_absent = insert_if_absent, .compare_swap = compare_swap, \
	.compare_remove = compare_remove, .update = update, .scan = scan,   \
	.length = length, .clear = clear, .stats = readmap_stats,           \
	.check = readmap_check, .lookup_many = lookup_many

/* Members of struct rm_impl that these maps share. */
#define READMAP_MAP                                                          \
	.family = "rcu",                                                     \
	.source = "own; buckets of a line as in CLHT (David et al., ASPLOS " \
	          "2015) and DLHT (HPDC 2024)",                              \
	.guarantees = "once-if-present", .progress = "blocking"

/* Further members of the maps with all shapes. */
#define READMAP_SHAPES              \
	RM_ALL_OF(ops),             \
	        .value_most = 1024, \
	        .value_place = "by pointer, in a node; freed after an epoch"

#endif /* RM_READMAP_OPS_H */
