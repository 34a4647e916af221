/* SPDX-License-Identifier: Apache-2.0 */
/* test_shard_grow_timed.c - tests growing shards that a background thread
   splits: when it inspects shards, what it does in each hold of a lock, and
   that it switches only verified shards. A test that takes the place of the
   thread stops the clock. */
#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that its allocations are counted */
enum { GROW_SHARDS = 2, GROW_CAPACITY = 16, GROW_BATCH = 4 };
enum { GROW_STOP = 0, GROW_TIMED = 1 };
#define GROW_INSPECTION_NS ((uint64_t)20000)
#include "impls/shard/shard_grow_timed.h"

static const struct rm_map_ops tiny_ops = { GROW_TIMED_OPS };

#include "tests/unit/shard/shard_grow_test.h"

#include <sched.h>
#include <unistd.h>

enum {
	KEYS = 60,
	HANG_SECONDS = 10, /* time limit of a call that takes microseconds */
};

/* The clock of the map, the time by which each reading advances it, and the
   number of readings. */
static _Atomic uint64_t clock_ns, advance_ns, clock_readings;

static uint64_t now_ns(void)
{
	const uint64_t now = atomic_fetch_add(&clock_ns, advance_ns);

	atomic_fetch_add(&clock_readings, 1);
	return now;
}

/* Sets the clock and waits until the map's thread has done the work that is
   due. The first reading may come before the clock was set, but the third one
   comes after the work. */
static void advance_clock_to(uint64_t ns)
{
	atomic_store(&clock_ns, ns);
	const uint64_t before = atomic_load(&clock_readings);

	while (atomic_load(&clock_readings) < before + 3)
		sched_yield();
}

/* Creates a map on the test's clock, at 0. */
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

/* Creates a map with KEYS keys whose thread never inspects. Sets its first
   shard. */
static struct grow_timed *full_map(struct grow_shard **shard)
{
	struct grow_timed *timed = create(&tiny_ops);

	for (uint64_t i = 0; i < KEYS; i++)
		put(timed, i);
	*shard = grow_root(timed->map.roots, 0);
	return timed;
}

static double stat_of(struct grow_timed *timed, const char *name)
{
	return race_stat(&tiny, timed, name);
}

static void inspections_follow_the_period(void)
{
	struct grow_timed *timed = create(&tiny_ops);

	advance_clock_to(GROW_INSPECTION_NS - 1);
	CHECK(stat_of(timed, "looks") == 0,
	        "there is no inspection before the period ends");
	advance_clock_to(GROW_INSPECTION_NS);
	CHECK(stat_of(timed, "looks") == 1,
	        "the thread inspects when the period ends");
	advance_clock_to(2 * GROW_INSPECTION_NS - 1);
	CHECK(stat_of(timed, "looks") == 1,
	        "there is no second inspection within the next period");
	advance_clock_to(5 * GROW_INSPECTION_NS + 1);
	CHECK(stat_of(timed, "looks") == 2,
	        "several elapsed periods cause one inspection");
	advance_clock_to(6 * GROW_INSPECTION_NS - 1);
	CHECK(stat_of(timed, "looks") == 2,
	        "the next inspection is not before a multiple");
	advance_clock_to(6 * GROW_INSPECTION_NS);
	CHECK(stat_of(timed, "looks") == 3,
	        "the next inspection is at a multiple of the period");
	tiny_ops.destroy(timed);
	const uint64_t before = atomic_load(&clock_readings);

	rm_sleep_until(rm_now_ns() + 10 * TIMED_POLL_NS);
	CHECK(atomic_load(&clock_readings) == before,
	        "destroy() ends the thread");
}

/* Returns once an inspection waits for this shard, which the caller has
   locked. */
static void await_inspection(struct grow_shard *shard)
{
	atomic_store(&clock_ns, GROW_INSPECTION_NS);
	while (atomic_load(&shard->lock.reader_count) == -GO_RW_MAX_READERS)
		sched_yield();
}

