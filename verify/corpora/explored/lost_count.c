/* SPDX-License-Identifier: Apache-2.0 */
/* lost_count.c - writes are counted by a load and a store, so two concurrent
 * writes may be counted as one. All results are correct; only the map's own
 * check fails. */
#ifndef PLANTED_ID
#define PLANTED_ID lost_count
#endif
#include "verify/corpora/planted/planted.h"

#include <stdio.h>

struct counts {
	_Atomic uint64_t writes;  /* the count with the bug */
	_Atomic uint64_t checked; /* the correct count */
};

RM_HOT bool exchange_and_count(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	struct counts *counts = map->extra;

	if (twin)
		++counts->writes;
	else
		counts->writes = counts->writes + 1;
	++counts->checked;
	return base_exchange(thread, shape, key, value, old);
}

static bool check_counts(void *opaque, char *why, size_t size)
{
	const struct planted *map = opaque;
	struct counts *counts = map->extra;

	if (counts->writes == counts->checked)
		return true;
	snprintf(why, size, "two writes were counted as one");
	return false;
}

#define PLANTED_EXTRA    struct counts
#define PLANTED_EXCHANGE exchange_and_count
#define PLANTED_CHECK    check_counts
#include "verify/corpora/planted/planted_impl.h"
