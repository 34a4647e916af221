/* SPDX-License-Identifier: Apache-2.0 */
/* allocated.h - counts allocated memory, and waits until a map frees it. */
#ifndef RM_CHECK_ALLOCATED_H
#define RM_CHECK_ALLOCATED_H

#include "runner/base/clock.h"
#include "verify/check/internal.h"

#include <malloc.h>

/* maximum time that a map's own thread needs to free memory */
enum { WAIT_MAX_S = 30 };

/* Number of allocated bytes, without caches of threads that ended. */
static inline size_t allocated_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Returns the number of allocated bytes. If the map has background threads,
 * they first get time to free all but `enough`. peer: a thread that still uses
 * the map, or NULL. */
static inline size_t wait_for_bytes(
        const struct rm_check_case *c, struct rm_peer *peer, size_t enough)
{
	const uint64_t end_ns = rm_now_ns() + WAIT_MAX_S * (uint64_t)1000000000;
	size_t bytes = allocated_bytes();

	while (bytes > enough && c->impl->caps & RM_CAP_BACKGROUND &&
	        rm_now_ns() < end_ns) {
		rm_witness_count_progress();
		if (peer)
			peer->ops->quiesce(peer->thread);
		rm_sleep_until(rm_now_ns() + 1000000);
		bytes = allocated_bytes();
	}
	return bytes;
}

#endif /* RM_CHECK_ALLOCATED_H */
