/* SPDX-License-Identifier: Apache-2.0 */
/*
 * step.h - lets a thread stand aside in the middle of an operation, at an
 * instruction chosen at random, while others run.
 *
 * Short operations hardly ever meet by themselves, least of all on few CPUs.
 * Here the CPU runs the operation instruction by instruction (its trap flag,
 * a signal per instruction) up to the chosen one; there the thread gives its
 * CPU away a few times. The code is the measured code, without any marks.
 * x86 only; elsewhere, and under sanitizers, operations run as they are.
 */
#ifndef RM_STEP_H
#define RM_STEP_H

#include <stdbool.h>
#include <stdint.h>

/* Takes SIGTRAP for this process, for good. Returns whether stepping works
   here; where not, the functions below do nothing. */
bool rm_step_init(void);

/* From the return of this on, `steps` instructions are run one by one, and
   then the CPU is given away `yields` times. Any thread; about 1 us a step. */
void rm_step_arm(unsigned steps, unsigned yields);

/* The operation is over: no more steps. After each rm_step_arm(). */
void rm_step_disarm(void);

#endif /* RM_STEP_H */
