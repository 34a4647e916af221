/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_explore_heap.c - tests the heap of explored maps. It reuses addresses only
 * on request. Each access is in a block, outside of blocks, or in freed memory.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "verify/tests/explore/explore_lanes.h"

#include <errno.h>

enum { MANY = 3000, PATTERN = 0x5a };

void __tsan_read1(void *address);
void __tsan_read4(void *address);
void __tsan_write1(void *address);

static bool well; /* true if all checks made by lanes succeeded */

static void find(bool fact)
{
	well &= fact;
}

/* True if a lane ends without a fault, and all its facts are true. */
static bool passes(void (*lane)(struct shared *))
{
	well = true;
	lanes(lane, NULL, NULL);
	return stops(RM_EXPLORE_NOTHING, "") && well;
}

static bool faults_with(void (*lane)(struct shared *),
        enum rm_explore_fault fault, const char *what)
{
	lanes(lane, NULL, NULL);
	return stops(fault, what) && rm_explore.finding.site[0] &&
	       (fault == RM_EXPLORE_LEAK || rm_explore.finding.lane == 1);
}

/* More blocks than the first table of blocks holds. */
static void many_blocks(struct shared *shared)
{
	static uint8_t *block[MANY];
	uint8_t *end = (uint8_t *)(shared + 1);

	for (unsigned i = 0; i < MANY; i++) {
		block[i] = rm_sim_malloc(1 + i % 100);
		find(block[i] && (uintptr_t)block[i] % 16 == 0);
		find(block[i] >= end + 16);
		end = block[i] + 1 + i % 100;
		memset(block[i], (int)i & 0xff, 1 + i % 100);
		if (i % 3 == 0)
			rm_sim_free(block[i]);
	}
	for (unsigned i = 0; i < MANY; i++)
		for (unsigned n = 0; n <= i % 100; n++)
			find(block[i][n] == (i & 0xff));
	for (unsigned i = 0; i < MANY; i++)
		if (i % 3)
			rm_sim_free(block[i]);
	rm_sim_free(NULL);
}

static void too_much(struct shared *shared)
{
	void *old = rm_sim_malloc(24), *out = shared;

	find(!rm_sim_malloc(RM_EXPLORE_HEAP_BYTES));
	find(!rm_sim_malloc(SIZE_MAX));
	find(!rm_sim_calloc(SIZE_MAX / 2, 3));
	find(!rm_sim_calloc(RM_EXPLORE_HEAP_BYTES, 1));
	find(!rm_sim_aligned_alloc(64, RM_EXPLORE_HEAP_BYTES));
	find(rm_sim_posix_memalign(&out, 64, RM_EXPLORE_HEAP_BYTES) == ENOMEM &&
	        out == shared);
	find(!rm_sim_realloc(old, RM_EXPLORE_HEAP_BYTES));
	__tsan_write8(old);
	rm_sim_free(old);
}

static void aligned(struct shared *shared)
{
	void *out = shared;

	for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
		void *block = rm_sim_aligned_alloc(alignment, 10);

		find(block && (uintptr_t)block % alignment == 0 &&
		        (uintptr_t)block % 16 == 0);
		rm_sim_free(block);
		find(!rm_sim_posix_memalign(&out, alignment, 10) &&
		        (uintptr_t)out % alignment == 0 &&
		        (uintptr_t)out % 16 == 0 && out != block);
		rm_sim_free(out);
	}
}

/* The newest block has 0 bytes, so its beginning is its end. */
static void empty(struct shared *shared)
{
	void *first = rm_sim_malloc(0), *moved;

	(void)shared;
	find(first != NULL);
	rm_sim_free(first);
	moved = rm_sim_realloc(rm_sim_malloc(0), 0);
	find(moved != first);
	rm_sim_free(moved);
}

static void zeroed(struct shared *shared)
{
	uint8_t *block = rm_sim_calloc(3, 7);

	(void)shared;
	for (int i = 0; i < 21; i++) {
		__tsan_read1(block + i);
		find(!block[i]);
	}
	rm_sim_free(block);
}

