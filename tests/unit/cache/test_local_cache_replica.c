/* SPDX-License-Identifier: Apache-2.0 */
/* test_local_cache_replica.c - tests local caches with a replica: what a miss
   reads, which writes a thread must see, the lag of the replica, and that the
   check detects a replica that is not updated. The test controls the clock and,
   except in the race, the follower's passes.
   It is linked with the stats objects. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_LOG
#define LOCAL_CACHE_REPLICA      true
#include "impls/cache/local_cache.h"
#include "runner/base/rng.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#define SECOND ((uint64_t)1000000000)
#define TTL    (30 * SECOND)

enum { THREADS = 3, START_S = 1000, STEPS = 100000, KEYS = 40, WRITES = 40000 };

static const struct rm_map_ops cached = { LOCAL_CACHE_OPS };

static _Atomic uint64_t clock_ns = START_S * SECOND;

static uint64_t now_ns(void)
{
	return atomic_load(&clock_ns);
}

static void advance_clock(uint64_t ns)
{
	atomic_fetch_add(&clock_ns, ns);
}

/* A map with its own follower, a reader and a writer. */
struct scene {
	struct rm_shape shape;
	struct cached_map *map;
	struct cache *reader, *writer;
};

static struct scene begin_live(struct rm_shape shape)
{
	const struct rm_sizing sizing = { .keys = 100,
		.threads = THREADS,
		.shape = shape,
		.seed = 7,
		.now_ns = now_ns };
	struct scene scene = { .shape = shape, .map = cached.create(&sizing) };

	scene.reader = cached.join(scene.map, 0);
	scene.writer = cached.join(scene.map, 1);
	return scene;
}

/* A map that is updated only when the test makes a pass. */
static struct scene begin(struct rm_shape shape)
{
	struct scene scene = begin_live(shape);

	replica_stop(scene.map->replica);
	return scene;
}

static void end(struct scene *scene)
{
	cached.destroy(scene->map);
}

static void put(const struct scene *scene, struct cache *by, uint64_t rank,
        uint64_t word)
{
	struct rm_key_bytes line;
	const struct rm_value value = { { word, word, word } };

	rm_map_upsert(&cached, by, scene->shape,
	        rm_key_of(scene->shape, rank, &line), &value);
}

/* Returns the value's word, or 0 if absent. */
static uint64_t get(const struct scene *scene, struct cache *by, uint64_t rank)
{
	struct rm_key_bytes line;
	struct rm_value value;

	return cached.lookup(by, scene->shape,
	               rm_key_of(scene->shape, rank, &line), &value)
	               ? value.word[0]
	               : 0;
}

static double stat(const struct scene *scene, const char *name)
{
	struct wanted_stat wanted = { name, -1 };

	cached.stats(scene->map, take_wanted, &wanted);
	return wanted.value;
}

/* A fake follower that makes passes but applies nothing. */
static void *pass_without_applying(void *opaque)
{
	struct cached_map *map = opaque;

	while (!atomic_load(&map->replica->stop_requested)) {
		atomic_fetch_add(&map->replica->passes, 1);
		sched_yield();
	}
	return NULL;
}

static void start(const struct scene *scene, void *(*follower)(void *))
{
	struct replica *replica = scene->map->replica;

	atomic_store(&replica->stop_requested, false);
	replica->follower_running =
	        !pthread_create(&replica->follower, NULL, follower, scene->map);
}

static bool check_reports(const struct scene *scene, const char *wanted)
{
	char why[100] = "";
	const bool right = cached.check(scene->map, why, sizeof(why));

	if (strcmp(why, wanted))
		printf("# %s\n", why);
	return right == !wanted[0] && !strcmp(why, wanted);
}

static void create_and_destroy(void)
{
	struct scene scene = begin(RM_STR16X24);
	const struct rm_key longer = { .bytes = "seventeen letters",
		.length = 17 };
	const struct rm_value one = { { 1 } };

	rm_map_upsert(&cached, scene.writer, RM_STR16X24, longer, &one);
	end(&scene);
	CHECK(heap_held == 0, "logged writes that were not applied are freed");
	heap_is_full = true;
	const struct rm_sizing sizing = { .threads = 1, .shape = RM_U64X8 };

	CHECK(!cached.create(&sizing), "without memory, create returns NULL");
	heap_is_full = false;
}

