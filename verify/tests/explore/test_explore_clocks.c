/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_clocks.c - tests which accesses order plain accesses under each
 * memory model. Adjacent atomics and spinlocks in 8 bytes are separate objects.
 * A comparison that fails writes nothing. A copy by realloc() is a write. All
 * 16 bytes of a wide access are checked against the heap.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/tests/explore/explore_lanes.h"

/* Returns the lower (0) or upper (1) half of word 1. */
static uint32_t *half(struct shared *shared, unsigned i)
{
	return (uint32_t *)(void *)&shared->word[1] + i;
}

static pthread_spinlock_t *spin(struct shared *shared)
{
	return (pthread_spinlock_t *)half(shared, 0);
}

static void publishes(struct shared *shared)
{
	write_word(shared, 0);
	__tsan_atomic32_store(half(shared, 0), 1, __ATOMIC_RELEASE);
}

static void counts(struct shared *shared)
{
	__tsan_atomic32_store(half(shared, 1), 7, __ATOMIC_RELAXED);
}

static void looks(struct shared *shared)
{
	if (__tsan_atomic32_load(half(shared, 0), __ATOMIC_ACQUIRE))
		read_word(shared, 0);
}

static void publishes_beside(struct shared *shared)
{
	write_word(shared, 0);
	__tsan_atomic32_store(half(shared, 0), 1, __ATOMIC_RELAXED);
	__tsan_atomic32_store(half(shared, 1), 1, __ATOMIC_RELEASE);
}

static void publishes_early(struct shared *shared)
{
	__tsan_atomic32_store(half(shared, 0), 1, __ATOMIC_RELEASE);
	write_word(shared, 0);
}

static void locks(struct shared *shared)
{
	fine(rm_sim_spin_lock(spin(shared)));
	write_word(shared, 0);
	fine(rm_sim_spin_unlock(spin(shared)));
}

/* A plain read by the only thread that writes the word. */
static void owns(struct shared *shared)
{
	read_word(shared, 2);
}

