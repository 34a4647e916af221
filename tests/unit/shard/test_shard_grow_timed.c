/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shard_grow_timed.c - shards that a thread of the map splits: when it
 * looks, what one hold of a lock does, and that nothing is switched that was
 * not verified. The clock stands at 0 where the test is the thread itself.
 */
#include "tests/unit/support/counted_heap.h"
/* after it, so that it is counted */
enum { GROW_SHARDS = 2, GROW_CAPACITY = 16, GROW_BATCH = 4 };
enum { GROW_STOP = 0, GROW_TIMED = 1 };
#define GROW_LOOK_NS ((uint64_t)20000)
#include "impls/shard/shard_grow_timed.h"

static const struct rm_map_ops tiny_ops = { GROW_TIMED_OPS };

#include "tests/unit/shard/shard_grow_test.h"

#include <sched.h>
#include <unistd.h>

enum {
	KEYS = 60,
	HANG_SECONDS = 10, /* limit of a call that takes microseconds */
};

/* The map's clock, the step of each reading, and the number of readings. */
static _Atomic uint64_t clock_ns, advance_ns, asked;

static uint64_t now_ns(void)
{
	const uint64_t now = atomic_fetch_add(&clock_ns, advance_ns);

	atomic_fetch_add(&asked, 1);
	return now;
}

/* Sets the clock, and waits until the thread of a map has seen it and done what
   is due: the first time may have been read before, and the third is asked for
   when that is over. */
static void pass_to(uint64_t ns)
{
	atomic_store(&clock_ns, ns);
	const uint64_t before = atomic_load(&asked);

	while (atomic_load(&asked) < before + 3)
		sched_yield();
}

/* On the test's clock, which stands at 0. */
static void *create(const struct rm_map_ops *ops)
{
	const struct rm_sizing sizing = { .keys = 64,
		.threads = 1,
		.shape = RM_U64X8,
		.seed = 3,
		.now_ns = now_ns };

	atomic_store(&clock_ns, 0);
	return ops->create(&sizing);
}

/* Whose thread never looks; with KEYS keys, and its first shard. */
static struct grow_timed *full(struct grow_shard **shard)
{
	struct grow_timed *timed = create(&tiny_ops);

	for (uint64_t i = 0; i < KEYS; i++)
		put(timed, i);
	*shard = grow_root(timed->map.roots, 0);
	return timed;
}

static double told(struct grow_timed *timed, const char *name)
{
	return race_stat(&tiny, timed, name);
}

static void looks_are_ticks(void)
{
	struct grow_timed *timed = create(&tiny_ops);

	pass_to(GROW_LOOK_NS - 1);
	CHECK(told(timed, "looks") == 0, "before the period nobody looks");
	pass_to(GROW_LOOK_NS);
	CHECK(told(timed, "looks") == 1, "at its end the thread does");
	pass_to(2 * GROW_LOOK_NS - 1);
	CHECK(told(timed, "looks") == 1, "and not again within the next");
	pass_to(5 * GROW_LOOK_NS + 1);
	CHECK(told(timed, "looks") == 2, "ticks that passed meanwhile are one");
	pass_to(6 * GROW_LOOK_NS - 1);
	CHECK(told(timed, "looks") == 2, "the next is due at a multiple");
	pass_to(6 * GROW_LOOK_NS);
	CHECK(told(timed, "looks") == 3, "of the period");
	tiny_ops.destroy(timed);
	const uint64_t before = atomic_load(&asked);

	rm_sleep_until(rm_now_ns() + 10 * TIMED_ASK_NS);
	CHECK(atomic_load(&asked) == before, "the thread ends with the map");
}

/* Returns when a look waits for this shard, whose lock the caller holds. */
static void await_look(struct grow_shard *shard)
{
	atomic_store(&clock_ns, GROW_LOOK_NS);
	while (atomic_load(&shard->lock.reader_count) == -GO_RW_MAX_READERS)
		sched_yield();
}

