/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shard_life.c - shards by the life cycle of connections, on a virtual
 * clock: when shards open and close, what touches do to a score, and that a
 * connection stays where it is.
 */
#define LIFE_READ_LOCK 0
#define LIFE_CHOICE    LIFE_BY_TIME
#include "impls/shard/shard_life.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <math.h>

extern const struct rm_impl rm_impl_shard_life_hash;

#define SECOND ((uint64_t)1000000000)

enum { THREADS = 4, EACH = 1500, MANY = 5000 };

static const struct rm_map_ops ops = { SHARD_LIFE_OPS };

static _Atomic uint64_t clock_ns = 1000 * SECOND;

static uint64_t now_ns(void)
{
	return atomic_load(&clock_ns);
}

static void pass(uint64_t ns)
{
	atomic_fetch_add(&clock_ns, ns);
}

static void *create(const struct rm_map_ops *table, unsigned threads)
{
	const struct rm_sizing sizing = { .keys = MANY,
		.threads = threads,
		.shape = RM_U64X8,
		.seed = 3,
		.now_ns = now_ns };

	return table->create(&sizing);
}

static bool put(const struct rm_map_ops *table, void *thread, uint64_t rank)
{
	struct rm_key_bytes line;
	const struct rm_value value = rm_value_of(rank, 1, 1);

	return table->upsert(
	        thread, RM_U64X8, rm_key_of(RM_U64X8, rank, &line), &value);
}

static bool there(void *thread, uint64_t rank)
{
	struct rm_key_bytes line;
	struct rm_value value;

	return ops.lookup(thread, RM_U64X8, rm_key_of(RM_U64X8, rank, &line),
	               &value) &&
	       !rm_value_wrong(RM_U64X8, &value, rank);
}

static bool drop(void *thread, uint64_t rank)
{
	struct rm_key_bytes line;

	return ops.remove(thread, RM_U64X8, rm_key_of(RM_U64X8, rank, &line));
}

/* Connection and shard of a key, in one word. */
static uint64_t word_of(void *thread, uint64_t rank)
{
	struct rm_key_bytes line;

	return life_find(thread, RM_U64X8, rm_key_of(RM_U64X8, rank, &line));
}

static double stat(const struct rm_map_ops *table, void *map, const char *name)
{
	struct wanted_stat wanted = { name, (double)NAN };

	table->stats(map, take_wanted, &wanted);
	return wanted.value;
}

static void end(void *map, void *thread, const char *name)
{
	char why[200] = "";

	if (!CHECK(ops.check(map, why, sizeof(why)), name))
		printf("# %s\n", why);
	ops.leave(thread);
	ops.destroy(map);
}

static void grow_and_shrink(void)
{
	void *map = create(&ops, 1), *thread = ops.join(map, 0);
	uint64_t words[MANY];
	bool found = true, stays = true, limited = true;

	for (uint64_t rank = 0; rank < 500; rank++)
		put(&ops, thread, rank);
	CHECK(stat(&ops, map, "shards_open") == 1,
	        "500 connections fit into one shard");
	put(&ops, thread, 500);
	CHECK(stat(&ops, map, "shards_open") == 2 &&
	                stat(&ops, map, "shards_grown") == 1,
	        "the next one opens a second shard");
	for (uint64_t rank = 501; rank < MANY; rank++) {
		pass(SECOND / 1000);
		put(&ops, thread, rank);
		limited &= stat(&ops, map, "shard_active_max") <= 500;
	}
	CHECK(limited && stat(&ops, map, "shards_open") >= MANY / 500.0,
	        "no shard ever has more than 500");
	CHECK(stat(&ops, map, "connections") == MANY, "all are active");
	for (uint64_t rank = 0; rank < MANY; rank++) {
		words[rank] = word_of(thread, rank);
		found &= there(thread, rank);
		put(&ops, thread, rank); /* a touch */
	}
	CHECK(found, "a key alone finds its shard");
	for (uint64_t rank = 50; rank < MANY; rank++)
		found &= drop(thread, rank) && !there(thread, rank);
	for (uint64_t rank = 0; rank < 50; rank++)
		stays &= there(thread, rank) &&
		         word_of(thread, rank) == words[rank];
	CHECK(found && stat(&ops, map, "connections") == 50,
	        "what is closed is gone");
	CHECK(stat(&ops, map, "shards_open") == 1 &&
	                stat(&ops, map, "shards_shrunk") ==
	                        stat(&ops, map, "shards_grown"),
	        "with less than 100 each shards close again");
	CHECK(stays, "nothing has moved: not even from a shard that closed");
	end(map, thread, "the map is sound");
}

