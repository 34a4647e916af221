/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - libreadmostly_quarantine.so, loaded by LD_PRELOAD: while it is
 * on, free() and realloc() poison freed blocks and keep them until many later
 * blocks were freed. Readers then see the poison, dereferencing it raises
 * SIGSEGV, and writes are found when the block is released. While it is off,
 * calls pass to the C library. Blocks with their own mapping are not kept,
 * because access after free raises SIGSEGV anyway. Other large blocks are
 * poisoned but released at once, because keeping them would cost the size of a
 * map. */
#include "verify/check/quarantine.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

void __libc_free(void *block);
void *__libc_malloc(size_t bytes);
void *__libc_realloc(void *block, size_t bytes);

/* Two sizes of blocks are kept: 16 rings of 1024 small blocks (at most 16 MiB)
 * and 16 rings of 16 large blocks (32 MiB). Most threads have a ring of their
 * own. */
enum { RINGS = 16, SMALL = 1024, LARGE = 16, SMALL_BYTES = 1024 };
enum { LARGE_BYTES = 128 * 1024 };

struct ring {
	_Alignas(64) _Atomic size_t next_small, next_large;
	void *_Atomic small[SMALL];
	void *_Atomic large[LARGE];
};

static struct ring rings[RINGS];
static atomic_bool on;
static void (*report_damage)(const char *what);
static _Atomic unsigned next_ring;
static _Thread_local struct ring *own_ring
        __attribute__((tls_model("initial-exec")));

/* Releases a block to the C library, after a check that it was not written. */
static void release_block(void *block)
{
	const unsigned char *bytes = block;
	const size_t size = malloc_usable_size(block);
	char text[160];

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == RM_POISON_BYTE || !report_damage)
			continue;
		snprintf(text, sizeof(text),
		        "freed memory was written: byte %zu of a block of %zu "
		        "is 0x%02x, which was freed and not allocated since",
		        i, size, bytes[i]);
		report_damage(text);
		break;
	}
	__libc_free(block);
}

/* Stores a block in place of the oldest one, which is released. */
static void store_block(void *block)
{
	const size_t size = malloc_usable_size(block);
	void *oldest;

	if (!own_ring)
		/* relaxed: only distributes the rings */
		own_ring = rings + atomic_fetch_add_explicit(&next_ring, 1,
		                           memory_order_relaxed) %
		                           RINGS;
	memset(block, (int)RM_POISON_BYTE, size);
	/* relaxed: an index; acq_rel: the thread that takes a block out sees
	 * its poison */
	if (size <= SMALL_BYTES)
		oldest = atomic_exchange_explicit(
		        own_ring->small +
		                atomic_fetch_add_explicit(&own_ring->next_small,
		                        1, memory_order_relaxed) %
		                        SMALL,
		        block, memory_order_acq_rel);
	else
		oldest = atomic_exchange_explicit(
		        own_ring->large +
		                atomic_fetch_add_explicit(&own_ring->next_large,
		                        1, memory_order_relaxed) %
		                        LARGE,
		        block, memory_order_acq_rel);
	if (oldest)
		release_block(oldest);
}

/* Releases the blocks of one array when the quarantine is switched off. */
static void release_array(void *_Atomic *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* acq_rel: as in store_block() */
		void *block = atomic_exchange_explicit(
		        blocks + i, NULL, memory_order_acq_rel);

		if (block)
			release_block(block);
	}
}

/* The newest blocks are not replaced by later ones, so they are released
 * here. */
static void release_all(void)
{
	for (struct ring *ring = rings; ring < rings + RINGS; ring++) {
		release_array(ring->small, SMALL);
		release_array(ring->large, LARGE);
	}
}

void rm_quarantine_switch(bool turn_on, void (*damaged)(const char *what));

void rm_quarantine_switch(bool turn_on, void (*damaged)(const char *what))
{
	report_damage = damaged;
	/* blocks of this size get a mapping, so that stale reads fault */
	if (turn_on)
		mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	/* release: pairs with the acquire in must_quarantine(), for the
	 * callback */
	atomic_store_explicit(&on, turn_on, memory_order_release);
	/* a free() that read `on` earlier may still store a block, which then
	 * stays in the ring */
	if (!turn_on)
		release_all();
}

static void quarantine_block(void *block)
{
	const size_t size = malloc_usable_size(block);

	if (size < LARGE_BYTES) {
		store_block(block);
		return;
	}
	memset(block, (int)RM_POISON_BYTE, size);
	__libc_free(block);
}

/* Reads the C library's flag in the word before a block (IS_MMAPPED). */
static bool is_mapping(const void *block)
{
	enum { MAPPED = 2 };

	return ((const size_t *)block)[-1] & MAPPED;
}

static bool must_quarantine(void *block)
{
	/* acquire: pairs with the release in rm_quarantine_switch() */
	return block && atomic_load_explicit(&on, memory_order_acquire) &&
	       (malloc_usable_size(block) < LARGE_BYTES || !is_mapping(block));
}

/* The parameter names are the C library's. */
void free(void *ptr)
{
	if (must_quarantine(ptr))
		quarantine_block(ptr);
	else
		__libc_free(ptr);
}

void *realloc(void *ptr, size_t size)
{
	void *new_block;
	size_t old_bytes;

	if (!must_quarantine(ptr))
		return __libc_realloc(ptr, size);
	if (!size) {
		quarantine_block(ptr);
		return NULL;
	}
	new_block = __libc_malloc(size);
	if (!new_block)
		return NULL;
	old_bytes = malloc_usable_size(ptr);
	memcpy(new_block, ptr, old_bytes < size ? old_bytes : size);
	quarantine_block(ptr);
	return new_block;
}
