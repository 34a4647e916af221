/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dictionary.c - numbers byte strings 0, 1, 2, ... in order of arrival.
 *
 * All keys are stored consecutively in one array. A trace may have 2^30 keys,
 * and one allocation per key would need more memory than the keys.
 */
#include "runner/base/rng.h"
#include "runner/trace/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Hashes eight bytes at a time with wyrand's mixer. Includes the length, so
   that trailing zeros change the hash. */
uint64_t rm_dictionary_hash(const char *key, size_t length)
{
	uint64_t hash = rm_seed(0x6b6579, length);

	while (length) {
		uint64_t word = 0;
		size_t taken = length < 8 ? length : 8;

		for (size_t i = 0; i < taken; i++)
			word |= (uint64_t)(unsigned char)key[i] << 8 * i;
		hash = rm_seed(hash, word);
		key += taken;
		length -= taken;
	}
	return hash;
}

void *rm_trace_grow(void *items, size_t needed, size_t *room, size_t size)
{
	size_t more = *room ? *room : 1024;
	void *moved;

	if (needed <= *room)
		return items;
	while (more < needed)
		more *= 2;
	moved = realloc(items, more * size);
	if (moved)
		*room = more;
	return moved;
}

/* Grows the table. It is at most half full, so that linear probing is short and
   ends. Hashes are stored with the keys, and are not computed again. */
static int grow_table(struct rm_dictionary *d)
{
	size_t size = d->table_size ? 2 * d->table_size : 4096;
	uint32_t *table;

	if (2 * (d->count + 1) <= d->table_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < d->count; i++) {
		size_t at = d->keys[i].hash & (size - 1);

		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = (uint32_t)i + 1;
	}
	free(d->table);
	d->table = table;
	d->table_size = size;
	return 0;
}

/* Appends a key that is not in the dictionary. */
static int add(
        struct rm_dictionary *d, const char *key, size_t length, uint64_t hash)
{
	void *moved = rm_trace_grow(
	        d->keys, d->count + 1, &d->room, sizeof(*d->keys));

	if (!moved)
		return -ENOMEM;
	d->keys = moved;
	/* one more byte, since the first key may be empty and NULL means an
	   error */
	moved = rm_trace_grow(
	        d->bytes, d->used + length + 1, &d->bytes_room, 1);
	if (!moved)
		return -ENOMEM;
	d->bytes = moved;
	d->keys[d->count++] =
	        (struct rm_dictionary_key){ hash, d->used, length };
	memcpy(d->bytes + d->used, key, length);
	d->used += length;
	return 0;
}

int rm_dictionary_number(struct rm_dictionary *d, const char *key,
        size_t length, uint32_t *number)
{
	uint64_t hash = rm_dictionary_hash(key, length);
	int failed = grow_table(d);
	size_t at;

	if (failed)
		return failed;
	for (at = hash & (d->table_size - 1); d->table[at];
	        at = (at + 1) & (d->table_size - 1)) {
		const struct rm_dictionary_key *known =
		        &d->keys[d->table[at] - 1];

		if (known->hash != hash || known->length != length ||
		        memcmp(d->bytes + known->at, key, length))
			continue;
		*number = d->table[at] - 1;
		return 0;
	}
	failed = add(d, key, length, hash);
	if (failed)
		return failed;
	d->table[at] = (uint32_t)d->count;
	*number = (uint32_t)d->count - 1;
	return 0;
}

int rm_dictionary_renumber(struct rm_dictionary *d, const uint32_t *number)
{
	struct rm_dictionary_key *keys;

	/* Frees the table, which contains the old numbers. No search
	   follows. */
	free(d->table);
	d->table = NULL;
	d->table_size = 0;
	if (!d->count)
		return 0;
	keys = malloc(d->count * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < d->count; i++)
		keys[number[i]] = d->keys[i];
	free(d->keys);
	d->keys = keys;
	d->room = d->count;
	return 0;
}

void rm_dictionary_clear(struct rm_dictionary *d)
{
	free(d->keys);
	free(d->bytes);
	free(d->table);
	*d = (struct rm_dictionary){ 0 };
}
