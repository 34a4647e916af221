/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - a table with linear probing, for one thread or under a lock.
 *
 * One array of slots, at most half of them live:
 *
 *	u64 shapes	tag | key | value word 0 [1 2]
 *	string shapes	tag | copy of the bytes | length | value word 0 [1 2]
 *
 * A tag is the key's hash with the top bit set, 0 in a free slot. The search
 * starts at the slot given by the low bits of the hash. Removal shifts later
 * slots back, so the table has no tombstones and does not degrade (Knuth, TAOCP
 * vol. 3, 6.4, algorithms L and R).
 */
#ifndef RM_PROBE_H
#define RM_PROBE_H

#include "impls/support/hash.h"
#include "runner/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_TAG, PROBE_KEY, PROBE_LENGTH, PROBE_SMALLEST = 8 };

struct probe {
	uint64_t *slots;
	size_t mask; /* number of slots - 1; the number is a power of two */
	size_t count;
	size_t growths;
	uint64_t seed;
};

/* Returns the offset of the value in a slot, in words. Like probe_stride(), it
   is a compile-time constant in each operation. */
RM_HOT size_t probe_value_at(struct rm_shape shape)
{
	return shape.str ? PROBE_LENGTH + 1 : PROBE_KEY + 1;
}

RM_HOT size_t probe_stride(struct rm_shape shape)
{
	return probe_value_at(shape) + shape.value_bytes / 8;
}

RM_HOT uint64_t probe_tag(
        const struct probe *table, struct rm_shape shape, struct rm_key key)
{
	return rm_hash(shape, key, table->seed) | (uint64_t)1 << 63;
}

RM_HOT const char *probe_bytes(const uint64_t *slot)
{
	return (const char *)(uintptr_t)slot[PROBE_KEY];
}

RM_HOT bool probe_same_key(
        struct rm_shape shape, const uint64_t *slot, struct rm_key key)
{
	if (!shape.str)
		return slot[PROBE_KEY] == key.word;
	return slot[PROBE_LENGTH] == key.length &&
	       !memcmp(probe_bytes(slot), key.bytes, key.length);
}

/* Returns the slot that holds the key, or the free slot where it belongs. The
   caller holds the lock. The search ends because at least half of the slots are
   free. */
RM_HOT uint64_t *probe_find(const struct probe *table, struct rm_shape shape,
        uint64_t tag, struct rm_key key)
{
	size_t i = tag & table->mask;

	for (;; i = (i + 1) & table->mask) {
		uint64_t *slot = table->slots + i * probe_stride(shape);

		if (!slot[PROBE_TAG] ||
		        (slot[PROBE_TAG] == tag &&
		                probe_same_key(shape, slot, key)))
			return slot;
	}
}

RM_HOT void probe_read(
        struct rm_shape shape, const uint64_t *slot, struct rm_value *value)
{
	memcpy(value, slot + probe_value_at(shape), shape.value_bytes);
}

RM_HOT void probe_write(
        struct rm_shape shape, uint64_t *slot, const struct rm_value *value)
{
	memcpy(slot + probe_value_at(shape), value, shape.value_bytes);
}

/* Doubles the table. The caller holds the write lock. A write cannot report
   "out of memory", so this aborts; the trial is recorded as failed. */
static RM_COLD void probe_grow(struct probe *table, struct rm_shape shape)
{
	const size_t words = probe_stride(shape), old_mask = table->mask;
	uint64_t *old = table->slots;
	const uint64_t start_ns = RM_EVENT_CLOCK();

	table->slots = calloc((old_mask + 1) * 2, words * sizeof(*old));
	if (!table->slots)
		abort();
	table->mask = old_mask * 2 + 1;
	table->growths++;
	for (size_t i = 0; i <= old_mask; i++) {
		const uint64_t *from = old + i * words;
		size_t to = from[PROBE_TAG] & table->mask;

		if (!from[PROBE_TAG])
			continue;
		while (table->slots[to * words + PROBE_TAG])
			to = (to + 1) & table->mask;
		memcpy(table->slots + to * words, from, words * sizeof(*old));
	}
	free(old);
	RM_EVENT_SPAN(RM_EVENT_RESIZE, start_ns, table->mask + 1);
}

/* Stores the key, with a copy of its bytes, in the free slot where it belongs.
   Returns the slot, which the next growth may move. */