static void moves(struct shared *shared)
{
	uint8_t *first = rm_sim_realloc(NULL, 20), *larger, *smaller;

	(void)shared;
	memset(first, PATTERN, 20);
	for (int i = 0; i < 20; i++)
		__tsan_write1(first + i);
	larger = rm_sim_realloc(first, 100);
	find(larger != first);
	for (int i = 0; i < 20; i++) {
		__tsan_read1(larger + i);
		find(larger[i] == PATTERN);
	}
	smaller = rm_sim_realloc(larger, 5);
	for (int i = 0; i < 5; i++) {
		__tsan_read1(smaller + i);
		find(smaller[i] == PATTERN);
	}
	rm_sim_free(smaller);
}

static void blocks(void)
{
	CHECK(passes(many_blocks), "blocks are aligned, disjoint, keep their "
	                           "contents, and are never reused");
	CHECK(passes(too_much), "an allocation that is too large fails, and "
	                        "loses nothing");
	CHECK(passes(aligned), "blocks have the requested alignment");
	CHECK(passes(empty), "blocks of 0 bytes are allocated and freed");
	CHECK(passes(zeroed), "calloc() returns initialised zeros");
	CHECK(passes(moves), "realloc() keeps the contents that fit");
}

/* ---- outside of blocks ---- */

static uint8_t *block_of_20(void)
{
	uint8_t *block = rm_sim_malloc(20);

	for (int i = 0; i < 20; i++) {
		__tsan_write1(block + i);
		block[i] = 1;
	}
	return block;
}

static void reads_to_its_end(struct shared *shared)
{
	uint8_t *block = block_of_20();

	(void)shared;
	__tsan_read4(block + 16);
	__tsan_read8(block + 12);
	rm_sim_free(block);
}

static void reads_over_its_end(struct shared *shared)
{
	(void)shared;
	__tsan_read8(block_of_20() + 13);
}

static void writes_behind(struct shared *shared)
{
	(void)shared;
	__tsan_write1(block_of_20() + 20);
}

static void writes_between(struct shared *shared)
{
	uint8_t *block = block_of_20();

	(void)shared;
	block_of_20();
	__tsan_write8(block + 24);
}

static void writes_far_behind(struct shared *shared)
{
	(void)shared;
	__tsan_write8(block_of_20() + 4096);
}

static void reads_freed(struct shared *shared)
{
	uint8_t *block = block_of_20();

	(void)shared;
	rm_sim_free(block);
	__tsan_read4(block + 16);
}

static void writes_moved(struct shared *shared)
{
	uint8_t *block = block_of_20();

	(void)shared;
	rm_sim_realloc(block, 30);
	__tsan_write1(block);
}

static void outside(void)
{
	CHECK(passes(reads_to_its_end), "a block may be read to its end");
	CHECK(faults_with(reads_over_its_end, RM_EXPLORE_OUTSIDE,
	              "thread 1 reads 8 bytes at byte 13 of a block of 20 that "
	              "thread 1 allocated"),
	        "a read must not cross the end of a block");
	CHECK(faults_with(writes_behind, RM_EXPLORE_OUTSIDE,
	              "thread 1 writes 1 bytes at byte 20 of a block of 20"),
	        "a write right after a block is outside");
	CHECK(faults_with(writes_between, RM_EXPLORE_OUTSIDE,
	              "writes 8 bytes at byte 24 of a block of 20"),
	        "a write between two blocks is outside");
	CHECK(faults_with(writes_far_behind, RM_EXPLORE_OUTSIDE,
	              "writes 8 bytes at byte 4096 of a block of 20"),
	        "a write far after the last block is outside");
	CHECK(faults_with(reads_freed, RM_EXPLORE_FREED,
	              "thread 1 reads 4 bytes at byte 16 of a block of 20 that "
	              "thread 1 has freed"),
	        "a read of a freed block is a use after free");
	CHECK(faults_with(writes_moved, RM_EXPLORE_FREED,
	              "writes 1 bytes at byte 0 of a block of 20"),
	        "a write to the old block after realloc() is a use after free");
}

/* ---- uninitialised memory ---- */

static void reads_new(struct shared *shared)
{
	uint8_t *block = rm_sim_malloc(24);

	(void)shared;
	__tsan_write8(block);
	memset(block, 0, 8);
	__tsan_read8(block);
	__tsan_read8(block + 8);
}

