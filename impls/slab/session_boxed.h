/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_boxed.h - the state of a session is a Go map of its own, from field
 * to boxed value. It is one of the states for sessions.h.
 *
 * This is what a Go program does with map[uint64]any: each session allocates
 * the record, the map's header and its first bucket, and each write of a field
 * allocates a box. All are freed when the session closes.
 */
#ifndef RM_SESSION_BOXED_H
#define RM_SESSION_BOXED_H

#include "impls/slab/session_key.h"

#include <stdatomic.h>

struct session {
	struct session *next; /* next session in the chain */
	struct session_key key;
	struct gomap *fields; /* maps a field's number to the address of its
	                         box */
};

struct session_pool {
	uint64_t seed; /* seed of the fields' maps */
};

static inline void session_pool_create(struct session_pool *pool)
{
	pool->seed = 1;
}

static inline void session_pool_destroy(struct session_pool *pool)
{
	(void)pool;
}

static inline struct session *session_get(struct session_pool *pool)
{
	struct session *session = malloc(sizeof(*session));

	if (!session)
		gomap_no_memory();
	memset(session, 0, sizeof(*session));
	session->fields = gomap_create(0, RM_U64X8, pool->seed);
	if (!session->fields)
		gomap_no_memory();
	return session;
}

static inline void session_put(
        struct session_pool *pool, struct session *session)
{
	struct gomap_iterator it;
	struct rm_value box;
	struct rm_key field;

	(void)pool;
	gomap_iterate_begin(session->fields, &it);
	while (gomap_iterate_next(&it, RM_U64X8, &field, &box))
		free((void *)(uintptr_t)box.word[0]);
	gomap_iterate_end(&it);
	gomap_destroy(session->fields);
	session_key_free(&session->key);
	free(session);
}

/* Puts a field's value into a new box and frees the old box. */
RM_HOT void boxed_write(struct session *session, uint64_t field,
        const uint64_t *words, size_t bytes)
{
	bool was_there;
	_Atomic uint64_t *slot = gomap_assign(session->fields, RM_U64X8,
	        (struct rm_key){ .word = field }, &was_there);
	void *box = malloc(bytes);

	if (!slot || !box)
		gomap_no_memory();
	memcpy(box, words, bytes);
	/* both relaxed: no other thread uses the session */
	if (was_there)
		free((void *)(uintptr_t)atomic_load_explicit(
		        slot, memory_order_relaxed));
	atomic_store_explicit(slot, (uintptr_t)box, memory_order_relaxed);
}

RM_HOT const uint64_t *boxed_read(struct session *session, uint64_t field)
{
	const _Atomic uint64_t *slot = gomap_find(
	        session->fields, RM_U64X8, (struct rm_key){ .word = field });

	/* relaxed: no concurrent writer */
	return slot ? (const uint64_t *)(uintptr_t)atomic_load_explicit(
	                      slot, memory_order_relaxed)
	            : NULL;
}

/* Reads one field. Returns false if the field was never written. */
RM_HOT bool session_read(struct session *session, unsigned slot, uint64_t *word)
{
	const uint64_t *box = boxed_read(session, slot);

	if (box)
		*word = *box;
	return box != NULL;
}

RM_HOT void session_write(struct session *session, unsigned slot, uint64_t word)
{
	boxed_write(session, slot, &word, sizeof(word));
}

/* The session's value in the map is in the box of field 0. */
RM_HOT void session_store(struct session *session, struct rm_shape shape,
        const struct rm_value *value)
{
	boxed_write(session, 0, value->word, shape.value_bytes);
}

/* Always true, since a session is opened with a value. */
RM_HOT bool session_load(
        struct session *session, struct rm_shape shape, struct rm_value *value)
{
	const uint64_t *box = boxed_read(session, 0);

	if (box)
		memcpy(value, box, shape.value_bytes);
	return box != NULL;
}

static inline const char *session_check_state(
        struct session *session, struct rm_shape shape)
{
	(void)shape;
	return boxed_read(session, 0) ? NULL : "a session has no value";
}

static inline void session_pool_stats(
        struct session_pool *pool, rm_stat_fn *emit, void *context)
{
	(void)pool, (void)emit, (void)context;
}

#endif /* RM_SESSION_BOXED_H */
