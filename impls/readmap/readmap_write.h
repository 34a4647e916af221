/* SPDX-License-Identifier: Apache-2.0 */
/* readmap_write.h - readmap: changes to one locked bucket. readmap_layout.h
   defines W1 to W3 and the numbered reasons. */
#ifndef RM_READMAP_WRITE_H
#define RM_READMAP_WRITE_H

#include "impls/readmap/readmap_node.h"

/* The place of a key in its locked bucket. */
struct readmap_spot {
	struct readmap_line *head;
	uintptr_t table;     /* word of the bucket's table */
	uint64_t meta;       /* meta of the head, without LOCK; unlocking stores
	                    it */
	uint64_t hash, word; /* hash and key word of the key */
	struct readmap_line *line; /* line of the key; NULL if absent */
	unsigned bit;              /* bit of the key's slot */
};

/* These relaxed accesses are made under the lock of the bucket's head. W1 of
   this thread reads W3 of the previous owner. */
RM_HOT uint64_t readmap_read(_Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

RM_HOT struct readmap_line *readmap_next_line(struct readmap_line *line)
{
	/* relaxed: see readmap_read() */
	return atomic_load_explicit(&line->next, memory_order_relaxed);
}

/* Locks the bucket of a hash and returns its place in the table to which it
   belongs now. */
RM_HOT struct readmap_spot readmap_lock(struct readmap *map, uint64_t hash)
{
	struct readmap_spot spot = { .table = readmap_word(map), .hash = hash };
	unsigned looks = 0;

	RM_LOCK_BEGIN(RM_LOCK_WRITE);
	for (;;) {
		spot.head = readmap_home(spot.table, hash);
		/* acquire: a mark leads to the next table and its content */
		spot.meta = atomic_load_explicit(
		        &spot.head->meta, memory_order_acquire);
		if (__builtin_expect(spot.meta & READMAP_MOVED, 0)) {
			spot.table = readmap_next_word(spot.table);
			continue;
		}
		/* acquire: W1, pairs with W3; relaxed if it fails: no lock was
		   taken */
		if (!(spot.meta & READMAP_LOCK) &&
		        atomic_compare_exchange_weak_explicit(&spot.head->meta,
		                &spot.meta, spot.meta | READMAP_LOCK,
		                memory_order_acquire, memory_order_relaxed))
			break;
		spin_wait(&looks);
	}
	RM_LOCK_END();
	RM_PAUSE();
	return spot;
}

RM_HOT void readmap_unlock(const struct readmap_spot *spot)
{
	RM_PAUSE();
	/* seq_cst: W3, pairs with R2 and W1; reason 5 */
	atomic_store_explicit(
	        &spot->head->meta, spot->meta, memory_order_seq_cst);
}

/* Sets the spot's line and slot if this line has the key. */
RM_HOT bool readmap_find_in(struct readmap_spot *spot,
        struct readmap_line *line, uint64_t meta, struct rm_shape shape,
        struct rm_key key)
{
	for (uint32_t match = readmap_match(meta, spot->hash); match;
	        match &= match - 1) {
		spot->bit = (unsigned)__builtin_ctz(match);
		if (readmap_read(readmap_key(line, spot->bit)) == spot->word &&
		        readmap_same_key(shape,
		                readmap_read(readmap_value(line, spot->bit)),
		                key)) {
			spot->line = line;
			return true;
		}
	}
	return false;
}

static RM_COLD void readmap_find_chained(
        struct readmap_spot *spot, struct rm_shape shape, struct rm_key key)
{
	struct readmap_line *line = readmap_next_line(spot->head);

	while (line && !readmap_find_in(spot, line, readmap_read(&line->meta),
	                       shape, key))
		line = readmap_next_line(line);
}

/* Locks the bucket of a key and finds the key in it. */
RM_HOT struct readmap_spot readmap_enter(
        struct readmap *map, struct rm_shape shape, struct rm_key key)
{
	const struct readmap_name name = readmap_name(map, shape, key);
	struct readmap_spot spot = readmap_lock(map, name.hash);

	spot.word = name.word;
	if (!readmap_find_in(&spot, spot.head, spot.meta, shape, key) &&
	        __builtin_expect(spot.meta & READMAP_CHAIN, 0))
		readmap_find_chained(&spot, shape, key);
	return spot;
}

/* Returns the free slots of a line, as bits of LIVE. */
RM_HOT uint64_t readmap_free_slots(uint64_t meta)
{
	return ~meta & READMAP_LIVE;
}

/* Fills a slot that is not live. Returns the line's meta with the new tag. */
RM_HOT uint64_t readmap_fill(struct readmap_line *line, unsigned bit,
        uint64_t meta, const struct readmap_spot *spot, uint64_t value)
{
	/* both release: W2, pair with R3 and R4 */
	atomic_store_explicit(
	        readmap_key(line, bit), spot->word, memory_order_release);
	RM_PAUSE();
	atomic_store_explicit(
	        readmap_value(line, bit), value, memory_order_release);
	return meta | (readmap_tags(spot->hash) & readmap_slot_mask(bit));
}

/* Appends a new line with the key to a chain. */
static void readmap_append(const struct readmap_spot *spot,
        struct readmap_line *last, uint64_t value)
{
	struct readmap_line *line =
	        readmap_new_line(readmap_table_of(spot->table));

	/* relaxed: published with the line */
	atomic_store_explicit(&line->meta,
	        readmap_fill(line, 7, 0, spot, value), memory_order_relaxed);
	/* release: pairs with the acquires in readmap_read.h */
	atomic_store_explicit(&last->next, line, memory_order_release);
}

/* Inserts an absent key into the chain of a full head. */
static RM_COLD void readmap_insert_chained(
        struct readmap_spot *spot, uint64_t value)
{
	struct readmap_line *line = spot->head, *last;
	uint64_t meta = 0;

	spot->meta |= READMAP_CHAIN | readmap_filter(spot->hash);
	do {
		last = line;
		line = readmap_next_line(line);
		if (line)
			meta = readmap_read(&line->meta);
	} while (line && !readmap_free_slots(meta));
	if (!line) {
		readmap_append(spot, last, value);
		return;
	}
	const unsigned bit =
	        (unsigned)__builtin_ctzll(readmap_free_slots(meta));

	/* release: pairs with R2 of walkers */
	atomic_store_explicit(&line->meta,
	        readmap_fill(line, bit, meta, spot, value),
	        memory_order_release);
}

/* Inserts an absent key. */
RM_HOT void readmap_insert(struct readmap_spot *spot, uint64_t value)
{
	const uint64_t slots = readmap_free_slots(spot->meta);

	if (__builtin_expect(slots != 0, 1))
		spot->meta = readmap_fill(spot->head,
		        (unsigned)__builtin_ctzll(slots), spot->meta, spot,
		        value);
	else
		readmap_insert_chained(spot, value);
}

/* Returns the value at a spot that has a key. */
RM_HOT uint64_t readmap_value_at(const struct readmap_spot *spot)
{
	return readmap_read(readmap_value(spot->line, spot->bit));
}

RM_HOT void readmap_replace(const struct readmap_spot *spot, uint64_t value)
{
	/* release: pairs with R4 */
	atomic_store_explicit(readmap_value(spot->line, spot->bit), value,
	        memory_order_release);
}

/* Removes the key at a spot. */
RM_HOT void readmap_erase(struct readmap_spot *spot)
{
	const uint64_t mask = readmap_slot_mask(spot->bit);

	if (__builtin_expect(spot->line == spot->head, 1)) {
		spot->meta = (spot->meta & ~mask) + READMAP_VERSION;
		return;
	}
	/* release: pairs with R2 of walkers */
	atomic_store_explicit(&spot->line->meta,
	        (readmap_read(&spot->line->meta) & ~mask) + READMAP_VERSION,
	        memory_order_release);
}

#endif /* RM_READMAP_WRITE_H */
