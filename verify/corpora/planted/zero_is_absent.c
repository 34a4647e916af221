/* SPDX-License-Identifier: Apache-2.0 */
/* zero_is_absent.c - a lookup reports that a key with the value 0 is absent. */
#ifndef PLANTED_ID
#define PLANTED_ID zero_is_absent
#endif
#include "verify/corpora/planted/chained.h"

#define CHAINED_LOOKUP lookup_value
static bool lookup_value(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value);
#include "verify/corpora/planted/chained_impl.h"

static bool lookup_value(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	return chained_lookup(thread, shape, key, value) &&
	       (twin || value->word[0]);
}
