/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_growth.c - scans of a map that grows under them.
 *
 * A map grows a few times in its life, each within microseconds: a scan meets
 * that by luck only. So each scan stands at an entry, in the function that it
 * calls for it, until another thread has doubled the map, then goes on. A scan
 * that keeps writers out stands for nothing: it goes on when nothing has been
 * inserted for a while, and after a few of these in a row none stands any more.
 *
 * Nothing is ever removed. So each key that was there before a scan began is
 * visited once, each other at most once; "point-in-time" also: the keys are
 * inserted in order, and at any moment the first n of them are there.
 */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "verify/check/internal.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIZES = 11,    /* a map begins with 1, 2, 4 ... 1024 keys */
	DOUBLINGS = 4, /* and as many scans of each thread */
	SLOW_SIZES = 6,
	REFUSED = 8 /* stands for nothing in a row, after which none is tried */
};

/* Longer than a thread waits for a CPU, mostly. Who is wrong here has shown
   less, and accused nobody. */
static const uint64_t PATIENCE_NS = 20000000, LOOK_NS = 20000;

/* What all threads of one check use; of one map but for the last line. */
struct stage {
	uint32_t keys, most; /* at the beginning, at the end */
	/* Ranks below it are there; what the scans wait for. */
	_Atomic uint32_t there, wanted;
	_Atomic unsigned scanning; /* threads that still scan */
	_Atomic unsigned scans, doubled, refused;
};

/* One scan. */
struct view {
	struct rm_peer *peer;
	struct stage *stage;
	uint32_t before; /* keys that it must find */
	uint32_t visits, stand_at;
	unsigned char *seen; /* [most] */
};

/* Waits until the map has doubled, or nothing is inserted any more. */
static void stand(const struct view *view)
{
	struct stage *stage = view->stage;
	/* relaxed, all here: the writer's pace; what is there is read before a
	   scan begins */
	uint32_t at = atomic_load_explicit(&stage->there, memory_order_relaxed);
	const uint32_t goal = at < stage->most / 2 ? 2 * at : stage->most;
	uint64_t since_ns = rm_now_ns();

	if (atomic_load_explicit(&stage->wanted, memory_order_relaxed) < goal)
		atomic_store_explicit(
		        &stage->wanted, goal, memory_order_relaxed);
	while (at < goal && rm_now_ns() - since_ns < PATIENCE_NS) {
		const uint32_t now = atomic_load_explicit(
		        &stage->there, memory_order_relaxed);

		if (now != at)
			since_ns = rm_now_ns();
		at = now;
		rm_sleep_until(rm_now_ns() + LOOK_NS);
	}
	if (at < goal)
		atomic_fetch_add_explicit(
		        &stage->refused, 1, memory_order_relaxed);
	else
		atomic_store_explicit(&stage->refused, 0, memory_order_relaxed);
}

static bool visit(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct view *view = context;
	struct rm_peer *peer = view->peer;
	const uint32_t rank = (uint32_t)value->word[0];
	const struct rm_key own = rm_key_of(peer->shape, rank, &peer->other);

	if (rank >= view->stage->most ||
	        (peer->shape.str ? key.length != own.length ||
	                                   memcmp(key.bytes, own.bytes,
	                                           own.length)
	                         : key.word != own.word))
		rm_peer_fail(
		        peer, "scan gave a key the value of rank %u", rank);
	else
		view->seen[rank] += view->seen[rank] < 2;
	rm_peer_verify(peer, value, rank, "scan");
	/* relaxed: a hint that standing is worth nothing */
	if (view->visits++ == view->stand_at &&
	        atomic_load_explicit(
	                &view->stage->refused, memory_order_relaxed) < REFUSED)
		stand(view);
	return true;
}

static void judge(struct rm_peer *peer, const struct view *view, uint32_t now)
{
	const bool moment =
	        !strcmp(peer->peers->c->impl->guarantees, "point-in-time");

	for (uint32_t i = 0; i < view->stage->most; i++) {
		if (view->seen[i] > 1 || (!view->seen[i] && i < view->before))
			rm_peer_fail(peer,
			        "scan visited rank %u %s; rank 0 to %u were "
			        "there before it, to %u after it, and nothing "
			        "was removed",
			        i, view->seen[i] ? "twice" : "not at all",
			        view->before - 1, now - 1);
		if (moment && i && view->seen[i] > view->seen[i - 1])
			rm_peer_fail(peer,
			        "scan visited rank %u, not rank %u, which was "
			        "there before it: no moment of the map, which "
			        "promises point-in-time",
			        i, i - 1);
	}
}

