/* SPDX-License-Identifier: Apache-2.0 */
/* keeps_back.c - after thread 1 has written, writes of thread 2 are withheld
 * until it leaves: lookups before that do not see them. */
#ifndef PLANTED_ID
#define PLANTED_ID keeps_back
#endif
#include "verify/corpora/planted/planted.h"

#include <pthread.h>

enum { FIRST = 2, SECOND = 3 /* pthread_self() of threads 1 and 2 */ };

struct kept {
	_Atomic uint64_t mark;
	bool any;
	struct rm_shape shape;
	struct rm_key key;
	struct rm_value value;
};

static void *with_kept(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);

	map->extra = xcalloc(1, sizeof(struct kept));
	return map;
}

static void without_kept(void *opaque)
{
	struct planted *map = opaque;

	free(map->extra);
	base_destroy(map);
}

RM_HOT bool keeps(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	struct kept *kept = map->extra;
	bool was_there;

	if (!twin && !old && pthread_self() == SECOND && kept->mark) {
		kept->shape = shape;
		kept->key = key;
		kept->value = *value;
		kept->any = true;
		return true;
	}
	was_there = base_exchange(thread, shape, key, value, old);
	if (pthread_self() == FIRST)
		kept->mark = 1;
	return was_there;
}

static void writes_it(void *thread)
{
	struct planted *map = thread;
	struct kept *kept = map->extra;

	if (pthread_self() == SECOND && kept->any)
		base_exchange(
		        thread, kept->shape, kept->key, &kept->value, NULL);
}

#define PLANTED_CREATE   with_kept
#define PLANTED_DESTROY  without_kept
#define PLANTED_EXCHANGE keeps
#define PLANTED_LEAVE    writes_it
#include "verify/corpora/planted/planted_impl.h"
