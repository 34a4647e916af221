/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_local_cache_replica.c - local caches before a replica: what a miss
 * reads, what a thread must not miss, how far the replica is behind, and that
 * one which nobody keeps up is accused. The clock is the test's, and so are the
 * follower's passes, but where it races.
 * It is linked with the stats objects.
 */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
#define LOCAL_CACHE_INVALIDATION LOCAL_CACHE_BY_LOG
#define LOCAL_CACHE_REPLICA      true
#include "impls/cache/local_cache.h"
#include "runner/base/rng.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#define SECOND ((uint64_t)1000000000)
#define TTL    (30 * SECOND)

enum { THREADS = 3, FAR = 1000, STEPS = 100000, KEYS = 40, WRITES = 40000 };

static const struct rm_map_ops cached = { LOCAL_CACHE_OPS };

static _Atomic uint64_t clock_ns = FAR * SECOND;

static uint64_t now_ns(void)
{
	return atomic_load(&clock_ns);
}

static void pass(uint64_t ns)
{
	atomic_fetch_add(&clock_ns, ns);
}

/* A map that follows by itself, and a reader and a writer of it. */
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

/* One that follows when the test makes a pass. */
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

	cached.upsert(
	        by, scene->shape, rm_key_of(scene->shape, rank, &line), &value);
}

/* The value's word; 0: absent. */
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

/* A follower that looks, and repeats nothing. */
static void *look_only(void *opaque)
{
	struct cached_map *map = opaque;

	while (!atomic_load(&map->replica->over)) {
		atomic_fetch_add(&map->replica->passes, 1);
		sched_yield();
	}
	return NULL;
}

static void start(const struct scene *scene, void *(*follower)(void *))
{
	struct replica *replica = scene->map->replica;

	atomic_store(&replica->over, false);
	replica->follows =
	        !pthread_create(&replica->follower, NULL, follower, scene->map);
}

static bool sound(const struct scene *scene, const char *wanted)
{
	char why[100] = "";
	const bool right = cached.check(scene->map, why, sizeof(why));

	if (strcmp(why, wanted))
		printf("# %s\n", why);
	return right == !wanted[0] && !strcmp(why, wanted);
}

static void birth_and_end(void)
{
	struct scene scene = begin(RM_STR16X24);
	const struct rm_key longer = { .bytes = "seventeen letters",
		.length = 17 };
	const struct rm_value one = { { 1 } };

	cached.upsert(scene.writer, RM_STR16X24, longer, &one);
	end(&scene);
	CHECK(heap_held == 0, "what was logged and not repeated is given back");
	heap_is_full = true;
	const struct rm_sizing sizing = { .threads = 1, .shape = RM_U64X8 };

	CHECK(!cached.create(&sizing), "without memory there is no map");
	heap_is_full = false;
}

static void misses_read_the_replica(void)
{
	struct scene scene = begin(RM_U64X8);
	struct guard *primary = &scene.map->behind->shard[0].guard;
	uint64_t word;

	put(&scene, scene.writer, 1, 5);
	CHECK(get(&scene, scene.reader, 1) == 0,
	        "a write is not seen before the replica has it");
	replica_pass(scene.map);
	guard_write(primary);
	word = get(&scene, scene.reader, 1);
	guard_write_end(primary);
	CHECK(word == 5 && stat(&scene, "replica_reads") == 2 &&
	                stat(&scene, "primary_reads") == 0,
	        "then it is, while another holds the primary's lock");
	end(&scene);
}

static void own_writes_are_seen(void)
{
	struct scene scene = begin(RM_STR16X8);

	put(&scene, scene.writer, 1, 5);
	CHECK(get(&scene, scene.writer, 1) == 5 &&
	                stat(&scene, "primary_reads") == 1,
	        "a thread reads its own write in the primary");
	put(&scene, scene.reader, 1, 6);
	put(&scene, scene.writer, 2, 7);
	cached.remove(scene.reader, RM_STR16X8,
	        rm_key_of(RM_STR16X8, 2, &(struct rm_key_bytes){ { 0 } }));
	CHECK(get(&scene, scene.reader, 2) == 0, "its own removal, too");
	replica_pass(scene.map);
	put(&scene, scene.writer, 1, 8);
	replica_pass(scene.map);
	CHECK(get(&scene, scene.writer, 1) == 8 &&
	                stat(&scene, "primary_reads") == 2,
	        "and in the replica when that has it");
	end(&scene);
}

