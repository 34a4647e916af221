/* SPDX-License-Identifier: Apache-2.0 */
/* test_local_cache.c - tests on a virtual clock how old the answers of local
   caches are. They must be at most 30 s old, lines must be refreshed after 10
   s, and with versions every answer must be current.
   It is linked with the stats objects. */
#include "runner/keys.h"
#include "runner/map.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

extern const struct rm_impl rm_impl_local_cache;
extern const struct rm_impl rm_impl_local_cache_ttl;
extern const struct rm_impl rm_impl_local_cache_version;

#define SECOND ((uint64_t)1000000000)
#define TTL    (30 * SECOND)

enum { KEYS = 40, STEPS = 300000, PARKS = 1000, READERS = 3, WRITES = 60000 };

/* The clock starts late, so that no age is small by chance. */
static _Atomic uint64_t clock_ns = 1000 * SECOND;

static uint64_t now_ns(void)
{
	return atomic_load(&clock_ns);
}

static void advance_clock(uint64_t ns)
{
	atomic_fetch_add(&clock_ns, ns);
}

/* A map with two handles: a writer, and a reader that uses its cache. */
struct pair {
	const struct rm_map_ops *ops;
	struct rm_shape shape;
	void *map, *reader, *writer;
};

static struct pair open_pair(const struct rm_impl *impl, struct rm_shape shape)
{
	const struct rm_sizing sizing = { .keys = KEYS,
		.threads = 2,
		.shape = shape,
		.seed = 7,
		.now_ns = now_ns };
	struct pair pair = { .ops = impl->ops, .shape = shape };

	pair.map = pair.ops->create(&sizing);
	pair.reader = pair.ops->join(pair.map, 0);
	pair.writer = pair.ops->join(pair.map, 1);
	return pair;
}

static void close_pair(struct pair *pair, const char *name)
{
	char why[200] = "";

	if (!CHECK(pair->ops->check(pair->map, why, sizeof(why)), name))
		printf("# %s\n", why);
	pair->ops->leave(pair->reader);
	pair->ops->leave(pair->writer);
	pair->ops->destroy(pair->map);
}

static void put(const struct pair *pair, uint64_t rank, uint64_t word)
{
	struct rm_key_bytes line;
	const struct rm_value value = { { word, word, word } };

	rm_map_upsert(pair->ops, pair->writer, pair->shape,
	        rm_key_of(pair->shape, rank, &line), &value);
}

/* Returns the value's word, or 0 if absent. */
static uint64_t get(const struct pair *pair, uint64_t rank)
{
	struct rm_key_bytes line;
	struct rm_value value;

	return pair->ops->lookup(pair->reader, pair->shape,
	               rm_key_of(pair->shape, rank, &line), &value)
	               ? value.word[0]
	               : 0;
}

static double stat(const struct pair *pair, const char *name)
{
	struct wanted_stat wanted = { name, (double)NAN };

	pair->ops->stats(pair->map, take_wanted, &wanted);
	return wanted.value;
}

/* The number of writes of each key, and when each value was replaced. */
struct history {
	uint64_t sequence[KEYS];
	uint64_t *replaced_ns[KEYS]; /* indexed by sequence */
};

static struct history history_create(void)
{
	struct history history = { .sequence = { 0 } };

	for (size_t i = 0; i < KEYS; i++) {
		history.replaced_ns[i] = calloc(STEPS, sizeof(uint64_t));
		if (!history.replaced_ns[i])
			abort();
	}
	return history;
}

static void history_free(struct history *history)
{
	for (size_t i = 0; i < KEYS; i++)
		free(history->replaced_ns[i]);
}

static void write_one(
        const struct pair *pair, struct history *history, uint64_t rank)
{
	history->replaced_ns[rank][history->sequence[rank]] = now_ns();
	put(pair, rank, ++history->sequence[rank]);
}

/* Returns for how long the answer has been out of date. */
static uint64_t stale_ns(
        const struct pair *pair, const struct history *history, uint64_t rank)
{
	const uint64_t word = get(pair, rank);

	return word == history->sequence[rank]
	               ? 0
	               : now_ns() - history->replaced_ns[rank][word];
}

/* Performs random writes and lookups while time passes. Returns the worst
   staleness of all lookups. Sets `*settled_ns` to the worst staleness right
   after an announcement or a park. */
static uint64_t run_random(const struct pair *pair, uint64_t *settled_ns)
{
	struct history history = history_create();
	uint64_t rng = 11, worst_ns = 0;

	*settled_ns = 0;
	for (uint64_t rank = 0; rank < KEYS; rank++)
		write_one(pair, &history, rank);
	for (unsigned i = 0; i < STEPS; i++) {
		const uint64_t x = rm_next(&rng), rank = (x >> 8) % KEYS;
		const bool parks = x >> 48 < PARKS;
		uint64_t ns;

		advance_clock(x % (SECOND / 4));
		if (parks) {
			pair->ops->park(pair->reader);
			write_one(pair, &history, rank);
			pair->ops->unpark(pair->reader);
		} else if (x % 64 == 0) {
			write_one(pair, &history, rank);
		}
		if (i % 64 == 0)
			pair->ops->quiesce(pair->reader);
		ns = stale_ns(pair, &history, rank);
		if (ns > worst_ns)
			worst_ns = ns;
		if ((parks || i % 64 == 0) && ns > *settled_ns)
			*settled_ns = ns;
	}
	history_free(&history);
	return worst_ns;
}

