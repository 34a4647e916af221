/* SPDX-License-Identifier: Apache-2.0 */
/* peers.c - starts the numbered threads of a check together, after all have
 * joined the map, and ends them together. Also contains the threads' operations
 * on one key. */
#include "runner/base/clock.h"
#include "verify/check/internal.h"
#include "verify/check/preempt.h"
#include "verify/check/quarantine.h"

#include "runner/driver.h"
#include "verify/batch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small, so that checks of a few seconds reach it. Writers must then wait
 * instead of failing. */
enum { RETIRED_LIMIT_BYTES = 1 << 20 };

void rm_peer_fail(struct rm_peer *peer, const char *format, ...)
{
	struct rm_peers *peers = peer->peers;
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	pthread_mutex_lock(&peers->lock);
	rm_error_set(peers->error, -1, "thread %u: %s", peer->slot, text);
	pthread_mutex_unlock(&peers->lock);
	/* relaxed: a hint to stop; the lock protects the error */
	atomic_store_explicit(&peers->failed, true, memory_order_relaxed);
}

void rm_peer_abort_check(struct rm_peer *peer)
{
	pthread_mutex_lock(&peer->peers->lock);
	rm_check_report_and_exit(peer->peers->error->text);
	pthread_mutex_unlock(&peer->peers->lock);
}

/* One operation in SAMPLE_ONE_IN is sampled, and at most SAMPLED_MAX threads:
 * a sample takes cache lines from them. */
enum { SAMPLE_ONE_IN = 64, SAMPLED_MAX = 8 };
enum { CLOCK_OPS = 8 }; /* between two reads of the clock */

/* Relaxed throughout: counts, which order nothing. */
void rm_peer_count(struct rm_peer *peer)
{
	atomic_store_explicit(
	        &peer->published->ticks, ++peer->ticks, memory_order_relaxed);
}

/* Returns the sum of the operations of sampled threads; the caller tests
 * whether it has grown. */
static uint64_t sum_other_operations(const struct rm_peer *peer)
{
	const unsigned threads = peer->peers->threads;
	uint64_t sum = 0;

	for (unsigned i = 1; i < threads && i <= SAMPLED_MAX; i++)
		sum += atomic_load_explicit(
		        &peer->published[(int)((peer->slot + i) % threads) -
		                         (int)peer->slot]
		                 .ticks,
		        memory_order_relaxed);
	return sum;
}

/* Samples before an operation, and again when it has ended. */
static void sample_others(struct rm_peer *peer, bool ended)
{
	const uint64_t others_ended = sum_other_operations(peer);

	if (ended && peer->others_ended) {
		peer->sampled++;
		peer->overlapped += others_ended != peer->others_ended;
	}
	peer->others_ended = others_ended;
}

bool rm_peer_tick(struct rm_peer *peer)
{
	rm_peer_count(peer);
	if (peer->ticks % SAMPLE_ONE_IN < 2 && peer->peers->threads > 1)
		sample_others(peer, peer->ticks % SAMPLE_ONE_IN == 1);
	if (peer->ticks % RM_BATCH == 0)
		peer->ops->quiesce(peer->thread);
	/* relaxed: a hint to stop */
	return !atomic_load_explicit(
	        &peer->peers->failed, memory_order_relaxed);
}

bool rm_case_has_time(const struct rm_check_case *c, uint64_t n)
{
	return !n || !c->until_ns || rm_now_ns() < c->until_ns;
}

bool rm_peer_tick_in_time(struct rm_peer *peer)
{
	return rm_peer_tick(peer) &&
	       (peer->ticks % CLOCK_OPS ||
	               rm_case_has_time(peer->peers->c, peer->ticks));
}

void rm_peer_meet(struct rm_peer *peer)
{
	peer->ops->quiesce(peer->thread);
	if (peer->ops->park)
		peer->ops->park(peer->thread);
	pthread_barrier_wait(&peer->peers->barrier);
	if (peer->ops->unpark)
		peer->ops->unpark(peer->thread);
}

struct rm_key rm_peer_key(struct rm_peer *peer, uint64_t rank)
{
	return rm_key_of(peer->shape, rank, &peer->line);
}

