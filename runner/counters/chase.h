/* SPDX-License-Identifier: Apache-2.0 */
/* chase.h - a walk along pointers, whose order no prefetcher can guess. */
#ifndef RM_CHASE_H
#define RM_CHASE_H

#include <stddef.h>
#include <stdint.h>

enum { RM_CHASE_LINE = 64 };

struct rm_chase {
	size_t lines; /* 0 = nothing was made */
	void *area;
	size_t area_bytes;
	void **start;
};

/*
 * Lays one random cycle over `lines` lines, `stride` bytes apart (a multiple
 * of RM_CHASE_LINE), in small pages: each line is used once per pass. The same
 * cycle every time. Returns 0 or -ENOMEM. Free with rm_chase_free().
 */
int rm_chase_make(struct rm_chase *chase, size_t lines, size_t stride);

/* Takes `steps` steps from the start: one load each. Any thread. */
void rm_chase_run(const struct rm_chase *chase, uint64_t steps);

/* A zeroed chase is allowed. */
void rm_chase_free(struct rm_chase *chase);

#endif /* RM_CHASE_H */