static void misses_read_the_replica(void)
{
	struct scene scene = begin(RM_U64X8);
	struct guard *primary = &scene.map->backing->shard[0].guard;
	uint64_t word;

	put(&scene, scene.writer, 1, 5);
	CHECK(get(&scene, scene.reader, 1) == 0,
	        "another thread's write is invisible until it is in the "
	        "replica");
	replica_pass(scene.map);
	guard_write(primary);
	word = get(&scene, scene.reader, 1);
	guard_write_end(primary);
	CHECK(word == 5 && stat(&scene, "replica_reads") == 2 &&
	                stat(&scene, "primary_reads") == 0,
	        "a write in the replica is read from there, although the "
	        "primary is locked");
	end(&scene);
}

static void own_writes_are_visible(void)
{
	struct scene scene = begin(RM_STR16X8);

	put(&scene, scene.writer, 1, 5);
	CHECK(get(&scene, scene.writer, 1) == 5 &&
	                stat(&scene, "primary_reads") == 1,
	        "a thread reads its own write from the primary");
	put(&scene, scene.reader, 1, 6);
	put(&scene, scene.writer, 2, 7);
	rm_map_remove(&cached, scene.reader, RM_STR16X8,
	        rm_key_of(RM_STR16X8, 2, &(struct rm_key_bytes){ { 0 } }));
	CHECK(get(&scene, scene.reader, 2) == 0,
	        "a thread sees its own removal");
	replica_pass(scene.map);
	put(&scene, scene.writer, 1, 8);
	replica_pass(scene.map);
	CHECK(get(&scene, scene.writer, 1) == 8 &&
	                stat(&scene, "primary_reads") == 2,
	        "after a pass a thread reads its own write from the replica");
	end(&scene);
}

/* After a thread has read the primary, it must not read an older replica. */
static void values_do_not_go_back(void)
{
	struct scene scene = begin(RM_U64X8);

	put(&scene, scene.writer, 1, 1);
	put(&scene, scene.reader, 1, 2);
	replica_apply(scene.map, 2, 1);
	CHECK(get(&scene, scene.writer, 1) == 1,
	        "a thread reads its own applied write from the replica");
	scene.writer->generation++;
	put(&scene, scene.writer, 1, 3);
	put(&scene, scene.reader, 1, 4);
	CHECK(get(&scene, scene.writer, 1) == 4,
	        "a thread reads a later write by another thread from the "
	        "primary");
	scene.writer->generation++; /* evicts the key, as if another key used
	                               its line */
	replica_apply(scene.map, 3, 9);
	CHECK(replica_applied(scene.map->replica) == 3 &&
	                get(&scene, scene.writer, 1) == 4,
	        "a thread does not return to an older value in the replica");
	end(&scene);
}

static void caches_follow_the_replica(void)
{
	struct scene scene = begin(RM_U64X24);

	put(&scene, scene.writer, 1, 1);
	replica_pass(scene.map);
	cached.quiesce(scene.reader);
	get(&scene, scene.reader, 1);
	put(&scene, scene.writer, 1, 2);
	cached.quiesce(scene.reader);
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "cache_hits") == 1,
	        "a cached line stays valid while the replica is unchanged");
	replica_pass(scene.map);
	CHECK(get(&scene, scene.reader, 1) == 1,
	        "after a pass a cached line stays valid until its thread is "
	        "quiescent");
	cached.quiesce(scene.reader);
	CHECK(get(&scene, scene.reader, 1) == 2 &&
	                stat(&scene, "primary_reads") == 0,
	        "a quiescent thread reads the new value from the replica");
	end(&scene);
}

