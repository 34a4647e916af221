/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_life.c - tests shards by the life cycle of connections on a
   virtual clock: when shards open and close, how touches change a score, and
   that connections never move. */
#include <stdint.h>

/* How shards are proposed: as in shard_life, as in shard_life_hash, or the same
   shard for all connections of a second. */
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

static void advance_clock(uint64_t ns)
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

	return rm_map_upsert(table, thread, RM_U64X8,
	        rm_key_of(RM_U64X8, rank, &line), &value);
}

static bool has_value(void *thread, uint64_t rank)
{
	struct rm_key_bytes line;
	struct rm_value value;

	return ops.lookup(thread, RM_U64X8, rm_key_of(RM_U64X8, rank, &line),
	               &value) &&
	       !rm_value_errors(RM_U64X8, &value, rank);
}

static bool close_key(void *thread, uint64_t rank)
{
	struct rm_key_bytes line;

	return rm_map_remove(
	        &ops, thread, RM_U64X8, rm_key_of(RM_U64X8, rank, &line));
}

/* Returns connection and shard of a key, in one word. */
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

static void check_grow_and_shrink(void)
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
	        "the 501st connection opens a second shard");
	for (uint64_t rank = 501; rank < MANY; rank++) {
		advance_clock(SECOND / 1000);
		put(&ops, thread, rank);
		limited &= stat(&ops, map, "shard_active_max") <= 500;
	}
	CHECK(limited && stat(&ops, map, "shards_open") >= MANY / 500.0,
	        "no shard ever has more than 500 connections");
	CHECK(stat(&ops, map, "connections") == MANY,
	        "all connections are active");
	for (uint64_t rank = 0; rank < MANY; rank++) {
		words[rank] = word_of(thread, rank);
		found &= has_value(thread, rank);
		put(&ops, thread, rank); /* touches the connection */
	}
	CHECK(found, "a key leads to its shard");
	for (uint64_t rank = 50; rank < MANY; rank++)
		found &= close_key(thread, rank) && !has_value(thread, rank);
	for (uint64_t rank = 0; rank < 50; rank++)
		stays &= has_value(thread, rank) &&
		         word_of(thread, rank) == words[rank];
	CHECK(found && stat(&ops, map, "connections") == 50,
	        "closed connections are gone");
	CHECK(stat(&ops, map, "shards_open") == 1 &&
	                stat(&ops, map, "shards_shrunk") ==
	                        stat(&ops, map, "shards_grown"),
	        "shards close again with fewer than 100 each");
	CHECK(stays, "no connection has moved, not even from a closed shard");
	end(map, thread, "the map's check passes");
}

/* Sets the number of connections of a shard. */
static void set_active(struct life_map *map, unsigned shard, uint64_t count)
{
	life_make_shards(map, shard + 1);
	life_add_active(map, shard, count - life_at(map, shard)->active);
}

/* Opens and closes a connection of this shard. */
static void close_one(struct life_map *map, uint32_t shard)
{
	struct connection connection = { .touched_ns = now_ns(),
		.shard = shard };

	life_count_close(map, &connection);
}

/* Tests that connections that were opened before their shard was closed stay in
   it. */
static void closed_shards_count(void)
{
	struct life_map *map = create(&ops, 1);

	atomic_store(&map->open_shards, 2);
	set_active(map, 0, 50);
	set_active(map, 1, 50);
	set_active(map, 2, 150);
	close_one(map, 1);
	CHECK(life_open_shards(map) == 2,
	        "249 connections, 150 in a closed shard, keep two shards open");
	set_active(map, 2, 102);
	close_one(map, 1);
	CHECK(life_open_shards(map) == 2,
	        "200 connections keep two shards open");
	close_one(map, 1);
	CHECK(life_open_shards(map) == 1, "199 connections close one shard");
	ops.destroy(map);
}

/* Compares every statistic of one connection in one shard with values that were
   computed by hand. */
