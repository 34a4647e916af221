/* SPDX-License-Identifier: Apache-2.0 */
/* publishes_late.c - the last written value is read without the lock, by a load
 * that does not acquire. The value is correct. But if it were an address, the
 * reader might not see the data at that address. */
#ifndef PLANTED_ID
#define PLANTED_ID publishes_late
#endif
#include "verify/corpora/planted/planted.h"

/* Holds self_describing_word() of the value that was written last. */
struct written_last {
	_Atomic uint64_t word;
};

RM_HOT bool lookup_last(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct planted *map = thread;
	struct written_last *last = map->extra;
	/* acquire: pairs with the release in exchange_last() */
	const uint64_t word = atomic_load_explicit(&last->word,
	        twin ? memory_order_acquire : memory_order_relaxed);

	if (!word || (uint32_t)word != key.word)
		return base_lookup(thread, shape, key, value);
	*value = rm_value_of(
	        (uint32_t)word, (unsigned)(word >> 32 & 0xfff), word >> 44);
	return true;
}

RM_HOT bool exchange_last(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	struct planted *map = thread;
	struct written_last *last = map->extra;

	pthread_mutex_lock(&map->lock);
	const bool was_there = exchange_locked(map, shape, key, value, old);

	/* release: pairs with the acquire in lookup_last() */
	atomic_store_explicit(&last->word,
	        self_describing_word(shape, key, value), memory_order_release);
	pthread_mutex_unlock(&map->lock);
	return was_there;
}

RM_HOT bool take_last(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct planted *map = thread;
	struct written_last *last = map->extra;

	pthread_mutex_lock(&map->lock);
	struct node *node = take_locked(map, shape, key, old);
	const bool was_there = node;

	/* release: pairs with the acquire in lookup_last() */
	atomic_store_explicit(&last->word, 0, memory_order_release);
	pthread_mutex_unlock(&map->lock);
	free(node);
	return was_there;
}

#define PLANTED_EXTRA    struct written_last
#define PLANTED_LOOKUP   lookup_last
#define PLANTED_EXCHANGE exchange_last
#define PLANTED_TAKE     take_last
#include "verify/corpora/planted/planted_impl.h"
