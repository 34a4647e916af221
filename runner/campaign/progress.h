/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - done of total, time left, what runs now: for a person. */
#ifndef RM_PROGRESS_H
#define RM_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One campaign's progress. Set `out` and `is_terminal`, zero the rest. */
struct rm_progress {
	FILE *out;        /* NULL: say nothing */
	bool is_terminal; /* one line that is rewritten; else one a minute */
	size_t total;     /* trials of the plan */
	size_t done;      /* of them, with those of earlier runs */
	uint64_t left_ns; /* planned for what is not done */
	uint64_t planned_ns, measured_ns; /* of what ran in this run */
	uint64_t said_ns;                 /* when the last line was written */
};

/* Before the first trial: `done` trials are there already, and `left_ns` is
   what the plan says of the others. */
void rm_progress_start(struct rm_progress *progress, size_t total, size_t done,
        uint64_t left_ns);

/* A trial of this cell starts. */
void rm_progress_now(struct rm_progress *progress, const char *cell);

/* A trial ended: planned and measured time. One that was skipped took no
   time: measured 0. */
void rm_progress_done(struct rm_progress *progress, uint64_t planned_ns,
        uint64_t measured_ns);

/* After the last trial; leaves the terminal's line complete. */
void rm_progress_end(struct rm_progress *progress);

/* Time left in ns: what the plan says, corrected by how measured trials
   compared to their plan. */
uint64_t rm_progress_left_ns(const struct rm_progress *progress);

/* "2 h 05 min", "3 min 20 s" or "12 s". */
void rm_duration_text(uint64_t ns, char *text, size_t size);

#endif /* RM_PROGRESS_H */