static RM_COLD uint64_t *probe_claim(struct probe *table, struct rm_shape shape,
        uint64_t tag, struct rm_key key)
{
	if ((table->count + 1) * 2 > table->mask + 1)
		probe_grow(table, shape);

	uint64_t *slot = probe_find(table, shape, tag, key);

	if (shape.str) {
		char *copy = malloc(key.length + !key.length);

		if (!copy)
			abort();
		memcpy(copy, key.bytes, key.length);
		slot[PROBE_KEY] = (uintptr_t)copy;
		slot[PROBE_LENGTH] = key.length;
	} else {
		slot[PROBE_KEY] = key.word;
	}
	slot[PROBE_TAG] = tag;
	table->count++;
	return slot;
}

/* Frees a live slot. Moves later slots back if their search would now end too
   early (Knuth's algorithm R). */
static RM_COLD void probe_vacate(
        struct probe *table, struct rm_shape shape, uint64_t *slot)
{
	const size_t words = probe_stride(shape);
	size_t hole = (size_t)(slot - table->slots) / words, i = hole;

	if (shape.str)
		free((char *)(uintptr_t)slot[PROBE_KEY]);
	for (;;) {
		i = (i + 1) & table->mask;
		const uint64_t *from = table->slots + i * words;

		if (!from[PROBE_TAG])
			break;
		/* its home is cyclically in (hole, i], so it stays */
		if (((i - from[PROBE_TAG]) & table->mask) <
		        ((i - hole) & table->mask))
			continue;
		memcpy(table->slots + hole * words, from,
		        words * sizeof(*from));
		hole = i;
	}
	table->slots[hole * words + PROBE_TAG] = 0;
	table->count--;
}

/* Calls fn for each entry until fn returns false. */
static inline void probe_scan(const struct probe *table, struct rm_shape shape,
        rm_scan_fn *fn, void *context)
{
	for (size_t i = 0; i <= table->mask; i++) {
		const uint64_t *slot = table->slots + i * probe_stride(shape);
		struct rm_key key = { .word = slot[PROBE_KEY] };
		struct rm_value value = { { 0 } };

		if (!slot[PROBE_TAG])
			continue;
		if (shape.str)
			key = (struct rm_key){ .bytes = probe_bytes(slot),
				.length = slot[PROBE_LENGTH] };
		probe_read(shape, slot, &value);
		if (!fn(context, key, &value))
			return;
	}
}

/* True if a search from the home of slot `i` finds a free slot before slot
   `i`. */
static inline bool probe_lost(
        const struct probe *table, struct rm_shape shape, size_t i)
{
	const size_t words = probe_stride(shape);
	size_t at = table->slots[i * words + PROBE_TAG] & table->mask;

	for (; at != i; at = (at + 1) & table->mask)
		if (!table->slots[at * words + PROBE_TAG])
			return true;
	return false;
}

/* rm_map_ops.check: checks that a search finds each live slot and that the
   count is right. */
static inline bool probe_check(const struct probe *table, struct rm_shape shape,
        char *why, size_t size)
{
	size_t live = 0;

	for (size_t i = 0; i <= table->mask; i++) {
		if (!table->slots[i * probe_stride(shape) + PROBE_TAG])
			continue;
		live++;
		if (!probe_lost(table, shape, i))
			continue;
		snprintf(why, size, "slot %zu cannot be found", i);
		return false;
	}
	if (live != table->count)
		snprintf(why, size, "%zu live slots, but count is %zu", live,
		        table->count);
	return live == table->count;
}

/* Frees the copies of the keys. */
static inline void probe_free_keys(struct probe *table, struct rm_shape shape)
{
	for (size_t i = 0; shape.str && i <= table->mask; i++) {
		uint64_t *slot = table->slots + i * probe_stride(shape);

		if (slot[PROBE_TAG])
			free((char *)(uintptr_t)slot[PROBE_KEY]);
	}
}

static inline void probe_clear(struct probe *table, struct rm_shape shape)
{
	const size_t bytes = probe_stride(shape) * sizeof(*table->slots);

	probe_free_keys(table, shape);
	memset(table->slots, 0, (table->mask + 1) * bytes);
	table->count = 0;
}

/* Initialises a zeroed table. Returns 0 or -ENOMEM. */
static inline int probe_init(
        struct probe *table, const struct rm_sizing *sizing)
{
	size_t slots = PROBE_SMALLEST;

	while (sizing->presize && slots < sizing->keys * 2)
		slots *= 2;
	table->mask = slots - 1;
	table->seed = sizing->seed;
	table->slots = calloc(
	        slots, probe_stride(sizing->shape) * sizeof(*table->slots));
	return table->slots ? 0 : -ENOMEM;
}

static inline void probe_free(struct probe *table, struct rm_shape shape)
{
	probe_free_keys(table, shape);
	free(table->slots);
}

#endif /* RM_PROBE_H */
