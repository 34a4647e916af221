/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo.c - the set of states that a search has visited: entries of equal size
 * in one array, and a hash table of their numbers. Entries are never removed,
 * so there are no pointers and no free lists.
 */
#include "runner/base/rng.h"
#include "verify/history/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_FIRST = 64, ENTRIES_FIRST = 64 };

static uint64_t hash(const unsigned char *bytes, size_t count)
{
	uint64_t state = 0x9e3779b97f4a7c15U, word = 0;

	for (; count >= sizeof(word); count -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		state = rm_multiply_fold(state ^ word, 0xe7037ed1a0b428dbU);
		bytes += sizeof(word);
	}
	word = 0;
	memcpy(&word, bytes, count);
	return rm_multiply_fold(state ^ word, 0xa0761d6478bd642fU);
}

static int resize_entries(struct rm_memo *memo, size_t bytes)
{
	void *entries;

	if (bytes + memo->table_room * sizeof(*memo->table) > memo->limit_bytes)
		return -ENOMEM;
	entries = realloc(memo->entries, bytes);
	if (!entries)
		return -ENOMEM;
	memo->entries = entries;
	memo->entries_room = bytes;
	return 0;
}

static size_t place_of(const struct rm_memo *memo, const unsigned char *entry)
{
	size_t mask = memo->table_size - 1;
	size_t at = hash(entry, memo->entry_bytes) & mask;

	for (; memo->table[at]; at = (at + 1) & mask)
		if (!memcmp(memo->entries + (memo->table[at] - (size_t)1) *
		                                    memo->entry_bytes,
		            entry, memo->entry_bytes))
			break;
	return at;
}

/* Inserts the numbers of all entries into the new table; the entries stay in
   place. `table_room` never decreases: the next problem begins with a small
   table in the same memory. */
static int resize_table(struct rm_memo *memo, size_t size)
{
	if (size > memo->table_room) {
		size_t bytes = size * sizeof(*memo->table);

		if (bytes + memo->entries_room > memo->limit_bytes)
			return -ENOMEM;
		free(memo->table);
		memo->table = malloc(bytes);
		memo->table_room = memo->table ? size : 0;
		if (!memo->table)
			return -ENOMEM;
	}
	memo->table_size = size;
	memset(memo->table, 0, size * sizeof(*memo->table));
	for (size_t i = 0; i < memo->count; i++)
		memo->table[place_of(
		        memo, memo->entries + i * memo->entry_bytes)] =
		        (uint32_t)(i + 1);
	return 0;
}

int rm_memo_begin(struct rm_memo *memo, size_t entry_bytes, size_t limit_bytes)
{
	memo->limit_bytes = limit_bytes;
	memo->entry_bytes = entry_bytes;
	memo->count = 0;
	if (memo->entries_room < ENTRIES_FIRST * entry_bytes &&
	        resize_entries(memo, ENTRIES_FIRST * entry_bytes))
		return -ENOMEM;
	return resize_table(memo, TABLE_FIRST);
}

unsigned char *rm_memo_entry(struct rm_memo *memo)
{
	return memo->entries + memo->count * memo->entry_bytes;
}

int rm_memo_add(struct rm_memo *memo)
{
	size_t at;

	/* linear probing: at most half full */
	if (2 * (memo->count + 1) > memo->table_size &&
	        resize_table(memo, 2 * memo->table_size))
		return -ENOMEM;
	at = place_of(memo, rm_memo_entry(memo));
	if (memo->table[at])
		return 0;
	if ((memo->count + 2) * memo->entry_bytes > memo->entries_room &&
	        resize_entries(
	                memo, memo->entries_room + memo->entries_room / 2))
		return -ENOMEM;
	if (memo->count >= UINT32_MAX - 1)
		return -ENOMEM;
	memo->table[at] = (uint32_t)++memo->count;
	return 1;
}

size_t rm_memo_bytes(const struct rm_memo *memo)
{
	return memo->entries_room + memo->table_room * sizeof(*memo->table);
}

void rm_memo_clear(struct rm_memo *memo)
{
	free(memo->entries);
	free(memo->table);
	*memo = (struct rm_memo){ .entries = NULL };
}
