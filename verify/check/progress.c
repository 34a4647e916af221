/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c - a map that says lock-free or wait-free is held to it: one
 * thread is stopped in the middle of an operation, and others must go on.
 *
 * Each stop has one kind of operation for the victim and one for all others,
 * or lookups that go on would hide writers that are stuck. One stop that
 * sticks refutes nothing; STICKS of the same two kinds do. Operations on the
 * whole map (scan, length, clear) are not held to it. Nor are writers that
 * wait for memory: whoever stands in an operation holds up reclamation, so the
 * others get too few operations to reach the limit.
 */
#include "verify/check/recorder.h"
#include "verify/check/thread_stopper.h"

#include "runner/base/clock.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { DIRECTOR, VICTIM, OTHERS, THREADS = OTHERS + 2 };
enum {
	KEYS = 64,
	OPS_PER_STOP = 4000, /* of c->ops: a stop costs about a millisecond */
	STOPS_PER_MAP = 25,
	ENOUGH = 50, /* operations that the others end during a stop */
	STICKS = 3,
	TRIES = 200,  /* signals until one meets the map's own code */
	AHEAD = 20000 /* most operations of one thread around one stop */
};

struct scene {
	struct rm_stopper stopper;
	struct rm_bystander others[THREADS - OTHERS];
	_Atomic uint64_t allowed[THREADS - OTHERS]; /* that many of `done` */
	/* that the map offers, and RM_RECORD_UPDATE */
	uint8_t kinds[RM_HISTORY_KINDS + 1], kind_count;
	_Atomic unsigned victim_kind, others_kind;
	atomic_bool victim_started, over;
	unsigned writers;
	unsigned stops; /* of this map */
	uint64_t stopped;
};

static const char *name_of(unsigned kind)
{
	return kind == RM_RECORD_UPDATE ? "update" : rm_history_kind_name(kind);
}

