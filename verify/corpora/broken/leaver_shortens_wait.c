/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaver_shortens_wait.c - readers without a lock over nodes that never change.
 *
 * The bug: a grace period looks at as many slots as threads are joined. Once a
 * thread of a low slot has left, the one of the highest slot is not waited for
 * any more, and what it reads is freed. The twin looks at all slots. A lookup
 * writes nothing shared.
 */
#ifndef ID
#define ID leaver_shortens_wait
#endif
#define GRACE_SLOTS(grace) \
	(RIGHT ? (grace)->threads : atomic_load(&(grace)->joined))
#include "verify/corpora/broken/read_free.h"

const struct rm_impl BROKEN_SYMBOL(ID) = { READ_FREE };