/* Who came before a shard was closed stays in it, and is still there. */
static void closed_shards_count(void)
{
	struct life_map *map = create(&ops, 1);

	atomic_store(&map->open_shards, 2);
	atomic_store(&map->shards[0].active, 50);
	atomic_store(&map->shards[1].active, 50);
	atomic_store(&map->shards[2].active, 150);
	life_closed(map, 1);
	CHECK(life_open_shards(map) == 2,
	        "249 connections, 150 in a closed shard, keep two open");
	atomic_store(&map->shards[2].active, 102);
	life_closed(map, 1);
	CHECK(life_open_shards(map) == 2, "and 200 do");
	life_closed(map, 1);
	CHECK(life_open_shards(map) == 1, "but not 199");
	ops.destroy(map);
}

/* One connection in one shard: every figure by hand. */
static void figures(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	const struct life_shard *shard = &map->shards[0];

	CHECK(life_score(shard) == 100, "a new shard has score 100");
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == 0 && life_score(shard) == 100,
	        "opening is no touch");
	pass(SECOND);
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == SECOND / 5, "the mean moves by a fifth");
	CHECK(fabs(life_score(shard) - 100 / 1.2) < 1e-9,
	        "the score: 100 / (1 + active * idle)");
	pass(SECOND);
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == SECOND * 36 / 100, "0.2 + 0.8 * 0.2 = 0.36");
	pass(30 * SECOND);
	put(&ops, thread, 1);
	CHECK(shard->late == 0, "30 s of idleness are not late");
	pass(30 * SECOND + 1);
	put(&ops, thread, 1);
	CHECK(shard->late == LIFE_ALL_LATE / 5, "more are: a fifth");
	CHECK(fabs(life_score(shard) -
	              80 / (1 + (double)shard->idle_ns / 1e9)) < 1e-3,
	        "which takes a fifth of the score");
	put(&ops, thread, 1);
	CHECK(shard->late < LIFE_ALL_LATE / 5, "and is forgotten by touches");
	end(map, thread, "figures: the map is sound");
}

/* Two open shards, one of them idle: who comes next avoids it. */
static void preference(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	uint64_t before, after;

	for (uint64_t rank = 0; rank < 501; rank++)
		put(&ops, thread, rank);
	for (uint64_t rank = 0; rank < 100; rank++) /* room again */
		drop(thread, rank);
	pass(40 * SECOND);
	put(&ops, thread, 200); /* a late touch of shard 0 */
	before = map->shards[1].active;
	for (uint64_t rank = 1000; rank < 1080; rank++)
		put(&ops, thread, rank);
	after = map->shards[1].active;
	CHECK(life_open_shards(map) == 2 && after - before > 50,
	        "of 80 new connections most take the shard with the better "
	        "score");
	end(map, thread, "preference: the map is sound");
}

