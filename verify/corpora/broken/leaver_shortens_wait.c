/* SPDX-License-Identifier: Apache-2.0 */
/* leaver_shortens_wait.c - lock-free readers of nodes that never change.
 *
 * Bug: a grace period checks as many slots as threads have joined. After a
 * thread with a low slot has left, the grace period no longer waits for the
 * thread in the highest slot, and nodes that this thread reads are freed.
 * Corrected version: all slots are checked. Lookups do not write to shared
 * memory. */
#ifndef ID
#define ID leaver_shortens_wait
#endif
#define GRACE_SLOTS(grace) \
	(RIGHT ? (grace)->threads : atomic_load(&(grace)->joined))
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
