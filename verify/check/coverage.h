/* SPDX-License-Identifier: Apache-2.0 */
/* coverage.h - counts which operations overlapped on which kind of keys while a
 * check runs, and formats the counts when it has ended. */
#ifndef RM_CHECK_COVERAGE_H
#define RM_CHECK_COVERAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of operations. GROW and SHRINK use a thread's private keys; in REJOIN a
 * thread leaves and joins. */
enum rm_pair_kind {
	RM_PAIR_LOOKUP,
	RM_PAIR_UPSERT,
	RM_PAIR_REMOVE,
	RM_PAIR_EXCHANGE,
	RM_PAIR_TAKE,
	RM_PAIR_INSERT_IF_ABSENT,
	RM_PAIR_COMPARE_SWAP,
	RM_PAIR_COMPARE_REMOVE,
	RM_PAIR_UPDATE,
	/* kinds before this one use a key that all threads share */
	RM_PAIR_ON_KEY,
	RM_PAIR_GROW = RM_PAIR_ON_KEY, /* insert a private key */
	RM_PAIR_SHRINK,                /* remove a private key */
	RM_PAIR_SCAN,
	RM_PAIR_LENGTH,
	RM_PAIR_CLEAR,
	RM_PAIR_REJOIN, /* leave and join */
	RM_PAIR_KINDS
};

enum rm_pair_class {
	RM_CLASS_SCATTERED, /* the keys of the measured loop */
	/* 0, all ones ...; strings: empty, one byte, zero bytes */
	RM_CLASS_EDGES,
	/* consecutive words; strings of 17 bytes that differ in the last */
	RM_CLASS_NEIGHBOURS,
	RM_CLASS_COLLIDING, /* equal hashes */
	RM_CLASS_HUGE,      /* 65,535 bytes; strings only */
	RM_CLASSES
};

/* Counts of overlapping pairs; the caller zeroes it. Two operations on keys are
 * counted only if they use the same key. [class][lesser kind][greater kind] */
struct rm_coverage {
	/* Bits of kinds: all kinds that the check runs, and the kinds that may
	 * overlap any other kind. */
	_Atomic uint32_t offered, overlaps_any;
	_Atomic uint32_t classes; /* bits of classes */
	_Atomic uint64_t overlapped[RM_CLASSES][RM_PAIR_KINDS][RM_PAIR_KINDS];
};

const char *rm_pair_kind_name(enum rm_pair_kind kind);
const char *rm_pair_class_name(enum rm_pair_class key_class);

/* Adds to a count. Any thread may call it. */
void rm_coverage_add(struct rm_coverage *coverage, enum rm_pair_class key_class,
        enum rm_pair_kind a, enum rm_pair_kind b, uint64_t times);

/* Formats "412 of 412 pairs overlapped at least 100 times", and the names of
 * pairs that never overlapped, as far as they fit. The text is "" if there are
 * no pairs. No thread may call rm_coverage_add() at the same time. Returns true if
 * the coverage is weak: fewer than a quarter of the pairs overlapped so often. */
bool rm_coverage_format(
        const struct rm_coverage *coverage, char *text, size_t size);

#endif /* RM_CHECK_COVERAGE_H */
