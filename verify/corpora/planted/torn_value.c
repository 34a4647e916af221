/* SPDX-License-Identifier: Apache-2.0 */
/* torn_value.c - a lookup copies the first word of a value in one critical
 * section and the others in the next. The fault is visible with values of 24
 * bytes. */
#ifndef PLANTED_ID
#define PLANTED_ID torn_value
#endif
#include "verify/corpora/planted/planted.h"

RM_HOT bool lookup_word_by_word(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct planted *map = thread;
	uint64_t first;

	if (twin || shape.value_bytes == 8)
		return base_lookup(thread, shape, key, value);
	pthread_mutex_lock(&map->lock);
	const struct node *node = find(map, key);

	if (node)
		first = node->value.word[0];
	pthread_mutex_unlock(&map->lock);
	if (!node)
		return false;
	RM_PAUSE();
	if (!base_lookup(thread, shape, key, value))
		return false;
	value->word[0] = first;
	return true;
}

#define PLANTED_LOOKUP lookup_word_by_word
#include "verify/corpora/planted/planted_impl.h"
