/* SPDX-License-Identifier: Apache-2.0 */
/* double_remove.c - a remove finds the key in one critical section and removes
 * it in the next: two threads can find it, and both report that they removed
 * it. */
#ifndef PLANTED_ID
#define PLANTED_ID double_remove
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool find_then_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	struct rm_value present;

	if (twin)
		return base_take(thread, shape, key, old);
	if (!base_lookup(thread, shape, key, &present))
		return false;
	RM_PAUSE();
	base_take(thread, shape, key, NULL);
	if (old)
		copy(shape, old, &present);
	return true;
}

#define PLANTED_TAKE find_then_take
#include "verify/corpora/planted/planted_impl.h"
