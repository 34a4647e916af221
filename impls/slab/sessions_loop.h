/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions_loop.h - the loop lifecycle:T:S:E through handles. Each thread keeps
 * its share of the sessions open and knows their addresses. A step accesses one
 * of a session's S fields, without a lock. One in T + 1 steps closes the oldest
 * session and opens a new one with all its fields written or, if their number
 * varies (struct rm_session_wave), closes two or opens two. The initial
 * sessions are opened before the warm-up and closed after the window. This is a
 * private part of sessions.h and sessions_syncmap.h, which first define:
 *
 *	sessions_shape(thread)                     shape of the handle's map
 *	sessions_open(thread, shape, key, value)   a new session, by address
 *	sessions_close(thread, shape, key, session) -> bool
 *	                                           false: the key has another
 *	sessions_quiesce(thread)                   as in struct rm_map_ops
 */
#ifndef RM_SESSIONS_LOOP_H
#define RM_SESSIONS_LOOP_H

#include "runner/driver.h"

/* A ring buffer of one thread's sessions, the oldest first. */
struct ring {
	void *thread; /* what join() returned */
	struct rm_shape shape;
	struct rm_worker *worker;
	uint64_t capacity, oldest, next; /* session i is at i % capacity */
	unsigned fields; /* fields in each session, after its value */
	struct session **sessions;
	struct rm_session_wave tide;
};

/* Returns the rank of a session, which is unique among all threads. */
static uint64_t life_rank(const struct ring *ring, uint64_t i)
{
	return ring->worker->slot + ring->worker->threads * i;
}

static uint64_t life_word(const struct ring *ring, uint64_t i, unsigned field)
{
	return rm_rank_mix(life_rank(ring, i)) ^ field;
}

/* Returns the slot of a field. The value is before all fields. */
static unsigned life_slot(const struct ring *ring, unsigned field)
{
	return ring->shape.value_bytes / 8 + field;
}

/* Announces quiescence once per batch of renewals, when no reference is
   held. */
static void life_quiesce_batch(const struct ring *ring, uint64_t i)
{
	if (i % RM_BATCH == 0)
		sessions_quiesce(ring->thread);
}

static void life_open(struct ring *ring)
{
	const struct rm_shape shape = ring->shape;
	const uint64_t i = ring->next++, rank = life_rank(ring, i);
	const struct rm_key key =
	        rm_key_of(shape, rank, &ring->worker->written);
	const struct rm_value value = rm_value_of(rank, ring->worker->slot, i);
	struct session *session =
	        sessions_open(ring->thread, shape, key, &value);

	for (unsigned field = 0; field < ring->fields; field++)
		session_write(session, life_slot(ring, field),
		        life_word(ring, i, field));
	ring->sessions[i % ring->capacity] = session;
	ring->worker->counts.writes++;
	ring->worker->counts.inserts++;
	life_quiesce_batch(ring, i);
}

static void life_close(struct ring *ring)
{
	const struct rm_shape shape = ring->shape;
	const uint64_t i = ring->oldest++;
	const struct rm_key key =
	        rm_key_of(shape, life_rank(ring, i), &ring->worker->written);
	const bool found = sessions_close(
	        ring->thread, shape, key, ring->sessions[i % ring->capacity]);

	ring->worker->counts.writes++;
	ring->worker->counts.removes++;
	ring->worker->counts.wrong |= !found;
	life_quiesce_batch(ring, i);
}

/* Reads or overwrites one field of one of the thread's sessions. */
RM_HOT void life_touch(struct ring *ring, uint64_t x)
{
	struct rm_worker *worker = ring->worker;
	const uint64_t i = ring->oldest + rm_draw_session(worker, x,
	                                          ring->next - ring->oldest);
	const unsigned field = (unsigned)rm_below(rm_seed(x, 2), ring->fields);
	struct session *session = ring->sessions[i % ring->capacity];
	const uint64_t expected = life_word(ring, i, field);
	uint64_t word = 0;

	if (__builtin_expect((uint32_t)x < worker->write_below, 0)) {
		session_write(session, life_slot(ring, field), expected);
		worker->counts.writes++;
		return;
	}
	worker->counts.wrong |=
	        !session_read(session, life_slot(ring, field), &word) |
	        (word != expected);
}

/* Closes one session and opens one, or closes two, or opens two. */
static void life_renew(struct ring *ring, uint64_t x)
{
	const int step =
	        rm_session_wave_step(&ring->tide, x, ring->next - ring->oldest);

	if (step > 0)
		life_open(ring);
	else
		life_close(ring);
	if (step < 0)
		life_close(ring);
	else
		life_open(ring);
	ring->worker->counts.pairs++;
}

/* Runs until the window ends. `steps` is the length of a session's life. */
static __attribute__((noinline)) void life_steps(
        struct ring *ring, uint64_t steps)
{
	struct rm_worker *worker = ring->worker;

	while (!rm_stopped(worker) &&
	        worker->counts.iterations < worker->iterations_limit) {
		const uint64_t x = rm_next(&worker->rng);

		worker->counts.iterations++;
		if (rm_below(rm_seed(x, 1), steps)) {
			life_touch(ring, x);
			continue;
		}
		life_renew(ring, x);
	}
}

/* Opens this thread's share of the sessions. */
static __attribute__((unused)) bool life_open_all(struct rm_worker *worker)
{
	struct ring *ring = calloc(1, sizeof(*ring));

	worker->held = ring;
	if (!ring)
		return false;
	ring->thread = worker->thread;
	ring->shape = sessions_shape(worker->thread);
	ring->worker = worker;
	ring->capacity = rm_sessions_held(worker);
	ring->tide = rm_session_wave_start(worker, ring->capacity, 0);
	ring->fields = (unsigned)worker->loop_args[1];
	ring->sessions = malloc(ring->capacity * sizeof(struct session *));
	while (ring->sessions && ring->next < ring->capacity)
		life_open(ring);
	return ring->sessions != NULL;
}

static __attribute__((unused)) void life_close_all(struct rm_worker *worker)
{
	struct ring *ring = worker->held;

	while (ring && ring->oldest < ring->next)
		life_close(ring);
	if (ring)
		free(ring->sessions);
	free(ring);
	worker->held = NULL;
}

static void lifecycle(struct rm_worker *worker)
{
	life_steps(worker->held, worker->loop_args[0] + 1);
}

static const struct rm_own_loop sessions_loops[] = {
	{ "lifecycle", lifecycle },
	{ NULL, NULL },
};

#endif /* RM_SESSIONS_LOOP_H */