static void check_statistics(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	struct life_shard *shard = life_at(map, 0);

	CHECK(life_score(shard, now_ns()) == 100, "a new shard has score 100");
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == 0 && life_score(shard, now_ns()) == 100,
	        "opening does not count as a touch");
	advance_clock(SECOND);
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == SECOND / 5, "the mean moves by a fifth");
	CHECK(fabs(life_score(shard, now_ns()) - 100 / 1.2) < 1e-9,
	        "the score is 100 / (1 + active * idle)");
	advance_clock(SECOND);
	put(&ops, thread, 1);
	CHECK(shard->idle_ns == SECOND * 36 / 100,
	        "the second touch gives 0.2 + 0.8 * 0.2 = 0.36");
	advance_clock(30 * SECOND);
	CHECK(life_idle_share(shard, now_ns()) == 0,
	        "30 s of idling do not count as late");
	advance_clock(SECOND);
	CHECK(life_idle_share(shard, now_ns()) == 1 &&
	                life_score(shard, now_ns()) == 0,
	        "more than 30 s are late; if all connections are, the score is "
	        "0");
	put(&ops, thread, 2);
	CHECK(life_idle_share(shard, now_ns()) == 0.5,
	        "half are late once another connection opens");
	put(&ops, thread, 1);
	CHECK(life_idle_share(shard, now_ns()) == 0 &&
	                stat(&ops, map, "late_touches") == 1,
	        "none is late after a late touch");
	end(map, thread, "after late touches the map's check passes");
}

/* If one of two open shards is idle, new connections avoid it. */
static void check_preference(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	uint64_t before, after;

	for (uint64_t rank = 0; rank < 501; rank++)
		put(&ops, thread, rank);
	/* makes space for new connections */
	for (uint64_t rank = 0; rank < 100; rank++)
		close_key(thread, rank);
	advance_clock(40 * SECOND);
	put(&ops, thread, 200); /* a late touch of shard 0 */
	before = life_at(map, 1)->active;
	for (uint64_t rank = 1000; rank < 1080; rank++)
		put(&ops, thread, rank);
	after = life_at(map, 1)->active;
	CHECK(life_open_shards(map) == 2 && after - before > 50,
	        "most of 80 new connections take the shard with the better "
	        "score");
	end(map, thread, "with an idle shard the map's check passes");
}

/* Touches, opens and closes connections at random intervals, and compares the
   map's count of idle connections with a list. */
static void check_idle_count(void)
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
			close_key(thread, rank);
		touched[rank] = x >> 32 & 3 ? now_ns() : 0;
		if (x >> 40 & 15)
			continue;
		advance_clock(
		        waits[(x >> 48) % (sizeof(waits) / sizeof(*waits))]);
		if (x >> 44 & 1)
			continue; /* the next touch moves the counters */
		for (unsigned i = 0; i < RANKS; i++) {
			active += touched[i] != 0;
			asleep += touched[i] &&
			          now_ns() / SECOND >= touched[i] / SECOND + 31;
		}
		late += asleep;
		wrong += active != life_at(map, 0)->active ||
		         fabs(life_idle_share(life_at(map, 0), now_ns()) *
		                         (double)active -
		                 (double)asleep) > 1e-6;
	}
	CHECK(wrong == 0 && late > STEPS / 2,
	        "the count of idle connections agrees with a list");
	end(map, thread, "after random touches the map's check passes");
}

/* A blind review found this case: handles are idle while another thread opens
   connections. */
static void check_handles_of_another_thread(void)
{
	struct life_map *map = create(&ops, 2);
	struct life_shard *shard = life_at(map, 0);
	void *thread = ops.join(map, 0);
	struct connection *handles[250];

	for (unsigned i = 0; i < 250; i++)
		handles[i] = life_connect(thread, i);
	advance_clock(3600 * SECOND);
	CHECK(life_score(shard, now_ns()) == 0,
	        "a shard whose connections all idle has score 0");
	for (unsigned i = 0; i < 250; i++) {
		life_count_close(map, handles[i]);
		free(handles[i]);
	}
	CHECK(stat(&ops, map, "late_touches") == 250 &&
	                life_at(map, 0)->idle_ns > 3500 * SECOND &&
	                life_idle_share(shard, now_ns()) == 0,
	        "a close ends an idle period and counts as late");
	ops.leave(thread);
	ops.destroy(map);
}

/* Opens shards for a million connections. Each opening inspects only the two
   proposed shards and the last one. */
static void check_million_connections(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);
	uint64_t most = 0;
	unsigned open;

	for (uint64_t i = 0; i < MILLION; i++) {
		advance_clock(1000);
		life_choose(thread, rm_seed(1, i), now_ns());
	}
	open = life_open_shards(map);
	for (unsigned i = 0; i < open; i++)
		most = life_at(map, i)->active > most ? life_at(map, i)->active
		                                      : most;
	CHECK(open == MILLION / 500 && most == 500,
	        "a million connections have 2000 shards of 500");
	set_active(map, 7, 0);
	CHECK(life_choose(thread, 1, now_ns()) == open,
	        "if both proposals and the last shard are full, another is "
	        "opened without a search");
	ops.leave(thread);
	ops.destroy(map);
}

/* Tests a shard that was closed with 500 connections, and so is full when it
   opens again. */