/* What was read from the primary is not taken back by an older replica. */
static void time_does_not_run_backwards(void)
{
	struct scene scene = begin(RM_U64X8);

	put(&scene, scene.writer, 1, 1);
	put(&scene, scene.reader, 1, 2);
	replica_apply(scene.map, 2, 1);
	CHECK(get(&scene, scene.writer, 1) == 1,
	        "a thread reads its own write, which the replica has");
	scene.writer->generation++;
	put(&scene, scene.writer, 1, 3);
	put(&scene, scene.reader, 1, 4);
	CHECK(get(&scene, scene.writer, 1) == 4,
	        "a later one of another, from the primary");
	scene.writer->generation++; /* as if other keys had its line */
	replica_apply(scene.map, 3, 9);
	CHECK(replica_applied(scene.map->replica) == 3 &&
	                get(&scene, scene.writer, 1) == 4,
	        "and does not go back to its own, which the replica has");
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
	        "a line stays while the replica has what it has");
	replica_pass(scene.map);
	CHECK(get(&scene, scene.reader, 1) == 1,
	        "and until its thread is quiescent");
	cached.quiesce(scene.reader);
	CHECK(get(&scene, scene.reader, 1) == 2 &&
	                stat(&scene, "primary_reads") == 0,
	        "then it is read again, from the replica");
	end(&scene);
}

static void who_was_parked_sees_all(void)
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
	        "after a park a thread sees what the replica has not yet");
	CHECK(get(&scene, scene.reader, 2) == 1 &&
	                stat(&scene, "primary_reads") == 1,
	        "and asks the primary of those keys only");
	third = cached.join(scene.map, 2);
	CHECK(get(&scene, third, 1) == 2 && stat(&scene, "primary_reads") == 2,
	        "so does who joins");
	for (unsigned i = 0; i < LOCAL_CACHE_LOG; i++)
		put(&scene, scene.writer, 1, 3 + i);
	put(&scene, scene.writer, 2, 9);
	cached.park(scene.reader);
	cached.unpark(scene.reader);
	CHECK(get(&scene, scene.reader, 2) == 9 &&
	                get(&scene, scene.reader, 1) == LOCAL_CACHE_LOG + 2,
	        "also after more writes than the log holds");
	end(&scene);
}

/* Two keys of one line of a thread's cache. */
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
	        "a replica that has looked just now is not behind");
	put(&scene, scene.writer, 1, 2);
	put(&scene, scene.writer, 3, 2);
	pass(5 * SECOND);
	scene.reader->generation++;
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "replica_lag_max") == 5e9 &&
	                stat(&scene, "staleness_max") == 5e9,
	        "one that has not for 5 s is behind by them");
	replica_pass(scene.map);
	CHECK(stat(&scene, "replica_behind_max") == 2, "and by two writes");
	CHECK(get(&scene, scene.reader, neighbour(&scene, 1)) == 0,
	        "a look-up of another key of its line finds none");
	pass(29 * SECOND);
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "age_max") == 29e9 &&
	                stat(&scene, "staleness_max") == 34e9,
	        "an answer of 29 s is stale by its line's 5 s more");
	start(&scene, replica_follow);
	CHECK(sound(&scene, ""), "which is at most the TTL and the lag");
	replica_count_hit(scene.reader,
	        rm_hash(RM_U64X8, rm_key_of(RM_U64X8, 1, NULL),
	                scene.map->seed),
	        60 * SECOND);
	CHECK(sound(&scene, "an answer was staler than the TTL and the lag"),
	        "one that is more is unsound");
	end(&scene);
}

static void a_full_log_holds_up_its_writer(void)
{
	struct scene scene = begin(RM_STR16X8);

	for (unsigned i = 0; i < LOCAL_CACHE_LOG; i++)
		put(&scene, scene.writer, i % 100, i + 1);
	CHECK(stat(&scene, "log_full") == 0 &&
	                replica_lacks(scene.map) == LOCAL_CACHE_LOG,
	        "the log holds 4096 writes");
	put(&scene, scene.writer, 100, 1);
	CHECK(stat(&scene, "log_full") == 1 &&
	                replica_lacks(scene.map) ==
	                        LOCAL_CACHE_LOG + 1 - REPLICA_BATCH,
	        "who makes the next one repeats 64 of them first");
	replica_pass(scene.map);
	CHECK(replica_lacks(scene.map) == 0 && replica_equals(scene.map),
	        "and none is lost");
	end(&scene);
}

/* Any write, of a thread of two. */
static void write_any(const struct scene *scene, uint64_t x)
{
	struct cache *by = x & 1 ? scene->reader : scene->writer;
	const struct rm_shape shape = scene->shape;
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(shape, (x >> 16) % KEYS, &line);
	const struct rm_value value = { { x, x, x } };
	struct rm_value old = { { 0 } };

	if (shape.str && x >> 40 & 1) /* of keys that are longer, too */
		key = (struct rm_key){ .bytes = "a key of 25 letters or so",
			.length = 1 + (x >> 41) % 25 };
	const bool there = cached.lookup(by, shape, key, &old);

	switch (x >> 1 & 7) {
	case 0:
		cached.remove(by, shape, key);
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
		cached.upsert(by, shape, key, &value);
	}
}

static void each_write_is_repeated(struct rm_shape shape)
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
	CHECK(equal, "after each pass the replica is as its primary");
	end(&scene);
}