static void late_look_is_followed_by_a_rest(void)
{
	struct grow_timed *timed = create(&tiny_ops);
	struct grow_shard *last = grow_root(timed->map.roots, GROW_SHARDS - 1);

	go_rwmutex_lock(&last->lock);
	await_look(last);
	atomic_store(&clock_ns, 3 * GROW_LOOK_NS + 1);
	go_rwmutex_unlock(&last->lock);
	pass_to(3 * GROW_LOOK_NS + 1);
	CHECK(told(timed, "looks") == 1,
	        "a look of more than two periods is not followed by another");
	pass_to(6 * GROW_LOOK_NS - 1);
	CHECK(told(timed, "looks") == 1, "the thread rests for as long");
	pass_to(6 * GROW_LOOK_NS);
	CHECK(told(timed, "looks") == 2, "and looks at the next multiple");
	tiny_ops.destroy(timed);
}

/* On a clock on which each look is longer than its period. */
static void check_does_not_wait_for_looks(void)
{
	struct grow_shard *shard;
	struct grow_timed *timed = full(&shard);

	atomic_store(&advance_ns, 3 * GROW_LOOK_NS);
	while (told(timed, "looks") < 10)
		sched_yield();
	alarm(HANG_SECONDS);
	CHECK(sound(timed), "check() returns while every look is late");
	alarm(0);
	atomic_store(&advance_ns, 0);
	tiny_ops.destroy(timed);
}

static void destroy_does_not_wait_for_a_look(void)
{
	struct grow_timed *timed = create(&tiny_ops);
	struct grow_shard *first = grow_root(timed->map.roots, 0);
	struct grow_shard *last = grow_root(timed->map.roots, GROW_SHARDS - 1);
	const long held = heap_held;

	go_rwmutex_lock(&first->lock);
	go_rwmutex_lock(&last->lock);
	await_look(first);
	atomic_store(&timed->ended, true);
	go_rwmutex_unlock(&first->lock);
	alarm(HANG_SECONDS);
	tiny_ops.destroy(timed);
	alarm(0);
	CHECK(heap_held < held, "destroy() ends a look between two shards");
}

/* The monotonic clock, which runs so many times as fast. */
static void time_runs_faster(void)
{
	struct grow_timed timed = { .clock_rate = 1000,
		.start_ns = rm_now_ns() };
	const uint64_t before_ns = rm_now_ns();
	const uint64_t now = timed_now(&timed);

	CHECK(now >= 1000 * (before_ns - timed.start_ns) &&
	                now <= 1000 * (rm_now_ns() - timed.start_ns),
	        "clock-rate makes 5 s pass in 5 ms");
}

/* Looks of the real map, filled while its clock stands. */
static void real_map(void)
{
	enum { MANY = 200000 };
	const struct rm_impl *impl = rm_impl_find("shard_grow_timed");
	void *map = create(impl->ops);
	struct rm_value value = { { 0 } };
	char why[200] = "";

	for (uint64_t i = 0; i < MANY; i++)
		impl->ops->upsert(map, RM_U64X8, word(i), &value);
	pass_to((uint64_t)5 * 1000000000 - 1);
	const double most = race_stat(impl, map, "shard_load_most");

	CHECK(race_stat(impl, map, "keys_moved") == 0 &&
	                race_stat(impl, map, "shards") == 32 &&
	                most * 4096 >= MANY / 32.0,
	        "4.999 s: no write has moved a key, all shards are too full");
	pass_to((uint64_t)5 * 1000000000);
	CHECK(race_stat(impl, map, "looks") == 1 &&
	                race_stat(impl, map, "shards") == 64 &&
	                race_stat(impl, map, "keys_moved") == MANY &&
	                race_stat(impl, map, "verify_passes") == 32 &&
	                race_stat(impl, map, "verify_failures") == 0,
	        "5 s: the thread has split each, and verified it");
	CHECK(race_stat(impl, map, "shard_load_most") == most &&
	                race_stat(impl, map, "keys_moved_by_one_operation") ==
	                        0,
	        "it tells how full they were, and that no operation moved");
	pass_to((uint64_t)1000 * 1000000000);
	CHECK(race_stat(impl, map, "looks") == 2 &&
	                race_stat(impl, map, "shards") > 64 &&
	                impl->ops->check(map, why, sizeof(why)) &&
	                impl->ops->length(map) == MANY,
	        "halves that are too full wait for the next look");
	impl->ops->destroy(map);
}