static void reads_new_over_words(struct shared *shared)
{
	uint8_t *block = rm_sim_malloc(24);

	(void)shared;
	__tsan_read8(block + 4);
}

/* Reads a word that is partly written: the rest belongs to another member. */
static void reads_in_part(struct shared *shared)
{
	uint8_t *block = rm_sim_malloc(24);

	(void)shared;
	__tsan_write1(block + 11);
	block[11] = 0;
	__tsan_read8(block + 8);
	rm_sim_free(block);
}

/* Some stores by the compiler are not instrumented. */
static void reads_untold(struct shared *shared)
{
	uint8_t *block = rm_sim_malloc(24);

	(void)shared;
	block[15] = 1;
	__tsan_read8(block + 8);
	rm_sim_free(block);
}

static void reads_moved(struct shared *shared)
{
	uint8_t *block = rm_sim_malloc(16);

	(void)shared;
	for (int i = 0; i < 10; i++) {
		__tsan_write1(block + i);
		block[i] = 1;
	}
	block = rm_sim_realloc(block, 12);
	__tsan_read8(block);
	__tsan_read1(block + 9);
	__tsan_read1(block + 10);
}

static void reads_grown(struct shared *shared)
{
	uint8_t *block = rm_sim_realloc(block_of_20(), 40);

	(void)shared;
	__tsan_read1(block + 19);
	__tsan_read4(block + 20);
}

static void unwritten(void)
{
	CHECK(faults_with(reads_new, RM_EXPLORE_UNINITIALISED,
	              "thread 1 reads 8 bytes at byte 8 of a block of 24 that "
	              "thread 1 allocated, but they were never written"),
	        "uninitialised memory must not be read");
	CHECK(faults_with(reads_new_over_words, RM_EXPLORE_UNINITIALISED,
	              "reads 8 bytes at byte 4 of a block of 24"),
	        "uninitialised memory must not be read as part of two words");
	CHECK(passes(reads_in_part), "a read may be partly uninitialised");
	CHECK(passes(reads_untold), "memory without the fill of malloc() was "
	                            "written without instrumentation");
	CHECK(faults_with(reads_moved, RM_EXPLORE_UNINITIALISED,
	              "reads 1 bytes at byte 10 of a block of 12"),
	        "realloc() does not initialise bytes");
	CHECK(faults_with(reads_grown, RM_EXPLORE_UNINITIALISED,
	              "reads 4 bytes at byte 20 of a block of 40"),
	        "the new part of a grown block is uninitialised");
}

/* ---- free() ---- */

static void frees_twice(struct shared *shared)
{
	uint8_t *block = block_of_20();

	(void)shared;
	rm_sim_free(block);
	rm_sim_free(block);
}

static void frees_inside(struct shared *shared)
{
	(void)shared;
	rm_sim_free(block_of_20() + 16);
}

static void frees_own(struct shared *shared)
{
	char own[32] = "";

	(void)shared;
	rm_sim_free(own + 16);
}

static void reallocs_freed(struct shared *shared)
{
	uint8_t *block = block_of_20();

	(void)shared;
	rm_sim_free(block);
	rm_sim_realloc(block, 10);
}

static void leaves_two(struct shared *shared)
{
	uint8_t *block = block_of_20();

	(void)shared;
	rm_sim_malloc(77);
	rm_sim_malloc(78);
	rm_sim_free(block);
}

/* A list of two blocks whose addresses contain flags, and a third block. */
static void leaves_one_of_three(struct shared *shared)
{
	static uint64_t list;
	uint64_t *first = rm_sim_malloc(24), *second = rm_sim_malloc(24);

	(void)shared;
	rm_sim_malloc(79);
	__tsan_write8(&list);
	list = (uint64_t)first | 1;
	first[0] = first[1] = 0;
	first[2] = (uint64_t)second | UINT64_C(1) << 48;
	memset(second, 0, 24);
}

static void frees_at_begin(struct shared *shared)
{
	(void)shared;
	rm_sim_free((char *)rm_explore_heap + 8);
}