/* Nobody touches: who opens sees it, and who closes says it. */
static void idle_without_a_touch(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	const struct life_shard *shard = &map->shards[0];
	uint64_t rank = 0;

	while (rank < 200)
		put(&ops, thread, rank++);
	pass(30 * SECOND);
	for (; rank < 264; rank++)
		put(&ops, thread, rank);
	CHECK(life_score(shard) == 100,
	        "looks at 30 s of idleness lower nothing");
	pass(1);
	for (; life_score(shard) == 100 && rank < 400; rank++)
		put(&ops, thread, rank);
	CHECK(rank < 280 && shard->late >= LIFE_ALL_LATE / 5 &&
	                shard->idle_ns > 5 * SECOND,
	        "at more, who opens a connection lowers the score");
	CHECK(stat(&ops, map, "late_touches") == 0 &&
	                stat(&ops, map, "late_looks") <= LIFE_LOOKS,
	        "by looks, no touches");
	end(map, thread, "looks: the map is sound");
	map = create(&ops, 1);
	thread = ops.join(map, 0);
	for (rank = 0; rank < 100; rank++)
		put(&ops, thread, rank);
	pass(3600 * SECOND);
	for (rank = 1; rank < 100; rank++)
		drop(thread, rank);
	CHECK(stat(&ops, map, "late_touches") == 99 &&
	                stat(&ops, map, "shard_score_min") < 1e-3,
	        "so does who closes one");
	end(map, thread, "idle: the map is sound");
}

/* Of a stripe's connections one is idle, each in its turn: the looks
   find it, wherever it is. */
static void looks_go_round(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	struct life_stripe *stripe = &map->stripes[7];
	uint64_t listed = 0, found = 0;

	for (uint64_t rank = 0; rank < 1000; rank++)
		put(&ops, thread, rank);
	for (struct connection *idle = stripe->first; idle;
	        idle = idle->next, listed++) {
		const double before = stat(&ops, map, "late_looks");

		idle->touched_ns -= 31 * SECOND;
		for (uint64_t i = 0; i < 1000; i += LIFE_LOOKS)
			life_look_on(map, stripe, now_ns());
		idle->touched_ns += 31 * SECOND;
		found += stat(&ops, map, "late_looks") - before >= 10;
	}
	CHECK(listed > 5 && found == listed, "the looks go round");
	end(map, thread, "round: the map is sound");
}

/* The same of a thread's handles, which begin again when the oldest closes. */
static void looks_go_round_the_handles(void)
{
	enum { HELD = 8 };
	struct life_map *map = create(&ops, 1);
	struct connection *connections[HELD];
	struct life_ring ring = { .thread = ops.join(map, 0),
		.held = HELD,
		.oldest = 3,
		.next = 3 + HELD,
		.connections = connections };
	unsigned found = 0;

	for (uint64_t i = 0; i < HELD; i++)
		connections[i] = life_connect(map, i, now_ns());
	for (unsigned i = 0; i < HELD; i++) {
		const double before = stat(&ops, map, "late_looks");

		connections[i]->touched_ns -= 31 * SECOND;
		for (unsigned j = 0; j < HELD; j += LIFE_LOOKS)
			life_ring_look(&ring, now_ns());
		connections[i]->touched_ns += 31 * SECOND;
		found += stat(&ops, map, "late_looks") - before == 1;
		if (i == 0) /* as if two had closed and opened */
			ring.oldest += 2, ring.next += 2;
	}
	CHECK(found == HELD, "one round finds each of the handles");
	for (unsigned i = 0; i < HELD; i++) {
		life_closed(map, connections[i]->shard);
		free(connections[i]);
	}
	end(map, ring.thread, "handles: the map is sound");
}

/* Who opens a handle looks at those that are open, not at what its own place
   in the ring held before. */
static void an_own_place_is_not_looked_at(void)
{
	enum { HELD = 4 };
	struct life_map *map = create(&ops, 1);
	struct connection stale = { .touched_ns = 0 };
	struct connection *connections[HELD];
	struct rm_worker worker = { .threads = 1 };
	struct life_ring ring = { .thread = ops.join(map, 0),
		.worker = &worker,
		.held = HELD,
		.connections = connections };

	for (unsigned i = 0; i < 10 * HELD; i++) {
		connections[ring.next % HELD] = &stale;
		life_ring_open(&ring, RM_U64X8);
		if (ring.next - ring.oldest == HELD)
			life_ring_close(&ring, RM_U64X8);
	}
	CHECK(stat(&ops, map, "late_looks") == 0 && worker.counts.wrong == 0,
	        "who opens looks at no place but of what is open");
	while (ring.oldest < ring.next)
		life_ring_close(&ring, RM_U64X8);
	end(map, ring.thread, "places: the map is sound");
}