/* Writes of all kinds: the next key comes, the others are as they were. */
static void write_beside(struct grow_timed *timed, uint64_t turn)
{
	struct rm_value old;

	put(timed, KEYS + turn);
	grow_take(timed, RM_U64X8, word((turn + 7) % KEYS), &old);
	put(timed, (turn + 7) % KEYS);
	put(timed, KEYS + turn + 1);
	grow_take(timed, RM_U64X8, word(KEYS + turn + 1), &old);
}

static void one_move(void)
{
	struct grow_shard *shard;
	struct grow_timed *timed = full(&shard);
	const uint64_t depth = shard->depth;
	bool right = true, few = true, old_route = true;
	uint64_t steps = 0;

	CHECK(gomap_count(shard->inner) > GROW_LIMIT && !shard->move &&
	                told(timed, "shards") == GROW_SHARDS &&
	                told(timed, "shard_load_most") * GROW_CAPACITY >=
	                        gomap_count(shard->inner),
	        "writes alone leave a shard above 3/4 of its capacity");
	CHECK(timed_step(timed, shard) && shard->move && !shard->limit &&
	                told(timed, "keys_moved") == 0,
	        "the first hold marks it as moving");
	for (bool more = true; more; steps++) {
		const double moved = told(timed, "keys_moved");

		write_beside(timed, steps);
		old_route &= grow_entry(&timed->map, shard->id) == shard;
		more = timed_step(timed, shard);
		few &= told(timed, "keys_moved") - moved <= GROW_BATCH;
		right &= sound(timed) && holds(timed, KEYS + steps + 1);
	}
	CHECK(right, "nothing is lost between the holds");
	CHECK(few, "none moves more than a batch");
	CHECK(steps >= 2 * (KEYS / GROW_SHARDS / 2 / GROW_BATCH),
	        "what was copied batch by batch is verified batch by batch");
	CHECK(old_route && !shard->inner && told(timed, "verify_passes") == 1 &&
	                grow_entry(&timed->map, shard->id)->depth == depth + 1,
	        "the routing table is switched after that, and not before");
	tiny_ops.destroy(timed);
}

/* All of a shard is copied, and the next hold begins to verify. */
static struct grow_timed *copied(struct grow_shard **shard)
{
	struct grow_timed *timed = full(shard);

	while (!timed->verifying)
		timed_step(timed, *shard);
	return timed;
}

/* The last key that the verification will come to: one of the shard's. */
static struct rm_key last_key(const struct grow_timed *timed)
{
	struct gomap_iterator it = timed->verified;
	struct rm_key key = word(0), next;
	struct rm_value value;

	while (gomap_iterate_next(&it, RM_U64X8, &next, &value))
		key = next;
	return key;
}

enum fault { KEY_LOST, OTHER_VALUE, KEY_MORE, FAULTS };

/* Makes the new place another than the old one. */
static void spoil(struct grow_shard *shard, struct rm_key key, enum fault fault)
{
	const unsigned side =
	        grow_side(grow_route(RM_U64X8, key), shard->depth);
	struct gomap *to = shard->child[side]->inner;
	const struct rm_value other = { { 12345 } };

	if (fault == KEY_LOST)
		gomap_remove(to, RM_U64X8, key, NULL);
	else if (fault == OTHER_VALUE)
		gomap_exchange(to, RM_U64X8, key, &other, NULL);
	else
		gomap_exchange(to, RM_U64X8, word(1000000), &other, NULL);
}

/* A look-up asks the new place first: what it says where that was spoilt. */
static bool seen_first(
        struct grow_timed *timed, struct rm_key key, enum fault fault)
{
	struct rm_value value = { { 0 } };
	bool there = grow_lookup(timed, RM_U64X8, key, &value);

	return there &&
	       value.word[0] == (fault == OTHER_VALUE ? 12345 : key.word * 3);
}