static void frees(void)
{
	CHECK(faults_with(frees_twice, RM_EXPLORE_BAD_FREE,
	              "thread 1 frees a block of 20 bytes that thread 1 has "
	              "freed before") &&
	                rm_explore.finding.site[1],
	        "a second free is reported with both sites");
	CHECK(faults_with(frees_inside, RM_EXPLORE_BAD_FREE,
	              "frees an address at which no block begins"),
	        "a free inside of a block is reported");
	CHECK(faults_with(frees_own, RM_EXPLORE_BAD_FREE,
	              "an address at which no block begins"),
	        "a free of stack memory is reported");
	CHECK(faults_with(frees_at_begin, RM_EXPLORE_BAD_FREE,
	              "an address at which no block begins"),
	        "a free at the heap's beginning is reported");
	CHECK(faults_with(reallocs_freed, RM_EXPLORE_BAD_FREE, "has freed"),
	        "realloc() of a freed block is reported");
	CHECK(faults_with(leaves_two, RM_EXPLORE_LEAK,
	              "2 blocks are not freed after destroy(); the first has "
	              "77 bytes and was allocated by thread 1"),
	        "leaks are counted, and the first one is printed");
	CHECK(faults_with(leaves_one_of_three, RM_EXPLORE_LEAK,
	              "1 blocks are not freed after destroy(); the first has "
	              "79 "),
	        "blocks that a global variable reaches are no leaks");
	rm_explore_clocks_undo();
}

/* ---- the next schedule ---- */

static void leaves_much(struct shared *shared)
{
	(void)shared;
	rm_sim_malloc(4000);
}

static void writes_there(struct shared *shared)
{
	(void)shared;
	__tsan_write8(block_of_20() + 1000);
}

/* The block has the fill of malloc(), but calloc() initialised it. */
static void reads_there(struct shared *shared)
{
	uint8_t *block = rm_sim_calloc(1, 4000);

	(void)shared;
	memset(block, 0xa5, 4000);
	__tsan_read8(block + 1000);
	rm_sim_free(block);
}

static void anew(void)
{
	const struct shared *first = world.shared;

	lanes(leaves_much, NULL, NULL);
	CHECK(stops(RM_EXPLORE_LEAK, "has 4000 bytes") && world.shared == first,
	        "each schedule allocates at the same addresses");
	CHECK(faults_with(writes_there, RM_EXPLORE_OUTSIDE,
	              "at byte 1000 of a block of 20"),
	        "blocks of an earlier schedule are gone");
	lanes(leaves_much, NULL, NULL);
	stops(RM_EXPLORE_LEAK, "has 4000 bytes");
	CHECK(passes(reads_there), "uninitialised bytes are forgotten, too");
}

/* ---- reuse ---- */

static uint8_t *left; /* freed by the first lane */

static void frees_for_others(struct shared *shared)
{
	(void)shared;
	rm_explore_heap_reuse(true);
	left = rm_sim_malloc(24);
	__tsan_write8(left);
	rm_sim_free(left);
}

static void takes_it(struct shared *shared)
{
	uint8_t *other = rm_sim_malloc(32), *block = rm_sim_malloc(24);

	(void)shared;
	find(block == left && other != left);
	__tsan_write8(block);
	rm_sim_free(other);
	other = rm_sim_calloc(1, 32);
	__tsan_read8(other + 8); /* calloc() initialised it */
	rm_sim_free(other);
	rm_sim_free(block);
	find(rm_sim_malloc(24) == block);
	rm_sim_free(block);
	rm_explore_heap_reuse(false);
	other = rm_sim_malloc(24);
	find(other != block);
	rm_sim_free(other);
	__tsan_write8(block);
}

static void again(void)
{
	struct rm_explore_turn turns[] = { { 1, ON, 0 }, { 2, 2 * ON, 0 } };

	well = true;
	lanes(frees_for_others, takes_it, NULL);
	CHECK(in_turn(turns, 2, RM_EXPLORE_FREED, "") && well,
	        "a block is reused for the same size, after its free, and only "
	        "if the program reuses memory");
}

static void all(void)
{
	again();
	blocks();
	outside();
	unwritten();
	frees();
	anew();
}

int main(void)
{
	return test_lanes(all);
}
