/* SPDX-License-Identifier: Apache-2.0 */
/* livelock.c - a writer announces itself, withdraws if it is not the only one,
 * and tries again. Two writers that stay in step withdraw forever. The corrected
 * version has only the mutex. */
#ifndef PLANTED_ID
#define PLANTED_ID livelock
#endif
#include "verify/corpora/planted/planted.h"

static void *create_count(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);

	map->extra = xcalloc(1, sizeof(_Atomic uint64_t));
	return map;
}

static void destroy_count(void *opaque)
{
	struct planted *map = opaque;

	free(map->extra);
	base_destroy(map);
}

RM_HOT void announce(_Atomic uint64_t *writers)
{
	if (twin)
		return;
	for (;;) {
		++*writers;
		if (*writers == 1)
			return;
		--*writers;
	}
}

RM_HOT bool exchange_announced(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	_Atomic uint64_t *writers = map->extra;

	announce(writers);
	const bool was_there = base_exchange(thread, shape, key, value, old);

	if (!twin)
		--*writers;
	return was_there;
}

#define PLANTED_CREATE   create_count
#define PLANTED_DESTROY  destroy_count
#define PLANTED_EXCHANGE exchange_announced
#include "verify/corpora/planted/planted_impl.h"