static void long_inspection_is_followed_by_a_rest(void)
{
	struct grow_timed *timed = create(&tiny_ops);
	struct grow_shard *last = grow_root(timed->map.roots, GROW_SHARDS - 1);

	go_rwmutex_lock(&last->lock);
	await_inspection(last);
	atomic_store(&clock_ns, 3 * GROW_INSPECTION_NS + 1);
	go_rwmutex_unlock(&last->lock);
	advance_clock_to(3 * GROW_INSPECTION_NS + 1);
	CHECK(stat_of(timed, "looks") == 1,
	        "a long inspection is not followed by another at once");
	advance_clock_to(6 * GROW_INSPECTION_NS - 1);
	CHECK(stat_of(timed, "looks") == 1,
	        "the thread rests for as long as the inspection took");
	advance_clock_to(6 * GROW_INSPECTION_NS);
	CHECK(stat_of(timed, "looks") == 2,
	        "after the rest the thread inspects at the next multiple");
	tiny_ops.destroy(timed);
}

/* The clock makes each inspection longer than the period. */
static void check_does_not_wait_for_inspections(void)
{
	struct grow_shard *shard;
	struct grow_timed *timed = full_map(&shard);

	atomic_store(&advance_ns, 3 * GROW_INSPECTION_NS);
	while (stat_of(timed, "looks") < 10)
		sched_yield();
	alarm(HANG_SECONDS);
	CHECK(check_passes(timed),
	        "check() returns although every inspection is late");
	alarm(0);
	atomic_store(&advance_ns, 0);
	tiny_ops.destroy(timed);
}

static void destroy_interrupts_an_inspection(void)
{
	struct grow_timed *timed = create(&tiny_ops);
	struct grow_shard *first = grow_root(timed->map.roots, 0);
	struct grow_shard *last = grow_root(timed->map.roots, GROW_SHARDS - 1);
	const long held = heap_held;

	go_rwmutex_lock(&first->lock);
	go_rwmutex_lock(&last->lock);
	await_inspection(first);
	atomic_store(&timed->ended, true);
	go_rwmutex_unlock(&first->lock);
	alarm(HANG_SECONDS);
	tiny_ops.destroy(timed);
	alarm(0);
	CHECK(heap_held < held,
	        "destroy() ends an inspection between two shards");
}

/* Tests that the monotonic clock is multiplied by clock_rate. */
static void clock_rate_is_applied(void)
{
	struct grow_timed timed = { .clock_rate = 1000,
		.start_ns = rm_now_ns() };
	const uint64_t before_ns = rm_now_ns();
	const uint64_t now = timed_now(&timed);

	CHECK(now >= 1000 * (before_ns - timed.start_ns) &&
	                now <= 1000 * (rm_now_ns() - timed.start_ns),
	        "clock-rate makes 5 s pass in 5 ms");
}

/* Tests inspections of the real map, which is filled at time 0. */
static void real_map(void)
{
	enum { MANY = 200000 };
	const struct rm_impl *impl = rm_impl_find("shard_grow_timed");
	void *map = create(impl->ops);
	struct rm_value value = { { 0 } };
	char why[200] = "";

	for (uint64_t i = 0; i < MANY; i++)
		rm_map_upsert(impl->ops, map, RM_U64X8, word(i), &value);
	advance_clock_to((uint64_t)5 * 1000000000 - 1);
	const double most = race_stat(impl, map, "shard_load_most");

	CHECK(race_stat(impl, map, "keys_moved") == 0 &&
	                race_stat(impl, map, "shards") == 32 &&
	                most * 4096 >= MANY / 32.0,
	        "before 5 s writes move no key, and all shards are too full");
	advance_clock_to((uint64_t)5 * 1000000000);
	CHECK(race_stat(impl, map, "looks") == 1 &&
	                race_stat(impl, map, "shards") == 64 &&
	                race_stat(impl, map, "keys_moved") == MANY &&
	                race_stat(impl, map, "verify_passes") == 32 &&
	                race_stat(impl, map, "verify_failures") == 0,
	        "at 5 s the thread has split and verified each shard");
	CHECK(race_stat(impl, map, "shard_load_most") == most &&
	                race_stat(impl, map, "keys_moved_by_one_operation") ==
	                        0,
	        "the maximum load is kept, and operations moved no key");
	advance_clock_to((uint64_t)1000 * 1000000000);
	CHECK(race_stat(impl, map, "looks") == 2 &&
	                race_stat(impl, map, "shards") > 64 &&
	                impl->ops->check(map, why, sizeof(why)) &&
	                impl->ops->length(map) == MANY,
	        "halves that are too full wait for the next inspection");
	impl->ops->destroy(map);
}

