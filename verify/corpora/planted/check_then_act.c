/* SPDX-License-Identifier: Apache-2.0 */
/* check_then_act.c - insert_if_absent is a lookup and then an upsert: two
 * threads find the key absent, and both insert. */
#ifndef PLANTED_ID
#define PLANTED_ID check_then_act
#endif
#include "verify/corpora/planted/planted.h"

static bool lookup_then_insert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	if (twin)
		return base_insert_if_absent(
		        thread, shape, key, value, present);
	if (base_lookup(thread, shape, key, present))
		return true;
	RM_PAUSE();
	base_exchange(thread, shape, key, value, NULL);
	return false;
}

#define PLANTED_INSERT lookup_then_insert
#include "verify/corpora/planted/planted_impl.h"