static void scan_once(struct rm_peer *peer, unsigned char *seen)
{
	struct stage *stage = peer->peers->context;
	const bool late = peer->peers->c->impl->caps & RM_CAP_STALE;
	struct view view = { .peer = peer, .stage = stage, .seen = seen };
	/* acquire: pairs with the release in write_keys() */
	const uint32_t there =
	        atomic_load_explicit(&stage->there, memory_order_acquire);

	view.before = late ? stage->keys : there;
	view.stand_at = (uint32_t)(rm_next(&peer->rng) % view.before);
	memset(seen, 0, stage->most);
	peer->ops->scan(peer->thread, peer->shape, visit, &view);
	/* relaxed, all here: for a message, and counts */
	const uint32_t now =
	        atomic_load_explicit(&stage->there, memory_order_relaxed);

	judge(peer, &view, now);
	atomic_fetch_add_explicit(&stage->scans, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
	        &stage->doubled, now >= 2 * there, memory_order_relaxed);
}

static void scan_keys(struct rm_peer *peer)
{
	struct stage *stage = peer->peers->context;
	unsigned char *seen = calloc(stage->most, 1);

	if (!seen)
		rm_peer_fail(peer, "out of memory");
	for (unsigned i = 0; seen && i < DOUBLINGS; i++) {
		scan_once(peer, seen);
		if (!rm_peer_tick(peer))
			break;
	}
	free(seen);
	/* relaxed: only says that nobody waits any more */
	atomic_fetch_sub_explicit(&stage->scanning, 1, memory_order_relaxed);
}

/* As many keys as the scans want. */
static void write_keys(struct rm_peer *peer)
{
	struct stage *stage = peer->peers->context;
	uint32_t rank = stage->keys;

	/* relaxed: hints to go on and to stop */
	while (atomic_load_explicit(&stage->scanning, memory_order_relaxed)) {
		if (rank >= atomic_load_explicit(
		                    &stage->wanted, memory_order_relaxed)) {
			peer->ops->quiesce(peer->thread);
			sched_yield();
			continue;
		}
		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
		/* release: who sees the number finds the keys */
		atomic_store_explicit(
		        &stage->there, ++rank, memory_order_release);
		if (!rm_peer_tick(peer))
			break;
	}
}

static void play(struct rm_peer *peer)
{
	if (peer->slot == 0)
		write_keys(peer);
	else
		scan_keys(peer);
}

static void set_up(struct rm_peer *peer)
{
	const struct stage *stage = peer->peers->context;

	rm_peer_fill(peer, stage->keys);
}

/* One map, from `keys` keys on. */
static int one_map(const struct rm_check_case *c, struct stage *stage,
        uint32_t keys, unsigned threads, struct rm_error *error)
{
	const struct rm_case_phase phases[] = { { 1, set_up },
		{ threads, play }, { 0 } };

	stage->keys = keys;
	stage->most = keys << DOUBLINGS;
	/* relaxed: no other thread runs */
	atomic_store_explicit(&stage->there, keys, memory_order_relaxed);
	atomic_store_explicit(&stage->wanted, keys, memory_order_relaxed);
	atomic_store_explicit(
	        &stage->scanning, threads - 1, memory_order_relaxed);
	return rm_case_play(c, stage->most, false, phases, stage, error);
}

int rm_check_scan_growth(const struct rm_check_case *c, struct rm_error *error)
{
	const unsigned threads = rm_case_threads(c, false);
	const unsigned sizes =
	        c->impl->caps & RM_CAP_SLOW_WRITES ? SLOW_SIZES : SIZES;
	struct rm_check_case one = *c;
	struct stage stage = { .keys = 0 };

	if (threads < 2)
		return 0;
	for (uint64_t spent = 0, n = 0;
	        spent < rm_case_ops(c) && rm_case_goes_on(c, n);
	        spent += stage.most, n++) {
		one.seed = rm_seed(c->seed, n);
		if (one_map(&one, &stage, (uint32_t)1 << one.seed % sizes,
		            threads, error))
			return -1;
	}
	/* relaxed: no other thread runs any more */
	return rm_error_set(error, 0, "the map doubled during %u of %u scans",
	        atomic_load_explicit(&stage.doubled, memory_order_relaxed),
	        atomic_load_explicit(&stage.scans, memory_order_relaxed));
}
