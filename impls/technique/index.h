/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h - how a hash selects one of N segments: the loop `tally:SEGMENTS`
 * (article S2, section 4.4; claim S2-38).
 *
 * The includer first defines INDEX_OF(hash, segments), and INDEX_NAME, its name
 * for messages. An iteration is one selection. Each hash depends on the
 * previous selection, so the loop measures latency, not throughput of
 * overlapping selections. N is a power of two, as in the article, but not known
 * to the compiler. The article itself uses a third form, the absolute value of
 * a signed hash modulo N. The absolute value of the most negative number is
 * negative. So both techniques report for how many of the checked hashes that
 * form gives an index out of range.
 */
#ifndef RM_TECHNIQUE_INDEX_H
#define RM_TECHNIQUE_INDEX_H

#include "impls/technique/technique.h"
#include "runner/base/rng.h"

#include <inttypes.h>

enum { INDEX_PRESET_SEGMENTS = 64, INDEX_BATCH = 64, INDEX_HASHES = 1000 };

struct index_subject {
	uint64_t segments; /* a power of two */
	_Atomic uint64_t sum;
};

static void index_destroy(void *opaque)
{
	free(opaque);
}

static void *index_create(const struct rm_sizing *sizing)
{
	struct index_subject *subject = technique_new(sizeof(*subject));
	const uint64_t wanted = technique_arg(sizing, 0, INDEX_PRESET_SEGMENTS);

	if (!subject)
		return NULL;
	subject->segments = 1;
	while (subject->segments < wanted)
		subject->segments *= 2;
	return subject;
}

static void index_run(struct rm_worker *worker)
{
	struct index_subject *subject = worker->thread;
	const uint64_t segments = subject->segments;
	uint64_t hash = worker->rng, index = 0, wrong = 0;

	while (technique_turn(worker)) {
		for (unsigned i = 0; i < INDEX_BATCH; i++) {
			/* a linear congruential generator, which is cheap */
			hash = hash * 6364136223846793005U +
			       1442695040888963407U + index;
			index = INDEX_OF(hash, segments);
			wrong |= index >= segments;
		}
		worker->counts.iterations += INDEX_BATCH - 1;
	}
	worker->counts.wrong |= wrong;
	/* relaxed: only keeps the selections from being optimised away */
	atomic_fetch_add_explicit(&subject->sum, index, memory_order_relaxed);
}

/* Returns the i-th hash to check. The first ones are the ends of the range. */
static inline uint64_t index_hash(unsigned i)
{
	static const uint64_t ends[] = { 0, 1, INT64_MAX,
		(uint64_t)INT64_MAX + 1, UINT64_MAX };

	return i < sizeof(ends) / sizeof(*ends) ? ends[i] : rm_scatter(i);
}

/* Computes the index as the article does: |hash| modulo N, in signed arithmetic
   that wraps. */
static inline int64_t index_by_absolute_value(uint64_t hash, uint64_t segments)
{
	const uint64_t magnitude = hash >> 63 ? 0 - hash : hash;

	return (int64_t)magnitude % (int64_t)segments;
}

static void index_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	const struct index_subject *subject = opaque;
	/* not a power of two (except 1 and 2), since the remainder would then
	   be 0 */
	const uint64_t segments =
	        subject->segments > 1 ? subject->segments - 1 : 1;
	unsigned out = 0;

	for (unsigned i = 0; i < INDEX_HASHES; i++)
		out += index_by_absolute_value(index_hash(i), segments) < 0;
	emit(context, "segments", "1", (double)subject->segments);
	emit(context, "absolute_values_out_of_range", "1", out);
}

static bool index_check(void *opaque, char *why, size_t size)
{
	const struct index_subject *subject = opaque;
	const uint64_t n = subject->segments;

	for (unsigned i = 0; i < INDEX_HASHES; i++) {
		const uint64_t hash = index_hash(i);

		if (INDEX_OF(hash, n) == hash - hash / n * n)
			continue;
		snprintf(why, size,
		        "%s of %016" PRIx64 " is %" PRIu64 " of %" PRIu64,
		        INDEX_NAME, hash, (uint64_t)INDEX_OF(hash, n), n);
		return false;
	}
	return true;
}

TECHNIQUE_TABLES(index, index_destroy, map_itself, "tally", index_run)

#endif /* RM_TECHNIQUE_INDEX_H */