static void check_staleness(void)
{
	struct pair pair = open_pair(&rm_impl_local_cache_ttl, RM_U64X8);
	uint64_t settled_ns, worst_ns = run_random(&pair, &settled_ns);

	CHECK(worst_ns <= TTL,
	        "TTL cache: no answer is more than 30 s out of date");
	CHECK(worst_ns > 20 * SECOND,
	        "some answers are more than 20 s out of date");
	CHECK(stat(&pair, "age_max") <= (double)TTL &&
	                stat(&pair, "age_max") >= (double)worst_ns,
	        "age_max is at least the worst staleness and at most the TTL");
	CHECK(stat(&pair, "answers_over_30s") == 0 &&
	                stat(&pair, "answers_up_to_30s") > 0 &&
	                stat(&pair, "answers_up_to_10s") > 0,
	        "the histogram counts ages up to the TTL");
	CHECK(stat(&pair, "cache_hits") + stat(&pair, "cache_misses") >= STEPS,
	        "each lookup is a hit or a miss");
	close_pair(&pair, "TTL cache: the map's check passes");

	pair = open_pair(&rm_impl_local_cache, RM_STR16X24);
	worst_ns = run_random(&pair, &settled_ns);
	CHECK(worst_ns > 0 && worst_ns <= TTL,
	        "log cache: answers are up to 30 s out of date");
	CHECK(settled_ns == 0,
	        "no answer is out of date after an announcement or a park");
	close_pair(&pair, "log cache: the map's check passes");

	pair = open_pair(&rm_impl_local_cache_version, RM_STR16X8);
	worst_ns = run_random(&pair, &settled_ns);
	CHECK(worst_ns == 0, "version cache: every answer is current");
	CHECK(stat(&pair, "cache_hits") > STEPS / 10.0,
	        "over a tenth of the lookups hit the cache");
	close_pair(&pair, "version cache: the map's check passes");
}

static void check_park(void)
{
	struct pair pair = open_pair(&rm_impl_local_cache_ttl, RM_U64X24);
	bool exact = true;

	for (uint64_t i = 1; i <= 100; i++) {
		put(&pair, 3, i);
		pair.ops->park(pair.reader);
		pair.ops->unpark(pair.reader);
		exact &= get(&pair, 3) == i;
	}
	CHECK(exact, "TTL cache: after a park all writes are visible");
	close_pair(&pair, "after parks the map's check passes");
}

static void check_refresh_and_expiry(void)
{
	struct pair pair = open_pair(&rm_impl_local_cache_ttl, RM_U64X8);

	put(&pair, 1, 1);
	CHECK(get(&pair, 1) == 1, "a miss fills the cache");
	put(&pair, 1, 2);
	advance_clock(10 * SECOND - 1);
	CHECK(get(&pair, 1) == 1 && get(&pair, 1) == 1,
	        "below 10 s the cache answers without a refresh");
	advance_clock(1);
	CHECK(get(&pair, 1) == 1 && get(&pair, 1) == 2,
	        "at 10 s the cache answers once more and then refreshes the "
	        "line");
	CHECK(stat(&pair, "cache_refreshes") == 1, "one refresh is counted");
	put(&pair, 1, 3);
	advance_clock(30 * SECOND - 10 * SECOND / 1000);
	CHECK(get(&pair, 1) == 3,
	        "the line expires one clock tick before 30 s");
	rm_map_remove(
	        pair.ops, pair.writer, RM_U64X8, (struct rm_key){ .word = 1 });
	close_pair(&pair, "after expiries the map's check passes");
}

/* A refresh that finds the key absent empties the line, and the next lookup
   misses. A key written afterwards is found. Called for both shapes. */
static void check_removed_key(struct rm_shape shape)
{
	struct pair pair = open_pair(&rm_impl_local_cache_ttl, shape);
	struct rm_key_bytes line = { { 0 } };

	put(&pair, 1, 1);
	get(&pair, 1);
	rm_map_remove(pair.ops, pair.writer, shape, rm_key_of(shape, 1, &line));
	CHECK(get(&pair, 1) == 1,
	        "a removed key still hits in another thread's cache");
	advance_clock(10 * SECOND);
	CHECK(get(&pair, 1) == 1 && get(&pair, 1) == 0 && get(&pair, 1) == 0,
	        "the refresh after 10 s empties the line");
	put(&pair, 1, 2);
	CHECK(get(&pair, 1) == 2, "a key that is written again is found");
	close_pair(&pair, "after removals the map's check passes");
}

