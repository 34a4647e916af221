/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shard_life.c - shards by the life cycle of connections, on a virtual
 * clock: when shards open and close, what touches do to a score, and that a
 * connection stays where it is.
 */
#include <stdint.h>

/* What proposes a shard: as shard_life, as shard_life_hash, and one that puts
   all of a second together. */
static enum { BY_TIME, BY_HASH, BY_SECOND } mixed_from;

static uint64_t mixed(uint64_t hash, uint64_t opened_ns)
{
	return mixed_from == BY_TIME   ? hash ^ opened_ns
	       : mixed_from == BY_HASH ? hash
	                               : opened_ns / 1000000000;
}

#define LIFE_READ_LOCK            0
#define LIFE_MIX(hash, opened_ns) mixed(hash, opened_ns)
#include "impls/shard/shard_life.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <math.h>

#define SECOND ((uint64_t)1000000000)

enum { THREADS = 4, EACH = 1500, MANY = 5000, MILLION = 1000000 };

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

/* So many are in this shard. */
static void hold(struct life_map *map, unsigned shard, uint64_t count)
{
	life_make(map, shard + 1);
	life_add(map, shard, count - life_at(map, shard)->active);
}

/* A connection of this shard, which is made for it, closes. */
static void closed(struct life_map *map, uint32_t shard)
{
	struct connection connection = { .touched_ns = now_ns(),
		.shard = shard };

	life_closed(map, &connection);
}

/* Who came before a shard was closed stays in it, and is still there. */
static void closed_shards_count(void)
{
	struct life_map *map = create(&ops, 1);

	atomic_store(&map->open_shards, 2);
	hold(map, 0, 50);
	hold(map, 1, 50);
	hold(map, 2, 150);
	closed(map, 1);
	CHECK(life_open_shards(map) == 2,
	        "249 connections, 150 in a closed shard, keep two open");
	hold(map, 2, 102);
	closed(map, 1);
	CHECK(life_open_shards(map) == 2, "and 200 do");
	closed(map, 1);
	CHECK(life_open_shards(map) == 1, "but not 199");
	ops.destroy(map);
}

/* One connection in one shard: every figure by hand. */
static void figures(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	struct life_shard *shard = life_at(map, 0);

	CHECK(life_score(shard, now_ns()) == 100, "a new shard has score 100");
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == 0 && life_score(shard, now_ns()) == 100,
	        "opening is no touch");
	pass(SECOND);
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == SECOND / 5, "the mean moves by a fifth");
	CHECK(fabs(life_score(shard, now_ns()) - 100 / 1.2) < 1e-9,
	        "the score: 100 / (1 + active * idle)");
	pass(SECOND);
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == SECOND * 36 / 100, "0.2 + 0.8 * 0.2 = 0.36");
	pass(30 * SECOND);
	CHECK(life_late(shard, now_ns()) == 0, "30 s of idleness are not late");
	pass(SECOND);
	CHECK(life_late(shard, now_ns()) == 1 &&
	                life_score(shard, now_ns()) == 0,
	        "more are, untouched: all of its connections, so no score");
	put(&ops, thread, 2);
	CHECK(life_late(shard, now_ns()) == 0.5,
	        "half of them, when another opens");
	put(&ops, thread, 1);
	CHECK(life_late(shard, now_ns()) == 0 &&
	                stat(&ops, map, "late_touches") == 1,
	        "none, after a late touch");
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
	before = life_at(map, 1)->active;
	for (uint64_t rank = 1000; rank < 1080; rank++)
		put(&ops, thread, rank);
	after = life_at(map, 1)->active;
	CHECK(life_open_shards(map) == 2 && after - before > 50,
	        "of 80 new connections most take the shard with the better "
	        "score");
	end(map, thread, "preference: the map is sound");
}

/* Touches, opens and closes, with waits of any length between them: what the
   map counts as idle is what a list of its connections says. */
static void idle_as_listed(void)
{
	enum { RANKS = 300, STEPS = 20000 };
	static const uint64_t waits[] = { 0, 0, 0, SECOND / 3, SECOND,
		7 * SECOND, 30 * SECOND, 31 * SECOND, 400 * SECOND };
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	uint64_t touched[RANKS] = { 0 }, state = 11, wrong = 0, late = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		const uint64_t x = state = rm_seed(state, step);
		const uint64_t rank = x % RANKS;
		uint64_t active = 0, asleep = 0;

		if (x >> 32 & 3)
			put(&ops, thread, rank);
		else
			drop(thread, rank);
		touched[rank] = x >> 32 & 3 ? now_ns() : 0;
		if (x >> 40 & 15)
			continue;
		pass(waits[(x >> 48) % (sizeof(waits) / sizeof(*waits))]);
		if (x >> 44 & 1)
			continue; /* nobody asks: the next touch moves it */
		for (unsigned i = 0; i < RANKS; i++) {
			active += touched[i] != 0;
			asleep += touched[i] &&
			          now_ns() / SECOND >= touched[i] / SECOND + 31;
		}
		late += asleep;
		wrong += active != life_at(map, 0)->active ||
		         fabs(life_late(life_at(map, 0), now_ns()) *
		                         (double)active -
		                 (double)asleep) > 1e-6;
	}
	CHECK(wrong == 0 && late > STEPS / 2,
	        "who idles is counted as a list of them says");
	end(map, thread, "idle: the map is sound");
}

