/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/array.h"

#include <stdint.h>
#include <stdlib.h>

void *rm_array_grown(void *array, size_t count, size_t *room, size_t more,
        size_t entry_bytes)
{
	size_t wanted = *room ? *room : 16;
	void *bigger;

	if (more > SIZE_MAX / 4 / entry_bytes - count)
		return NULL;
	if (array && count + more <= *room)
		return array;
	while (wanted < count + more)
		wanted *= 2;
	bigger = realloc(array, wanted * entry_bytes);
	if (bigger)
		*room = wanted;
	return bigger;
}
