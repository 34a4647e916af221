/* SPDX-License-Identifier: Apache-2.0 */
/* scan_growth.c - tests scans of a map that grows during the scan. A map grows
 * only a few times, within microseconds, so scans rarely overlap growth by
 * chance. Therefore the callback of each scan waits at one entry until another
 * thread has doubled the map. If a scan blocks writers, the wait ends after
 * some time without an insert. After a few such waits in a row, scans no longer
 * wait. Keys are never removed. So a scan must visit each key that was present
 * before it once, and each other key at most once. Keys are inserted in order,
 * so with "point-in-time" a scan must see the first n keys for some n. */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "verify/check/internal.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIZES = 11,    /* the maps begin with 1, 2, 4 ... 1024 keys */
	DOUBLINGS = 4, /* number of scans of each thread */
	SLOW_SIZES = 6,
	TIMEOUTS_MAX =
	        8 /* consecutive timeouts, after which scans no longer wait */
};

/* Longer than a thread usually waits for a CPU. If this time is too short, the
 * check finds fewer bugs, but reports no correct map. */
static const uint64_t STALL_NS = 20000000, LOOK_NS = 20000;

/* Shared by all threads of one check. All members except those of the last line
 * describe one map. */
struct growth_test {
	uint32_t keys, keys_max; /* keys at the beginning, keys at the end */
	/* Number of inserted ranks; number of ranks that scans wait for. */
	_Atomic uint32_t inserted, target;
	_Atomic unsigned scanning; /* threads that still scan */
	_Atomic unsigned scans, doubled, timeouts;
};

/* State of one scan. */
struct view {
	struct rm_peer *peer;
	struct growth_test *growth_test;
	uint32_t before; /* keys that the scan must find */
	uint32_t visits, wait_at;
	unsigned char *seen; /* one item per key */
};

/* Waits until the map has doubled, or until no more keys are inserted. */
static void wait_for_growth(const struct view *view)
{
	struct growth_test *growth_test = view->growth_test;
	/* relaxed throughout: paces the writer; the count of present keys is
	 * read before a scan begins */
	uint32_t at = atomic_load_explicit(
	        &growth_test->inserted, memory_order_relaxed);
	const uint32_t goal =
	        at < growth_test->keys_max / 2 ? 2 * at : growth_test->keys_max;
	uint64_t since_ns = rm_now_ns();

	if (atomic_load_explicit(&growth_test->target, memory_order_relaxed) <
	        goal)
		atomic_store_explicit(
		        &growth_test->target, goal, memory_order_relaxed);
	while (at < goal && rm_now_ns() - since_ns < STALL_NS) {
		const uint32_t now = atomic_load_explicit(
		        &growth_test->inserted, memory_order_relaxed);

		if (now != at)
			since_ns = rm_now_ns();
		at = now;
		rm_sleep_until(rm_now_ns() + LOOK_NS);
	}
	if (at < goal)
		atomic_fetch_add_explicit(
		        &growth_test->timeouts, 1, memory_order_relaxed);
	else
		atomic_store_explicit(
		        &growth_test->timeouts, 0, memory_order_relaxed);
}

static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct view *view = context;
	struct rm_peer *peer = view->peer;
	const uint32_t rank = (uint32_t)value->word[0];
	const struct rm_key expected =
	        rm_key_of(peer->shape, rank, &peer->other);

	if (rank >= view->growth_test->keys_max ||
	        (peer->shape.str ? key.length != expected.length ||
	                                   memcmp(key.bytes, expected.bytes,
	                                           expected.length)
	                         : key.word != expected.word))
		rm_peer_fail(peer,
		        "scan returned the value of rank %u for another key",
		        rank);
	else
		view->seen[rank] += view->seen[rank] < 2;
	rm_peer_verify(peer, value, rank, "scan");
	/* relaxed: a hint that waiting is useless */
	if (view->visits++ == view->wait_at &&
	        atomic_load_explicit(&view->growth_test->timeouts,
	                memory_order_relaxed) < TIMEOUTS_MAX)
		wait_for_growth(view);
	return true;
}

static void check_scan(
        struct rm_peer *peer, const struct view *view, uint32_t now)
{
	const bool point_in_time =
	        !strcmp(peer->peers->c->impl->guarantees, "point-in-time");

	for (uint32_t i = 0; i < view->growth_test->keys_max; i++) {
		if (view->seen[i] > 1 || (!view->seen[i] && i < view->before))
			rm_peer_fail(peer,
			        "scan visited rank %u %s; ranks 0 to %u were "
			        "present before it, 0 to %u after it, and none "
			        "was removed",
			        i, view->seen[i] ? "twice" : "not at all",
			        view->before - 1, now - 1);
		if (point_in_time && i && view->seen[i] > view->seen[i - 1])
			rm_peer_fail(peer,
			        "scan visited rank %u, not rank %u, which was "
			        "inserted before it; the map never had this "
			        "content, and it guarantees point-in-time",
			        i, i - 1);
	}
}