/* One operation on a key that all threads use. */
static void operate(struct rm_peer *peer, unsigned kind, atomic_bool *inside)
{
	const uint64_t rank = rm_next(&peer->rng) % KEYS;
	struct rm_call call = { .key = rm_peer_key(peer, rank),
		.value = rm_peer_value(peer, rank) };

	/* relaxed: read by a handler on this thread, if by anybody; the
	   signal fences keep the compiler from moving the call out */
	if (inside)
		atomic_store_explicit(inside, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	rm_call_on_key(peer, kind, &call);
	atomic_signal_fence(memory_order_seq_cst);
	if (inside)
		atomic_store_explicit(inside, false, memory_order_relaxed);
	rm_peer_tick(peer);
}

static bool over(struct scene *scene)
{
	/* acquire: pairs with the release in direct() */
	return atomic_load_explicit(&scene->over, memory_order_acquire);
}

static void be_victim(struct rm_peer *peer, struct scene *scene)
{
	scene->stopper.victim = pthread_self();
	/* release: pairs with the acquire in direct() */
	atomic_store_explicit(
	        &scene->victim_started, true, memory_order_release);
	while (!over(scene))
		/* relaxed: any mixture of old and new kinds will do */
		operate(peer,
		        atomic_load_explicit(
		                &scene->victim_kind, memory_order_relaxed),
		        &scene->stopper.inside);
}

static void be_other(struct rm_peer *peer, struct scene *scene)
{
	struct rm_bystander *me = scene->others + peer->slot - OTHERS;
	const _Atomic uint64_t *allowed = scene->allowed + peer->slot - OTHERS;

	me->id = pthread_self();
	me->tid = gettid();
	/* release: pairs with the acquire in direct() */
	atomic_store_explicit(&me->started, true, memory_order_release);
	while (!over(scene)) {
		/* relaxed: as above; `done` is a count */
		if (atomic_load_explicit(&me->done, memory_order_relaxed) >=
		        atomic_load_explicit(allowed, memory_order_relaxed)) {
			peer->ops->quiesce(peer->thread);
			sched_yield();
			continue;
		}
		operate(peer,
		        atomic_load_explicit(
		                &scene->others_kind, memory_order_relaxed),
		        NULL);
		atomic_fetch_add_explicit(&me->done, 1, memory_order_relaxed);
	}
}

static void allow(struct scene *scene)
{
	for (unsigned i = 0; i < THREADS - OTHERS; i++)
		/* relaxed: a number that the thread sees sooner or later */
		atomic_store_explicit(&scene->allowed[i],
		        atomic_load_explicit(
		                &scene->others[i].done, memory_order_relaxed) +
		                AHEAD,
		        memory_order_relaxed);
}

/* Stops the victim until the others went on. True: they were stuck. */
static bool sticks(struct rm_peer *peer, struct scene *scene)
{
	const char *promise = peer->peers->c->impl->progress;
	bool stuck;

	for (unsigned i = 0; i < TRIES; i++) {
		allow(scene);
		rm_sleep_until(rm_now_ns() + rm_next(&peer->rng) % 100000);
		if (!rm_stopper_stop(&scene->stopper))
			continue;
		allow(scene);
		scene->stopped++;
		stuck = !rm_stopper_others_go_on(scene->others,
		        THREADS - OTHERS, ENOUGH,
		        !strcmp(promise, "wait-free"));
		rm_stopper_release(&scene->stopper);
		return stuck;
	}
	return false;
}

static unsigned draw_kind(struct rm_peer *peer, const struct scene *scene)
{
	return scene->kinds[rm_next(&peer->rng) % scene->kind_count];
}

/* One stop with two kinds; again and again once it stuck. */
static void try_kinds(struct rm_peer *peer, struct scene *scene)
{
	const bool alone = peer->peers->c->impl->caps & RM_CAP_SINGLE_WRITER;
	const unsigned victim = draw_kind(peer, scene);
	const unsigned others =
	        alone ? RM_HISTORY_LOOKUP : draw_kind(peer, scene);
	unsigned count = 1; /* stops that stuck, the first included */

	/* relaxed: see be_victim() */
	atomic_store_explicit(
	        &scene->victim_kind, victim, memory_order_relaxed);
	atomic_store_explicit(
	        &scene->others_kind, others, memory_order_relaxed);
	if (!sticks(peer, scene))
		return;
	/* one stop that sticks refutes nothing; the same two kinds get a map's
	   worth of further stops to stick STICKS times in all */
	for (unsigned i = 0; i < STOPS_PER_MAP && count < STICKS; i++)
		count += sticks(peer, scene);
	if (count >= STICKS)
		rm_peer_fail(peer,
		        "the map says %s, but while a thread stood in the "
		        "middle of %s, no %s of the others ended for 2 s; %u "
		        "times",
		        peer->peers->c->impl->progress, name_of(victim),
		        name_of(others), count);
}

static bool all_started(struct scene *scene)
{
	/* acquire: pairs with the releases of the threads */
	bool all = atomic_load_explicit(
	        &scene->victim_started, memory_order_acquire);

	for (unsigned i = 0; i < THREADS - OTHERS; i++)
		all &= atomic_load_explicit(
		        &scene->others[i].started, memory_order_acquire);
	return all;
}

static void direct(struct rm_peer *peer, struct scene *scene)
{
	/* it uses the map no more, and shall stop nobody's reclamation */
	if (peer->ops->park)
		peer->ops->park(peer->thread);
	while (!all_started(scene))
		sched_yield();
	/* relaxed: a hint to stop */
	for (unsigned i = 0;
	        i < scene->stops && !atomic_load_explicit(&peer->peers->failed,
	                                    memory_order_relaxed);
	        i++)
		try_kinds(peer, scene);
	/* release: pairs with the acquire in over() */
	atomic_store_explicit(&scene->over, true, memory_order_release);
	if (peer->ops->unpark)
		peer->ops->unpark(peer->thread);
}

static void act(struct rm_peer *peer)
{
	struct scene *scene = peer->peers->context;

	if (peer->slot == DIRECTOR)
		direct(peer, scene);
	else if (peer->slot == VICTIM)
		be_victim(peer, scene);
	else
		be_other(peer, scene);
}

static void offer(struct scene *scene, bool offered, unsigned kind)
{
	if (offered)
		scene->kinds[scene->kind_count++] = (uint8_t)kind;
}

static void offers(struct scene *scene, const struct rm_map_ops *ops)
{
	offer(scene, true, RM_HISTORY_LOOKUP);
	offer(scene, true, RM_HISTORY_UPSERT);
	offer(scene, true, RM_HISTORY_REMOVE);
	offer(scene, ops->exchange, RM_HISTORY_EXCHANGE);
	offer(scene, ops->take, RM_HISTORY_TAKE);
	offer(scene, ops->insert_if_absent, RM_HISTORY_INSERT_IF_ABSENT);
	offer(scene, ops->compare_swap, RM_HISTORY_COMPARE_SWAP);
	offer(scene, ops->compare_remove, RM_HISTORY_COMPARE_REMOVE);
	offer(scene, ops->update, RM_RECORD_UPDATE);
}

static int one_map(const struct rm_check_case *c, struct scene *scene,
        struct rm_error *error)
{
	const struct rm_sizing sizing = { .keys = KEYS,
		.threads = THREADS,
		.shape = c->shape,
		.seed = c->seed };
	void *map = c->impl->ops->create(&sizing);
	int code;

	if (!map)
		return rm_error_set(error, -1, "create() returned NULL");
	/* relaxed: no other thread runs */
	atomic_store_explicit(&scene->over, false, memory_order_relaxed);
	atomic_store_explicit(
	        &scene->victim_started, false, memory_order_relaxed);
	for (unsigned i = 0; i < THREADS - OTHERS; i++)
		atomic_store_explicit(
		        &scene->others[i].started, false, memory_order_relaxed);
	code = rm_peers_run(c, map, THREADS, act, scene, error);
	c->impl->ops->destroy(map);
	return code;
}

int rm_check_progress(const struct rm_check_case *c, struct rm_error *error)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct rm_check_case one = *c;
	uint64_t left = c->ops / OPS_PER_STOP + 1;
	int code;

	if (!scene)
		return rm_error_set(error, -1, "out of memory");
	offers(scene, c->impl->ops);
	code = rm_stopper_init(&scene->stopper, rm_foreign_code(c->impl));
	if (code) {
		free(scene);
		return rm_error_set(
		        error, -1, "pipe or code: %s", strerror(-code));
	}
	one.threads = THREADS;
	for (uint64_t n = 0; left && !code && rm_case_goes_on(c, n); n++) {
		one.seed = rm_seed(c->seed, n);
		scene->stops =
		        left < STOPS_PER_MAP ? (unsigned)left : STOPS_PER_MAP;
		left -= scene->stops;
		code = one_map(&one, scene, error);
	}
	if (!code)
		rm_error_set(error, 0,
		        "others went on after each of %llu "
		        "stops",
		        (unsigned long long)scene->stopped);
	rm_stopper_free(&scene->stopper);
	free(scene);
	return code;
}
