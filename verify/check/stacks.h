/* SPDX-License-Identifier: Apache-2.0 */
/* stacks.h - where the threads of a check stand that hangs or crashed: written
   by stacks.c, printed by stacks_print.c. */
#ifndef RM_CHECK_STACKS_H
#define RM_CHECK_STACKS_H

#include "verify/check/witness.h"

/* In the process of a check: from now on each thread shows its stack where
   rm_stacks_take() asks for it, and one that crashes shows its own. */
void rm_stacks_offer(void);

/* From outside: has all threads of the process show their stacks, waits at most
   5 s for those who are late, and kills nobody. */
void rm_stacks_take(pid_t pid, struct rm_witness *witness);

/* Prints them with functions and lines, where addr2line is installed and knows
   them, for a person. Of a process that had the same objects at the same
   addresses: one that was forked. */
void rm_stacks_print(FILE *out, const struct rm_witness *witness);

#endif /* RM_CHECK_STACKS_H */