static void compares(struct shared *shared, uint64_t expected)
{
	__tsan_atomic64_compare_exchange_strong(&shared->word[2], &expected, 5,
	        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void fails(struct shared *shared)
{
	compares(shared, 99);
}

static void succeeds(struct shared *shared)
{
	compares(shared, 0);
}

static void writes(struct shared *shared)
{
	write_word(shared, 2);
}

static void neighbours(void)
{
	lanes(publishes, looks, NULL);
	CHECK(stops(RM_EXPLORE_NOTHING, ""),
	        "a release orders the accesses before it");
	lanes(publishes, counts, looks);
	CHECK(stops(RM_EXPLORE_NOTHING, ""),
	        "a release orders despite a store next to it in the 8 bytes");
	lanes(locks, counts, locks);
	CHECK(stops(RM_EXPLORE_NOTHING, ""),
	        "a spinlock orders despite a store next to it in the 8 bytes");
	lanes(publishes_beside, looks, NULL);
	CHECK(stops(RM_EXPLORE_RACE, "thread 2 reads (plainly) what thread 1"),
	        "a release of the adjacent half does not order");
	lanes(publishes_early, looks, NULL);
	CHECK(stops(RM_EXPLORE_RACE, "thread 2 reads (plainly) what thread 1"),
	        "a release does not order later writes");
}

static void comparisons(void)
{
	lanes(owns, fails, NULL);
	CHECK(stops(RM_EXPLORE_NOTHING, ""),
	        "a comparison that fails only reads");
	lanes(fails, owns, NULL);
	CHECK(stops(RM_EXPLORE_NOTHING, ""),
	        "a comparison that fails only reads before a plain read");
	lanes(fails, writes, NULL);
	CHECK(stops(RM_EXPLORE_RACE,
	              "writes (plainly) what thread 1 read (atomically)"),
	        "a comparison that fails races with a plain write");
	lanes(owns, succeeds, NULL);
	CHECK(stops(RM_EXPLORE_RACE,
	              "writes (atomically) what thread 1 read (plainly)"),
	        "a comparison that succeeds writes");
	lanes(succeeds, owns, NULL);
	CHECK(stops(RM_EXPLORE_RACE,
	              "reads (plainly) what thread 1 wrote (atomically)"),
	        "a comparison that succeeds writes before a plain read");
}

/* Publishes a block of 20 bytes, the first 12 of which realloc() has copied. */
static void moves(struct shared *shared, int order)
{
	uint64_t *block = rm_sim_malloc(12);

	__tsan_write8(block);
	*block = 5;
	block = rm_sim_realloc(block, 20);
	__tsan_atomic64_store(
	        &shared->word[1], (uint64_t)(uintptr_t)block, order);
}

static void moves_well(struct shared *shared)
{
	moves(shared, __ATOMIC_RELEASE);
}

static void moves_badly(struct shared *shared)
{
	moves(shared, __ATOMIC_RELAXED);
}

static char *moved(struct shared *shared, int order)
{
	return (char *)(uintptr_t)__tsan_atomic64_load(&shared->word[1], order);
}

static void looks_at_moved(struct shared *shared)
{
	char *block = moved(shared, __ATOMIC_ACQUIRE);

	if (block)
		__tsan_read8(block);
}

/* Reads the second half of the last copied word, which was neither copied nor
   written. */
static void writes_behind_moved(struct shared *shared)
{
	char *block = moved(shared, __ATOMIC_RELAXED);

	if (block)
		__tsan_write4(block + 12);
}

/* The last reader frees the block. */
static void frees_moved(struct shared *shared)
{
	char *block = moved(shared, __ATOMIC_ACQUIRE);

	if (block)
		__tsan_read8(block);
	rm_sim_free(block);
}

static void copies(void)
{
	lanes(moves_well, frees_moved, NULL);
	CHECK(stops(RM_EXPLORE_NOTHING, ""),
	        "a copy by realloc() may be read after an acquire");
	lanes(moves_badly, looks_at_moved, NULL);
	CHECK(stops(RM_EXPLORE_RACE,
	              "thread 2 reads (plainly) what thread 1 wrote (plainly)"),
	        "without a release, reading the copy is a race");
	lanes(moves_badly, writes_behind_moved, NULL);
	CHECK(stops(RM_EXPLORE_LEAK, "1 blocks are not freed"),
	        "only the copied bytes count as written");
}

/* Accesses 16 bytes of a block of 8 bytes. */
static void loads_behind(struct shared *shared)
{
	(void)shared;
	__tsan_atomic128_load(rm_sim_calloc(1, 8), __ATOMIC_RELAXED);
}

static void compares_between(struct shared *shared)
{
	record('a');
	compares(shared, 0);
	compares(shared, 0);
	record('b');
}

static void only_records(struct shared *shared)
{
	(void)shared;
	record('c');
}

/* A lane that stalls before its second compare-exchange makes a decision
   there. */
static void stalls_at_compares(void)
{
	const struct rm_explore_turns turns = {
		(struct rm_explore_turn[]){ { 1, ON, 0 }, { 2, ON, 0 } }, 2, 2
	};
	struct rm_explore_schedule listed = { .scheduler = &rm_explore_listed,
		.list = &turns };

	lanes(compares_between, only_records, NULL);
	CHECK(!play(&listed) && !strcmp(world.order, "abc"),
	        "without a stall the first lane ends");
	listed.pace[1].compares = 2;
	CHECK(!play(&listed) && !strcmp(world.order, "acb") &&
	                !listed.pace[1].stop && !listed.pace[1].compares,
	        "a lane stalls before a compare-exchange");
}

static void compares_behind(struct shared *shared)
{
	tsan_uint128 expected = 1;

	(void)shared;
	__tsan_atomic128_compare_exchange_strong(rm_sim_calloc(1, 8), &expected,
	        2, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void wide(void)
{
	CHECK(alone_stops(loads_behind, RM_EXPLORE_OUTSIDE,
	              "reads 8 bytes at byte 8 of a block of 8"),
	        "all 16 bytes of a load are checked");
	CHECK(alone_stops(compares_behind, RM_EXPLORE_OUTSIDE,
	              "writes 8 bytes at byte 8 of a block of 8"),
	        "all 16 bytes of a comparison are checked");
}

static void subject(void)
{
	stalls_at_compares();
	for (int memory = 0; memory < RM_EXPLORE_MEMORIES; memory++) {
		world.memory = (enum rm_explore_memory)memory;
		neighbours();
		comparisons();
		copies();
		wide();
	}
}

int main(void)
{
	return test_lanes(subject);
}