static void scan_once(struct rm_peer *peer, unsigned char *seen)
{
	struct growth_test *growth_test = peer->peers->context;
	const bool late = peer->peers->c->impl->caps & RM_CAP_STALE;
	struct view view = {
		.peer = peer, .growth_test = growth_test, .seen = seen
	};
	/* acquire: pairs with the release in write_keys() */
	const uint32_t inserted = atomic_load_explicit(
	        &growth_test->inserted, memory_order_acquire);

	view.before = late ? growth_test->keys : inserted;
	view.wait_at = (uint32_t)(rm_next(&peer->rng) % view.before);
	memset(seen, 0, growth_test->keys_max);
	peer->ops->scan(peer->thread, peer->shape, visit, &view);
	/* relaxed throughout: for a message, and counts */
	const uint32_t now = atomic_load_explicit(
	        &growth_test->inserted, memory_order_relaxed);

	check_scan(peer, &view, now);
	atomic_fetch_add_explicit(&growth_test->scans, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&growth_test->doubled, now >= 2 * inserted,
	        memory_order_relaxed);
}

static void scan_keys(struct rm_peer *peer)
{
	struct growth_test *growth_test = peer->peers->context;
	unsigned char *seen = calloc(growth_test->keys_max, 1);

	if (!seen)
		rm_peer_fail(peer, "out of memory");
	for (unsigned i = 0; seen && i < DOUBLINGS; i++) {
		scan_once(peer, seen);
		if (!rm_peer_tick(peer))
			break;
	}
	free(seen);
	/* relaxed: only stops the writer */
	atomic_fetch_sub_explicit(
	        &growth_test->scanning, 1, memory_order_relaxed);
}

/* Inserts as many keys as the scans wait for. */
static void write_keys(struct rm_peer *peer)
{
	struct growth_test *growth_test = peer->peers->context;
	uint32_t rank = growth_test->keys;

	/* relaxed: hints to continue and to stop */
	while (atomic_load_explicit(
	        &growth_test->scanning, memory_order_relaxed)) {
		if (rank >= atomic_load_explicit(&growth_test->target,
		                    memory_order_relaxed)) {
			peer->ops->quiesce(peer->thread);
			sched_yield();
			continue;
		}
		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
		/* release: threads that read the number must find the keys */
		atomic_store_explicit(
		        &growth_test->inserted, ++rank, memory_order_release);
		if (!rm_peer_tick(peer))
			break;
	}
}

static void run_thread(struct rm_peer *peer)
{
	if (peer->slot == 0)
		write_keys(peer);
	else
		scan_keys(peer);
}

static void fill_map(struct rm_peer *peer)
{
	const struct growth_test *growth_test = peer->peers->context;

	rm_peer_fill(peer, growth_test->keys);
}

/* Runs one map that starts with `keys` keys. */
static int run_map(const struct rm_check_case *c,
        struct growth_test *growth_test, uint32_t keys, unsigned threads,
        struct rm_error *error)
{
	const struct rm_case_phase phases[] = { { 1, fill_map },
		{ threads, run_thread }, { 0 } };

	growth_test->keys = keys;
	growth_test->keys_max = keys << DOUBLINGS;
	/* relaxed: no other thread runs */
	atomic_store_explicit(
	        &growth_test->inserted, keys, memory_order_relaxed);
	atomic_store_explicit(&growth_test->target, keys, memory_order_relaxed);
	atomic_store_explicit(
	        &growth_test->scanning, threads - 1, memory_order_relaxed);
	return rm_case_play(
	        c, growth_test->keys_max, false, phases, growth_test, error);
}

int rm_check_scan_growth(const struct rm_check_case *c, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, false);
	const unsigned sizes =
	        c->impl->caps & RM_CAP_SLOW_WRITES ? SLOW_SIZES : SIZES;
	struct rm_check_case map_case = *c;
	struct growth_test growth_test = { .keys = 0 };

	if (threads < 2)
		return 0;
	for (uint64_t spent = 0, n = 0;
	        spent < rm_case_ops(c) && rm_case_has_time(c, n);
	        spent += growth_test.keys_max, n++) {
		map_case.seed = rm_seed(c->seed, n);
		if (run_map(&map_case, &growth_test,
		            (uint32_t)1 << map_case.seed % sizes, threads,
		            error))
			return -1;
	}
	/* relaxed: no other thread runs any more */
	return rm_error_set(error, 0, "the map doubled during %u of %u scans",
	        atomic_load_explicit(
	                &growth_test.doubled, memory_order_relaxed),
	        atomic_load_explicit(&growth_test.scans, memory_order_relaxed));
}
