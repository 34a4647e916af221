/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_local_cache_steps.c - local caches that follow a log, step by step: what
 * a line holds, which write empties which line, what is counted.
 * It is linked with the stats objects.
 */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_LOG
#include "impls/cache/local_cache.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#define SECOND ((uint64_t)1000000000)

enum { THREADS = 2, FAR = 1000 };

extern const struct rm_impl rm_impl_local_cache_version;

static const struct rm_map_ops cached = { LOCAL_CACHE_OPS };

static uint64_t clock_ns = FAR * SECOND;

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

	map_ops->upsert(writer, RM_U64X8, word_key(key), &value);
}

/* The value's word; 0: absent. */
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

static void birth_and_end(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	void *first;

	CHECK(map->limit_ns == 30 * SECOND - 10000000 && map->clock_rate == 1,
	        "a line answers up to a tick before 30 s");
	first = cached.join(map, 1);
	put(&cached, first, 1, 1);
	CHECK(cached.join(map, 1) == first && map->caches[0] == NULL,
	        "who comes back has its cache, and only those who came");
	CHECK(((struct cache *)first)->log_seen == 1,
	        "what was logged before it came is of no concern");
	cached.destroy(map);
	map = map_of(RM_U64X8, 50);
	CHECK(map->limit_ns == 30 * SECOND - 500000000 && map->clock_rate == 50,
	        "a tick of a clock that runs faster is longer");
	map->now_ns = NULL;
	clock_ns = rm_now_coarse_ns() * 50;
	CHECK(callback_now(map) >= clock_ns, "so is its time");
	clock_ns = FAR * SECOND;
	heap_is_full = true;
	CHECK(!cached.join(map, 0) && !map_of(RM_U64X8, 0),
	        "without memory there is no cache, and no map");
	heap_is_full = false;
	cached.destroy(map);
	CHECK(heap_held == 0, "every block is given back");
}

/* Strings in lines: the same bytes with another length are another key. */
static void lines_know_their_key(void)
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
	CHECK(right, "a line is of its key only, while it is of the cache");
	CHECK(cache_may_hold(RM_STR16X24, keys[2]) &&
	                cache_may_hold(
	                        RM_U64X8, (struct rm_key){ .length = 17 }) &&
	                !cache_may_hold(
	                        RM_STR16X24, (struct rm_key){ .length = 17 }),
	        "strings of up to 16 bytes may be held, and all words");
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
	        "a line that was filled answers");
	cache->lines[17].generation = 1; /* as old as 2^32 times */
	cache_drop_all(cache);
	CHECK(cache->generation == 1 && cache->lines[17].generation == 0,
	        "when generations begin anew no line is of them");
	get(&cached, cache, 1);
	CHECK(stat_of(map, "cache_misses") == 2 &&
	                stat_of(map, "cache_drops") == drops + 1,
	        "an empty cache misses");
	cached.destroy(map);
}

/* Age at which a line answers, and the class in which that is counted. */
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
	        "an answer is counted by its age, the limits in the lower "
	        "class, and the oldest of all threads is kept");
}

static void old_answers_are_unsound(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	struct cache *cache = cached.join(map, 1);
	char why[100] = "";

	cache_count_answer(cache, 30 * SECOND);
	CHECK(cached.check(map, why, sizeof(why)) && !why[0],
	        "an answer of 30 s is sound");
	cache_count_answer(cache, 30 * SECOND + 1);
	CHECK(!cached.check(map, why, sizeof(why)) &&
	                !strcmp(why, "an answer was older than the TTL"),
	        "an older one is not");
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
	        "a line that is nearly too old answers, and is read again");
	put(&cached, writer, 1, 3);
	clock_ns += 30 * SECOND - 10000000;
	CHECK(get(&cached, reader, 1) == 3 &&
	                stat_of(map, "cache_refreshes") == 1 &&
	                stat_of(map, "cache_expiries") == 1,
	        "one that is too old does not");
	CHECK(stat_of(map, "cache_hits") == 1 &&
	                stat_of(map, "cache_misses") == 2,
	        "each look-up is a hit or a miss");
	cached.destroy(map);
}