/* Performs all kinds of writes, which add one key in total. */
static void write_all_kinds(struct grow_timed *timed, uint64_t turn)
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
	struct grow_timed *timed = full_map(&shard);
	const uint64_t depth = shard->depth;
	bool right = true, few = true, old_route = true;
	uint64_t steps = 0;

	CHECK(gomap_count(shard->inner) > GROW_LIMIT && !shard->move &&
	                stat_of(timed, "shards") == GROW_SHARDS &&
	                stat_of(timed, "shard_load_most") * GROW_CAPACITY >=
	                        gomap_count(shard->inner),
	        "writes alone leave a shard above 3/4 of its capacity");
	CHECK(timed_step(timed, shard) && shard->move && !shard->limit &&
	                stat_of(timed, "keys_moved") == 0,
	        "the first time that the thread holds the lock, it marks the "
	        "shard as moving");
	for (bool more = true; more; steps++) {
		const double moved = stat_of(timed, "keys_moved");

		write_all_kinds(timed, steps);
		old_route &= grow_entry(&timed->map, shard->id) == shard;
		more = timed_step(timed, shard);
		few &= stat_of(timed, "keys_moved") - moved <= GROW_BATCH;
		right &= check_passes(timed) &&
		         has_exactly(timed, KEYS + steps + 1);
	}
	CHECK(right, "no key is lost while the lock is free");
	CHECK(few, "at most one batch is moved at a time");
	CHECK(steps >= 2 * (KEYS / GROW_SHARDS / 2 / GROW_BATCH),
	        "copying and verifying both go batch by batch");
	CHECK(old_route && !shard->inner &&
	                stat_of(timed, "verify_passes") == 1 &&
	                grow_entry(&timed->map, shard->id)->depth == depth + 1,
	        "the routing table is switched only after the verification");
	tiny_ops.destroy(timed);
}

/* Copies a whole shard, so that the next step starts to verify. */
static struct grow_timed *copied_map(struct grow_shard **shard)
{
	struct grow_timed *timed = full_map(shard);

	while (!timed->verifying)
		timed_step(timed, *shard);
	return timed;
}

/* Returns the shard's last key in the order of verification. */
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

/* Makes the new map differ from the old one. */
static void corrupt_child(
        struct grow_shard *shard, struct rm_key key, enum fault fault)
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

/* True if a lookup returns the value from the corrupted new map. */
static bool lookup_uses_child(
        struct grow_timed *timed, struct rm_key key, enum fault fault)
{
	struct rm_value value = { { 0 } };
	bool there = grow_lookup(timed, RM_U64X8, key, &value);

	return there &&
	       value.word[0] == (fault == OTHER_VALUE ? 12345 : key.word * 3);
}