static void park_and_join_see_all_writes(void)
{
	struct scene scene = begin(RM_U64X8);
	struct cache *third;

	put(&scene, scene.writer, 1, 1);
	put(&scene, scene.writer, 2, 1);
	replica_pass(scene.map);
	get(&scene, scene.reader, 1);
	get(&scene, scene.reader, 2);
	cached.park(scene.reader);
	put(&scene, scene.writer, 1, 2);
	cached.unpark(scene.reader);
	CHECK(get(&scene, scene.reader, 1) == 2 &&
	                stat(&scene, "primary_reads") == 1,
	        "after a park a thread sees writes that the replica lacks");
	CHECK(get(&scene, scene.reader, 2) == 1 &&
	                stat(&scene, "primary_reads") == 1,
	        "after a park a thread reads only those written keys from the "
	        "primary");
	third = cached.join(scene.map, 2);
	CHECK(get(&scene, third, 1) == 2 && stat(&scene, "primary_reads") == 2,
	        "a thread that joins sees writes that the replica lacks");
	for (unsigned i = 0; i < LOCAL_CACHE_LOG; i++)
		put(&scene, scene.writer, 1, 3 + i);
	put(&scene, scene.writer, 2, 9);
	cached.park(scene.reader);
	cached.unpark(scene.reader);
	CHECK(get(&scene, scene.reader, 2) == 9 &&
	                get(&scene, scene.reader, 1) == LOCAL_CACHE_LOG + 2,
	        "after a park a thread sees all writes, although their number "
	        "exceeds the size of the log");
	end(&scene);
}

/* Returns a key that shares a line of the reader's cache with `rank`. */
static uint64_t neighbour(const struct scene *scene, uint64_t rank)
{
	const struct rm_key key = rm_key_of(RM_U64X8, rank, NULL);
	const struct cache_line *line = cache_line_of(
	        scene->reader, rm_hash(RM_U64X8, key, scene->map->seed));
	uint64_t other = rank + 1;

	while (cache_line_of(scene->reader,
	               rm_hash(RM_U64X8, rm_key_of(RM_U64X8, other, NULL),
	                       scene->map->seed)) != line)
		other++;
	return other;
}

static void staleness_is_age_and_lag(void)
{
	struct scene scene = begin(RM_U64X8);

	put(&scene, scene.writer, 1, 1);
	replica_pass(scene.map);
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "replica_lag_max") == 0 &&
	                stat(&scene, "staleness_max") == 0,
	        "right after a pass the lag is 0");
	put(&scene, scene.writer, 1, 2);
	put(&scene, scene.writer, 3, 2);
	advance_clock(5 * SECOND);
	scene.reader->generation++;
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "replica_lag_max") == 5e9 &&
	                stat(&scene, "staleness_max") == 5e9,
	        "5 s after a pass the lag is 5 s");
	replica_pass(scene.map);
	CHECK(stat(&scene, "replica_behind_max") == 2,
	        "replica_behind_max counts the two missing writes");
	CHECK(get(&scene, scene.reader, neighbour(&scene, 1)) == 0,
	        "a lookup of an absent key of the same line finds nothing");
	advance_clock(29 * SECOND);
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "age_max") == 29e9 &&
	                stat(&scene, "staleness_max") == 34e9,
	        "staleness is the line's age of 29 s plus its lag of 5 s");
	start(&scene, replica_follow);
	CHECK(check_reports(&scene, ""),
	        "the check accepts a staleness of at most TTL plus lag");
	replica_count_hit(scene.reader,
	        rm_hash(RM_U64X8, rm_key_of(RM_U64X8, 1, NULL),
	                scene.map->seed),
	        60 * SECOND);
	CHECK(check_reports(
	              &scene, "an answer was staler than the TTL plus the lag"),
	        "the check rejects an answer that is older than TTL plus lag");
	end(&scene);
}

static void full_log_delays_its_writer(void)
{
	struct scene scene = begin(RM_STR16X8);

	for (unsigned i = 0; i < LOCAL_CACHE_LOG; i++)
		put(&scene, scene.writer, i % 100, i + 1);
	CHECK(stat(&scene, "log_full") == 0 &&
	                replica_count_missing(scene.map) == LOCAL_CACHE_LOG,
	        "the log holds 4096 writes without a delay");
	put(&scene, scene.writer, 100, 1);
	CHECK(stat(&scene, "log_full") == 1 &&
	                replica_count_missing(scene.map) ==
	                        LOCAL_CACHE_LOG + 1 - REPLICA_BATCH,
	        "the writer that finds the log full first applies 64 writes");
	replica_pass(scene.map);
	CHECK(replica_count_missing(scene.map) == 0 &&
	                replica_equals(scene.map),
	        "no write is lost");
	end(&scene);
}

