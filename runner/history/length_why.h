/* SPDX-License-Identifier: Apache-2.0 */
/* length_why.h - why a length cannot be. Inside runner/history only. */
#ifndef RM_HISTORY_LENGTH_WHY_H
#define RM_HISTORY_LENGTH_WHY_H

#include "runner/history/judge.h"
#include "runner/history/length.h"
#include "runner/history/order.h"

/*
 * Fills smallest, offending, left_out, instead and why of `judgement` for a
 * length that is out of its bounds: the operations, up to its return, on keys
 * that are surely there, one more than it answered; or, where it answered too
 * many, on those (64 at most) that may be there. `problem` and `scratch` are
 * for its use. 0 or -ENOMEM.
 */
int rm_length_why(const struct rm_order *order, const struct rm_length *length,
        struct rm_problem *problem, struct rm_length_scratch *scratch,
        struct rm_history_judgement *judgement);

#endif /* RM_HISTORY_LENGTH_WHY_H */
