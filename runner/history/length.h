/* SPDX-License-Identifier: Apache-2.0 */
/* length.h - between which numbers a length must be. Inside runner/history
   only. */
#ifndef RM_HISTORY_LENGTH_H
#define RM_HISTORY_LENGTH_H

#include "runner/history/problem.h"

/* One length that returned. */
struct rm_length {
	uint64_t invoked, returned;
	uint32_t event;
	uint64_t present; /* keys surely there during the whole call */
	uint64_t absent;  /* keys surely not there during the whole call */
};

/* A time, its ends included. */
struct rm_length_span {
	uint64_t from, to;
};

/* Zero-initialise; scratch of rm_length_count(), freed by the caller. */
struct rm_length_scratch {
	struct rm_length_span *turns;
	uint64_t *sure;
	size_t turn_room, sure_room;
};

/*
 * Counts one key's operations (as rm_order_key_problem() gives them) into
 * every length: present or absent where an operation that returned before the
 * call shows it, and nothing that may change it could take effect since.
 * 0 or -ENOMEM.
 */
int rm_length_count(const struct rm_problem *problem,
        struct rm_length_scratch *scratch, struct rm_length *lengths,
        size_t count);

#endif /* RM_HISTORY_LENGTH_H */
