/* SPDX-License-Identifier: Apache-2.0 */
/* kvdk_108.c - a lookup that finds its key in a record checks whether the slot
 * has changed in the meantime. If the record contains another key, this check
 * is missing. So if the key is written and its old record is reused for another
 * key, the lookup returns absent. */
#ifndef BUG_ID
#define BUG_ID kvdk_108
#endif
#include "verify/corpora/bugs/records.h"

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct place *place = next_of(&bucket_of(thread, key)->first);

	(void)shape;
	while (place) {
		const struct place_read place_read = read_place(place);
		const bool same =
		        place_read.record && place_read.key == key.word;

		if (same && !place_read.moved) {
			store_result(value, place_read.word);
			return true;
		}
		if (place_read.moved && (same || twin))
			continue;
		place = next_of(&place->next);
	}
	return false;
}

#include "verify/corpora/bugs/bug_impl.h"