/* Performs a random write by one of the two threads. */
static void write_any(const struct scene *scene, uint64_t x)
{
	struct cache *by = x & 1 ? scene->reader : scene->writer;
	const struct rm_shape shape = scene->shape;
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(shape, (x >> 16) % KEYS, &line);
	const struct rm_value value = { { x, x, x } };
	struct rm_value old = { { 0 } };

	if (shape.str && x >> 40 & 1) /* sometimes uses a longer key */
		key = (struct rm_key){ .bytes = "a key of 25 letters or so",
			.length = 1 + (x >> 41) % 25 };
	const bool there = cached.lookup(by, shape, key, &old);

	switch (x >> 1 & 7) {
	case 0:
		rm_map_remove(&cached, by, shape, key);
		break;
	case 1:
		cached.take(by, shape, key, &old);
		break;
	case 2:
		cached.insert_if_absent(by, shape, key, &value, &old);
		break;
	case 3:
		if (there)
			cached.compare_swap(by, shape, key, &old, &value);
		break;
	case 4:
		if (there)
			cached.compare_remove(by, shape, key, &old);
		break;
	case 5:
		if (x >> 32 & 63)
			cached.exchange(by, shape, key, &value, &old);
		else
			cached.clear(by);
		break;
	default:
		rm_map_upsert(&cached, by, shape, key, &value);
	}
}

static void each_write_is_applied(struct rm_shape shape)
{
	struct scene scene = begin(shape);
	uint64_t rng = 3;
	bool equal = true;

	for (unsigned i = 0; i < STEPS; i++) {
		write_any(&scene, rm_next(&rng));
		if (rm_next(&rng) % 32)
			continue;
		replica_pass(scene.map);
		equal &= replica_equals(scene.map);
	}
	CHECK(equal, "after each pass the replica equals its primary");
	end(&scene);
}

/* The last value of each key, and when each value was replaced. */
struct history {
	uint64_t last[KEYS];
	uint64_t replaced_ns[KEYS][WRITES + 2];
};

static void write_one(
        const struct scene *scene, struct history *history, uint64_t rank)
{
	history->replaced_ns[rank][history->last[rank]] = now_ns();
	put(scene, scene->writer, rank, ++history->last[rank]);
}

/* Returns for how long the answer has been out of date. */
static uint64_t stale_ns(
        const struct scene *scene, const struct history *history, uint64_t rank)
{
	const uint64_t word = get(scene, scene->reader, rank);

	return word == history->last[rank]
	               ? 0
	               : now_ns() - history->replaced_ns[rank][word];
}

/* Makes random writes, lookups and passes while time advances. */
static void staleness_is_reported(void)
{
	struct scene scene = begin(RM_STR16X24);
	struct history *history = calloc(1, sizeof(*history));
	uint64_t rng = 5, worst_ns = 0;
	bool within_reported = true;

	for (unsigned i = 0; history && i < STEPS; i++) {
		const uint64_t x = rm_next(&rng), rank = (x >> 8) % KEYS;
		uint64_t ns;

		advance_clock(x % (SECOND / 4));
		if (x >> 40 & 1 && history->last[rank] < WRITES && x % 4 == 0)
			write_one(&scene, history, rank);
		if ((x >> 41) % 64 == 0)
			replica_pass(scene.map);
		if (i % 8 == 0)
			cached.quiesce(scene.reader);
		ns = stale_ns(&scene, history, rank);
		if (ns > worst_ns)
			worst_ns = ns;
		within_reported &= (double)ns <= stat(&scene, "staleness_max");
	}
	CHECK(within_reported,
	        "no answer is older than staleness_max, by the true times");
	CHECK((double)worst_ns <= (double)TTL + stat(&scene, "replica_lag_max"),
	        "no answer is older than TTL plus lag");
	CHECK(worst_ns > SECOND,
	        "some answers are more than a second out of date");
	start(&scene, replica_follow);
	CHECK(check_reports(&scene, ""), "the map's check passes");
	free(history);
	end(&scene);
}

