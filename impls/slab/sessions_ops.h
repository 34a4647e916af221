/* SPDX-License-Identifier: Apache-2.0 */
/* sessions_ops.h - the operations by key. Private part of sessions.h. */
#ifndef RM_SESSIONS_OPS_H
#define RM_SESSIONS_OPS_H

RM_HOT bool sessions_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	const struct session_place place = session_place(thread, shape, key);

	lock_go_to_read(place.lock);
	struct session *session = *session_find(place.bucket, shape, key);

	const bool was_there = session && session_load(session, shape, value);
	go_rwmutex_read_unlock(place.lock);
	return was_there;
}

RM_HOT bool sessions_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	const struct session_place place = session_place(thread, shape, key);

	lock_go_to_write(place.lock);
	struct session *session = *session_find(place.bucket, shape, key);

	if (session && old)
		session_load(session, shape, old);
	if (session)
		session_store(session, shape, value);
	else
		session_open(thread, &place, shape, key, value);
	go_rwmutex_unlock(place.lock);
	return session != NULL;
}

RM_HOT bool sessions_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	const struct session_place place = session_place(thread, shape, key);

	lock_go_to_write(place.lock);
	struct session **link = session_find(place.bucket, shape, key);
	const bool was_there = *link != NULL;

	if (was_there && old)
		session_load(*link, shape, old);
	if (was_there)
		session_close(thread, &place, link);
	go_rwmutex_unlock(place.lock);
	return was_there;
}

static bool sessions_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	const struct session_place place = session_place(thread, shape, key);

	lock_go_to_write(place.lock);
	struct session *session = *session_find(place.bucket, shape, key);

	if (session)
		session_load(session, shape, present);
	else
		session_open(thread, &place, shape, key, value);
	go_rwmutex_unlock(place.lock);
	return session != NULL;
}

static bool sessions_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	const struct session_place place = session_place(thread, shape, key);
	struct rm_value present = { { 0 } };
	bool swaps = false;

	lock_go_to_write(place.lock);
	struct session *session = *session_find(place.bucket, shape, key);

	if (session) {
		session_load(session, shape, &present);
		swaps = !memcmp(&present, expected, shape.value_bytes);
	}
	if (swaps)
		session_store(session, shape, value);
	go_rwmutex_unlock(place.lock);
	return swaps;
}

/* Calls `fn` while it holds a stripe's lock, so `fn` must not use the map. */
static void sessions_scan(
        void *thread, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct sessions *map = thread;
	struct rm_value value = { { 0 } };
	bool more = true;

	for (size_t i = 0; more && i < SESSION_STRIPES; i++) {
		lock_go_to_read(&map->stripes[i].lock);
		for (size_t k = i; k <= map->mask; k += SESSION_STRIPES)
			for (struct session *session = map->buckets[k];
			        more && session; session = session->next) {
				session_load(session, shape, &value);
				more = fn(context,
				        session_key_of(&session->key, shape),
				        &value);
			}
		go_rwmutex_read_unlock(&map->stripes[i].lock);
	}
}

static size_t sessions_count(struct sessions *map)
{
	size_t open = 0;

	for (size_t i = 0; i < SESSION_STRIPES; i++) {
		lock_go_to_read(&map->stripes[i].lock);
		open += map->stripes[i].open;
		go_rwmutex_read_unlock(&map->stripes[i].lock);
	}
	return open;
}

static size_t sessions_length(void *thread)
{
	return sessions_count(thread);
}

static void sessions_stats(void *opaque, rm_stat_fn *emit, void *context)
{
	struct sessions *map = opaque;

	emit(context, "sessions", "1", (double)sessions_count(map));
	session_pool_stats(&map->pool, emit, context);
}

static const char *sessions_find_fault(struct sessions *map)
{
	size_t open = 0;

	for (size_t k = 0; k <= map->mask; k++)
		for (struct session *session = map->buckets[k]; session;
		        session = session->next) {
			const struct rm_key key =
			        session_key_of(&session->key, map->shape);
			const char *why =
			        session_check_state(session, map->shape);

			if (why)
				return why;
			if (session_place(map, map->shape, key).bucket !=
			        &map->buckets[k])
				return "a session is in a wrong chain";
			open++;
		}
	return open == sessions_count(map) ? NULL
	                                   : "sessions are counted wrongly";
}

static bool sessions_check(void *opaque, char *why, size_t size)
{
	const char *broken = sessions_find_fault(opaque);

	if (broken)
		snprintf(why, size, "%s", broken);
	return !broken;
}

#define SESSIONS_OPS                                                          \
	.create = sessions_create, .destroy = sessions_destroy,               \
	.join = map_itself, .leave = nothing, .lookup = sessions_lookup,      \
	.quiesce = sessions_quiesce, .exchange = sessions_exchange,           \
	.take = sessions_take, .insert_if_absent = sessions_insert_if_absent, \
	.compare_swap = sessions_compare_swap, .scan = sessions_scan,         \
	.length = sessions_length, .stats = sessions_stats,                   \
	.check = sessions_check

#endif /* RM_SESSIONS_OPS_H */
