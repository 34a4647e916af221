/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions_loop.h - loop = lifecycle:T:S:E through handles: each thread keeps
 * its share of the sessions open, by address. A step accesses one of a
 * session's S fields, without a lock. One in T + 1 steps closes the oldest
 * session and opens a new one with all its fields written or, if their number
 * varies (struct rm_tide), closes two or opens two. The initial sessions are
 * opened before the warm-up and closed after the window. Private part of
 * sessions.h and sessions_syncmap.h, which define before:
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

/* One thread's sessions, the oldest first: a ring buffer. */
struct life {
	void *thread; /* what join() returned */
	struct rm_shape shape;
	struct rm_worker *worker;
	uint64_t held, oldest, next; /* session i is at i % held */
	unsigned fields;             /* in each session, after its value */
	struct session **sessions;
	struct rm_tide tide;
};

/* Ranks are unique among all threads' sessions. */
static uint64_t life_rank(const struct life *life, uint64_t i)
{
	return life->worker->slot + life->worker->threads * i;
}

static uint64_t life_word(const struct life *life, uint64_t i, unsigned field)
{
	return rm_rank_mix(life_rank(life, i)) ^ field;
}

/* Returns a field's slot; the value is before all fields. */
static unsigned life_slot(const struct life *life, unsigned field)
{
	return life->shape.value_bytes / 8 + field;
}

/* Announces once per batch of renewals, when no reference is held. */
static void life_quiesce_batch(const struct life *life, uint64_t i)
{
	if (i % RM_BATCH == 0)
		sessions_quiesce(life->thread);
}

static void life_open(struct life *life)
{
	const struct rm_shape shape = life->shape;
	const uint64_t i = life->next++, rank = life_rank(life, i);
	const struct rm_key key =
	        rm_key_of(shape, rank, &life->worker->written);
	const struct rm_value value = rm_value_of(rank, life->worker->slot, i);
	struct session *session =
	        sessions_open(life->thread, shape, key, &value);

	for (unsigned field = 0; field < life->fields; field++)
		session_write(session, life_slot(life, field),
		        life_word(life, i, field));
	life->sessions[i % life->held] = session;
	life->worker->counts.writes++;
	life->worker->counts.inserts++;
	life_quiesce_batch(life, i);
}

static void life_close(struct life *life)
{
	const struct rm_shape shape = life->shape;
	const uint64_t i = life->oldest++;
	const struct rm_key key =
	        rm_key_of(shape, life_rank(life, i), &life->worker->written);
	const bool found = sessions_close(
	        life->thread, shape, key, life->sessions[i % life->held]);

	life->worker->counts.writes++;
	life->worker->counts.removes++;
	life->worker->counts.wrong |= !found;
	life_quiesce_batch(life, i);
}

/* Reads or rewrites one field of one of the thread's sessions. */
RM_HOT void life_touch(struct life *life, uint64_t x)
{
	struct rm_worker *worker = life->worker;
	const uint64_t i = life->oldest + rm_draw_session(worker, x,
	                                          life->next - life->oldest);
	const unsigned field = (unsigned)rm_below(rm_seed(x, 2), life->fields);
	struct session *session = life->sessions[i % life->held];
	const uint64_t expected = life_word(life, i, field);
	uint64_t word = 0;

	if (__builtin_expect((uint32_t)x < worker->write_below, 0)) {
		session_write(session, life_slot(life, field), expected);
		worker->counts.writes++;
		return;
	}
	worker->counts.wrong |=
	        !session_read(session, life_slot(life, field), &word) |
	        (word != expected);
}

/* Closes and opens one, or closes two, or opens two. */
static void life_renew(struct life *life, uint64_t x)
{
	const int step =
	        rm_tide_step(&life->tide, x, life->next - life->oldest);

	if (step > 0)
		life_open(life);
	else
		life_close(life);
	if (step < 0)
		life_close(life);
	else
		life_open(life);
	life->worker->counts.pairs++;
}

/* Runs until the window ends. `steps` is the length of a session's life. */
static __attribute__((noinline)) void life_steps(
        struct life *life, uint64_t steps)
{
	struct rm_worker *worker = life->worker;

	while (!rm_stopped(worker) &&
	        worker->counts.iterations < worker->iterations_limit) {
		const uint64_t x = rm_next(&worker->rng);

		worker->counts.iterations++;
		if (rm_below(rm_seed(x, 1), steps)) {
			life_touch(life, x);
			continue;
		}
		life_renew(life, x);
	}
}

/* Opens this thread's share of the sessions. */
static __attribute__((unused)) bool life_open_all(struct rm_worker *worker)
{
	struct life *life = calloc(1, sizeof(*life));

	worker->held = life;
	if (!life)
		return false;
	life->thread = worker->thread;
	life->shape = sessions_shape(worker->thread);
	life->worker = worker;
	life->held = rm_sessions_held(worker);
	life->tide = rm_tide_of(worker, life->held, 0);
	life->fields = (unsigned)worker->loop_args[1];
	life->sessions = malloc(life->held * sizeof(struct session *));
	while (life->sessions && life->next < life->held)
		life_open(life);
	return life->sessions != NULL;
}

static __attribute__((unused)) void life_close_all(struct rm_worker *worker)
{
	struct life *life = worker->held;

	while (life && life->oldest < life->next)
		life_close(life);
	if (life)
		free(life->sessions);
	free(life);
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
