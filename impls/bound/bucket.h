/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bucket.h - a single-threaded hash table whose buckets are cache lines: the
 * table of the bound unsync_bucket.
 *
 * A bucket is one cache line with four keys and their four values. A key is in
 * its home bucket or, if that was full, in the next bucket with a free slot. No
 * bucket between the two has a free slot, so a search ends at the first bucket
 * that has one. The load is at most 2.7 keys per bucket, so most searches read
 * one line.
 *
 * A free slot has key 0. The key 0 itself is stored outside the lines.
 */
#ifndef RM_BUCKET_H
#define RM_BUCKET_H

#include "impls/support/hash.h"
#include "runner/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKET_SLOTS = 4,
	BUCKET_MIN_LINES = 2,        /* least number of buckets of a table */
	BUCKET_MAX_LOAD_TENTHS = 27, /* maximum number of keys per 10 buckets */
};

struct bucket {
	_Alignas(RM_CACHE_LINE) uint64_t key[BUCKET_SLOTS];
	uint64_t value[BUCKET_SLOTS];
};

struct buckets {
	struct bucket *line;
	size_t mask;  /* number of buckets - 1; the number is a power of two */
	size_t count; /* keys in the lines, without key 0 */
	uint64_t seed;
	bool has_zero; /* whether key 0 is present */
	uint64_t zero;
};

/* Returns a bit mask of the slots whose key is `word`; slot i has bit 2 * i.
   Uses only instructions of the baseline architecture, because the maps do,
   too. */
#ifdef __SSE2__
#include <emmintrin.h>

/* SSE2 compares 32 bits at a time, so a slot matches if both of its halves
   match. */
RM_HOT unsigned bucket_match(const struct bucket *bucket, uint64_t word)
{
	const __m128i *pair = (const __m128i *)bucket->key;
	const __m128i wanted = _mm_set1_epi64x((long long)word);
	const __m128i halves = _mm_packs_epi32(_mm_cmpeq_epi32(pair[0], wanted),
	        _mm_cmpeq_epi32(pair[1], wanted));
	const unsigned bits = (unsigned)_mm_movemask_epi8(
	        _mm_packs_epi16(halves, _mm_setzero_si128()));

	return bits & bits >> 1 & 0x55;
}
#else
RM_HOT unsigned bucket_match(const struct bucket *bucket, uint64_t word)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < BUCKET_SLOTS; i++)
		bits |= (unsigned)(bucket->key[i] == word) << 2 * i;
	return bits;
}
#endif

/* Returns the first slot in a non-zero mask. */
RM_HOT unsigned bucket_slot(unsigned bits)
{
	return (unsigned)__builtin_ctz(bits) / 2;
}

RM_HOT size_t bucket_home(const struct buckets *table, uint64_t word)
{
	return rm_hash(RM_U64X8, (struct rm_key){ .word = word }, table->seed) &
	       table->mask;
}

/* Returns the address of the word's value, or NULL. The word is not 0. */
RM_HOT uint64_t *bucket_find(const struct buckets *table, uint64_t word)
{
	size_t i = bucket_home(table, word);

	for (;; i = (i + 1) & table->mask) {
		struct bucket *bucket = &table->line[i];
		const unsigned bits = bucket_match(bucket, word);

		if (bits)
			return &bucket->value[bucket_slot(bits)];
		if (bucket_match(bucket, 0))
			return NULL;
	}
}

/* Puts an absent word into the first free slot of its probe sequence. */
static inline void bucket_put(
        struct buckets *table, uint64_t word, uint64_t value)
{
	size_t i = bucket_home(table, word);
	unsigned bits;

	while (!(bits = bucket_match(&table->line[i], 0)))
		i = (i + 1) & table->mask;
	table->line[i].key[bucket_slot(bits)] = word;
	table->line[i].value[bucket_slot(bits)] = value;
}

static inline struct bucket *bucket_lines(size_t buckets)
{
	struct bucket *line =
	        aligned_alloc(RM_CACHE_LINE, buckets * sizeof(*line));

	if (line)
		memset(line, 0, buckets * sizeof(*line));
	return line;
}

/* A write cannot report "out of memory", so this aborts; the trial fails. */
static RM_COLD void bucket_grow(struct buckets *table)
{
	const size_t before = table->mask + 1;
	struct bucket *old = table->line;
	const uint64_t start_ns = RM_EVENT_CLOCK();

	table->line = bucket_lines(before * 2);
	if (!table->line)
		abort();
	table->mask = before * 2 - 1;
	for (size_t i = 0; i < before * BUCKET_SLOTS; i++) {
		const struct bucket *from = &old[i / BUCKET_SLOTS];
		const size_t slot = i % BUCKET_SLOTS;

		if (from->key[slot])
			bucket_put(table, from->key[slot], from->value[slot]);
	}
	free(old);
	RM_EVENT_SPAN(RM_EVENT_RESIZE, start_ns, table->mask + 1);
}

