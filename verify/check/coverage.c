/* SPDX-License-Identifier: Apache-2.0 */
/* coverage.c - counts of overlapping pairs of operations, and their summary. */
#include "verify/check/coverage.h"

#include <stdbool.h>
#include <stdio.h>

enum { OFTEN = 100, NAMED_MAX = 3 };

const char *rm_pair_kind_name(enum rm_pair_kind kind)
{
	static const char *const names[] = { "lookup", "upsert", "remove",
		"exchange", "take", "insert_if_absent", "compare_swap",
		"compare_remove", "update", "grow", "shrink", "scan", "length",
		"clear", "rejoin" };

	return names[kind];
}

const char *rm_pair_class_name(enum rm_pair_class key_class)
{
	static const char *const names[] = { "scattered", "edges", "neighbours",
		"colliding", "64 KiB" };

	return names[key_class];
}

void rm_coverage_add(struct rm_coverage *coverage, enum rm_pair_class key_class,
        enum rm_pair_kind a, enum rm_pair_kind b, uint64_t times)
{
	const enum rm_pair_kind low = a < b ? a : b, high = a < b ? b : a;

	/* relaxed: a counter, read after all threads have ended */
	atomic_fetch_add_explicit(&coverage->overlapped[key_class][low][high],
	        times, memory_order_relaxed);
}

/* True if the operations of this pair can overlap. Relaxed, here and below: all
 * threads have ended. */
static bool can_overlap(const struct rm_coverage *coverage, unsigned key_class,
        unsigned a, unsigned b)
{
	const uint32_t offered =
	        atomic_load_explicit(&coverage->offered, memory_order_relaxed);
	const uint32_t concurrent = atomic_load_explicit(
	        &coverage->overlaps_any, memory_order_relaxed);
	const uint32_t classes =
	        atomic_load_explicit(&coverage->classes, memory_order_relaxed);

	return classes >> key_class & 1 && offered >> a & 1 &&
	       offered >> b & 1 && (concurrent >> a & 1 || concurrent >> b & 1);
}

struct sums {
	unsigned possible, often, never;
	size_t used; /* bytes used of `names` */
	char names[256];
};

static void add_pair(const struct rm_coverage *coverage, unsigned key_class,
        unsigned a, unsigned b, struct sums *sums)
{
	const uint64_t overlapped = atomic_load_explicit(
	        &coverage->overlapped[key_class][a][b], memory_order_relaxed);

	sums->possible++;
	sums->often += overlapped >= OFTEN;
	if (overlapped || sums->never++ >= NAMED_MAX)
		return;
	sums->used += (size_t)snprintf(sums->names + sums->used,
	        sizeof(sums->names) - sums->used, "%s%s with %s on %s keys",
	        sums->used ? ", " : "", rm_pair_kind_name(a),
	        rm_pair_kind_name(b), rm_pair_class_name(key_class));
}

bool rm_coverage_format(
        const struct rm_coverage *coverage, char *text, size_t size)
{
	struct sums sums = { 0 };
	size_t used;

	for (unsigned key_class = 0; key_class < RM_CLASSES; key_class++)
		for (unsigned a = 0; a < RM_PAIR_KINDS; a++)
			for (unsigned b = a; b < RM_PAIR_KINDS; b++)
				if (can_overlap(coverage, key_class, a, b))
					add_pair(coverage, key_class, a, b,
					        &sums);
	text[0] = 0;
	if (!sums.possible)
		return false;
	used = (size_t)snprintf(text, size,
	        "%u of %u pairs overlapped at least %d times", sums.often,
	        sums.possible, OFTEN);
	if (sums.never && used < size)
		snprintf(text + used, size - used, ", %u never: %s%s",
		        sums.never, sums.names,
		        sums.never > NAMED_MAX ? " ..." : "");
	return 4 * sums.often < sums.possible;
}
