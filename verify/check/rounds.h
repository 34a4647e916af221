/* SPDX-License-Identifier: Apache-2.0 */
/* rounds.h - one round of a check in a process of its own (isolate.c), many of
   them within a budget (rounds.c). */
#ifndef RM_CHECK_ROUNDS_H
#define RM_CHECK_ROUNDS_H

#include "verify/check/check.h"
#include "verify/check/witness.h"

/* One round: `done` gets its CPU time and whether it hung; what else was seen
   is in `witness`, memory that both processes have. */
enum rm_check_verdict rm_check_isolated(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_witness *witness, struct rm_check_done *done,
        struct rm_error *error);

/* Round n of a budget: its own seed; every second one with threads that are
   stopped from outside, every second pair of them with the quarantine. */
struct rm_check_case rm_check_round(const struct rm_check *check,
        const struct rm_check_case *c, unsigned n, uint64_t ops);

#endif /* RM_CHECK_ROUNDS_H */
