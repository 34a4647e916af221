/* SPDX-License-Identifier: Apache-2.0 */
/* sessions_syncmap_life.h - sessions in a sync.Map: the map's and its threads'
   begin and end, its figures, and what must hold. Inner part of
   sessions_syncmap.h. */
#ifndef RM_SESSIONS_SYNCMAP_LIFE_H
#define RM_SESSIONS_SYNCMAP_LIFE_H

static void sessions_destroy(void *opaque)
{
	struct sessions *map = opaque;

	epoch_destroy(map->epoch, map);
	if (map->directory)
		syncmap_destroy(map->directory);
	session_pool_destroy(&map->pool);
	for (size_t i = 0; i < SESSION_STRIPES; i++)
		pthread_mutex_destroy(&map->stripes[i].lock);
	free(map->threads);
	free(map);
}

static void *sessions_create(const struct rm_sizing *sizing)
{
	struct sessions *map = aligned_alloc(2 * RM_CACHE_LINE, sizeof(*map));
	struct rm_sizing directory = *sizing;

	if (!map)
		return NULL;
	memset(map, 0, sizeof(*map));
	map->shape = sizing->shape;
	map->seed = sizing->seed;
	for (size_t i = 0; i < SESSION_STRIPES; i++)
		pthread_mutex_init(&map->stripes[i].lock, NULL);
	session_pool_create(&map->pool);
	directory.shape = session_words(sizing->shape);
	map->directory = syncmap_create(&directory);
	map->epoch = epoch_create(
	        sizing->threads, sizing->retired_limit_bytes, false);
	map->threads = calloc(sizing->threads, sizeof(struct session_thread));
	if (map->directory && map->epoch && map->threads)
		return map;
	sessions_destroy(map);
	return NULL;
}

static void *sessions_join(void *opaque, size_t slot)
{
	struct sessions *map = opaque;
	struct epoch_record *record = epoch_join(map->epoch, slot, map);

	map->threads[slot] = (struct session_thread){ map, record,
		{ map->directory, record } };
	return record ? &map->threads[slot] : NULL;
}

static void sessions_leave(void *thread)
{
	epoch_leave(((struct session_thread *)thread)->record);
}

static void sessions_park(void *thread)
{
	epoch_park(((struct session_thread *)thread)->record);
}

static void sessions_unpark(void *thread)
{
	epoch_unpark(((struct session_thread *)thread)->record);
}

/* The directory's figures are a sync.Map's, as is what it allocates. */
static void sessions_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct sessions *map = opaque;
	struct syncmap_member directory = { map->directory, NULL };

	emit(context, "sessions", "1", (double)syncmap_length(&directory));
	session_pool_stats(&map->pool, emit, context);
	syncmap_stats(map->directory, emit, context);
	epoch_stats(map->epoch, emit, context);
}

/* Nobody else uses the map: what has a slot is open, the rest is free. */
static const char *sessions_broken(struct sessions *map)
{
	struct syncmap_member directory = { map->directory, NULL };
	size_t records = 0, open = 0, pooled = 0;

	for (struct session_chunk *chunk = map->pool.chunks; chunk;
	        chunk = chunk->next)
		for (size_t i = 0; i < SLAB_CHUNK; i++, records++) {
			struct session *session = &chunk->sessions[i];
			const char *why =
			        session_check_state(session, map->shape);

			/* relaxed: nobody else uses it */
			if (!atomic_load_explicit(
			            &session->used, memory_order_relaxed))
				continue;
			if (why)
				return why;
			open++;
		}
	for (struct session *session = map->pool.first; session;
	        session = session->next)
		pooled++;
	if (open + pooled != records)
		return "a session is neither open nor in the pool";
	return open == syncmap_length(&directory)
	               ? NULL
	               : "the directory has not the sessions that are open";
}

static bool sessions_check(void *opaque, char *why, size_t size)
{
	struct sessions *map = opaque;
	const char *broken;

	if (!syncmap_check(map->directory, why, size))
		return false;
	broken = sessions_broken(map);
	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

/* Initialisers of struct rm_map_ops. */
#define SESSIONS_OPS                                                  \
	.create = sessions_create, .destroy = sessions_destroy,       \
	.join = sessions_join, .leave = sessions_leave,               \
	.lookup = sessions_lookup, .upsert = sessions_upsert,         \
	.remove = sessions_remove, .quiesce = sessions_quiesce,       \
	.park = sessions_park, .unpark = sessions_unpark,             \
	.exchange = sessions_exchange, .take = sessions_take,         \
	.insert_if_absent = sessions_insert_if_absent,                \
	.compare_swap = sessions_compare_swap, .scan = sessions_scan, \
	.length = sessions_length, .stats = sessions_stats,           \
	.check = sessions_check

#endif /* RM_SESSIONS_SYNCMAP_LIFE_H */
