/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - checks the claim that a map is lock-free or wait-free: one
 * thread (the victim) is stopped in the middle of an operation, and the others
 * must proceed. In each stop the victim runs one kind of operation and all
 * other threads run one kind, because lookups that proceed would hide blocked
 * writers. One stop in which the others are blocked is not sufficient evidence;
 * BLOCKED_STOPS stops with the same kinds are. Operations on the whole map
 * (scan, length, clear) do not take part. Writers do not reach the point at
 * which they wait for reclamation, which a stopped thread delays: the others
 * get too few operations to reach the limit of retired memory. */
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
	/* operations of c->ops that one stop uses up, since a stop takes a
	 * millisecond */
	OPS_PER_STOP = 4000,
	STOPS_PER_MAP = 25,
	/* operations that the others must complete during a stop */
	OPS_NEEDED = 50,
	BLOCKED_STOPS = 3,
	/* maximum number of signals until one interrupts the map's own code */
	TRIES = 200,
	/* maximum number of operations of one thread around one stop */
	OPS_AHEAD = 20000
};

struct progress_test {
	struct rm_stopper stopper;
	struct rm_bystander others[THREADS - OTHERS];
	_Atomic uint64_t ops_limit[THREADS - OTHERS]; /* limit of `done` */
	/* kinds that the map offers, and RM_RECORD_UPDATE */
	uint8_t kinds[RM_HISTORY_KINDS + 1], kind_count;
	_Atomic unsigned victim_kind, others_kind;
	atomic_bool victim_started, over;
	unsigned writers;
	unsigned stops; /* stops on this map */
	uint64_t stopped;
};

static const char *kind_name(unsigned kind)
{
	return kind == RM_RECORD_UPDATE ? "update" : rm_history_kind_name(kind);
}

