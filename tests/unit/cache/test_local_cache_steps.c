/* SPDX-License-Identifier: Apache-2.0 */
/* test_local_cache_steps.c - tests local caches with a log step by step: the
   content of lines, which lines a write invalidates, and the statistics. It is
   linked with the stats objects. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_LOG
#include "impls/cache/local_cache.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#define SECOND ((uint64_t)1000000000)

enum { THREADS = 2, START_S = 1000 };

extern const struct rm_impl rm_impl_local_cache_version;

static const struct rm_map_ops cached = { LOCAL_CACHE_OPS };

static uint64_t clock_ns = START_S * SECOND;

static uint64_t now_ns(void)
{
	return clock_ns;
}

static struct cached_map *map_of(struct rm_shape shape, uint64_t rate)
{
	const struct rm_sizing sizing = { .keys = 100,
		.threads = THREADS,
		.shape = shape,
		.seed = 7,
		.clock_rate = rate,
		.now_ns = now_ns };

	return cached.create(&sizing);
}

static struct rm_key word_key(uint64_t word)
{
	return (struct rm_key){ .word = word };
}

static void put(const struct rm_map_ops *map_ops, void *writer, uint64_t key,
        uint64_t word)
{
	const struct rm_value value = { { word } };

	rm_map_upsert(map_ops, writer, RM_U64X8, word_key(key), &value);
}

/* Returns the value's word, or 0 if absent. */
static uint64_t get(
        const struct rm_map_ops *map_ops, void *reader, uint64_t key)
{
	struct rm_value value;

	return map_ops->lookup(reader, RM_U64X8, word_key(key), &value)
	               ? value.word[0]
	               : 0;
}

static double stat_of(struct cached_map *map, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	cached.stats(map, take_wanted, &wanted);
	return wanted.value;
}

static void create_and_destroy(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	void *first;

	CHECK(map->limit_ns == 30 * SECOND - 10000000 && map->clock_rate == 1,
	        "a line expires one clock tick before 30 s");
	first = cached.join(map, 1);
	put(&cached, first, 1, 1);
	CHECK(cached.join(map, 1) == first && map->caches[0] == NULL,
	        "a thread that joins again keeps its cache; other threads have "
	        "not joined");
	CHECK(((struct cache *)first)->log_seen == 1,
	        "a joining thread skips older log entries");
	cached.destroy(map);
	map = map_of(RM_U64X8, 50);
	CHECK(map->limit_ns == 30 * SECOND - 500000000 && map->clock_rate == 50,
	        "the tick scales with the clock rate");
	map->now_ns = NULL;
	clock_ns = rm_now_coarse_ns() * 50;
	CHECK(callback_now(map) >= clock_ns,
	        "the time scales with the clock rate");
	clock_ns = START_S * SECOND;
	heap_is_full = true;
	CHECK(!cached.join(map, 0) && !map_of(RM_U64X8, 0),
	        "without memory, join and create return NULL");
	heap_is_full = false;
	cached.destroy(map);
	CHECK(heap_held == 0, "all memory is freed");
}

/* A string key with the same first bytes, but another length, is a different
   key. */
static void lines_match_their_key(void)
{
	struct cached_map *map = map_of(RM_STR16X24, 0);
	struct cache *cache = cached.join(map, 0);
	const struct rm_key keys[] = { { .bytes = "a\0", .length = 1 },
		{ .bytes = "a\0", .length = 2 },
		{ .bytes = "0123456789abcdef", .length = 16 },
		{ .bytes = "0123456789abcdeX", .length = 16 },
		{ .bytes = "X123456789abcdef", .length = 16 },
		{ .length = 0 } };
	bool right = true;

	for (unsigned i = 0; i < 6; i++) {
		struct cache_line line = { .generation = cache->generation,
			.length = (uint32_t)keys[i].length };

		cache_key_words(RM_STR16X24, keys[i], line.key);
		for (unsigned j = 0; j < 6; j++)
			right &= cache_is_line_of(cache, &line, RM_STR16X24,
			                 keys[j]) == (i == j);
		line.generation++;
		right &= !cache_is_line_of(cache, &line, RM_STR16X24, keys[i]);
	}
	CHECK(right, "a line matches only its key and only in its generation");
	CHECK(cache_is_cacheable(RM_STR16X24, keys[2]) &&
	                cache_is_cacheable(
	                        RM_U64X8, (struct rm_key){ .length = 17 }) &&
	                !cache_is_cacheable(
	                        RM_STR16X24, (struct rm_key){ .length = 17 }),
	        "all integer keys and strings of up to 16 bytes can be cached");
	cached.destroy(map);
}

