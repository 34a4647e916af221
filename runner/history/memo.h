/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo.h - the set of states that a search has visited: how far each thread
 * is, and what the keys hold. Inside runner/history only.
 */
#ifndef RM_HISTORY_MEMO_H
#define RM_HISTORY_MEMO_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. */
struct rm_memo {
	unsigned char *entries; /* `count` of entry_bytes each, and one more:
	                           the one that is asked for */
	uint32_t *table;        /* entry plus 1; 0: none */
	size_t entry_bytes, count, table_size;
	size_t entries_room, table_room; /* in bytes, in places */
	size_t limit_bytes;
};

/* An empty set of states of `entry_bytes` bytes that holds at most
   limit_bytes. 0 or -ENOMEM. */
int rm_memo_begin(struct rm_memo *memo, size_t entry_bytes, size_t limit_bytes);

/* Where to write the state that is asked for, entry_bytes bytes. */
unsigned char *rm_memo_entry(struct rm_memo *memo);

/* Adds that state. 1: it is new; 0: it was there; -ENOMEM: no memory, or the
   limit is reached. */
int rm_memo_add(struct rm_memo *memo);

/* Bytes that it holds. */
size_t rm_memo_bytes(const struct rm_memo *memo);

void rm_memo_clear(struct rm_memo *memo);

#endif /* RM_HISTORY_MEMO_H */