/* Of the writes each adds to the log, and each is seen. */
static bool changes(void *context, unsigned which, void *writer)
{
	const struct rm_map_ops *map_ops = context;
	const struct rm_value one = { { 1 } }, two = { { 2 } };
	struct rm_value old;
	const struct rm_key key = word_key(1);

	switch (which) {
	case 0:
		return map_ops->upsert(writer, RM_U64X8, key, &two);
	case 1:
		return map_ops->exchange(writer, RM_U64X8, key, &two, &old) &&
		       old.word[0] == 1;
	case 2:
		return map_ops->compare_swap(writer, RM_U64X8, key, &one, &two);
	case 3:
		return map_ops->remove(writer, RM_U64X8, key);
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

/* Whether the reader sees the write after it is quiescent, and the writer at
   once; `current`: the reader, too. */
static bool is_seen(
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
	right &= changes((void *)map_ops, which, writer);
	right &= get(map_ops, writer, 1) == wanted;
	right &= get(map_ops, reader, 1) == (current ? wanted : 1);
	map_ops->quiesce(reader);
	right &= get(map_ops, reader, 1) == wanted;
	map_ops->destroy(map);
	return right;
}

static void each_write_is_seen(void)
{
	bool by_log = true, by_version = true;

	for (unsigned which = 0; which < 7; which++) {
		by_log &= is_seen(&cached, which, false);
		by_version &=
		        is_seen(rm_impl_local_cache_version.ops, which, true);
	}
	CHECK(by_log, "by log: each kind of write is seen when a thread is "
	              "quiescent, and by its own thread at once");
	CHECK(by_version, "by version: each kind is seen at once");
}

static void no_change_is_logged_too(void)
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
	        "the log has the hash of what was written");
	CHECK(cached.insert_if_absent(
	              writer, RM_U64X8, word_key(1), &one, &present) &&
	                present.word[0] == 1 && map->log_head == 2,
	        "also where nothing changed");
	cached.clear(writer);
	CHECK(map->log_head == 2 + LOCAL_CACHE_LOG,
	        "a clear is more than can be followed");
	cached.destroy(map);
}

/* Key 1 is cached, then so many writes of key 2 come. */
static void logs_are_followed(void)
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
	        "4095 writes are followed, and other keys stay");
	CHECK(get(&cached, reader, 2) == 2 && stat_of(map, "cache_misses") == 3,
	        "the one that was written does not");
	for (unsigned i = 0; i < LOCAL_CACHE_LOG; i++)
		put(&cached, writer, 2, 3);
	cached.unpark(reader);
	CHECK(stat_of(map, "cache_drops") == drops + 1 &&
	                reader->log_seen == map->log_head &&
	                get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_misses") == 4,
	        "after 4096 a thread starts anew, also after a park");
	cached.quiesce(reader);
	CHECK(stat_of(map, "cache_drops") == drops + 1 &&
	                get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_misses") == 4,
	        "and then follows again");
	cached.destroy(map);
}

/* Two keys of one line: only a write of the one that is in it empties it. */
static void neighbours_stay(void)
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
	        "a write of another key of its line leaves a line as it is");
	CHECK(get(&cached, reader, other) == 5 &&
	                get(&cached, reader, 1) == 1 &&
	                stat_of(map, "cache_hits") == 1,
	        "a look-up of the other takes its place");
	put(&cached, reader, other, 6);
	CHECK(get(&cached, reader, 1) == 1 && stat_of(map, "cache_hits") == 2,
	        "its own write of the other leaves it, too");
	cached.destroy(map);
}

static void the_map_behind_is_told(void)
{
	struct cached_map *map = map_of(RM_U64X8, 0);
	void *writer = cached.join(map, 0);

	for (uint64_t i = 0; i < 50; i++)
		put(&cached, writer, i, 1);
	CHECK(cached.length(writer) == 50, "its length is that of the map");
	cached.clear(writer);
	CHECK(cached.length(writer) == 0, "which a clear empties");
	cached.destroy(map);
	CHECK(heap_held == 0, "every block is given back");
}

int main(void)
{
	birth_and_end();
	lines_know_their_key();
	generations_wrap();
	ages_are_counted();
	old_answers_are_unsound();
	lines_expire();
	each_write_is_seen();
	no_change_is_logged_too();
	logs_are_followed();
	neighbours_stay();
	the_map_behind_is_told();
	return DONE();
}