struct rm_value rm_peer_value(struct rm_peer *peer, uint64_t rank)
{
	return rm_value_of(rank, peer->slot, ++peer->sequence);
}

bool rm_peer_lookup(struct rm_peer *peer, uint64_t rank, struct rm_value *value)
{
	return rm_look_up(peer->ops, peer->looks++ & 1, peer->thread,
	        peer->shape, rm_peer_key(peer, rank), value);
}

bool rm_peer_upsert(struct rm_peer *peer, uint64_t rank, struct rm_value value)
{
	return rm_map_upsert(peer->ops, peer->thread, peer->shape,
	        rm_peer_key(peer, rank), &value);
}

bool rm_peer_remove(struct rm_peer *peer, uint64_t rank)
{
	return rm_map_remove(
	        peer->ops, peer->thread, peer->shape, rm_peer_key(peer, rank));
}

void rm_peer_fill(struct rm_peer *peer, uint64_t count)
{
	for (uint64_t rank = 0; rank < count; rank++)
		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
}

void rm_peer_verify(struct rm_peer *peer, const struct rm_value *value,
        uint64_t rank, const char *operation)
{
	if (!rm_value_errors(peer->shape, value, rank))
		return;
	if (rm_value_is_poison(peer->shape, value))
		rm_peer_fail(peer, "%s of rank %llu read freed memory",
		        operation, (unsigned long long)rank);
	else if ((uint32_t)value->word[0] != (uint32_t)rank)
		rm_peer_fail(peer,
		        "%s of rank %llu returned the value of rank %llu",
		        operation, (unsigned long long)rank,
		        (unsigned long long)(uint32_t)value->word[0]);
	else
		rm_peer_fail(peer, "%s of rank %llu returned a torn value",
		        operation, (unsigned long long)rank);
}

/* Runs the peer's function and adds its counts. With `preempt` and other
 * threads, signals stop this one at random. */
static void run_fn(struct rm_peer *peer)
{
	const struct rm_peers *peers = peer->peers;
	struct rm_witness *witness = rm_witness();
	const uint64_t before = peer->ticks;
	uint64_t stops = 0;

	if (peers->c->preempt && peers->threads > 1 &&
	        rm_preempt_begin(
	                rm_seed(peer->rng, 1), &peer->published->ticks)) {
		peers->fn(peer);
		stops = rm_preempt_end();
	} else {
		peers->fn(peer);
	}
	/* relaxed: read when the process has ended */
	atomic_fetch_add_explicit(&witness->operations, peer->ticks - before,
	        memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &witness->sampled, peer->sampled, memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &witness->overlapped, peer->overlapped, memory_order_relaxed);
	atomic_fetch_add_explicit(&witness->stops, stops, memory_order_relaxed);
}

static void *peer_main(void *opaque)
{
	struct rm_peer *peer = opaque;
	struct rm_peers *peers = peer->peers;

	rm_pause_seed(rm_seed(peer->rng, 0) | 1);
	peer->thread = peer->ops->join(peers->map, peer->slot);
	if (!peer->thread) {
		rm_peer_fail(peer, "join() returned NULL");
		rm_peer_abort_check(peer);
		/* the other threads wait at these barriers */
		pthread_barrier_wait(&peers->barrier);
		pthread_barrier_wait(&peers->barrier);
		return NULL;
	}
	rm_peer_meet(peer);
	run_fn(peer);
	rm_peer_meet(peer);
	peer->ops->leave(peer->thread);
	return NULL;
}

static void peer_init(
        struct rm_peer *peer, struct rm_peers *peers, unsigned slot)
{
	*peer = (struct rm_peer){ .peers = peers,
		.ops = peers->c->impl->ops,
		.shape = peers->c->shape,
		.slot = slot,
		.rng = rm_seed(peers->c->seed, slot),
		.published = rm_witness()->threads + slot };
	/* a phase continues the count of the previous one; relaxed: no thread
	 * runs */
	peer->ticks = atomic_load_explicit(
	        &peer->published->ticks, memory_order_relaxed);
}

/* If a thread cannot be started, the process ends: the others would wait for it
 * at the barrier forever. */