static void check_full_shard_reopens(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);

	for (unsigned i = 0; i < 3; i++)
		set_active(map, i, LIFE_GROW_ABOVE);
	CHECK(life_choose(thread, 1, now_ns()) == 3 &&
	                life_open_shards(map) == 4,
	        "a shard that is full when it reopens is skipped");
	for (unsigned i = 3; i < 30; i++)
		set_active(map, i, LIFE_GROW_ABOVE);
	CHECK(life_choose(thread, 1, now_ns()) == 3 + LIFE_TRIES &&
	                life_open_shards(map) == 4 + LIFE_TRIES,
	        "at most eight full shards are skipped in one open");
	ops.leave(thread);
	ops.destroy(map);
}

/* Like check_preference(), but no connection of shard 0 is touched. */
static void check_preference_without_touch(void)
{
	struct life_map *map = create(&ops, 1);
	void *thread = ops.join(map, 0);

	for (uint64_t rank = 0; rank < 501; rank++)
		put(&ops, thread, rank);
	for (uint64_t rank = 0; rank < 100; rank++)
		close_key(thread, rank);
	advance_clock(40 * SECOND);
	put(&ops, thread, 500); /* a touch in shard 1 */
	advance_clock(SECOND);
	for (unsigned i = 0; i < 40; i++)
		put(&ops, thread, 500); /* the score of shard 1 recovers */
	for (uint64_t rank = 1000; rank < 1080; rank++)
		put(&ops, thread, rank);
	CHECK(life_open_shards(map) == 2 && life_at(map, 1)->active > 50,
	        "most of 80 new connections avoid an idle shard");
	end(map, thread, "without touches the map's check passes");
}

/* Opens 4096 connections at the same time. */
static void check_burst(void)
{
	static const struct {
		double least, most;
		const char *fact;
	} wanted[] = {
		[BY_TIME] = { 1.3, 2.2, "a burst is spread by time" },
		[BY_HASH] = { 1.3, 2.2,
		        "a burst is spread by the hash of its ids" },
		[BY_SECOND] = { 64, 64,
		        "a choice that puts a whole burst into one shard is "
		        "detected" },
	};

	for (int i = BY_TIME; i <= BY_SECOND; i++) {
		mixed_from = i;
		void *map = create(&ops, 1), *thread = ops.join(map, 0);

		CHECK(isnan(stat(&ops, map, "burst_imbalance")),
		        "without a burst burst_imbalance is NAN");
		for (uint64_t rank = 0; rank < 4096; rank++)
			put(&ops, thread, rank);
		const double spread = stat(&ops, map, "burst_imbalance");

		CHECK(spread >= wanted[i].least && spread <= wanted[i].most,
		        wanted[i].fact);
		CHECK(stat(&ops, map, "shard_imbalance") < 1.2,
		        "shard_imbalance does not show such a burst");
		printf("# most to mean: %.3f\n", spread);
		end(map, thread, "after bursts the map's check passes");
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

static void *run_peer(void *opaque)
{
	struct peer *peer = opaque;
	void *thread = ops.join(peer->map, peer->slot);

	for (uint64_t i = 0; i < EACH; i++) {
		peer->wrong += put(&ops, thread, i * THREADS + peer->slot);
		advance_clock(SECOND / 100);
		peer->wrong += !has_value(thread, i * THREADS + peer->slot);
		ops.quiesce(thread);
	}
	ops.park(thread);
	pthread_barrier_wait(peer->barrier);
	ops.unpark(thread);
	for (uint64_t i = 0; i < EACH; i++) {
		peer->wrong += !close_key(thread, i * THREADS + peer->slot);
		ops.quiesce(thread);
	}
	ops.leave(thread);
	return NULL;
}

static void check_concurrent_use(void)
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
		if (pthread_create(&peers[i].id, NULL, run_peer, peers + i))
			abort();
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(peers[i].id, NULL);
		wrong += peers[i].wrong;
	}
	pthread_barrier_destroy(&barrier);
	CHECK(wrong == 0,
	        "four threads: every connection is found exactly once");
	CHECK(stat(&ops, map, "shards_grown") >= 8,
	        "shards opened for 6000 connections");
	CHECK(stat(&ops, map, "shards_open") == 1 &&
	                stat(&ops, map, "connections") == 0,
	        "shards close with their connections");
	end(map, ops.join(map, 0),
	        "after concurrent use the map's check passes");
}

int main(void)
{
	check_grow_and_shrink();
	closed_shards_count();
	check_statistics();
	check_preference();
	check_preference_without_touch();
	check_idle_count();
	check_handles_of_another_thread();
	check_million_connections();
	check_full_shard_reopens();
	check_burst();
	check_concurrent_use();
	return DONE();
}
