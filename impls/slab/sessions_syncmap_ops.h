/* SPDX-License-Identifier: Apache-2.0 */
/* sessions_syncmap_ops.h - sessions in a sync.Map: the operations by key. Inner
   part of sessions_syncmap.h. */
#ifndef RM_SESSIONS_SYNCMAP_OPS_H
#define RM_SESSIONS_SYNCMAP_OPS_H

RM_HOT bool sessions_lookup(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *value)
{
	struct rm_value entry;

	return session_find(thread, shape, key, &entry) &&
	       session_seen(&entry, value);
}

/* Takes the lock of the key's stripe: under it a session that is found stays
   open. */
RM_HOT pthread_mutex_t *session_lock(
        struct session_thread *thread, struct rm_shape shape, struct rm_key key)
{
	struct sessions *map = thread->map;
	const uint64_t hash = rm_hash(shape, key, map->seed);
	pthread_mutex_t *lock = &map->stripes[hash % SESSION_STRIPES].lock;

	lock_mutex(lock);
	return lock;
}

/* Ends a write: no lock is held when the thread waits for memory. */
RM_HOT void session_unlock(struct session_thread *thread, pthread_mutex_t *lock)
{
	pthread_mutex_unlock(lock);
	epoch_settle(thread->record);
}

RM_HOT bool sessions_exchange(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value, struct rm_value *old)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry;
	const bool was_there = session_find(thread, shape, key, &entry);

	if (was_there && old)
		session_load(session_at(&entry), shape, old);
	if (was_there)
		session_store(session_at(&entry), shape, value);
	else
		session_open(thread, shape, key, value);
	session_unlock(thread, lock);
	return was_there;
}

RM_HOT bool sessions_upsert(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value)
{
	return sessions_exchange(thread, shape, key, value, NULL);
}

RM_HOT bool sessions_take(void *thread, struct rm_shape shape,
        struct rm_key key, struct rm_value *old)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry;
	const bool was_there = session_find(thread, shape, key, &entry);

	if (was_there && old)
		session_load(session_at(&entry), shape, old);
	if (was_there)
		session_close(thread, shape, key);
	session_unlock(thread, lock);
	return was_there;
}

RM_HOT bool sessions_remove(
        void *thread, struct rm_shape shape, struct rm_key key)
{
	return sessions_take(thread, shape, key, NULL);
}

static bool sessions_insert_if_absent(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *value,
        struct rm_value *present)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry;
	const bool was_there = session_find(thread, shape, key, &entry);

	if (was_there)
		session_load(session_at(&entry), shape, present);
	else
		session_open(thread, shape, key, value);
	session_unlock(thread, lock);
	return was_there;
}

static bool sessions_compare_swap(void *thread, struct rm_shape shape,
        struct rm_key key, const struct rm_value *expected,
        const struct rm_value *value)
{
	pthread_mutex_t *lock = session_lock(thread, shape, key);
	struct rm_value entry, present = { { 0 } };
	bool swaps = false;

	if (session_find(thread, shape, key, &entry)) {
		session_load(session_at(&entry), shape, &present);
		swaps = present.word[0] == expected->word[0];
	}
	if (swaps)
		session_store(session_at(&entry), shape, value);
	session_unlock(thread, lock);
	return swaps;
}

struct session_visit {
	rm_scan_fn *fn;
	void *context;
};

static bool session_visit(
        void *context, struct rm_key key, const struct rm_value *entry)
{
	const struct session_visit *visit = context;
	struct rm_value value = { { 0 } };

	/* one that was closed meanwhile is left out */
	return !session_seen(entry, &value) ||
	       visit->fn(visit->context, key, &value);
}

/* A Range of the directory: without a lock, each value as it is when met. */
static void sessions_scan(
        void *opaque, struct rm_shape shape, rm_scan_fn *fn, void *context)
{
	struct session_thread *thread = opaque;
	struct session_visit visit = { fn, context };

	syncmap_scan(&thread->directory, session_words(shape), session_visit,
	        &visit);
}

static size_t sessions_length(void *thread)
{
	return syncmap_length(&((struct session_thread *)thread)->directory);
}

#endif /* RM_SESSIONS_SYNCMAP_OPS_H */