static void check_finds_missing_follower(void)
{
	struct scene scene = begin_live(RM_U64X8);

	for (uint64_t i = 1; i <= 100; i++)
		put(&scene, scene.writer, i, i);
	CHECK(check_reports(&scene, ""),
	        "the check accepts a replica that is updated");
	replica_stop(scene.map->replica);
	CHECK(check_reports(&scene, "the follower of the log has stopped"),
	        "the check detects that the follower has ended");
	put(&scene, scene.writer, 1, 200);
	advance_clock(100 * SECOND);
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "staleness_max") >= 100e9,
	        "without a follower, staleness_max grows without limit");
	start(&scene, pass_without_applying);
	CHECK(check_reports(&scene, "the replica lacks 1 logged writes"),
	        "the check detects a follower that applies nothing");
	replica_stop(scene.map->replica);
	start(&scene, replica_follow);
	CHECK(check_reports(&scene, ""),
	        "the check passes again with a real follower");
	gomap_remove(scene.map->replica->map->shard[0].inner, RM_U64X8,
	        rm_key_of(RM_U64X8, 5, NULL), NULL);
	CHECK(check_reports(&scene, "the replica differs from its primary"),
	        "the check detects a lost key");
	end(&scene);
}

/* The real follower, a writer that advances the clock, and a reader. */
struct race {
	struct scene scene;
	_Atomic uint64_t replaced_ns[KEYS][WRITES / KEYS + 2];
	_Atomic bool stop_requested;
	_Atomic uint64_t worst_ns, answers;
};

static void *race_read(void *opaque)
{
	struct race *race = opaque;
	struct cache *cache = race->scene.reader;
	uint64_t rng = 1;

	for (unsigned i = 0; !atomic_load(&race->stop_requested); i++) {
		const uint64_t rank = rm_next(&rng) % KEYS,
		               before_ns = now_ns(),
		               word = get(&race->scene, cache, rank);
		/* 0 if the value was current when the lookup began */
		const uint64_t replaced_ns =
		        atomic_load(&race->replaced_ns[rank][word]);

		if (replaced_ns && before_ns > replaced_ns &&
		        before_ns - replaced_ns > atomic_load(&race->worst_ns))
			atomic_store(&race->worst_ns, before_ns - replaced_ns);
		if (i % 64 == 0)
			cached.quiesce(cache);
		atomic_fetch_add(&race->answers, 1);
	}
	return NULL;
}

static void concurrent_staleness_is_reported(void)
{
	struct race *race = calloc(1, sizeof(*race));
	pthread_t reader;

	if (!race)
		abort();
	race->scene = begin_live(RM_U64X8);
	if (pthread_create(&reader, NULL, race_read, race))
		abort();
	for (uint64_t i = 0; i < WRITES || atomic_load(&race->answers) < 1000;
	        i++) {
		if (i < WRITES) {
			put(&race->scene, race->scene.writer, i % KEYS,
			        i / KEYS + 1);
			atomic_store(&race->replaced_ns[i % KEYS][i / KEYS],
			        now_ns());
		}
		advance_clock(SECOND / 64);
	}
	atomic_store(&race->stop_requested, true);
	pthread_join(reader, NULL);
	CHECK((double)atomic_load(&race->worst_ns) <=
	                stat(&race->scene, "staleness_max"),
	        "with a follower and a writer, no answer exceeds "
	        "staleness_max");
	CHECK(check_reports(&race->scene, ""),
	        "afterwards the replica equals its primary");
	end(&race->scene);
	free(race);
}

int main(void)
{
	create_and_destroy();
	misses_read_the_replica();
	own_writes_are_visible();
	values_do_not_go_back();
	caches_follow_the_replica();
	park_and_join_see_all_writes();
	staleness_is_age_and_lag();
	full_log_delays_its_writer();
	each_write_is_applied(RM_U64X8);
	each_write_is_applied(RM_STR16X24);
	staleness_is_reported();
	check_finds_missing_follower();
	concurrent_staleness_is_reported();
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}