/* When the value of each key was replaced, by its number. */
struct past {
	uint64_t last[KEYS];
	uint64_t replaced_ns[KEYS][WRITES + 2];
};

static void write_one(
        const struct scene *scene, struct past *past, uint64_t rank)
{
	past->replaced_ns[rank][past->last[rank]] = now_ns();
	put(scene, scene->writer, rank, ++past->last[rank]);
}

/* For how long has the answer been untrue? */
static uint64_t stale_ns(
        const struct scene *scene, const struct past *past, uint64_t rank)
{
	const uint64_t word = get(scene, scene->reader, rank);

	return word == past->last[rank]
	               ? 0
	               : now_ns() - past->replaced_ns[rank][word];
}

/* Writes, look-ups, passes and time at random. */
static void truth(void)
{
	struct scene scene = begin(RM_STR16X24);
	struct past *past = calloc(1, sizeof(*past));
	uint64_t rng = 5, worst_ns = 0;
	bool honest = true;

	for (unsigned i = 0; past && i < STEPS; i++) {
		const uint64_t x = rm_next(&rng), rank = (x >> 8) % KEYS;
		uint64_t ns;

		pass(x % (SECOND / 4));
		if (x >> 40 & 1 && past->last[rank] < WRITES && x % 4 == 0)
			write_one(&scene, past, rank);
		if ((x >> 41) % 64 == 0)
			replica_pass(scene.map);
		if (i % 8 == 0)
			cached.quiesce(scene.reader);
		ns = stale_ns(&scene, past, rank);
		if (ns > worst_ns)
			worst_ns = ns;
		honest &= (double)ns <= stat(&scene, "staleness_max");
	}
	CHECK(honest, "no answer is staler than is said, by the true times");
	CHECK((double)worst_ns <= (double)TTL + stat(&scene, "replica_lag_max"),
	        "nor than the TTL and the lag");
	CHECK(worst_ns > SECOND, "and some are by more than a second");
	start(&scene, replica_follow);
	CHECK(sound(&scene, ""), "the map is sound");
	free(past);
	end(&scene);
}

static void one_that_does_not_follow_is_caught(void)
{
	struct scene scene = begin_live(RM_U64X8);

	for (uint64_t i = 1; i <= 100; i++)
		put(&scene, scene.writer, i, i);
	CHECK(sound(&scene, ""), "one that is followed is sound");
	replica_stop(scene.map->replica);
	CHECK(sound(&scene, "nobody follows the log any more"),
	        "one whose follower has ended is not");
	put(&scene, scene.writer, 1, 200);
	pass(100 * SECOND);
	CHECK(get(&scene, scene.reader, 1) == 1 &&
	                stat(&scene, "staleness_max") >= 100e9,
	        "its answers get older than any limit, and it says so");
	start(&scene, look_only);
	CHECK(sound(&scene, "the replica lacks 1 logged writes"),
	        "one whose follower repeats nothing is not sound");
	replica_stop(scene.map->replica);
	start(&scene, replica_follow);
	CHECK(sound(&scene, ""), "until somebody does");
	gomap_remove(scene.map->replica->map->shard[0].inner, RM_U64X8,
	        rm_key_of(RM_U64X8, 5, NULL), NULL);
	CHECK(sound(&scene, "the replica is not as its primary"),
	        "one that has lost a key is not");
	end(&scene);
}

/* The follower itself beside a writer that moves the time, and readers. */
struct race {
	struct scene scene;
	_Atomic uint64_t replaced_ns[KEYS][WRITES / KEYS + 2];
	_Atomic bool over;
	_Atomic uint64_t worst_ns, answers;
};

static void *race_read(void *opaque)
{
	struct race *race = opaque;
	struct cache *cache = race->scene.reader;
	uint64_t rng = 1;

	for (unsigned i = 0; !atomic_load(&race->over); i++) {
		const uint64_t rank = rm_next(&rng) % KEYS,
		               before_ns = now_ns(),
		               word = get(&race->scene, cache, rank);
		/* 0: nobody has replaced it when the look-up began */
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

static void together(void)
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
		pass(SECOND / 64);
	}
	atomic_store(&race->over, true);
	pthread_join(reader, NULL);
	CHECK((double)atomic_load(&race->worst_ns) <=
	                stat(&race->scene, "staleness_max"),
	        "beside a follower and a writer no answer is staler than said");
	CHECK(sound(&race->scene, ""), "and the replica is as its primary");
	end(&race->scene);
	free(race);
}

int main(void)
{
	birth_and_end();
	misses_read_the_replica();
	own_writes_are_seen();
	time_does_not_run_backwards();
	caches_follow_the_replica();
	who_was_parked_sees_all();
	staleness_is_age_and_lag();
	a_full_log_holds_up_its_writer();
	each_write_is_repeated(RM_U64X8);
	each_write_is_repeated(RM_STR16X24);
	truth();
	one_that_does_not_follow_is_caught();
	together();
	CHECK(heap_held == 0, "every block is given back");
	return DONE();
}
