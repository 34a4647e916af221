/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coverage.h - which operation overlapped which other, on which kind of keys:
 * counted while a check runs, said when it has ended.
 */
#ifndef RM_CHECK_COVERAGE_H
#define RM_CHECK_COVERAGE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of operations, those of the threads' own keys and of a thread that
   leaves and joins among them. */
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
	RM_PAIR_ON_KEY, /* those before are on a key that all threads use */
	RM_PAIR_GROW = RM_PAIR_ON_KEY, /* insert a key of one's own */
	RM_PAIR_SHRINK,                /* take it out again */
	RM_PAIR_SCAN,
	RM_PAIR_LENGTH,
	RM_PAIR_CLEAR,
	RM_PAIR_REJOIN, /* leave and join */
	RM_PAIR_KINDS
};

enum rm_pair_class {
	RM_CLASS_SCATTERED,  /* as in the measured loop */
	RM_CLASS_EDGES,      /* 0, all ones ...; empty, one byte, zeros */
	RM_CLASS_NEIGHBOURS, /* consecutive words; 17 bytes, the last differs */
	RM_CLASS_COLLIDING,  /* equal hashes */
	RM_CLASS_HUGE,       /* 65,535 bytes; strings only */
	RM_CLASSES
};

/* Zero it. Counts pairs of operations that overlapped; two on a key only where
   it was the same key. [class][lesser kind][greater kind] */
struct rm_coverage {
	/* bits of kinds: which are asked for at all, and which of them may
	   run beside one of the same set */
	_Atomic uint32_t offered, beside_itself;
	_Atomic uint32_t classes; /* bits of classes */
	_Atomic uint64_t met[RM_CLASSES][RM_PAIR_KINDS][RM_PAIR_KINDS];
};

const char *rm_pair_kind_name(enum rm_pair_kind kind);
const char *rm_pair_class_name(enum rm_pair_class key_class);

/* Adds; any thread. */
void rm_coverage_add(struct rm_coverage *coverage, enum rm_pair_class key_class,
        enum rm_pair_kind a, enum rm_pair_kind b, uint64_t times);

/*
 * "412 of 412 pairs overlapped at least 100 times", and those that never did,
 * by name, as many as fit. "" where no pair was asked for. Nobody adds.
 */
void rm_coverage_say(
        const struct rm_coverage *coverage, char *text, size_t size);

#endif /* RM_CHECK_COVERAGE_H */
