/* SPDX-License-Identifier: Apache-2.0 */
/* youtrackdb_960.c - the arrays are published before the capacity, which is the
 * right order, but by plain stores. On ARM a lookup can see the new capacity
 * and the old arrays. x86 keeps the order of stores and of loads. */
#ifndef BUG_ID
#define BUG_ID youtrackdb_960
#endif
#include "verify/corpora/bugs/section.h"

enum {
	STORE = twin ? memory_order_release : memory_order_relaxed,
	LOAD = twin ? memory_order_acquire : memory_order_relaxed,
};

static void publish(struct section *section, struct array *keys)
{
	/* release: the contents were written before this store */
	atomic_store_explicit(&section->keys, keys, memory_order_release);
	/* pairs with the load in read_view() */
	atomic_store_explicit(&section->capacity, keys->length, STORE);
}

static struct view read_view(struct section *section)
{
	/* pairs with the store in publish() */
	const size_t capacity = atomic_load_explicit(&section->capacity, LOAD);
	/* acquire: pairs with the release in publish() */
	struct array *keys =
	        atomic_load_explicit(&section->keys, memory_order_acquire);

	return (struct view){ keys, keys->values, capacity };
}

#include "verify/corpora/bugs/bug_impl.h"
