/* SPDX-License-Identifier: Apache-2.0 */
/* readmap_read.h - readmap's look-ups. R1 to R5 are those of
   readmap_layout.h. */
#ifndef RM_READMAP_READ_H
#define RM_READMAP_READ_H

#include "impls/readmap/readmap_layout.h"

/* Returned in two registers. A pointer to the caller's value would force that
   value into memory. */
struct readmap_result {
	uint64_t value;
	bool found;
};

/* A look-up in one line. */
struct readmap_view {
	uint64_t meta; /* R2 */
	bool stable;   /* R5 was equal, or no slot had the tag */
	struct readmap_result result;
};

/* Searches the slots that may hold the key. */
static inline struct readmap_view readmap_search_line(
        const struct readmap_line *line, uint64_t word, uint64_t hash)
{
	struct readmap_view view = { .stable = true };

	/* seq_cst: R2, pairs with W3 */
	view.meta = atomic_load_explicit(&line->meta, memory_order_seq_cst);
	for (uint32_t match = readmap_match(view.meta, hash); match;
	        match &= match - 1) {
		const unsigned bit = (unsigned)__builtin_ctz(match);
		/* acquire: R3 and R4, pair with W2 */
		const uint64_t key = atomic_load_explicit(
		        readmap_key(line, bit), memory_order_acquire);

		RM_PAUSE();
		view.result.value = atomic_load_explicit(
		        readmap_value(line, bit), memory_order_acquire);
		/* relaxed: R5, ordered by the two loads before */
		view.stable = !((atomic_load_explicit(
		                         &line->meta, memory_order_relaxed) ^
		                        view.meta) >>
		                32);
		view.result.found = key == word;
		if (view.result.found || !view.stable)
			break;
	}
	return view;
}

/* Searches the lines after the head. */
static struct readmap_result readmap_search_chain(
        const struct readmap_line *line, uint64_t word, uint64_t hash)
{
	while (line) {
		const struct readmap_view view =
		        readmap_search_line(line, word, hash);

		if (!view.stable)
			continue;
		if (view.result.found)
			return view.result;
		/* acquire: pairs with the release in readmap_append() */
		line = atomic_load_explicit(&line->next, memory_order_acquire);
	}
	return (struct readmap_result){ .found = false };
}

/* Continues after a head with this meta, which does not have the key. */
static struct readmap_result readmap_search_after(
        const struct readmap_line *head, uint64_t meta, uint64_t word,
        uint64_t hash)
{
	if (!(meta & readmap_filter(hash)))
		return (struct readmap_result){ .found = false };
	/* acquire: pairs with the release in readmap_append() */
	return readmap_search_chain(
	        atomic_load_explicit(&head->next, memory_order_acquire), word,
	        hash);
}

/* A look-up from the beginning: a line changed, or a bucket has moved. */
static RM_COLD struct readmap_result readmap_search(
        const struct readmap *map, uint64_t word, uint64_t hash)
{
	uintptr_t table = readmap_word(map);

	for (;;) {
		const struct readmap_line *head = readmap_home(table, hash);
		const struct readmap_view view =
		        readmap_search_line(head, word, hash);

		if (!view.stable)
			continue;
		if (view.meta & READMAP_MOVED) {
			table = readmap_next_word(table);
			continue;
		}
		if (view.result.found)
			return view.result;
		return readmap_search_after(head, view.meta, word, hash);
	}
}

/* The same for the look-up of readmap_get(): its head has CHAIN. */
static RM_COLD struct readmap_result readmap_continue(const struct readmap *map,
        const struct readmap_line *head, uint64_t meta, uint64_t word,
        uint64_t hash)
{
	return meta & READMAP_MOVED
	               ? readmap_search(map, word, hash)
	               : readmap_search_after(head, meta, word, hash);
}

RM_HOT struct readmap_result readmap_get(
        const struct readmap *map, uint64_t word)
{
	const uint64_t hash = readmap_hash(map, word);
	const struct readmap_line *line = readmap_home(readmap_word(map), hash);
	/* seq_cst: R2, pairs with W3 */
	const uint64_t meta =
	        atomic_load_explicit(&line->meta, memory_order_seq_cst);
	const uint32_t match = readmap_match(meta, hash);

	RM_PAUSE();
	if (__builtin_expect(match != 0, 1)) {
		const unsigned bit = (unsigned)__builtin_ctz(match);
		/* acquire, both: R3 and R4, pair with W2 */
		const uint64_t key = atomic_load_explicit(
		        readmap_key(line, bit), memory_order_acquire);
		const uint64_t value = atomic_load_explicit(
		        readmap_value(line, bit), memory_order_acquire);
		/* relaxed: R5, ordered by the two loads before. Also differs
		   if only the lock was taken: readmap_search() ignores that */
		const uint64_t again =
		        atomic_load_explicit(&line->meta, memory_order_relaxed);

		if (__builtin_expect(key == word && meta == again, 1))
			return (struct readmap_result){ value, true };
		return readmap_search(map, word, hash);
	}
	if (__builtin_expect(!(meta & READMAP_CHAIN), 1))
		return (struct readmap_result){ 0, false };
	return readmap_continue(map, line, meta, word, hash);
}

#endif /* RM_READMAP_READ_H */
