/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c - computes the Levenshtein distance with one row of the table. */
#include "runner/base/nearest.h"

#include <stdio.h>
#include <string.h>

static unsigned edit_distance(const char *word, const char *name, size_t length)
{
	unsigned row[RM_NEAREST_BYTES_MAX + 1];

	for (unsigned j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned i = 1; word[i - 1]; i++) {
		unsigned changed = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			unsigned shorter =
			        row[j] < row[j - 1] ? row[j] : row[j - 1];

			changed += word[i - 1] != name[j - 1];
			if (changed > shorter + 1)
				changed = shorter + 1;
			unsigned above = row[j];

			row[j] = changed;
			changed = above;
		}
	}
	return row[length];
}

void rm_nearest_offer(struct rm_nearest *nearest, const char *name)
{
	size_t length = strlen(name);

	if (length > RM_NEAREST_BYTES_MAX ||
	        strlen(nearest->word) > RM_NEAREST_BYTES_MAX)
		return;
	unsigned distance = edit_distance(nearest->word, name, length);

	if (nearest->name[0] && distance >= nearest->distance)
		return;
	memcpy(nearest->name, name, length + 1);
	nearest->distance = distance;
}

const char *rm_nearest_hint(struct rm_nearest *nearest)
{
	size_t third = strlen(nearest->word) / 3;

	if (nearest->name[0] && nearest->distance <= (third < 2 ? third : 2))
		snprintf(nearest->hint, sizeof(nearest->hint),
		        " (did you mean %s?)", nearest->name);
	return nearest->hint;
}
