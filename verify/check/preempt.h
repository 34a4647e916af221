/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preempt.h - rare interleavings without marks in a map: a timer of each thread
 * interrupts it at random points, and its handler gives the CPU away, sleeps a
 * random time, or moves the thread to another CPU.
 */
#ifndef RM_CHECK_PREEMPT_H
#define RM_CHECK_PREEMPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* From now on this thread is stopped now and then, as `seed` says: how long,
   and how far apart; where that is, the machine says. `ended` counts what it
   ended: who gets on slowly, as in a line that others stand in, is stopped
   rarely. It stays until the end. False: it cannot be. Not under sanitizers,
   which hold signals back. */
bool rm_preempt_begin(uint64_t seed, const _Atomic uint64_t *ended);

/* No more; returns how often it was. On the same thread, after a begin that
   was true. */
uint64_t rm_preempt_end(void);

#endif /* RM_CHECK_PREEMPT_H */