static void start_thread(pthread_t *id, struct rm_peer *peer)
{
	int code = pthread_create(id, NULL, peer_main, peer);

	if (!code)
		return;
	rm_check_report_no_thread(peer->slot + 1, peer->peers->threads, code);
	fprintf(stderr, "cannot start thread %u: %s\n", peer->slot,
	        strerror(code));
	abort();
}

int rm_peers_run(const struct rm_check_case *c, void *map, unsigned threads,
        rm_peer_fn *fn, void *context, struct rm_error *error)
{
	struct rm_peer *each =
	        aligned_alloc(RM_CACHE_LINE, threads * sizeof(*each));
	pthread_t *ids = calloc(threads, sizeof(*ids));
	struct rm_peers peers = { .c = c,
		.map = map,
		.threads = threads,
		.fn = fn,
		.context = context,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.error = error };

	if (!each || !ids) {
		free(each);
		free(ids);
		return rm_error_set(error, -1, "out of memory");
	}
	pthread_barrier_init(&peers.barrier, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		peer_init(each + i, &peers, i);
		start_thread(ids + i, each + i);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	pthread_barrier_destroy(&peers.barrier);
	free(each);
	free(ids);
	return error->text[0] ? -1 : 0;
}

unsigned rm_case_threads(const struct rm_check_case *c, bool in_place)
{
	unsigned caps = c->impl->caps;

	if (caps & RM_CAP_UNSAFE_INSERT && in_place)
		return c->threads;
	return caps & (RM_CAP_UNSAFE | RM_CAP_UNSAFE_INSERT) ? 1 : c->threads;
}

unsigned rm_case_writers(const struct rm_check_case *c, bool in_place)
{
	if (c->impl->caps & RM_CAP_SINGLE_WRITER)
		return 1;
	return rm_case_threads(c, in_place);
}

bool rm_impl_guarantees_views(const struct rm_impl *impl)
{
	return strcmp(impl->guarantees, "none") != 0;
}

uint64_t rm_case_ops(const struct rm_check_case *c)
{
	return c->impl->caps & RM_CAP_SLOW_WRITES ? c->ops / 8 + 1 : c->ops;
}

void *rm_case_create(const struct rm_check_case *c, size_t keys, bool presize,
        struct rm_error *error)
{
	const struct rm_sizing sizing = { .keys = keys,
		.threads = c->threads,
		.retired_limit_bytes = c->retired_limit_bytes
		                               ? c->retired_limit_bytes
		                               : RETIRED_LIMIT_BYTES,
		.presize = presize,
		.shape = c->shape,
		.seed = c->seed };
	void *map = c->impl->ops->create(&sizing);

	if (!map)
		rm_error_set(
		        error, -1, "create() returned NULL for %zu keys", keys);
	return map;
}

int rm_case_invariants(
        const struct rm_check_case *c, void *map, struct rm_error *error)
{
	char why[256] = "no reason was reported";
	bool right = true;

	/* isolate.c detects a map's own thread that starves this call */
	atomic_store(&rm_witness()->calls_check, true);
	if (c->impl->ops->check)
		right = c->impl->ops->check(map, why, sizeof(why));
	atomic_store(&rm_witness()->calls_check, false);
	if (right)
		return 0;
	return rm_error_set(error, -1, "the map's own check(): %s", why);
}

int rm_case_phases(const struct rm_check_case *c, void *map,
        const struct rm_case_phase *phases, void *context,
        struct rm_error *error)
{
	int code = 0;

	for (unsigned i = 0; phases[i].threads && !code; i++) {
		rm_witness_step(
		        "phase %u, threads: %u", i + 1, phases[i].threads);
		code = rm_peers_run(c, map, phases[i].threads, phases[i].fn,
		        context, error);
	}
	return code;
}

int rm_case_play(const struct rm_check_case *c, size_t keys, bool presize,
        const struct rm_case_phase *phases, void *context,
        struct rm_error *error)
{
	void *map = rm_case_create(c, keys, presize, error);
	int code;

	if (!map)
		return -1;
	code = rm_case_phases(c, map, phases, context, error);
	if (!code)
		code = rm_case_invariants(c, map, error);
	c->impl->ops->destroy(map);
	return code;
}
