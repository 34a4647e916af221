/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocations_stats.c - counts calls of malloc() and related functions, for
 * flavour stats.
 *
 * A program's definitions of these functions replace those of the C library,
 * even for calls from other libraries (ld.so(8), symbol lookup); glibc offers
 * its own under __libc_ names for this purpose. Counters are distributed over
 * cache lines to reduce contention. Trials of this build are not timed. One in
 * TIMED_ONE_IN allocator calls of each thread is timed with two clock readings.
 */
#include "runner/base/clock.h"
#include "runner/trial/trial.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

enum {
	STRIPES = 64,
	/* bytes that a stripe may keep unsettled, so the peak's error is at
	   most 64 times this number */
	SETTLE_BYTES = 4096,
	/* Only some allocations are timed, since a clock reading takes as long
	   as a call. The number is prime, because maps allocate in cycles of
	   two or three. */
	TIMED_ONE_IN = 61,
};

/* Global, since a process has only one allocator. */
static struct stripe {
	_Alignas(RM_CACHE_LINE) _Atomic uint64_t allocations, frees;
	_Atomic uint64_t allocated_bytes, freed_bytes;
	_Atomic uint64_t timed, timed_ns; /* number and total time of timed
	                                     allocations */
	_Atomic int64_t unsettled;        /* bytes not yet added to `held` */
} stripes[STRIPES];
static _Atomic int64_t held, peak;
static _Atomic unsigned threads;
static _Thread_local struct stripe *own_stripe;

static struct stripe *get_stripe(void)
{
	if (!own_stripe)
		/* relaxed: the number only selects a stripe */
		own_stripe = &stripes[atomic_fetch_add_explicit(&threads, 1,
		                              memory_order_relaxed) %
		                      STRIPES];
	return own_stripe;
}

/* Adds to the number of bytes in use. All accesses are relaxed, since a
   statistic orders nothing. */
static void add_held_bytes(int64_t bytes)
{
	int64_t mine = atomic_fetch_add_explicit(&get_stripe()->unsettled,
	                       bytes, memory_order_relaxed) +
	               bytes;

	if (mine > -SETTLE_BYTES && mine < SETTLE_BYTES)
		return;
	mine = atomic_exchange_explicit(
	        &get_stripe()->unsettled, 0, memory_order_relaxed);

	int64_t now =
	        atomic_fetch_add_explicit(&held, mine, memory_order_relaxed) +
	        mine;
	int64_t most = atomic_load_explicit(&peak, memory_order_relaxed);

	while (most < now &&
	        !atomic_compare_exchange_weak_explicit(&peak, &most, now,
	                memory_order_relaxed, memory_order_relaxed))
		;
}

/* Returns the start time of an allocation; 0: this allocation is not timed. */
static uint64_t start_timing(void)
{
	return rm_stat_read(&get_stripe()->allocations) % TIMED_ONE_IN
	               ? 0
	               : rm_now_ns();
}

static void *count_allocation(void *pointer, uint64_t start_ns)
{
	if (start_ns) {
		rm_stat_add(&get_stripe()->timed_ns, rm_now_ns() - start_ns);
		rm_stat_add(&get_stripe()->timed, 1);
	}
	if (pointer) {
		size_t bytes = malloc_usable_size(pointer);

		rm_stat_add(&get_stripe()->allocations, 1);
		rm_stat_add(&get_stripe()->allocated_bytes, bytes);
		add_held_bytes((int64_t)bytes);
	}
	return pointer;
}

static void count_free(size_t bytes)
{
	rm_stat_add(&get_stripe()->frees, 1);
	rm_stat_add(&get_stripe()->freed_bytes, bytes);
	add_held_bytes(-(int64_t)bytes);
}

void *malloc(size_t size)
{
	const uint64_t start_ns = start_timing();

	return count_allocation(__libc_malloc(size), start_ns);
}

void *calloc(size_t nmemb, size_t size)
{
	const uint64_t start_ns = start_timing();

	return count_allocation(__libc_calloc(nmemb, size), start_ns);
}

void *realloc(void *ptr, size_t size)
{
	size_t before = ptr ? malloc_usable_size(ptr) : 0;
	const uint64_t start_ns = start_timing();
	void *moved = __libc_realloc(ptr, size);

	if (ptr && (moved || !size))
		count_free(before);
	return count_allocation(moved, start_ns);
}

void *memalign(size_t alignment, size_t size)
{
	const uint64_t start_ns = start_timing();

	return count_allocation(__libc_memalign(alignment, size), start_ns);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **memptr, size_t alignment, size_t size)
{
	void *block = memalign(alignment, size);

	if (!block)
		return ENOMEM;
	*memptr = block;
	return 0;
}

void free(void *ptr)
{
	if (!ptr)
		return;
	count_free(malloc_usable_size(ptr));
	__libc_free(ptr);
}

int64_t rm_allocations_held(void)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < STRIPES; i++)
		bytes += rm_stat_read(&stripes[i].allocated_bytes) -
		         rm_stat_read(&stripes[i].freed_bytes);
	return (int64_t)bytes;
}

void rm_allocations_emit(rm_stat_fn *emit, void *context)
{
	uint64_t sum[6] = { 0 };

	for (size_t i = 0; i < STRIPES; i++) {
		sum[0] += rm_stat_read(&stripes[i].allocations);
		sum[1] += rm_stat_read(&stripes[i].frees);
		sum[2] += rm_stat_read(&stripes[i].allocated_bytes);
		sum[3] += rm_stat_read(&stripes[i].freed_bytes);
		sum[4] += rm_stat_read(&stripes[i].timed);
		sum[5] += rm_stat_read(&stripes[i].timed_ns);
	}
	emit(context, "allocations", "1", (double)sum[0]);
	emit(context, "frees", "1", (double)sum[1]);
	emit(context, "allocated_bytes", "bytes", (double)sum[2]);
	emit(context, "allocations_timed", "1", (double)sum[4]);
	emit(context, "allocations_timed_ns", "ns", (double)sum[5]);
	emit(context, "bytes", "bytes", (double)(sum[2] - sum[3]));
	/* relaxed: a statistic orders nothing */
	emit(context, "bytes_peak", "bytes",
	        (double)atomic_load_explicit(&peak, memory_order_relaxed));

	struct mallinfo2 heap = mallinfo2();

	emit(context, "heap_used_bytes", "bytes",
	        (double)(heap.uordblks + heap.hblkhd));
	emit(context, "heap_held_bytes", "bytes",
	        (double)(heap.arena + heap.hblkhd));
}