static void what_differs_is_not_switched(void)
{
	static const char *const facts[] = {
		"a key that is not in the new place", "another value there",
		"a key that is there alone"
	};
	char fact[100], why[200];
	const long held = heap_held;

	for (enum fault fault = 0; fault < FAULTS; fault++) {
		struct grow_shard *shard;
		struct grow_timed *timed = copied(&shard);
		const struct rm_key key = last_key(timed);

		spoil(shard, key, fault);
		CHECK(seen_first(timed, key, fault),
		        "a look-up asks the new place, then the old one");
		while (timed_step(timed, shard))
			;
		snprintf(fact, sizeof(fact), "%s: nothing is switched",
		        facts[fault]);
		CHECK(shard->inner && !shard->move && !shard->child[0] &&
		                told(timed, "verify_failures") == 1 &&
		                told(timed, "verify_passes") == 0 &&
		                told(timed, "shards_split") == 0 &&
		                holds(timed, KEYS),
		        fact);
		CHECK(!tiny_ops.check(timed, why, sizeof(why)) &&
		                strstr(why, "new place"),
		        "and the map's own check tells of it");
		pass_to(GROW_LOOK_NS);
		CHECK(told(timed, "shards") == 2 * GROW_SHARDS &&
		                told(timed, "verify_passes") == 2 &&
		                holds(timed, KEYS),
		        "the next look moves it again");
		tiny_ops.destroy(timed);
	}
	CHECK(heap_held == held, "what was dropped is given back");
}

static void clear_at_each_step(void)
{
	bool right = true;

	for (unsigned steps = 1; steps < 12; steps++) {
		struct grow_shard *shard;
		struct grow_timed *timed = full(&shard);

		for (unsigned i = 0; i < steps; i++)
			right &= timed_step(timed, shard);
		grow_clear(timed);
		right &= grow_length(timed) == 0 && sound(timed);
		put(timed, 3);
		while (timed_step(timed, shard))
			;
		right &= told(timed, "verify_passes") == 1 && sound(timed) &&
		         grow_length(timed) == 1;
		tiny_ops.destroy(timed);
	}
	CHECK(right, "clear empties both places, copied or half verified");
}

static void ends_at_each_step(void)
{
	const long held = heap_held;

	for (unsigned steps = 0; steps < 20; steps++) {
		struct grow_shard *shard;
		struct grow_timed *timed = full(&shard);

		for (unsigned i = 0; i < steps && shard->inner; i++)
			timed_step(timed, shard);
		tiny_ops.destroy(timed);
	}
	CHECK(heap_held == held, "a map that ends while it moves frees it all");
}

/* The thread on a real clock, beside threads that write, remove and read. */
static void beside_the_thread(void)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_U64X24, RM_STR16X8,
		RM_STR16X24 };
	bool sums = true, checks = true;

	for (unsigned i = 0; i < RM_SHAPES; i++) {
		void *timed = tiny_map(shapes[i], RACE_THREADS);

		sums &= race_run(&tiny, timed, shapes[i], 40000, 400);
		/* 200 keys or so are left: the thread comes to that */
		while (told(timed, "shards_split") < 4)
			sched_yield();
		/* it goes on meanwhile, and counts a pass before its split */
		const double before = told(timed, "shards_split");
		const double passes = told(timed, "verify_passes");

		checks &= sound(timed) && told(timed, "verify_failures") == 0 &&
		          before <= passes &&
		          passes <= told(timed, "shards_split") + 1;
		tiny_ops.destroy(timed);
	}
	CHECK(sums, "threads, growing shards: written - returned = held");
	CHECK(checks, "every shard that was split was verified before");
}

int main(void)
{
	looks_are_ticks();
	late_look_is_followed_by_a_rest();
	check_does_not_wait_for_looks();
	destroy_does_not_wait_for_a_look();
	time_runs_faster();
	real_map();
	one_move();
	what_differs_is_not_switched();
	clear_at_each_step();
	ends_at_each_step();
	tiny_alike();
	model_check(&tiny, 100000);
	beside_the_thread();
	return DONE();
}
