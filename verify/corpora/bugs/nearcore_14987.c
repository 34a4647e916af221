/* SPDX-License-Identifier: Apache-2.0 */
/* nearcore_14987.c - a cache in front of a map. A lookup that misses reads the
 * map and then stores the value in the cache. If a write occurs in between, it
 * has already cleared the cache, so the cached old value hides the new one
 * until the next write. */
#ifndef BUG_ID
#define BUG_ID nearcore_14987
#endif
#include "verify/corpora/bugs/locked.h"

enum { LINES = 256 };

struct line {
	pthread_mutex_t lock;
	/* All members are protected by the lock. */
	/* generation: number of writes to keys of this entry */
	uint64_t writes;
	unsigned writers; /* writes in progress */
	bool full, was_there;
	uint64_t key, word;
};

struct cached {
	void *below;
	struct line lines[LINES];
};

static struct line *line_of(struct cached *map, struct rm_key key)
{
	return map->lines + hash_of(key) % LINES;
}

static bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	struct cached *map = thread;
	struct line *line = line_of(map, key);
	struct rm_value read = { { 0 } };

	pthread_mutex_lock(&line->lock);
	const uint64_t writes = line->writes;
	const bool hit = line->full && line->key == key.word;
	bool was_there = line->was_there;

	read.word[0] = line->word;
	pthread_mutex_unlock(&line->lock);
	if (!hit) {
		was_there = base_lookup(map->below, shape, key, &read);
		pthread_mutex_lock(&line->lock);
		if (!twin || (line->writes == writes && !line->writers)) {
			line->full = true;
			line->was_there = was_there;
			line->key = key.word;
			line->word = read.word[0];
		}
		pthread_mutex_unlock(&line->lock);
	}
	if (was_there)
		store_result(value, read.word[0]);
	return was_there;
}

static struct line *begin_write(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	line->writers++;
	line->full = false;
	pthread_mutex_unlock(&line->lock);
	return line;
}

static void end_write(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	line->writers--;
	line->writes++;
	line->full = false;
	pthread_mutex_unlock(&line->lock);
}

static bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	struct cached *map = thread;
	struct line *line = begin_write(line_of(map, key));
	const bool was_there =
	        base_exchange(map->below, shape, key, value, old);

	end_write(line);
	return was_there;
}

static bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	struct cached *map = thread;
	struct line *line = begin_write(line_of(map, key));
	const bool was_there = base_take(map->below, shape, key, old);

	end_write(line);
	return was_there;
}

static void *create(const struct rm_sizing *sizing)
{
	struct cached *map = bug_alloc(sizeof(*map));

	map->below = base_create(sizing);
	for (int i = 0; i < LINES; i++)
		pthread_mutex_init(&map->lines[i].lock, NULL);
	return map;
}

static void destroy(void *opaque)
{
	struct cached *map = opaque;

	base_destroy(map->below);
	for (int i = 0; i < LINES; i++)
		pthread_mutex_destroy(&map->lines[i].lock);
	free(map);
}

#undef BUG_DESTROY
#include "verify/corpora/bugs/bug_impl.h"
