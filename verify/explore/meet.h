/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meet.h - what lanes did between two decisions, and whose accesses meet: the
 * ground of the exhaustive scheduler's reduction. Inside verify/explore
 * only.
 *
 * A *stretch* is what a lane does between two decisions of a scheduler that
 * grants one step at a time: one access, and what follows it up to the next.
 */
#ifndef RM_EXPLORE_MEET_H
#define RM_EXPLORE_MEET_H

#include "verify/explore/explore.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RM_EXPLORE_WORDS_MOST = 4, /* of a stretch; an access has two at most */
	RM_EXPLORE_MEET_LANES = RM_EXPLORE_EXHAUSTED_THREADS_MAX + 1
};

struct rm_explore_stretch {
	bool kept;   /* somebody asks: otherwise nothing is noted here */
	bool opaque; /* it did more than access words: a lock, the heap, an
	                operation's beginning or end, a wait, a turn given away */
	bool hidden; /* it saw what no word shows: a clock, another's stack */
	bool writes; /* one of the words at least */
	unsigned words;
	uintptr_t word[RM_EXPLORE_WORDS_MOST]; /* address / 8 */
	uintptr_t freed; /* the first word of the block that it freed */
	size_t freed_words;
};

/* Which lanes read and wrote a word, in which of their operations, as bits. */
struct rm_explore_met {
	uintptr_t word; /* 0: none */
	uint32_t reads[RM_EXPLORE_MEET_LANES], writes[RM_EXPLORE_MEET_LANES];
};

/* Of all schedules of one program. Zero-initialise. */
struct rm_explore_meetings {
	struct rm_explore_met *met; /* a hash table of `room`, a power of 2 */
	size_t count, room;
	bool news;    /* accesses meet that did not when this was last false */
	bool hidden;  /* some stretch was: nothing is known of any */
	bool starved; /* there was no memory for some: the same, and an error */
};

/* Takes in what lane `lane` did in its operation `operation` (-1: in none). */
void rm_explore_meet(struct rm_explore_meetings *meetings,
        const struct rm_explore_stretch *stretch, unsigned lane, int operation);

/*
 * Whether other lanes may do what the stretch's place among theirs matters to:
 * those of `others` (bits), each from its operation[lane] on (-1: from its
 * beginning). A stretch that accessed no word always may.
 */
bool rm_explore_meets(const struct rm_explore_meetings *meetings,
        const struct rm_explore_stretch *stretch, uint32_t others,
        const int8_t operation[RM_EXPLORE_MEET_LANES]);

/* Another program: nothing is known. */
void rm_explore_meetings_reset(struct rm_explore_meetings *meetings);
void rm_explore_meetings_clear(struct rm_explore_meetings *meetings);

#endif /* RM_EXPLORE_MEET_H */