/* As preference, but nobody touches shard 0 at all. */
static void preference_without_a_touch(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);

	for (uint64_t rank = 0; rank < 501; rank++)
		put(&ops, thread, rank);
	for (uint64_t rank = 0; rank < 100; rank++)
		drop(thread, rank);
	pass(40 * SECOND);
	put(&ops, thread, 500); /* in shard 1 ... */
	pass(SECOND);
	for (unsigned i = 0; i < 40; i++)
		put(&ops, thread, 500); /* ... whose score is good again */
	for (uint64_t rank = 1000; rank < 1080; rank++)
		put(&ops, thread, rank);
	CHECK(life_open_shards(map) == 2 && map->shards[1].active > 50,
	        "of 80 new connections most avoid a shard that is idle");
	end(map, thread, "no touch: the map is sound");
}

/* A burst, all at one moment. */
static void burst(void)
{
	const struct rm_map_ops *hash = rm_impl_shard_life_hash.ops;
	void *map = create(&ops, 1), *thread = ops.join(map, 0);
	void *other = create(hash, 1), *there_too = hash->join(other, 0);
	double by_time, by_hash;

	for (uint64_t rank = 0; rank < MANY; rank++) {
		put(&ops, thread, rank);
		put(hash, there_too, rank);
	}
	by_time = stat(&ops, map, "shard_imbalance");
	by_hash = stat(hash, other, "shard_imbalance");
	printf("# most to mean: %.3f by time and score, %.3f by hash\n",
	        by_time, by_hash);
	CHECK(by_time < 1.2 && by_hash < 1.2,
	        "a burst is spread evenly, with and without the time");
	hash->leave(there_too);
	hash->destroy(other);
	end(map, thread, "burst: the map is sound");
}

struct peer {
	pthread_t id;
	void *map;
	unsigned slot;
	uint64_t wrong;
	pthread_barrier_t *barrier;
};

static void *live(void *opaque)
{
	struct peer *peer = opaque;
	void *thread = ops.join(peer->map, peer->slot);

	for (uint64_t i = 0; i < EACH; i++) {
		peer->wrong += put(&ops, thread, i * THREADS + peer->slot);
		pass(SECOND / 100);
		peer->wrong += !there(thread, i * THREADS + peer->slot);
		ops.quiesce(thread);
	}
	ops.park(thread);
	pthread_barrier_wait(peer->barrier);
	ops.unpark(thread);
	for (uint64_t i = 0; i < EACH; i++) {
		peer->wrong += !drop(thread, i * THREADS + peer->slot);
		ops.quiesce(thread);
	}
	ops.leave(thread);
	return NULL;
}

static void together(void)
{
	pthread_barrier_t barrier;
	struct peer peers[THREADS];
	void *map = create(&ops, THREADS);
	uint64_t wrong = 0;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		peers[i] = (struct peer){
			.map = map, .slot = i, .barrier = &barrier
		};
		if (pthread_create(&peers[i].id, NULL, live, peers + i))
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(peers[i].id, NULL);
		wrong += peers[i].wrong;
	}
	pthread_barrier_destroy(&barrier);
	CHECK(wrong == 0, "four threads: every connection is found, once");
	CHECK(stat(&ops, map, "shards_grown") >= 8,
	        "shards opened for 6000 connections");
	CHECK(stat(&ops, map, "shards_open") == 1 &&
	                stat(&ops, map, "connections") == 0,
	        "and closed with them");
	end(map, ops.join(map, 0), "together: the map is sound");
}

int main(void)
{
	grow_and_shrink();
	closed_shards_count();
	figures();
	preference();
	idle_without_a_touch();
	looks_go_round();
	looks_go_round_the_handles();
	an_own_place_is_not_looked_at();
	preference_without_a_touch();
	burst();
	together();
	return DONE();
}
