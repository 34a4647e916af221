/* SPDX-License-Identifier: Apache-2.0 */
/* publishes_zeroed.c - words of values are read without the lock, in a page
 * from calloc() that the first write allocates. The load of the page's address
 * does not acquire, so a reader might not see the zeros. */
#ifndef PLANTED_ID
#define PLANTED_ID publishes_zeroed
#endif
#include "verify/corpora/planted/planted.h"

enum { WORDS = 64 };

/* Holds self_describing_word() of values. */
struct page {
	_Atomic uint64_t word[WORDS];
};

struct pages {
	_Atomic(struct page *) first;
};

static struct page *load_page(struct planted *map, memory_order order)
{
	struct pages *pages = map->extra;

	return atomic_load_explicit(&pages->first, order);
}

static void destroy_pages(void *opaque)
{
	struct planted *map = opaque;

	/* relaxed: no other thread uses the map */
	free(load_page(map, memory_order_relaxed));
	base_destroy(map);
}

/* The caller holds the lock. */
static void store_word(struct planted *map, struct rm_key key, uint64_t word)
{
	struct pages *pages = map->extra;
	/* relaxed: pages are allocated under the lock */
	struct page *page = load_page(map, memory_order_relaxed);

	if (!page) {
		page = xcalloc(1, sizeof(*page));
		/* release: pairs with the acquire in lookup_page() */
		atomic_store_explicit(
		        &pages->first, page, memory_order_release);
	}
	/* release: pairs with the acquire in lookup_page() */
	atomic_store_explicit(
	        &page->word[key.word % WORDS], word, memory_order_release);
}

RM_HOT bool lookup_page(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	/* acquire: pairs with the release in store_word() */
	struct page *page = load_page(
	        thread, twin ? memory_order_acquire : memory_order_relaxed);
	/* acquire: pairs with the release in store_word() */
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

RM_HOT bool exchange_page(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	const bool was_there = exchange_locked(map, shape, key, value, old);

	store_word(map, key, self_describing_word(shape, key, value));
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

RM_HOT bool take_page(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;

	pthread_mutex_lock(&map->lock);
	struct node *node = take_locked(map, shape, key, old);
	const bool was_there = node;

	store_word(map, key, 0);
	pthread_mutex_unlock(&map->lock);
	free(node);
	return was_there;
}

#define PLANTED_EXTRA    struct pages
#define PLANTED_DESTROY  destroy_pages
#define PLANTED_LOOKUP   lookup_page
#define PLANTED_EXCHANGE exchange_page
#define PLANTED_TAKE     take_page
#include "verify/corpora/planted/planted_impl.h"
