/* SPDX-License-Identifier: Apache-2.0 */
/* flurry_77.c - an insert allocates the box of its value before it searches the
 * key. If the key is present and must not be replaced, the box is not freed. */
#ifndef BUG_ID
#define BUG_ID flurry_77
#endif
#include "verify/corpora/bugs/chains.h"

enum { BUCKETS = 1024 };

/* A box is a node that is not linked yet. */
static struct node *new_box(struct rm_key key, const struct rm_value *value)
{
	struct node *box = bug_alloc(sizeof(*box));

	box->key = key.word;
	box->word = value->word[0];
	return box;
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct bucket *bucket = bucket_of(thread, key);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_read(bucket, key, value);

	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct bucket *bucket = bucket_of(thread, key);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_write(bucket, key, value->word[0], old);

	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static bool insert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *present)
{
	struct bucket *bucket = bucket_of(thread, key);
	struct node *box = new_box(key, value);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_read(bucket, key, present);

	if (!was_there) {
		box->next = bucket->first;
		bucket->first = box;
	}
	pthread_mutex_unlock(&bucket->lock);
	if (was_there && twin)
		free(box);
	return was_there;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct bucket *bucket = bucket_of(thread, key);

	(void)shape;
	pthread_mutex_lock(&bucket->lock);
	const bool was_there = chain_remove(bucket, key, old);

	pthread_mutex_unlock(&bucket->lock);
	return was_there;
}

static void *create(const struct rm_sizing *sizing)
{
	(void)sizing;
	return new_table(BUCKETS, NULL);
}

static void destroy(void *map)
{
	free_tables(map);
}

#define BUG_INSERT insert
#define BUG_SYNC   "mutex per bucket"
#include "verify/corpora/bugs/bug_impl.h"