/* Runs one operation on a key that all threads share. */
static void operate(struct rm_peer *peer, unsigned kind, atomic_bool *inside)
{
	const uint64_t rank = rm_next(&peer->rng) % KEYS;
	struct rm_call call = { .key = rm_peer_key(peer, rank),
		.value = rm_peer_value(peer, rank) };

	/* relaxed: read by a handler on this thread only; the signal fences
	 * keep the compiler from moving the call out */
	if (inside)
		atomic_store_explicit(inside, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	rm_call_on_key(peer, kind, &call);
	atomic_signal_fence(memory_order_seq_cst);
	if (inside)
		atomic_store_explicit(inside, false, memory_order_relaxed);
	rm_peer_tick(peer);
}

static bool is_over(struct progress_test *progress_test)
{
	/* acquire: pairs with the release in run_director() */
	return atomic_load_explicit(&progress_test->over, memory_order_acquire);
}

static void run_victim(
        struct rm_peer *peer, struct progress_test *progress_test)
{
	progress_test->stopper.victim = pthread_self();
	/* release: pairs with the acquire in all_started() */
	atomic_store_explicit(
	        &progress_test->victim_started, true, memory_order_release);
	while (!is_over(progress_test))
		/* relaxed: threads may use old or new kinds for a while */
		operate(peer,
		        atomic_load_explicit(&progress_test->victim_kind,
		                memory_order_relaxed),
		        &progress_test->stopper.inside);
}

static void run_other(struct rm_peer *peer, struct progress_test *progress_test)
{
	struct rm_bystander *bystander =
	        progress_test->others + peer->slot - OTHERS;
	const _Atomic uint64_t *ops_limit =
	        progress_test->ops_limit + peer->slot - OTHERS;

	bystander->id = pthread_self();
	bystander->tid = gettid();
	/* release: pairs with the acquire in all_started() */
	atomic_store_explicit(&bystander->started, true, memory_order_release);
	while (!is_over(progress_test)) {
		/* relaxed: a limit and a count, which order nothing */
		if (atomic_load_explicit(
		            &bystander->done, memory_order_relaxed) >=
		        atomic_load_explicit(ops_limit, memory_order_relaxed)) {
			peer->ops->quiesce(peer->thread);
			sched_yield();
			continue;
		}
		operate(peer,
		        atomic_load_explicit(&progress_test->others_kind,
		                memory_order_relaxed),
		        NULL);
		atomic_fetch_add_explicit(
		        &bystander->done, 1, memory_order_relaxed);
	}
}

static void raise_limits(struct progress_test *progress_test)
{
	for (unsigned i = 0; i < THREADS - OTHERS; i++)
		/* relaxed: the thread sees the new number eventually */
		atomic_store_explicit(&progress_test->ops_limit[i],
		        atomic_load_explicit(&progress_test->others[i].done,
		                memory_order_relaxed) +
		                OPS_AHEAD,
		        memory_order_relaxed);
}

/* Stops the victim until the others have proceeded. Returns true if they were
 * blocked. */
static bool stop_blocks_others(
        struct rm_peer *peer, struct progress_test *progress_test)
{
	const char *promise = peer->peers->c->impl->progress;
	bool blocked;

	for (unsigned i = 0; i < TRIES; i++) {
		raise_limits(progress_test);
		rm_sleep_until(rm_now_ns() + rm_next(&peer->rng) % 100000);
		if (!rm_stopper_stop(&progress_test->stopper))
			continue;
		raise_limits(progress_test);
		progress_test->stopped++;
		blocked = !rm_stopper_others_proceed(progress_test->others,
		        THREADS - OTHERS, OPS_NEEDED,
		        !strcmp(promise, "wait-free"));
		rm_stopper_release(&progress_test->stopper);
		return blocked;
	}
	return false;
}

static unsigned draw_kind(
        struct rm_peer *peer, const struct progress_test *progress_test)
{
	return progress_test
	        ->kinds[rm_next(&peer->rng) % progress_test->kind_count];
}

/* Stops once with two random kinds. If the others were blocked, repeats it. */
static void try_kinds(struct rm_peer *peer, struct progress_test *progress_test)
{
	const bool single_writer =
	        peer->peers->c->impl->caps & RM_CAP_SINGLE_WRITER;
	const unsigned victim = draw_kind(peer, progress_test);
	const unsigned others = single_writer ? RM_HISTORY_LOOKUP
	                                      : draw_kind(peer, progress_test);
	/* stops that blocked the others, including the first */
	unsigned count = 1;

	/* relaxed: see run_victim() */
	atomic_store_explicit(
	        &progress_test->victim_kind, victim, memory_order_relaxed);
	atomic_store_explicit(
	        &progress_test->others_kind, others, memory_order_relaxed);
	if (!stop_blocks_others(peer, progress_test))
		return;
	/* Makes up to STOPS_PER_MAP further stops with the same kinds, until
	 * BLOCKED_STOPS of them have blocked the others. */
	for (unsigned i = 0; i < STOPS_PER_MAP && count < BLOCKED_STOPS; i++)
		count += stop_blocks_others(peer, progress_test);
	if (count >= BLOCKED_STOPS)
		rm_peer_fail(peer,
		        "the map claims to be %s, but while a thread was "
		        "stopped in the middle of %s, no %s of another thread "
		        "completed in 2 s (%u times)",
		        peer->peers->c->impl->progress, kind_name(victim),
		        kind_name(others), count);
}

static bool all_started(struct progress_test *progress_test)
{
	/* acquire: pairs with the releases of the threads */
	bool all = atomic_load_explicit(
	        &progress_test->victim_started, memory_order_acquire);

	for (unsigned i = 0; i < THREADS - OTHERS; i++)
		all &= atomic_load_explicit(&progress_test->others[i].started,
		        memory_order_acquire);
	return all;
}

static void run_director(
        struct rm_peer *peer, struct progress_test *progress_test)
{
	/* this thread no longer uses the map and must not delay reclamation */
	if (peer->ops->park)
		peer->ops->park(peer->thread);
	while (!all_started(progress_test))
		sched_yield();
	/* relaxed: a hint to stop */
	for (unsigned i = 0; i < progress_test->stops &&
	                     !atomic_load_explicit(&peer->peers->failed,
	                             memory_order_relaxed);
	        i++)
		try_kinds(peer, progress_test);
	/* release: pairs with the acquire in is_over() */
	atomic_store_explicit(&progress_test->over, true, memory_order_release);
	if (peer->ops->unpark)
		peer->ops->unpark(peer->thread);
}

static void run_thread(struct rm_peer *peer)
{
	struct progress_test *progress_test = peer->peers->context;

	if (peer->slot == DIRECTOR)
		run_director(peer, progress_test);
	else if (peer->slot == VICTIM)
		run_victim(peer, progress_test);
	else
		run_other(peer, progress_test);
}

static void add_kind(
        struct progress_test *progress_test, bool offered, unsigned kind)
{
	if (offered)
		progress_test->kinds[progress_test->kind_count++] =
		        (uint8_t)kind;
}

static void add_offered_kinds(
        struct progress_test *progress_test, const struct rm_map_ops *ops)
{
	add_kind(progress_test, true, RM_HISTORY_LOOKUP);
	add_kind(progress_test, true, RM_HISTORY_UPSERT);
	add_kind(progress_test, true, RM_HISTORY_REMOVE);
	add_kind(progress_test, ops->exchange, RM_HISTORY_EXCHANGE);
	add_kind(progress_test, ops->take, RM_HISTORY_TAKE);
	add_kind(progress_test, ops->insert_if_absent,
	        RM_HISTORY_INSERT_IF_ABSENT);
	add_kind(progress_test, ops->compare_swap, RM_HISTORY_COMPARE_SWAP);
	add_kind(progress_test, ops->compare_remove, RM_HISTORY_COMPARE_REMOVE);
	add_kind(progress_test, ops->update, RM_RECORD_UPDATE);
}

static int run_map(const struct rm_check_case *c,
        struct progress_test *progress_test, struct rm_error *error)
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
	atomic_store_explicit(
	        &progress_test->over, false, memory_order_relaxed);
	atomic_store_explicit(
	        &progress_test->victim_started, false, memory_order_relaxed);
	for (unsigned i = 0; i < THREADS - OTHERS; i++)
		atomic_store_explicit(&progress_test->others[i].started, false,
		        memory_order_relaxed);
	code = rm_peers_run(c, map, THREADS, run_thread, progress_test, error);
	c->impl->ops->destroy(map);
	return code;
}