static void generations_wrap(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	struct cache *cache = cached.join(map, 0);
	const double drops = stat_of(map, "cache_drops");

	put(&cached, cache, 1, 5);
	cache->generation = UINT32_MAX;
	get(&cached, cache, 1);
	CHECK(stat_of(map, "cache_misses") == 1 &&
	                get(&cached, cache, 1) == 5 &&
	                stat_of(map, "cache_hits") == 1,
	        "a filled line hits");
	cache->lines[17].generation = 1; /* as it is after 2^32 drops */
	cache_drop_all(cache);
	CHECK(cache->generation == 1 && cache->lines[17].generation == 0,
	        "no line matches after the generation wraps");
	get(&cached, cache, 1);
	CHECK(stat_of(map, "cache_misses") == 2 &&
	                stat_of(map, "cache_drops") == drops + 1,
	        "an empty cache misses");
	cached.destroy(map);
}

/* Counts an answer of this age and checks that it is in this bucket. */
static bool counted_as(uint64_t age_ns, const char *name)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	struct cache *cache = cached.join(map, 1);
	bool right;

	put(&cached, cache, 1, 5);
	get(&cached, cache, 1);
	cache_count_answer(cache, age_ns);
	cache_count_answer(cached.join(map, 0), 0);
	right = stat_of(map, name) == (age_ns <= 1000000 ? 2 : 1) &&
	        stat_of(map, "answers_up_to_1ms") ==
	                (age_ns <= 1000000 ? 2 : 1) &&
	        stat_of(map, "age_max") == (double)age_ns &&
	        stat_of(map, "cache_hits") == 2;
	cached.destroy(map);
	return right;
}

static void ages_are_counted(void)
{
	CHECK(counted_as(0, "answers_up_to_1ms") &&
	                counted_as(1000000, "answers_up_to_1ms") &&
	                counted_as(1000001, "answers_up_to_1s") &&
	                counted_as(SECOND, "answers_up_to_1s") &&
	                counted_as(SECOND + 1, "answers_up_to_10s") &&
	                counted_as(10 * SECOND, "answers_up_to_10s") &&
	                counted_as(10 * SECOND + 1, "answers_up_to_20s") &&
	                counted_as(20 * SECOND, "answers_up_to_20s") &&
	                counted_as(20 * SECOND + 1, "answers_up_to_30s") &&
	                counted_as(30 * SECOND, "answers_up_to_30s") &&
	                counted_as(30 * SECOND + 1, "answers_over_30s"),
	        "answers are counted by age, a limit belongs to the lower "
	        "bucket, and the maximum is over all threads");
}

static void check_rejects_old_answers(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	struct cache *cache = cached.join(map, 1);
	char why[100] = "";

	cache_count_answer(cache, 30 * SECOND);
	CHECK(cached.check(map, why, sizeof(why)) && !why[0],
	        "the check accepts an answer that is 30 s old");
	cache_count_answer(cache, 30 * SECOND + 1);
	CHECK(!cached.check(map, why, sizeof(why)) &&
	                !strcmp(why, "an answer was older than the TTL"),
	        "the check rejects an older answer");
	cached.destroy(map);
}

