/* SPDX-License-Identifier: Apache-2.0 */
/* sim_threads_heap.c - tests the guarantees of malloc and the addresses that it
   returns. Compiled like sim_threads.c. */
#include "tests/unit/sim/sim_threads.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 64, STEPS = 600, SHELF = 16 };

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* A block of a thread, filled with marks. */
struct mine {
	uint64_t *block;
	size_t words;
	uint64_t mark;
};

static void mark(const struct mine *mine)
{
	for (size_t i = 0; i < mine->words; i += 1 + i / 8)
		mine->block[i] = mine->mark + i;
}

static void still(const struct mine *mine)
{
	for (size_t i = 0; i < mine->words; i += 1 + i / 8)
		SIM_EXPECT(mine->block[i] == mine->mark + i);
}

static size_t some_words(uint64_t random)
{
	static const size_t most[] = { 4, 16, 130, 300, 3000, 40000, 300000 };
	size_t kind = random % 100;

	kind = kind < 40   ? 0
	       : kind < 70 ? 1
	       : kind < 80 ? 2
	       : kind < 90 ? 3
	       : kind < 97 ? 4
	       : kind < 99 ? 5
	                   : 6;
	return 1 + (random >> 32) % most[kind];
}

static void take(struct mine *mine, uint64_t random)
{
	size_t words = some_words(random), alignment = 16;
	void *aligned = NULL;

	switch (random >> 8 & 7) {
	case 0:
		alignment = (size_t)32 << (random >> 16) % 8;
		aligned = aligned_alloc(alignment, words * 8);
		break;
	case 1:
		alignment = (size_t)16 << (random >> 16) % 8;
		SIM_EXPECT(!posix_memalign(&aligned, alignment, words * 8));
		break;
	case 2:
		aligned = calloc(words, 8);
		for (size_t i = 0; aligned && i < words; i++)
			SIM_EXPECT(((uint64_t *)aligned)[i] == 0);
		break;
	default:
		aligned = malloc(words * 8);
	}
	SIM_EXPECT(aligned && (uintptr_t)aligned % alignment == 0);
	*mine = (struct mine){ aligned, aligned ? words : 0, random };
	mark(mine);
}

static void resize(struct mine *mine, uint64_t random)
{
	size_t words = some_words(random);
	size_t kept = words < mine->words ? words : mine->words;
	uint64_t *block = realloc(mine->block, words * 8);

	SIM_EXPECT(block);
	if (!block)
		return;
	mine->block = block;
	mine->words = kept;
	still(mine);
	mine->words = words;
	mark(mine);
}

/* Lets threads exchange and free blocks. */
static struct mine shelf[SHELF];
static pthread_mutex_t shelf_lock = PTHREAD_MUTEX_INITIALIZER;

static void swap(struct mine *mine, uint64_t random)
{
	struct mine other;

	pthread_mutex_lock(&shelf_lock);
	other = shelf[random % SHELF];
	shelf[random % SHELF] = *mine;
	pthread_mutex_unlock(&shelf_lock);
	*mine = other;
}

static uint64_t seed;

static void begin_heap(unsigned threads, unsigned round)
{
	(void)threads;
	memset(shelf, 0, sizeof(shelf));
	seed = mix(round);
}

static void use_heap(unsigned self)
{
	struct mine mine[BLOCKS] = { { NULL, 0, 0 } };
	uint64_t random = mix(seed + self);

	for (unsigned i = 0; i < STEPS; i++) {
		random = mix(random);
		struct mine *one = &mine[random >> 48 & (BLOCKS - 1)];

		still(one);
		if (!one->block) {
			take(one, random);
		} else if (random >> 24 & 1) {
			free(one->block);
			one->block = NULL;
			one->words = 0;
		} else if (random >> 25 & 1) {
			resize(one, random);
		} else {
			swap(one, random >> 26);
		}
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		still(&mine[i]);
		free(mine[i].block);
	}
}

static void end_heap(void)
{
	for (unsigned i = 0; i < SHELF; i++) {
		still(&shelf[i]);
		free(shelf[i].block);
	}
}

