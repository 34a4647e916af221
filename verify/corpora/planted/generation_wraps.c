/* SPDX-License-Identifier: Apache-2.0 */
/* generation_wraps.c - each thread caches the last entry that it found, and
 * uses it while the low 16 bits of the number of writes are unchanged. So the
 * cached entry is wrong after 65,536 writes. */
#ifndef PLANTED_ID
#define PLANTED_ID generation_wraps
#endif
#include "verify/corpora/planted/chained.h"

#ifndef IS_CURRENT
#define IS_CURRENT(seen, now) ((uint16_t)(seen) == (uint16_t)(now))
#endif

struct handle {
	struct chained *map;
	uint64_t seen; /* number of writes when the entry was found */
	bool any;      /* true if the following members are set */
	uint64_t word;
	struct rm_value value;
};

static void *join_handle(void *map, size_t slot)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	(void)slot;
	if (handle)
		handle->map = map;
	return handle;
}

static bool lookup_kept(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value);

#define CHAINED_MAP(thread) (((struct handle *)(thread))->map)
#define CHAINED_LOOKUP      lookup_kept
#define CHAINED_JOIN        join_handle
#define CHAINED_LEAVE       free
#include "verify/corpora/planted/chained_impl.h"

static bool lookup_kept(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct handle *handle = thread;
	const uint64_t now = handle->map->writes;

	if (handle->any && handle->word == key.word && !shape.str &&
	        (twin ? handle->seen == now : IS_CURRENT(handle->seen, now))) {
		copy(shape, value, &handle->value);
		return true;
	}
	handle->seen = now;
	handle->word = key.word;
	handle->any = chained_lookup(thread, shape, key, &handle->value);
	if (handle->any)
		copy(shape, value, &handle->value);
	return handle->any;
}
