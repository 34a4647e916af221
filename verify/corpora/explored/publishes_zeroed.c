/* SPDX-License-Identifier: Apache-2.0 */
/* publishes_zeroed.c - words of values are read without the lock, in a page
 * from calloc() that the first write allocates. The load of the page's address
 * does not acquire, so a reader might not see the zeros. */
#ifndef PLANTED_ID
#define PLANTED_ID publishes_zeroed
#endif
#include "verify/corpora/planted/planted.h"

enum { WORDS = 64 };

/* telling() of values. */
struct page {
	_Atomic uint64_t word[WORDS];
};

struct pages {
	_Atomic(struct page *) first;
};

static void *with_pages(const struct rm_sizing *sizing)
{
	struct planted *map = base_create(sizing);

	map->extra = xcalloc(1, sizeof(struct pages));
	return map;
}

static struct page *page_of(struct planted *map, memory_order order)
{
	struct pages *pages = map->extra;

	return atomic_load_explicit(&pages->first, order);
}

static void without_pages(void *opaque)
{
	struct planted *map = opaque;

	/* relaxed: no other thread uses the map */
	free(page_of(map, memory_order_relaxed));
	free(map->extra);
	base_destroy(map);
}

/* Under the lock. */
static void note(struct planted *map, struct rm_key key, uint64_t word)
{
	struct pages *pages = map->extra;
	/* relaxed: pages are allocated under the lock */
	struct page *page = page_of(map, memory_order_relaxed);

	if (!page) {
		page = xcalloc(1, sizeof(*page));
		/* release: pairs with the acquire in looks_at_page() */
		atomic_store_explicit(
		        &pages->first, page, memory_order_release);
	}
	/* release: pairs with the acquire in looks_at_page() */
	atomic_store_explicit(
	        &page->word[key.word % WORDS], word, memory_order_release);
}

RM_HOT bool looks_at_page(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	/* acquire: pairs with the release in note() */
	struct page *page = page_of(
	        thread, twin ? memory_order_acquire : memory_order_relaxed);
	/* acquire: pairs with the release in note() */
	const uint64_t word =
	        page ? atomic_load_explicit(&page->word[key.word % WORDS],
	                       memory_order_acquire)
	             : 0;

	if (!word || (uint32_t)word != key.word)
		return base_lookup(thread, shape, key, value);
	*value = rm_value_of(
	        (uint32_t)word, (unsigned)(word >> 32 & 0xfff), word >> 44);
	return true;
}

RM_HOT bool writes_page(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	const bool was_there = replaced(map, shape, key, value, old);

	note(map, key, telling(shape, key, value));
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

RM_HOT bool takes_page(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	struct node *node = taken(map, shape, key, old);
	const bool was_there = node;

	note(map, key, 0);
	pthread_mutex_unlock(&map->lock);
	free(node);
	return was_there;
}

#define PLANTED_CREATE   with_pages
#define PLANTED_DESTROY  without_pages
#define PLANTED_LOOKUP   looks_at_page
#define PLANTED_EXCHANGE writes_page
#define PLANTED_TAKE     takes_page
#include "verify/corpora/planted/planted_impl.h"
