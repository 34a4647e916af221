/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smallest.h - the fewest operations that still cannot be. Inside
 * runner/history only.
 *
 * Every step keeps the proof: if what is left has no order, neither has the
 * whole. First the history is cut at the earliest return at which it fails;
 * what still runs there need not have taken effect. Then operations that
 * change nothing are left out; then writes, but with a stand-in that may
 * write or remove any number of times while they ran; of several keys whole
 * keys, where no length counts them.
 */
#ifndef RM_HISTORY_SMALLEST_H
#define RM_HISTORY_SMALLEST_H

#include "runner/history/judge.h"
#include "runner/history/order.h"
#include "runner/history/search.h"

/* Fills smallest, offending, instead, left_out and why of `judgement` for a
   problem of `order` that has no order: that of the key numbered `key`, or of
   all keys (SIZE_MAX). 0 or -ENOMEM. */
int rm_smallest_find(const struct rm_order *order, size_t key,
        const struct rm_problem *problem, struct rm_search *search,
        const struct rm_history_limits *limits,
        struct rm_history_judgement *judgement);

/* Copies the header (not events, entries, names) of a history. */
void rm_smallest_header(struct rm_history *to, const struct rm_history *from);

#endif /* RM_HISTORY_SMALLEST_H */