/* Inserts a word that is absent and not 0. */
static RM_COLD void bucket_insert(
        struct buckets *table, uint64_t word, uint64_t value)
{
	if ((table->count + 1) * 10 >
	        (table->mask + 1) * BUCKET_MAX_LOAD_TENTHS)
		bucket_grow(table);
	bucket_put(table, word, value);
	table->count++;
}

/* Returns a slot of bucket `at` whose key may move to bucket `hole`, or -1. A
   key may move if its home bucket is not cyclically in (hole, at]. */
static inline int bucket_find_displaced(
        const struct buckets *table, size_t hole, size_t at)
{
	for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
		const uint64_t word = table->line[at].key[slot];

		if (word && ((at - bucket_home(table, word)) & table->mask) >=
		                    ((at - hole) & table->mask))
			return slot;
	}
	return -1;
}

/* Frees a slot. If the bucket had no other free slot, searches for keys in
   later buckets would now end here. So one such key moves into the slot, which
   leaves a hole in its own bucket, and so on. Tombstones do not exist, so the
   table does not degrade. */
static RM_COLD void bucket_vacate(struct buckets *table, uint64_t *value)
{
	size_t hole = (size_t)(value - table->line[0].value) /
	              (sizeof(struct bucket) / sizeof(*value));
	size_t slot = (size_t)(value - table->line[hole].value);
	bool full = !bucket_match(&table->line[hole], 0);

	table->line[hole].key[slot] = 0;
	table->count--;
	for (size_t at = hole; full;) {
		at = (at + 1) & table->mask;
		const int other = bucket_find_displaced(table, hole, at);

		full = !bucket_match(&table->line[at], 0);
		if (other < 0)
			continue;
		table->line[hole].key[slot] = table->line[at].key[other];
		table->line[hole].value[slot] = table->line[at].value[other];
		hole = at;
		slot = (size_t)other;
		table->line[hole].key[slot] = 0;
	}
}

/* Calls `fn` for each entry until `fn` returns false. */
static inline void bucket_scan(
        const struct buckets *table, rm_scan_fn *fn, void *context)
{
	struct rm_value value = { { table->zero } };

	if (table->has_zero && !fn(context, (struct rm_key){ 0 }, &value))
		return;
	for (size_t i = 0; i <= table->mask; i++) {
		const struct bucket *bucket = &table->line[i];

		for (size_t slot = 0; slot < BUCKET_SLOTS; slot++) {
			value.word[0] = bucket->value[slot];
			if (bucket->key[slot] &&
			        !fn(context,
			                (struct rm_key){
			                        .word = bucket->key[slot] },
			                &value))
				return;
		}
	}
}

/* rm_map_ops.check: checks that searches find every key and that the count is
   right. */
static inline bool bucket_check(
        const struct buckets *table, char *why, size_t size)
{
	size_t live = 0;

	for (size_t i = 0; i < (table->mask + 1) * BUCKET_SLOTS; i++) {
		struct bucket *bucket = &table->line[i / BUCKET_SLOTS];
		const uint64_t word = bucket->key[i % BUCKET_SLOTS];

		if (!word)
			continue;
		live++;
		if (bucket_find(table, word) ==
		        &bucket->value[i % BUCKET_SLOTS])
			continue;
		snprintf(why, size, "slot %zu cannot be found", i);
		return false;
	}
	if (live != table->count)
		snprintf(why, size, "%zu live slots, but count is %zu", live,
		        table->count);
	return live == table->count;
}

static inline void bucket_clear(struct buckets *table)
{
	memset(table->line, 0, (table->mask + 1) * sizeof(*table->line));
	table->count = 0;
	table->has_zero = false;
}

/* Initialises a zeroed table. Returns 0 or -ENOMEM. */
static inline int bucket_init(
        struct buckets *table, const struct rm_sizing *sizing)
{
	size_t buckets = BUCKET_MIN_LINES;

	while (sizing->presize &&
	        buckets * BUCKET_MAX_LOAD_TENTHS < sizing->keys * 10)
		buckets *= 2;
	table->mask = buckets - 1;
	table->seed = sizing->seed;
	table->line = bucket_lines(buckets);
	return table->line ? 0 : -ENOMEM;
}

#endif /* RM_BUCKET_H */