static void lines_expire(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	void *reader = cached.join(map, 0), *writer = cached.join(map, 1);

	put(&cached, writer, 1, 1);
	get(&cached, reader, 1);
	put(&cached, writer, 1, 2);
	clock_ns += 30 * SECOND - 10000000 - 1;
	CHECK(get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_refreshes") == 1 &&
	                stat_of(map, "cache_expiries") == 0,
	        "a line just before expiry hits and is refreshed");
	put(&cached, writer, 1, 3);
	clock_ns += 30 * SECOND - 10000000;
	CHECK(get(&cached, reader, 1) == 3 &&
	                stat_of(map, "cache_refreshes") == 1 &&
	                stat_of(map, "cache_expiries") == 1,
	        "an expired line misses");
	CHECK(stat_of(map, "cache_hits") == 1 &&
	                stat_of(map, "cache_misses") == 2,
	        "each lookup is a hit or a miss");
	cached.destroy(map);
}

/* Performs a write of one kind. Each is added to the log and must become
   visible. */
static bool perform_write(void *context, unsigned which, void *writer)
{
	const struct rm_map_ops *map_ops = context;
	const struct rm_value one = { { 1 } }, two = { { 2 } };
	struct rm_value old;
	const struct rm_key key = word_key(1);

	switch (which) {
	case 0:
		return rm_map_upsert(map_ops, writer, RM_U64X8, key, &two);
	case 1:
		return map_ops->exchange(writer, RM_U64X8, key, &two, &old) &&
		       old.word[0] == 1;
	case 2:
		return map_ops->compare_swap(writer, RM_U64X8, key, &one, &two);
	case 3:
		return rm_map_remove(map_ops, writer, RM_U64X8, key);
	case 4:
		return map_ops->take(writer, RM_U64X8, key, &old) &&
		       old.word[0] == 1;
	case 5:
		return map_ops->compare_remove(writer, RM_U64X8, key, &one);
	default:
		map_ops->clear(writer);
		return true;
	}
}

/* True if the writer sees the write at once, and the reader sees it once it is
   quiescent or, if `current`, at once. */
static bool write_is_visible(
        const struct rm_map_ops *map_ops, unsigned which, bool current)
{
	const struct rm_sizing sizing = { .keys = 100,
		.threads = THREADS,
		.shape = RM_U64X8,
		.seed = 7,
		.now_ns = now_ns };
	void *map = map_ops->create(&sizing);
	void *reader = map_ops->join(map, 0), *writer = map_ops->join(map, 1);
	const uint64_t wanted = which < 3 ? 2 : 0;
	bool right;

	put(map_ops, writer, 1, 1);
	right = get(map_ops, reader, 1) == 1 && get(map_ops, writer, 1) == 1;
	right &= perform_write((void *)map_ops, which, writer);
	right &= get(map_ops, writer, 1) == wanted;
	right &= get(map_ops, reader, 1) == (current ? wanted : 1);
	map_ops->quiesce(reader);
	right &= get(map_ops, reader, 1) == wanted;
	map_ops->destroy(map);
	return right;
}

static void each_write_is_visible(void)
{
	bool by_log = true, by_version = true;

	for (unsigned which = 0; which < 7; which++) {
		by_log &= write_is_visible(&cached, which, false);
		by_version &= write_is_visible(
		        rm_impl_local_cache_version.ops, which, true);
	}
	CHECK(by_log,
	        "log cache: each kind of write is visible to its thread at "
	        "once and to others when quiescent");
	CHECK(by_version,
	        "version cache: each kind of write is visible at once");
}

static void every_write_is_logged(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	void *writer = cached.join(map, 0);
	const struct rm_value one = { { 1 } };
	struct rm_value present;

	CHECK(!cached.insert_if_absent(
	              writer, RM_U64X8, word_key(1), &one, &present) &&
	                map->log_head == 1 &&
	                map->log[0] ==
	                        rm_hash(RM_U64X8, word_key(1), map->seed),
	        "the log contains the hash of the written key");
	CHECK(cached.insert_if_absent(
	              writer, RM_U64X8, word_key(1), &one, &present) &&
	                present.word[0] == 1 && map->log_head == 2,
	        "writes that change nothing are logged, too");
	cached.clear(writer);
	CHECK(map->log_head == 2 + LOCAL_CACHE_LOG,
	        "a clear advances the log by its whole length");
	cached.destroy(map);
}

