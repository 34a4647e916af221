/* SPDX-License-Identifier: Apache-2.0 */
/* reject.h - quick proofs that a problem has no order. Inside
   runner/history only. */
#ifndef RM_HISTORY_REJECT_H
#define RM_HISTORY_REJECT_H

#include "runner/history/problem.h"

/* Whether an answer shows a value that nothing can have written. Linear. */
bool rm_reject_unwritten(const struct rm_problem *problem);

/*
 * Of one key. *impossible: its answers need more inserts than removes leave
 * room for (or the other way round), or two values, or a value and absence,
 * at one moment (the zones of Gibbons and Korach, SIAM J. Computing 26(4),
 * 1997, section 3, with values that an exchange ties together as one). False
 * proves nothing. O(n log n). 0 or -ENOMEM.
 */
int rm_reject(const struct rm_problem *problem, bool *impossible);

#endif /* RM_HISTORY_REJECT_H */