int rm_check_progress(const struct rm_check_case *c, struct rm_error *error)
{
	struct progress_test *progress_test = calloc(1, sizeof(*progress_test));
	struct rm_check_case map_case = *c;
	uint64_t left = c->ops / OPS_PER_STOP + 1;
	int code;

	if (!progress_test)
		return rm_error_set(error, -1, "out of memory");
	add_offered_kinds(progress_test, c->impl->ops);
	code = rm_stopper_init(
	        &progress_test->stopper, rm_foreign_code(c->impl));
	if (code) {
		free(progress_test);
		return rm_error_set(
		        error, -1, "pipe or code: %s", strerror(-code));
	}
	map_case.threads = THREADS;
	for (uint64_t n = 0; left && !code && rm_case_has_time(c, n); n++) {
		map_case.seed = rm_seed(c->seed, n);
		progress_test->stops =
		        left < STOPS_PER_MAP ? (unsigned)left : STOPS_PER_MAP;
		left -= progress_test->stops;
		code = run_map(&map_case, progress_test, error);
	}
	if (!code)
		rm_error_set(error, 0,
		        "the other threads proceeded during each of %llu "
		        "stops",
		        (unsigned long long)progress_test->stopped);
	rm_stopper_free(&progress_test->stopper);
	free(progress_test);
	return code;
}