/* Tests more writes than the log holds, a clear, and keys that are too long. */
static void check_log_overflow(void)
{
	struct pair pair = open_pair(&rm_impl_local_cache, RM_STR16X8);
	const struct rm_key longer = { .bytes = "seventeen letters",
		.length = 17 };
	const struct rm_value one = { { 1 } }, two = { { 2 } };
	struct rm_value value = { { 0 } };

	put(&pair, 1, 1);
	get(&pair, 1);
	put(&pair, 1, 2);
	for (uint64_t i = 0; i < 5000; i++)
		put(&pair, 2 + i % 30, i);
	pair.ops->quiesce(pair.reader);
	CHECK(get(&pair, 1) == 2,
	        "a reader that missed log entries drops its whole cache");
	pair.ops->clear(pair.writer);
	pair.ops->quiesce(pair.reader);
	CHECK(get(&pair, 1) == 0 && get(&pair, 2) == 0,
	        "a clear invalidates every cache");
	rm_map_upsert(pair.ops, pair.writer, RM_STR16X8, longer, &one);
	pair.ops->lookup(pair.reader, RM_STR16X8, longer, &value);
	rm_map_upsert(pair.ops, pair.writer, RM_STR16X8, longer, &two);
	CHECK(pair.ops->lookup(pair.reader, RM_STR16X8, longer, &value) &&
	                value.word[0] == 2,
	        "keys of more than 16 bytes are not cached");
	close_pair(&pair, "after log overflow the map's check passes");
}

/* A writer advances the clock; readers compare answers with the times at which
   values were replaced. */
struct race {
	struct pair pair;
	_Atomic uint64_t replaced_ns[KEYS][WRITES / KEYS + 2];
	atomic_bool stop_requested;
	_Atomic uint64_t late, answers;
};

static void *race_read(void *opaque)
{
	struct race *race = opaque;
	struct pair pair = race->pair;
	static _Atomic unsigned slots = 2;
	uint64_t rng = atomic_fetch_add(&slots, 1);

	pair.reader = pair.ops->join(pair.map, rng % 8);
	for (unsigned i = 0; !atomic_load(&race->stop_requested); i++) {
		const uint64_t rank = rm_next(&rng) % KEYS;
		const uint64_t before_ns = now_ns(), word = get(&pair, rank);
		/* 0 if the value was current when the lookup began */
		const uint64_t replaced_ns =
		        word ? atomic_load(&race->replaced_ns[rank][word]) : 0;

		if (replaced_ns && before_ns > replaced_ns + TTL)
			atomic_fetch_add(&race->late, 1);
		if (i % 64 == 0)
			pair.ops->quiesce(pair.reader);
		atomic_fetch_add(&race->answers, 1);
	}
	pair.ops->leave(pair.reader);
	return NULL;
}

static void race_write(struct race *race)
{
	for (uint64_t i = 0; i < WRITES; i++) {
		const uint64_t rank = i % KEYS, word = i / KEYS + 1;

		put(&race->pair, rank, word);
		atomic_store(&race->replaced_ns[rank][word - 1], now_ns());
		advance_clock(SECOND / 64);
	}
	/* wait until the readers have run */
	while (atomic_load(&race->answers) < 1000)
		advance_clock(SECOND / 64);
	atomic_store(&race->stop_requested, true);
}

static void check_concurrent_readers(
        const struct rm_impl *impl, const char *name)
{
	struct race *race = calloc(1, sizeof(*race));
	const struct rm_sizing sizing = { .keys = KEYS,
		.threads = 8,
		.shape = RM_U64X8,
		.seed = 9,
		.now_ns = now_ns };
	pthread_t readers[READERS];

	if (!race)
		abort();
	race->pair = (struct pair){ .ops = impl->ops, .shape = RM_U64X8 };
	race->pair.map = impl->ops->create(&sizing);
	race->pair.writer = impl->ops->join(race->pair.map, 0);
	race->pair.reader = impl->ops->join(race->pair.map, 1);
	for (unsigned i = 0; i < READERS; i++)
		if (pthread_create(&readers[i], NULL, race_read, race))
			abort();
	race_write(race);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	CHECK(atomic_load(&race->late) == 0 &&
	                stat(&race->pair, "age_max") <= (double)TTL,
	        name);
	close_pair(&race->pair, "after concurrent use the map's check passes");
	free(race);
}

int main(void)
{
	check_refresh_and_expiry();
	check_removed_key(RM_U64X8);
	check_removed_key(RM_STR16X8);
	check_staleness();
	check_park();
	check_log_overflow();
	check_concurrent_readers(&rm_impl_local_cache_ttl,
	        "TTL cache: three readers and a writer, no answer is too old");
	check_concurrent_readers(&rm_impl_local_cache,
	        "log cache: three readers and a writer, no answer is too old");
	return DONE();
}