/* The addresses are integers, since a pointer is invalid after free(). */
static bool within(uintptr_t block, uintptr_t from, size_t bytes)
{
	return block >= from && block < from + bytes;
}

static uintptr_t address(void *block)
{
	return (uintptr_t)block;
}

/* keeps the compiler from removing an unused block */
static void *volatile kept;

/* Frees a block that is too large for a core's cache, followed by a block in
   use. Returns its former address. */
static uintptr_t freed(size_t bytes, void **fence)
{
	void *block = malloc(bytes);
	uintptr_t at = address(block);

	kept = *fence = malloc(2000);
	free(block);
	return at;
}

static void cut_and_merge(unsigned self)
{
	enum { BIG = 100000, SMALL = 40, PARTS = 50, PART = 1800 };
	void *fence, *part[PARTS], *all;
	uintptr_t big = freed(BIG, &fence), first;

	(void)self;
	/* small blocks are adjacent in the freed memory */
	for (size_t i = 0; i < PARTS; i++) {
		part[i] = malloc(SMALL);
		SIM_EXPECT(address(part[i]) == big + i * (SMALL + 8));
	}
	for (size_t i = 0; i < PARTS; i++)
		free(part[i]);
	/* adjacent blocks merge, in whatever order they were freed */
	for (size_t i = 0; i < PARTS; i++)
		part[i] = malloc(PART);
	first = address(part[0]);
	SIM_EXPECT(within(first, big, BIG));
	for (size_t i = 0; i < PARTS; i += 2)
		free(part[i]);
	for (size_t i = 1; i < PARTS; i += 2)
		free(part[i]);
	all = malloc((PART + 8) * PARTS - 8);
	SIM_EXPECT(within(address(all), big, BIG));
	free(all);
	free(fence);
}

/* Tests glibc's order. Of each size, up to seven freed blocks are reused, the
   last one first. The eighth goes to the arena. */
static void cached(unsigned self)
{
	enum { ALL = 9, EACH = 7 };
	void *block[ALL];
	uintptr_t was[ALL];

	(void)self;
	for (int i = 0; i < ALL; i++) {
		block[i] = malloc(200);
		was[i] = address(block[i]);
	}
	for (int i = 0; i < ALL; i++)
		free(block[i]);
	for (int i = EACH; i-- > 0;)
		SIM_EXPECT(address(malloc(200)) == was[i]);
}

/* A block is resized in place if it is large enough and at least half used. */
static void resized(unsigned self)
{
	void *block = malloc(400);
	uintptr_t was = address(block);

	(void)self;
	block = realloc(block, 300);
	SIM_EXPECT(address(block) == was);
	block = realloc(block, 400);
	SIM_EXPECT(address(block) == was);
	block = realloc(block, 500);
	SIM_EXPECT(address(block) != was);
	was = address(block);
	block = realloc(block, 200);
	SIM_EXPECT(address(block) != was);
	free(block);
}

/* A block of more than 1 MiB gets pages of its own. After it was freed, blocks
   of this size come from the arena and are split. */
static void bound_moves(unsigned self)
{
	enum { PAGES = 2000000 };
	void *fence, *small;
	uintptr_t pages, again;

	if (self != 0)
		return; /* the threshold is global */
	pages = freed(PAGES, &fence);
	SIM_EXPECT(pages % 4096 == 16);
	free(fence);
	again = freed(PAGES, &fence);
	SIM_EXPECT(again != pages);
	small = malloc(3000);
	SIM_EXPECT(within(address(small), again, PAGES));
	free(small);
	free(fence);
}

const struct sim_scenario sim_heap_scenarios[] = {
	{ "blocks keep their content, whichever thread frees them", 1,
	        begin_heap, use_heap, end_heap },
	{ "freed chunks are split and merged", 1, NULL, cut_and_merge, NULL },
	{ "the block freed last comes first, seven of a size", 1, NULL, cached,
	        NULL },
	{ "a block stays in place down to half its size", 1, NULL, resized,
	        NULL },
	{ "the threshold for separate pages rises", 1, NULL, bound_moves,
	        NULL },
	{ 0 }
};
