/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_bench.h - one sync.Map with one handle, for tests of its state. */
#ifndef RM_TEST_SYNCMAP_BENCH_H
#define RM_TEST_SYNCMAP_BENCH_H

#include "impls/syncmap/syncmap.h"
#include "runner/driver.h"
#include "tests/unit/tap.h"

/* One map and its handle. Ranks select keys, words are values. */
struct bench {
	struct syncmap *map;
	void *thread;
	struct rm_shape shape;
};

static struct bench bench_open(bool str)
{
	struct rm_sizing sizing = {
		.threads = 2, .shape = { str, str ? 24 : 8 }, .seed = 3
	};
	struct bench bench = { .shape = sizing.shape };

	bench.map = syncmap_create(&sizing);
	bench.thread = syncmap_join(bench.map, 0);
	return bench;
}

static void balance(
        void *context, const char *name, const char *unit, double value)
{
	(void)unit;
	*(double *)context += !strcmp(name, "retired") ? value
	                      : !strcmp(name, "freed") ? -value
	                                               : 0;
}

/* Called at the end of every test. Checks the invariants, and that all memory
   is freed. */
static void bench_close(struct bench *bench, const char *name)
{
	char why[200] = "";
	double unfreed = 0;

	if (!CHECK(syncmap_check(bench->map, why, sizeof(why)), name))
		printf("# %s\n", why);
	syncmap_leave(bench->thread);
	syncmap_stats(bench->map, balance, &unfreed);
	if (unfreed != 0)
		CHECK(false, "freed == retired after the last thread left");
	syncmap_destroy(bench->map);
}

static bool store(struct bench *bench, uint64_t rank, uint64_t word)
{
	struct rm_key_bytes line;
	struct rm_value value = { { word, word, word } };

	return syncmap_upsert(bench->thread, bench->shape,
	        rm_key_of(bench->shape, rank, &line), &value);
}

/* Returns the value's word, or 0 if the key is absent. */
static uint64_t load(struct bench *bench, uint64_t rank)
{
	struct rm_key_bytes line;
	struct rm_value value;

	return syncmap_lookup(bench->thread, bench->shape,
	               rm_key_of(bench->shape, rank, &line), &value)
	               ? value.word[0]
	               : 0;
}

static inline bool drop(struct bench *bench, uint64_t rank)
{
	struct rm_key_bytes line;

	return syncmap_remove(bench->thread, bench->shape,
	        rm_key_of(bench->shape, rank, &line));
}

static inline struct syncmap_entry *entry_in(
        struct bench *bench, const struct gomap *map, uint64_t rank)
{
	struct rm_key_bytes line;

	return map ? syncmap_find(map, syncmap_inner(bench->shape),
	                     rm_key_of(bench->shape, rank, &line))
	           : NULL;
}

static inline struct syncmap_header *header_of(struct bench *bench)
{
	return syncmap_read_locked(bench->map);
}

static bool ignore(
        void *context, struct rm_key key, const struct rm_value *value)
{
	(void)key, (void)value;
	++*(size_t *)context;
	return true;
}

static inline size_t range(struct bench *bench)
{
	size_t count = 0;

	syncmap_scan(bench->thread, bench->shape, ignore, &count);
	return count;
}

/* Fills ranks 0 .. count - 1 and promotes them, so that all are in read and
   there is no dirty map. */
static inline void fill(struct bench *bench, uint64_t count)
{
	for (uint64_t rank = 0; rank < count; rank++)
		store(bench, rank, rank + 1);
	range(bench);
}

#endif /* RM_TEST_SYNCMAP_BENCH_H */