/* The blind reader's: handles of one thread idle, another thread opens. */
static void who_acts_does_not_matter(void)
{
	struct life_map *map = create(&ops, 2);
	struct life_shard *shard = life_at(map, 0);
	void *thread = ops.join(map, 0);
	struct connection *handles[250];

	for (unsigned i = 0; i < 250; i++)
		handles[i] = life_connect(thread, i);
	pass(3600 * SECOND);
	CHECK(life_score(shard, now_ns()) == 0,
	        "a shard of connections that idle has score 0");
	for (unsigned i = 0; i < 250; i++) {
		life_closed(map, handles[i]);
		free(handles[i]);
	}
	CHECK(stat(&ops, map, "late_touches") == 250 &&
	                life_at(map, 0)->idle_ns > 3500 * SECOND &&
	                life_late(shard, now_ns()) == 0,
	        "a close ends an idleness, and counts as late");
	ops.leave(thread);
	ops.destroy(map);
}

/* Shards for a million, and an opening that looks at none but the two that are
   proposed and the last. */
static void as_many_as_come(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	uint64_t most = 0;
	unsigned open;

	for (uint64_t i = 0; i < MILLION; i++) {
		pass(1000);
		life_choose(thread, rm_seed(1, i), now_ns());
	}
	open = life_open_shards(map);
	for (unsigned i = 0; i < open; i++)
		most = life_at(map, i)->active > most ? life_at(map, i)->active
		                                      : most;
	CHECK(open == MILLION / 500 && most == 500,
	        "a million connections have 2000 shards of 500");
	hold(map, 7, 0);
	CHECK(life_choose(thread, 1, now_ns()) == open,
	        "who finds two and the last one full opens another, and "
	        "searches no further");
	ops.leave(thread);
	ops.destroy(map);
}

/* A shard that closed with 500 connections is full when it opens again. */
static void full_again(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);

	for (unsigned i = 0; i < 3; i++)
		hold(map, i, LIFE_GROW_ABOVE);
	CHECK(life_choose(thread, 1, now_ns()) == 3 &&
	                life_open_shards(map) == 4,
	        "a shard that is full when it opens again is passed over");
	for (unsigned i = 3; i < 30; i++)
		hold(map, i, LIFE_GROW_ABOVE);
	CHECK(life_choose(thread, 1, now_ns()) == 3 + LIFE_TRIES &&
	                life_open_shards(map) == 4 + LIFE_TRIES,
	        "but not more than eight of them at one time");
	ops.leave(thread);
	ops.destroy(map);
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
	CHECK(life_open_shards(map) == 2 && life_at(map, 1)->active > 50,
	        "of 80 new connections most avoid a shard that is idle");
	end(map, thread, "no touch: the map is sound");
}

/* 4096 connections, all at one moment. */
static void burst(void)
{
	static const struct {
		double least, most;
		const char *fact;
	} wanted[] = {
		[BY_TIME] = { 1.3, 2.2, "by time a burst is spread" },
		[BY_HASH] = { 1.3, 2.2, "by the hash of its ids, too" },
		[BY_SECOND] = { 64, 64,
		        "a choice that keeps it together is "
		        "seen" },
	};

	for (int i = BY_TIME; i <= BY_SECOND; i++) {
		mixed_from = i;
		void *map = create(&ops, 1), *thread = ops.join(map, 0);

		CHECK(isnan(stat(&ops, map, "burst_imbalance")),
		        "without a burst there is no imbalance");
		for (uint64_t rank = 0; rank < 4096; rank++)
			put(&ops, thread, rank);
		const double spread = stat(&ops, map, "burst_imbalance");

		CHECK(spread >= wanted[i].least && spread <= wanted[i].most,
		        wanted[i].fact);
		CHECK(stat(&ops, map, "shard_imbalance") < 1.2,
		        "the shards' own loads do not tell");
		printf("# most to mean: %.3f\n", spread);
		end(map, thread, "burst: the map is sound");
	}
	mixed_from = BY_TIME;
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
	preference_without_a_touch();
	idle_as_listed();
	who_acts_does_not_matter();
	as_many_as_come();
	full_again();
	burst();
	together();
	return DONE();
}