/* Key 1 is cached, then many writes of key 2 are logged. */
static void logs_are_applied(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	struct cache *reader = cached.join(map, 0);
	void *writer = cached.join(map, 1);
	double drops = stat_of(map, "cache_drops");

	put(&cached, writer, 1, 1);
	put(&cached, writer, 2, 1);
	cached.quiesce(reader);
	get(&cached, reader, 1);
	get(&cached, reader, 2);
	for (unsigned i = 0; i < LOCAL_CACHE_LOG - 1; i++)
		put(&cached, writer, 2, 2);
	cached.quiesce(reader);
	CHECK(stat_of(map, "cache_drops") == drops &&
	                reader->log_seen == map->log_head &&
	                get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_hits") == 1,
	        "4095 log entries are applied, and other keys stay cached");
	CHECK(get(&cached, reader, 2) == 2 && stat_of(map, "cache_misses") == 3,
	        "the written key is invalidated");
	for (unsigned i = 0; i < LOCAL_CACHE_LOG; i++)
		put(&cached, writer, 2, 3);
	cached.unpark(reader);
	CHECK(stat_of(map, "cache_drops") == drops + 1 &&
	                reader->log_seen == map->log_head &&
	                get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_misses") == 4,
	        "after 4096 entries the whole cache is dropped, also after a "
	        "park");
	cached.quiesce(reader);
	CHECK(stat_of(map, "cache_drops") == drops + 1 &&
	                get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_misses") == 4,
	        "after that, log entries are applied again");
	cached.destroy(map);
}

/* Two keys share a line: only a write of the cached one invalidates it. */
static void other_keys_of_a_line_stay(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	struct cache *reader = cached.join(map, 0);
	void *writer = cached.join(map, 1);
	uint64_t other = 2;

	while (cache_line_of(
	               reader, rm_hash(RM_U64X8, word_key(other), map->seed)) !=
	        cache_line_of(
	                reader, rm_hash(RM_U64X8, word_key(1), map->seed)))
		other++;
	put(&cached, writer, 1, 1);
	cached.quiesce(reader);
	get(&cached, reader, 1);
	put(&cached, writer, other, 5);
	cached.quiesce(reader);
	CHECK(get(&cached, reader, 1) == 1 && stat_of(map, "cache_hits") == 1,
	        "a write of another key of the line does not invalidate it");
	CHECK(get(&cached, reader, other) == 5 &&
	                get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_hits") == 1,
	        "a lookup of the other key replaces the line");
	put(&cached, reader, other, 6);
	CHECK(get(&cached, reader, 1) == 1 && stat_of(map, "cache_hits") == 2,
	        "the thread's own write of the other key does not invalidate "
	        "it");
	cached.destroy(map);
}

static void backing_map_is_used(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	void *writer = cached.join(map, 0);

	for (uint64_t i = 0; i < 50; i++)
		put(&cached, writer, i, 1);
	CHECK(cached.length(writer) == 50,
	        "length() returns the length of the backing map");
	cached.clear(writer);
	CHECK(cached.length(writer) == 0, "clear() empties the backing map");
	cached.destroy(map);
	CHECK(heap_held == 0, "all memory is freed");
}

int main(void)
{
	create_and_destroy();
	lines_match_their_key();
	generations_wrap();
	ages_are_counted();
	check_rejects_old_answers();
	lines_expire();
	each_write_is_visible();
	every_write_is_logged();
	logs_are_applied();
	other_keys_of_a_line_stay();
	backing_map_is_used();
	return DONE();
}
