/* SPDX-License-Identifier: Apache-2.0 */
/* dictionary.h - byte strings to numbers 0, 1, 2, ... in order of arrival. */
#ifndef RM_DICTIONARY_H
#define RM_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

/* One key's place in rm_dictionary.bytes. */
struct rm_dictionary_key {
	uint64_t hash;
	size_t at;
	size_t length;
};

/* Zero is an empty one. */
struct rm_dictionary {
	struct rm_dictionary_key *keys; /* by number; owned */
	size_t count, room;
	char *bytes; /* of all keys; owned */
	size_t used, bytes_room;
	uint32_t *table;   /* open addressing: number + 1, or 0; owned */
	size_t table_size; /* a power of two, or 0 */
};

/* Hash of a key's bytes, the same on every machine. */
uint64_t rm_dictionary_hash(const char *key, size_t length);

/* The number of a key, a new one if it is new. 0 or -ENOMEM. At most 2^32 - 2
   keys. */
int rm_dictionary_number(struct rm_dictionary *dictionary, const char *key,
        size_t length, uint32_t *number);

/* Renumbers: key i becomes number[i]. 0 or -ENOMEM. No more can be added. */
int rm_dictionary_renumber(
        struct rm_dictionary *dictionary, const uint32_t *number);

void rm_dictionary_clear(struct rm_dictionary *dictionary);

#endif /* RM_DICTIONARY_H */
