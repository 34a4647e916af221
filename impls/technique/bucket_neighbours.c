/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bucket_neighbours.c - threads that write to adjacent buckets of Go's map: the
 * loop `tally:STRIDE` (article S3, section 3.2; claim S3-18).
 *
 * Each thread has a bucket of 144 bytes. Like an insert, it writes tophash, key
 * and value of one slot after another. STRIDE is the distance of the buckets,
 * at least
 * 144. With 144, as in Go's arrays, the end of one bucket and the head of the
 * next share a cache line. With 192 bytes, a multiple of a cache line, they do
 * not.
 */
#include "impls/gomap/gomap_layout.h"
#include "impls/technique/technique.h"

enum { NEIGHBOUR_STRIDE = 144 };

struct neighbours;

struct neighbour {
	_Alignas(2 * RM_CACHE_LINE) struct gomap_bucket *bucket;
	uint64_t wrote; /* slots written since creation; written by this thread
	                   only */
};

struct neighbours {
	size_t stride, threads;
	char *buckets;
	struct neighbour *thread;
};

static void neighbours_destroy(void *opaque)
{
	struct neighbours *subject = opaque;

	free(subject->buckets);
	free(subject->thread);
	free(subject);
}

static void *neighbours_create(const struct rm_sizing *sizing)
{
	struct neighbours *subject = technique_new(sizeof(*subject));
	const size_t stride = technique_arg(sizing, 0, NEIGHBOUR_STRIDE);

	if (!subject)
		return NULL;
	/* makes buckets start at words and not overlap */
	subject->stride = stride < NEIGHBOUR_STRIDE ? NEIGHBOUR_STRIDE
	                                            : (stride + 7) / 8 * 8;
	subject->threads = sizing->threads;
	subject->buckets = technique_new(sizing->threads * subject->stride);
	subject->thread =
	        technique_new(sizing->threads * sizeof(*subject->thread));
	if (subject->buckets && subject->thread)
		return subject;
	neighbours_destroy(subject);
	return NULL;
}

static void *neighbours_join(void *opaque, size_t slot)
{
	struct neighbours *subject = opaque;
	struct neighbour *self = &subject->thread[slot];

	self->bucket = (struct gomap_bucket *)(void *)(subject->buckets +
	                                               slot * subject->stride);
	return self;
}

/* Returns the tophash that the write with number `wrote` stores in its slot. */
RM_HOT uint8_t neighbour_top(uint64_t wrote)
{
	return (uint8_t)(GOMAP_LIVE + wrote % (256 - GOMAP_LIVE));
}

static void neighbours_run(struct rm_worker *worker)
{
	struct neighbour *self = worker->thread;
	struct gomap_bucket *bucket = self->bucket;

	while (technique_turn(worker)) {
		const uint64_t wrote = self->wrote++;
		const size_t slot = wrote % GOMAP_SLOTS;

		gomap_set(*gomap_slot_key(bucket, RM_U64X8, slot), wrote);
		gomap_set(bucket->tophash[slot], neighbour_top(wrote));
		gomap_set(*gomap_slot_value(bucket, RM_U64X8, slot), ~wrote);
	}
}

/* Counts pairs of adjacent buckets that share a cache line. */
static void neighbours_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	const struct neighbours *subject = opaque;
	unsigned shared = 0;

	for (size_t i = 1; i < subject->threads; i++) {
		const size_t at = i * subject->stride;
		const size_t end = at - subject->stride + NEIGHBOUR_STRIDE - 1;

		shared += end / RM_CACHE_LINE == at / RM_CACHE_LINE;
	}
	emit(context, "stride", "bytes", (double)subject->stride);
	emit(context, "neighbours_on_one_line", "1", shared);
}

/* Checks that each slot holds the last value that its thread wrote. */
static bool neighbours_check(void *opaque, char *why, size_t size)
{
	struct neighbours *subject = opaque;

	for (size_t i = 0; i < subject->threads; i++) {
		const struct neighbour *self = &subject->thread[i];

		for (uint64_t back = 1;
		        back <= GOMAP_SLOTS && back <= self->wrote; back++) {
			const uint64_t wrote = self->wrote - back;
			const size_t slot = wrote % GOMAP_SLOTS;
			struct gomap_bucket *b = self->bucket;

			if (gomap_get(*gomap_slot_key(b, RM_U64X8, slot)) ==
			                wrote &&
			        gomap_get(*gomap_slot_value(
			                b, RM_U64X8, slot)) == ~wrote &&
			        gomap_get(b->tophash[slot]) ==
			                neighbour_top(wrote))
				continue;
			snprintf(why, size, "bucket %zu lost a write", i);
			return false;
		}
	}
	return true;
}

TECHNIQUE_TABLES(neighbours, neighbours_destroy, neighbours_join, "tally",
        neighbours_run)

const struct rm_impl rm_impl_bucket_neighbours = {
	.id = "bucket_neighbours",
	.label = "adjacent buckets",
	.sync = "none",
	.source = "Go map before 1.24: its buckets",
	.system = "M1",
	TECHNIQUE("wait-free", neighbours_ops, neighbours_loops),
};
