/* SPDX-License-Identifier: Apache-2.0 */
/* preempt.h - produces rare interleavings without changes in a map: a timer per
 * thread interrupts the thread at random points. The handler yields, sleeps for
 * a random time, or moves the thread to another CPU. */
#ifndef RM_CHECK_PREEMPT_H
#define RM_CHECK_PREEMPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* From now on this thread is stopped at random times. `seed` determines lengths
 * and gaps of stops, not the instructions at which they occur. `ended` counts
 * its completed operations and must outlive the stops: a slow thread, for
 * example in the queue of a lock, is stopped rarely. Returns false if stops are
 * not possible, as under sanitizers, which delay signals. */
bool rm_preempt_begin(uint64_t seed, const _Atomic uint64_t *ended);

/* Ends the stops; returns their number. Same thread, after a successful
 * rm_preempt_begin(). */
uint64_t rm_preempt_end(void);

#endif /* RM_CHECK_PREEMPT_H */
