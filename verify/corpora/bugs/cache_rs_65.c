/* SPDX-License-Identifier: Apache-2.0 */
/* cache_rs_65.c - if its record has moved, a lookup retries three times. If
 * another thread writes the key during each attempt, the lookup returns absent,
 * although the key was present. */
#ifndef BUG_ID
#define BUG_ID cache_rs_65
#endif
#include "verify/corpora/bugs/records.h"

enum { TRIES = 3 };

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct place *place = next_of(&bucket_of(thread, key)->first);
	int tries = 0;

	(void)shape;
	while (place) {
		const struct place_read place_read = read_place(place);

		if (place_read.moved) {
			if (!twin && ++tries > TRIES)
				return false;
			continue;
		}
		if (place_read.record && place_read.key == key.word) {
			store_result(value, place_read.word);
			return true;
		}
		place = next_of(&place->next);
	}
	return false;
}

#include "verify/corpora/bugs/bug_impl.h"
