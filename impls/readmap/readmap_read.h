/* SPDX-License-Identifier: Apache-2.0 */
/* readmap_read.h - readmap's look-ups. readmap_layout.h defines R1
   to R5. */
#ifndef RM_READMAP_READ_H
#define RM_READMAP_READ_H

#include "impls/readmap/readmap_node.h"

/* The value word of a slot (readmap_node.h), in two registers. A pointer to the
   caller's value would force that value into memory. */
struct readmap_result {
	uint64_t value;
	bool found;
};

/* A look-up in one line. */
struct readmap_view {
	uint64_t meta; /* the line's meta, read by R2 */
	bool stable;   /* true if R5 was equal, or no slot had the tag */
	struct readmap_result result;
};

/* Searches the slots that may hold the key. */
static inline struct readmap_view readmap_search_line(
        const struct readmap_line *line, struct rm_shape shape,
        struct rm_key key, struct readmap_name name)
{
	struct readmap_view view = { .stable = true };

	/* seq_cst: R2, pairs with W3 */
	view.meta = atomic_load_explicit(&line->meta, memory_order_seq_cst);
	for (uint32_t match = readmap_match(view.meta, name.hash); match;
	        match &= match - 1) {
		const unsigned bit = (unsigned)__builtin_ctz(match);
		/* acquire: R3 and R4, pair with W2 */
		const uint64_t word = atomic_load_explicit(
		        readmap_key(line, bit), memory_order_acquire);

		RM_PAUSE();
		view.result.value = atomic_load_explicit(
		        readmap_value(line, bit), memory_order_acquire);
		/* relaxed: R5, ordered by the two loads before */
		view.stable = !((atomic_load_explicit(
		                         &line->meta, memory_order_relaxed) ^
		                        view.meta) >>
		                32);
		view.result.found =
		        view.stable && word == name.word &&
		        readmap_same_key(shape, view.result.value, key);
		if (view.result.found || !view.stable)
			break;
	}
	return view;
}

/* Searches the lines after the head. */
static struct readmap_result readmap_search_chain(
        const struct readmap_line *line, struct rm_shape shape,
        struct rm_key key, struct readmap_name name)
{
	while (line) {
		const struct readmap_view view =
		        readmap_search_line(line, shape, key, name);

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
        const struct readmap_line *head, uint64_t meta, struct rm_shape shape,
        struct rm_key key, struct readmap_name name)
{
	if (!(meta & readmap_filter(name.hash)))
		return (struct readmap_result){ .found = false };
	/* relaxed: R2 acquired the filter, which was stored after the link */
	return readmap_search_chain(
	        atomic_load_explicit(&head->next, memory_order_relaxed), shape,
	        key, name);
}

/* Looks a key up from the beginning, because a line changed or a bucket has
   moved. */
static RM_COLD struct readmap_result readmap_search(const struct readmap *map,
        struct rm_shape shape, struct rm_key key, struct readmap_name name)
{
	uintptr_t table = readmap_word(map);

	for (;;) {
		const struct readmap_line *head =
		        readmap_home(table, name.hash);
		const struct readmap_view view =
		        readmap_search_line(head, shape, key, name);

		if (!view.stable)
			continue;
		if (view.meta & READMAP_MOVED) {
			table = readmap_next_word(table);
			continue;
		}
		if (view.result.found)
			return view.result;
		return readmap_search_after(head, view.meta, shape, key, name);
	}
}

/* Continues the look-up of readmap_get(), whose head has CHAIN. */
static RM_COLD struct readmap_result readmap_continue(const struct readmap *map,
        const struct readmap_line *head, uint64_t meta, struct rm_shape shape,
        struct rm_key key, struct readmap_name name)
{
	return meta & READMAP_MOVED
	               ? readmap_search(map, shape, key, name)
	               : readmap_search_after(head, meta, shape, key, name);
}

RM_HOT struct readmap_result readmap_get(const struct readmap *map,
        struct rm_shape shape, struct rm_key key, struct readmap_name name)
{
	const struct readmap_line *line =
	        readmap_home(readmap_word(map), name.hash);
	/* seq_cst: R2, pairs with W3 */
	const uint64_t meta =
	        atomic_load_explicit(&line->meta, memory_order_seq_cst);
	const uint32_t match = readmap_match(meta, name.hash);

	RM_PAUSE();
	if (__builtin_expect(match != 0, 1)) {
		const unsigned bit = (unsigned)__builtin_ctz(match);
		/* both acquire: R3 and R4, pair with W2 */
		const uint64_t word = atomic_load_explicit(
		        readmap_key(line, bit), memory_order_acquire);
		const uint64_t value = atomic_load_explicit(
		        readmap_value(line, bit), memory_order_acquire);
		/* relaxed: R5, ordered by the two loads before. The meta also
		   differs if only the lock was taken; readmap_search() ignores
		   that */
		const uint64_t again =
		        atomic_load_explicit(&line->meta, memory_order_relaxed);

		if (__builtin_expect(word == name.word && meta == again, 1) &&
		        readmap_same_key(shape, value, key))
			return (struct readmap_result){ value, true };
		return readmap_search(map, shape, key, name);
	}
	if (__builtin_expect(!(meta & READMAP_CHAIN), 1))
		return (struct readmap_result){ 0, false };
	return readmap_continue(map, line, meta, shape, key, name);
}

#endif /* RM_READMAP_READ_H */
