/* SPDX-License-Identifier: Apache-2.0 */
/* cache_rs_65.c - a lookup whose record has moved retries three times. Then it
 * returns absent, although each attempt found the key: other threads only wrote
 * the key a fourth time. */
#ifndef BUG_ID
#define BUG_ID cache_rs_65
#endif
#include "verify/corpora/bugs/records.h"

enum { TRIES = 3 };

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct place *place = after(&bucket_of(thread, key)->first);
	int tries = 0;

	(void)shape;
	while (place) {
		const struct look look = look_at(place);

		if (look.moved) {
			if (!twin && ++tries > TRIES)
				return false;
			continue;
		}
		if (look.record && look.key == key.word) {
			give(value, look.word);
			return true;
		}
		place = after(&place->next);
	}
	return false;
}

#include "verify/corpora/bugs/bug_impl.h"
