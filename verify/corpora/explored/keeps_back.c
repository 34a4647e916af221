/* SPDX-License-Identifier: Apache-2.0 */
/* keeps_back.c - after thread 1 has written, the map withholds writes of thread
 * 2 until thread 2 leaves: lookups before that do not see them. */
#ifndef PLANTED_ID
#define PLANTED_ID keeps_back
#endif
#include "verify/corpora/planted/planted.h"

#include <pthread.h>

enum { FIRST = 2, SECOND = 3 /* pthread_self() of threads 1 and 2 */ };

struct withheld {
	_Atomic uint64_t mark;
	bool any;
	struct rm_shape shape;
	struct rm_key key;
	struct rm_value value;
};

RM_HOT bool exchange_or_withhold(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	struct withheld *withheld = map->extra;
	bool was_there;

	if (!twin && !old && pthread_self() == SECOND && withheld->mark) {
		withheld->shape = shape;
		withheld->key = key;
		withheld->value = *value;
		withheld->any = true;
		return true;
	}
	was_there = base_exchange(thread, shape, key, value, old);
	if (pthread_self() == FIRST)
		withheld->mark = 1;
	return was_there;
}

static void leave_and_write(void *thread)
{
	struct planted *map = thread;
	struct withheld *withheld = map->extra;

	if (pthread_self() == SECOND && withheld->any)
		base_exchange(thread, withheld->shape, withheld->key,
		        &withheld->value, NULL);
}

#define PLANTED_EXTRA    struct withheld
#define PLANTED_EXCHANGE exchange_or_withhold
#define PLANTED_LEAVE    leave_and_write
#include "verify/corpora/planted/planted_impl.h"
