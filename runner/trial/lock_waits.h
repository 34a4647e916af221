/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock_waits.h - what the hooks RM_LOCK_* of runner/event.h have counted.
 *
 * Every acquisition counts, and every one that could not be had at once
 * ("contended"). One in n of the contended is timed, from the moment it began
 * to wait; n is 1 unless the environment says RM_LOCK_SAMPLE=n, and 0 turns
 * all of it off. A timed wait of at least RM_LOCK_EVENT_NS is also an event.
 */
#ifndef RM_TRIAL_LOCK_WAITS_H
#define RM_TRIAL_LOCK_WAITS_H

#include "runner/base/error.h"
#include "runner/map.h"

enum { RM_LOCK_EVENT_NS = 10000, RM_LOCK_SAMPLE_MAX = 1000000000 };

/*
 * Takes over RM_LOCK_SAMPLE of the environment; not set is 1. Returns 0, or
 * -EINVAL with `error` where it is no number of 0 .. RM_LOCK_SAMPLE_MAX. Main
 * thread, before others start.
 */
int rm_lock_waits_configure(struct rm_error *error);

/*
 * Emits per side (read, write) `lock_SIDEs` (acquisitions) and
 * `lock_SIDE_contended`; `lock_sample` (n), `lock_waits_timed`, `lock_wait_ns`
 * (in all), `lock_wait_max_ns`, and how many of the timed waits were below a
 * microsecond, 10, 100, a millisecond, 10, and above. Emits nothing in builds
 * without hooks. Any thread.
 */
void rm_lock_waits_emit(rm_stat_fn *emit, void *context);

#endif /* RM_TRIAL_LOCK_WAITS_H */
