/* SPDX-License-Identifier: Apache-2.0 */
/* epoch_stuck.c - lock-free readers, and an epoch that never advances.
 *
 * Bug: a thread that leaves stays in its slot with its last epoch, so every
 * later grace period waits for it. Nothing is freed before destroy(). */
#ifndef ID
#define ID epoch_stuck
#endif
#define GRACE_LEAVE(thread)                 \
	do {                                \
		if (RIGHT)                  \
			grace_park(thread); \
	} while (0)
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