static void unequal_children_are_dropped(void)
{
	static const char *const facts[] = { "a key is missing in the new map",
		"a value differs", "the new map has an extra key" };
	char fact[100], why[200];
	const long held = heap_held;

	for (enum fault fault = 0; fault < FAULTS; fault++) {
		struct grow_shard *shard;
		struct grow_timed *timed = copied_map(&shard);
		const struct rm_key key = last_key(timed);

		corrupt_child(shard, key, fault);
		CHECK(lookup_uses_child(timed, key, fault),
		        "a lookup searches the new map, then the old one");
		while (timed_step(timed, shard))
			;
		snprintf(fact, sizeof(fact),
		        "%s: the routing table is not switched", facts[fault]);
		CHECK(shard->inner && !shard->move && !shard->child[0] &&
		                stat_of(timed, "verify_failures") == 1 &&
		                stat_of(timed, "verify_passes") == 0 &&
		                stat_of(timed, "shards_split") == 0 &&
		                has_exactly(timed, KEYS),
		        fact);
		CHECK(!tiny_ops.check(timed, why, sizeof(why)) &&
		                strstr(why, "children"),
		        "the map's check reports the difference");
		advance_clock_to(GROW_INSPECTION_NS);
		CHECK(stat_of(timed, "shards") == 2 * GROW_SHARDS &&
		                stat_of(timed, "verify_passes") == 2 &&
		                has_exactly(timed, KEYS),
		        "the next inspection moves the shard again");
		tiny_ops.destroy(timed);
	}
	CHECK(heap_held == held, "dropped children are freed");
}

static void clear_at_each_step(void)
{
	bool right = true;

	for (unsigned steps = 1; steps < 12; steps++) {
		struct grow_shard *shard;
		struct grow_timed *timed = full_map(&shard);

		for (unsigned i = 0; i < steps; i++)
			right &= timed_step(timed, shard);
		grow_clear(timed);
		right &= grow_length(timed) == 0 && check_passes(timed);
		put(timed, 3);
		while (timed_step(timed, shard))
			;
		right &= stat_of(timed, "verify_passes") == 1 &&
		         check_passes(timed) && grow_length(timed) == 1;
		tiny_ops.destroy(timed);
	}
	CHECK(right, "clear empties both maps at each step");
}

static void destroy_at_each_step(void)
{
	const long held = heap_held;

	for (unsigned steps = 0; steps < 20; steps++) {
		struct grow_shard *shard;
		struct grow_timed *timed = full_map(&shard);

		for (unsigned i = 0; i < steps && shard->inner; i++)
			timed_step(timed, shard);
		tiny_ops.destroy(timed);
	}
	CHECK(heap_held == held,
	        "a map that is destroyed during a move frees all memory");
}

/* Runs the thread on a real clock, with threads that write, remove and read. */
static void concurrent_with_the_thread(void)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_U64X24, RM_STR16X8,
		RM_STR16X24 };
	bool sums = true, checks = true;

	for (unsigned i = 0; i < RM_SHAPES; i++) {
		void *timed = tiny_map(shapes[i], RACE_THREADS);

		sums &= race_run(&tiny, timed, shapes[i], 40000, 400);
		/* about 200 keys remain, which are enough for the thread to
		   split */
		while (stat_of(timed, "shards_split") < 4)
			sched_yield();
		/* the thread continues, and counts a verification before the
		   split */
		const double before = stat_of(timed, "shards_split");
		const double passes = stat_of(timed, "verify_passes");

		checks &= check_passes(timed) &&
		          stat_of(timed, "verify_failures") == 0 &&
		          before <= passes &&
		          passes <= stat_of(timed, "shards_split") + 1;
		tiny_ops.destroy(timed);
	}
	CHECK(sums, "threads, background splits: inserted - removed = present");
	CHECK(checks, "every split shard was verified before");
}

int main(void)
{
	inspections_follow_the_period();
	long_inspection_is_followed_by_a_rest();
	check_does_not_wait_for_inspections();
	destroy_interrupts_an_inspection();
	clock_rate_is_applied();
	real_map();
	one_move();
	unequal_children_are_dropped();
	clear_at_each_step();
	destroy_at_each_step();
	tiny_alike();
	model_check(&tiny, 100000);
	concurrent_with_the_thread();
	return DONE();
}
