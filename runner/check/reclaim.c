/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reclaim.c - what is retired is freed: by and by while the map is used, and
 * all of it when it is destroyed.
 *
 * The map's own counts (stats build) are asked when all threads have left,
 * the allocator when the map is gone: it must hold what it held before, if
 * need be after a while: liburcu frees a table that resizes itself in a thread
 * of its own, from 0.14 on also after the call that ends it. Where a sanitizer
 * has replaced the allocator, its leak checker asks instead.
 */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/check/internal.h"

#include <malloc.h>
#include <math.h>
#include <sched.h>
#include <string.h>

enum {
	KEYS = 256,
	ROUNDS = 3,            /* and one before, that fills caches */
	SLACK_BYTES = 16384,   /* of the C library, of libraries below a map */
	FEW_RETIRED = 5000,    /* below, nothing need be freed yet */
	PATIENCE_S = 30,       /* for a thread of the map that frees */
	LEAST_WRITES = 120000, /* in all, so that a small leak is above SLACK */
};

/* Bytes that are allocated; caches of threads that ended are given back. */
static size_t held_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Replaces, inserts and removes, so that everything is retired in turn. */
static void churn(struct rm_peer *peer)
{
	const uint64_t writes = *(uint64_t *)peer->peers->context;

	for (uint64_t n = 0; n < writes && rm_peer_tick(peer); n++) {
		uint64_t rank = rm_next(&peer->rng) % KEYS;

		rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
		rank = rm_next(&peer->rng) % KEYS;
		if (n % 2)
			rm_peer_remove(peer, rank);
	}
}

struct counts {
	double retired, freed;
};

static void pick(
        void *context, const char *name, const char *unit, double value)
{
	struct counts *counts = context;

	(void)unit;
	if (!strcmp(name, "retired"))
		counts->retired = value;
	if (!strcmp(name, "freed"))
		counts->freed = value;
}

/* Holds half of what was retired back, with nobody left to wait for? */
static bool hoards(
        const struct rm_check_case *c, void *map, struct counts *counts)
{
	const uint64_t start_ns = rm_now_ns();

	do {
		*counts = (struct counts){ (double)NAN, (double)NAN };
		c->impl->ops->stats(map, pick, counts);
		/* also where one of them is not counted in this build */
		if (!(counts->retired > FEW_RETIRED &&
		            counts->freed < counts->retired / 2))
			return false;
		sched_yield();
	} while (rm_now_ns() - start_ns < PATIENCE_S * (uint64_t)1000000000);
	return true;
}

/* A map from its creation to its end. */
static int life(
        const struct rm_check_case *c, uint64_t writes, struct rm_error *error)
{
	void *map = rm_case_create(c, KEYS, false, error);
	struct counts counts;
	int code;

	if (!map)
		return -1;
	code = rm_peers_run(
	        c, map, rm_case_writers(c, false), churn, &writes, error);
	if (!code && c->impl->ops->stats && !strstr(c->impl->sync, "leak") &&
	        hoards(c, map, &counts))
		code = rm_error_set(error, -1,
		        "all threads have left, and of %.0f retired only %.0f "
		        "are freed, but the map does not call itself leaking",
		        counts.retired, counts.freed);
	c->impl->ops->destroy(map);
	return code;
}

struct lives {
	const struct rm_check_case *c;
	uint64_t writes;
	struct rm_error *error;
	int code;
};

/* On a thread of its own, whose cache of freed memory ends with it. */
static void *live(void *argument)
{
	struct lives *lives = argument;

	lives->code = life(lives->c, lives->writes, lives->error);
	return NULL;
}

static int live_once(struct lives *lives)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, live, lives))
		return rm_error_set(lives->error, -1, "no thread");
	pthread_join(thread, NULL);
	return lives->code;
}

/* What is held when a map is gone; more than `enough` only after all patience
   with a map that has threads of its own. */
static size_t held_after(const struct rm_check_case *c, size_t enough)
{
	const uint64_t end_ns = rm_now_ns() + PATIENCE_S * (uint64_t)1000000000;
	size_t held = held_bytes();

	while (held > enough && c->impl->caps & RM_CAP_BACKGROUND &&
	        rm_now_ns() < end_ns) {
		rm_sleep_until(rm_now_ns() + 1000000);
		held = held_bytes();
	}
	return held;
}

int rm_check_reclaim(const struct rm_check_case *c, struct rm_error *error)
{
	const unsigned threads = rm_case_writers(c, false);
	struct lives lives = { .c = c,
		.writes = rm_case_ops(c) / (ROUNDS + 1) / threads + 1,
		.error = error };
	size_t before, after;

	if (!(c->impl->caps & RM_CAP_SLOW_WRITES) &&
	        lives.writes * ROUNDS * threads < LEAST_WRITES)
		lives.writes = LEAST_WRITES / ROUNDS / threads + 1;
	if (live_once(&lives))
		return -1;
	before = held_bytes();
	for (int i = 0; i < ROUNDS; i++)
		if (live_once(&lives))
			return -1;
	after = held_after(c, before + SLACK_BYTES);
	if (after <= before + SLACK_BYTES)
		return 0;
	return rm_error_set(error, -1,
	        "%zu bytes are not freed after %d maps were destroyed, each "
	        "after %llu writes by %u threads",
	        after - before, ROUNDS, (unsigned long long)lives.writes,
	        threads);
}
