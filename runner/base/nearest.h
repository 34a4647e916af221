/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.h - suggests a name for a misspelled word. */
#ifndef RM_NEAREST_H
#define RM_NEAREST_H

enum {
	RM_NEAREST_BYTES_MAX = 40
}; /* longer words and names get no suggestion */

/* Usage: set only `word`, call rm_nearest_offer() for each valid name, then
   call rm_nearest_hint(). */
struct rm_nearest {
	const char *word;
	char name[RM_NEAREST_BYTES_MAX + 1], hint[RM_NEAREST_BYTES_MAX + 24];
	unsigned distance; /* edits between word and name; valid if name[0] */
};

void rm_nearest_offer(struct rm_nearest *nearest, const char *name);

/* Returns " (did you mean NAME?)" for the nearest name. Returns "" if every
   name is more than two edits, or more than a third of the word's length,
   away. */
const char *rm_nearest_hint(struct rm_nearest *nearest);

#endif /* RM_NEAREST_H */
