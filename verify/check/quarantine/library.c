/* SPDX-License-Identifier: Apache-2.0 */
/*
 * library.c - libreadmostly_quarantine.so, to be loaded before the C library
 * (LD_PRELOAD): free() and realloc() poison what is freed and keep it back
 * until many later blocks were freed, or until it is turned off. Who reads it sees
 * the poison, who follows a pointer in it ends by SIGSEGV, and what was written
 * there meanwhile is found when the block is given back.
 *
 * Turned off it hands all on to the C library. Blocks that fill a whole mapping
 * are not kept: who touches them ends by SIGSEGV anyway. Others as large, which
 * the C library has cut from what many small ones had left, are poisoned and
 * given back at once: to keep them would take as much as a map is large.
 */
#include "verify/check/quarantine.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

void __libc_free(void *block);
void *__libc_malloc(size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

/* Blocks of two sizes are kept: 16 rings of 1024 small ones hold 16 MiB at most,
   of 16 large ones 32 MiB. A thread has a ring for itself mostly. */
enum { RINGS = 16, SMALL = 1024, LARGE = 16, SMALL_BYTES = 1024 };
enum { LARGE_BYTES = 128 * 1024 };

struct ring {
	_Alignas(64) _Atomic size_t at, large_at;
	void *_Atomic small[SMALL];
	void *_Atomic large[LARGE];
};

static struct ring rings[RINGS];
static atomic_bool on;
static void (*tell)(const char *what);
static _Atomic unsigned threads;
static _Thread_local struct ring *mine
        __attribute__((tls_model("initial-exec")));

/* Gives a block back to the C library, if nobody wrote to it since. */
static void give_back(void *block)
{
	const unsigned char *bytes = block;
	const size_t size = malloc_usable_size(block);
	char text[160];

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == RM_POISON_BYTE || !tell)
			continue;
		snprintf(text, sizeof(text),
		        "freed memory was written: byte %zu of a block of %zu "
		        "is 0x%02x, which was freed and not allocated since",
		        i, size, bytes[i]);
		tell(text);
		break;
	}
	__libc_free(block);
}

/* Puts it in the place of the oldest block, which is given back. */
static void keep(void *block)
{
	const size_t size = malloc_usable_size(block);
	void *oldest;

	if (!mine)
		/* relaxed: only deals them out */
		mine = rings + atomic_fetch_add_explicit(
		                       &threads, 1, memory_order_relaxed) %
		                       RINGS;
	memset(block, (int)RM_POISON_BYTE, size);
	/* relaxed: a place; acq_rel: who takes a block out sees its poison */
	if (size <= SMALL_BYTES)
		oldest = atomic_exchange_explicit(
		        mine->small + atomic_fetch_add_explicit(&mine->at, 1,
		                              memory_order_relaxed) %
		                              SMALL,
		        block, memory_order_acq_rel);
	else
		oldest = atomic_exchange_explicit(
		        mine->large + atomic_fetch_add_explicit(&mine->large_at,
		                              1, memory_order_relaxed) %
		                              LARGE,
		        block, memory_order_acq_rel);
	if (oldest)
		give_back(oldest);
}

/* Of those in a ring's places, when nothing is kept any more. */
static void give_back_those(void *_Atomic *kept, size_t places)
{
	for (size_t i = 0; i < places; i++) {
		/* acq_rel: as in keep() */
		void *block = atomic_exchange_explicit(
		        kept + i, NULL, memory_order_acq_rel);

		if (block)
			give_back(block);
	}
}

/* What was freed last has no later block that would push it out. */
static void give_all_back(void)
{
	for (struct ring *ring = rings; ring < rings + RINGS; ring++) {
		give_back_those(ring->small, SMALL);
		give_back_those(ring->large, LARGE);
	}
}

void rm_quarantine_switch(bool turn_on, void (*damaged)(const char *what));

void rm_quarantine_switch(bool turn_on, void (*damaged)(const char *what))
{
	tell = damaged;
	/* a block that may be read by its address shall be a mapping's */
	if (turn_on)
		mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	/* release: pairs with the acquire in keep(), for `tell` */
	atomic_store_explicit(&on, turn_on, memory_order_release);
	/* from now on no thread puts a block there */
	if (!turn_on)
		give_all_back();
}

static void put_away(void *block)
{
	const size_t size = malloc_usable_size(block);

	if (size < LARGE_BYTES) {
		keep(block);
		return;
	}
	memset(block, (int)RM_POISON_BYTE, size);
	__libc_free(block);
}

/* The C library's mark in the word before a block (IS_MMAPPED). */
static bool is_mapping(const void *block)
{
	enum { MAPPED = 2 };

	return ((const size_t *)block)[-1] & MAPPED;
}

static bool is_put_away(void *block)
{
	/* acquire: pairs with the release in rm_quarantine_switch() */
	return block && atomic_load_explicit(&on, memory_order_acquire) &&
	       (malloc_usable_size(block) < LARGE_BYTES || !is_mapping(block));
}

/* The names of the parameters are the C library's. */
void free(void *ptr)
{
	if (is_put_away(ptr))
		put_away(ptr);
	else
		__libc_free(ptr);
}

void *realloc(void *ptr, size_t size)
{
	void *moved;
	size_t old_bytes;

	if (!is_put_away(ptr))
		return __libc_realloc(ptr, size);
	if (!size) {
		put_away(ptr);
		return NULL;
	}
	moved = __libc_malloc(size);
	if (!moved)
		return NULL;
	old_bytes = malloc_usable_size(ptr);
	memcpy(moved, ptr, old_bytes < size ? old_bytes : size);
	put_away(ptr);
	return moved;
}
