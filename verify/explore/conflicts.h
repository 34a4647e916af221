/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conflicts.h - records what lanes did between two decisions, and which
 * accesses conflict, for the reduction of the exhaustive scheduler. Inside
 * verify/explore only.
 *
 * A *stretch* is the work of a lane between two decisions of a scheduler that
 * grants one step at a time: one access, and all up to the next.
 */
#ifndef RM_EXPLORE_CONFLICTS_H
#define RM_EXPLORE_CONFLICTS_H

#include "verify/explore/explore.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* words in a stretch; an access has at most two */
	RM_EXPLORE_WORDS_MOST = 4,
	RM_EXPLORE_CONFLICT_LANES = RM_EXPLORE_EXHAUSTED_THREADS_MAX + 1
};

/* The steps of one lane between two points at which it may be stopped. */
struct rm_explore_stretch {
	/* true: a scheduler needs the stretch; otherwise nothing is recorded */
	bool kept;
	/* the stretch did more than access words: it used a lock or the heap,
	   began or ended an operation, waited, or yielded */
	bool opaque;
	/* the stretch read state that is not in a word: a clock, or the stack
	 * of another lane */
	bool hidden;
	bool writes; /* the stretch wrote at least one of the words */
	unsigned words;
	uintptr_t word[RM_EXPLORE_WORDS_MOST]; /* address / 8 */
	uintptr_t freed; /* the first word of a block that the stretch freed */
	size_t freed_words;
};

/* Which lanes read and wrote a word, with their operations as bits. */
struct rm_explore_word_accesses {
	uintptr_t word; /* 0: none */
	uint32_t reads[RM_EXPLORE_CONFLICT_LANES],
	        writes[RM_EXPLORE_CONFLICT_LANES];
};

/* Conflicts over all schedules of one program. Zero-initialise. */
struct rm_explore_conflicts {
	struct rm_explore_word_accesses
	        *entry; /* hash table; `room` is a power of 2 */
	size_t count, room;
	/* new conflicts were added since this was last set to false */
	bool has_new;
	/* a stretch could not be recorded, so assume that everything
	   conflicts */
	bool hidden;
	/* out of memory: the same applies, and this is an error */
	bool starved;
};

/* Adds the stretch of lane `lane` in its operation `operation` (-1: none). */
void rm_explore_record_conflicts(struct rm_explore_conflicts *conflicts,
        const struct rm_explore_stretch *stretch, unsigned lane, int operation);

/*
 * True if the order of the stretch and later work of the lanes `others` (bits)
 * may matter. Lane i continues from operation[i] (-1: from its beginning).
 * Always true for a stretch that accessed no word.
 */
bool rm_explore_may_conflict(const struct rm_explore_conflicts *conflicts,
        const struct rm_explore_stretch *stretch, uint32_t others,
        const int8_t operation[RM_EXPLORE_CONFLICT_LANES]);

/* Forgets all conflicts, before another program. */
void rm_explore_conflicts_reset(struct rm_explore_conflicts *conflicts);
void rm_explore_conflicts_clear(struct rm_explore_conflicts *conflicts);

#endif /* RM_EXPLORE_CONFLICTS_H */
