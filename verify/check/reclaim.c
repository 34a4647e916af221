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
#include "verify/check/internal.h"

#include <malloc.h>
#include <math.h>
#include <sched.h>
#include <string.h>

enum {
	KEYS = 256,
	ROUNDS = 3,          /* and one before, that fills caches */
	SLACK_BYTES = 16384, /* of the C library, of libraries below a map */
	FEW_RETIRED = 5000,  /* below, nothing need be freed yet */
	PATIENCE_S = 30,     /* for a thread of the map that frees */
	/* in all, if there is time, so that a small leak is above SLACK */
	LEAST_WRITES = 120000
};

/* Most time for what LEAST_WRITES adds to a life: a fair lock that spins needs
   half a minute for it where the machine is busy. */
static const uint64_t ADDED_NS = 500000000U;

/* What each thread does in one life. */
struct writes {
	uint64_t asked; /* that are done however late it is */
	uint64_t most;
	unsigned writers; /* the others only read */
};

/* Bytes that are allocated; caches of threads that ended are given back. */
static size_t held_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Replaces, inserts and removes, so that everything is retired in turn. */
static void churn_plain(struct rm_peer *peer, uint64_t n)
{
	uint64_t rank = rm_next(&peer->rng) % KEYS;

	rm_peer_upsert(peer, rank, rm_peer_value(peer, rank));
	rank = rm_next(&peer->rng) % KEYS;
	if (n % 2)
		rm_peer_remove(peer, rank);
}

static bool replace(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	(void)old;
	*value = *(const struct rm_value *)context;
	return true;
}

/* Writes that the map offers beside these, those among them that lose: an
   insert_if_absent of a key that is there, a compare_swap that expects another
   value, both of which may have allocated what nobody gets. */
static void churn_other(struct rm_peer *peer, uint64_t n)
{
	const struct rm_map_ops *ops = peer->ops;
	const uint64_t rank = rm_next(&peer->rng) % KEYS;
	const struct rm_key key = rm_peer_key(peer, rank);
	struct rm_value value = rm_peer_value(peer, rank);
	struct rm_value old = rm_peer_value(peer, rank);

	if (n % 4 == 0 && ops->insert_if_absent)
		ops->insert_if_absent(
		        peer->thread, peer->shape, key, &value, &old);
	if (n % 4 == 1 && ops->compare_swap)
		ops->compare_swap(peer->thread, peer->shape, key, &old, &value);
	if (n % 4 == 2 && ops->exchange)
		ops->exchange(peer->thread, peer->shape, key, &value, &old);
	if (n % 4 == 3 && ops->update)
		ops->update(peer->thread, peer->shape, key, replace, &value);
	if (n % 64 == 5 && ops->take)
		ops->take(peer->thread, peer->shape, key, &old);
	if (n % 64 == 6 && ops->compare_remove)
		ops->compare_remove(peer->thread, peer->shape, key, &value);
	if (n % 2048 == 7 && ops->clear)
		ops->clear(peer->thread);
}

static bool pass(void *context, struct rm_key key, const struct rm_value *value)
{
	(void)context;
	(void)key;
	(void)value;
	return true;
}

/* What is retired may stay because of those that read meanwhile, as where each
   of two leaves it to the other to free. */
static void read_beside(struct rm_peer *peer, uint64_t n)
{
	const struct rm_map_ops *ops = peer->ops;
	struct rm_value value;

	rm_peer_lookup(peer, rm_next(&peer->rng) % KEYS, &value);
	if (!rm_impl_views(peer->peers->c->impl))
		return;
	if (n % 64 == 8 && ops->length)
		ops->length(peer->thread);
	if (n % 1024 == 9 && ops->scan)
		ops->scan(peer->thread, peer->shape, pass, NULL);
}

static void churn(struct rm_peer *peer)
{
	const struct writes *writes = peer->peers->context;

	for (uint64_t n = 0; n < writes->most; n++) {
		if (n < writes->asked ? !rm_peer_tick(peer)
		                      : !rm_peer_another(peer))
			break;
		read_beside(peer, n);
		if (peer->slot >= writes->writers)
			continue;
		if (n / 4096 % 2)
			churn_other(peer, n);
		else
			churn_plain(peer, n);
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
		rm_witness_goes_on(); /* patience is ours, not the map's */
		sched_yield();
	} while (rm_now_ns() - start_ns < PATIENCE_S * (uint64_t)1000000000);
	return true;
}

/* A map from its creation to its end. */
static int life(const struct rm_check_case *c, struct writes *writes,
        struct rm_error *error)
{
	void *map = rm_case_create(c, KEYS, false, error);
	struct counts counts;
	int code;

	if (!map)
		return -1;
	code = rm_peers_run(
	        c, map, rm_case_threads(c, false), churn, writes, error);
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
	struct rm_check_case c; /* of this one: its part of the time */
	struct writes writes;
	struct rm_error *error;
	int code;
};

/* On a thread of its own, whose cache of freed memory ends with it. */
static void *live(void *argument)
{
	struct lives *lives = argument;

	lives->code = life(&lives->c, &lives->writes, lives->error);
	return NULL;
}

/* The next of `left` lives, with as much of the time as each of the others: one
   that fills caches must not be the only one that is long. */
static int live_once(
        struct lives *lives, const struct rm_check_case *c, unsigned left)
{
	const uint64_t now_ns = rm_now_ns();
	pthread_t thread;

	lives->c = *c;
	if (!c->until_ns)
		lives->c.until_ns = now_ns + ADDED_NS;
	else if (c->until_ns > now_ns)
		lives->c.until_ns = now_ns + (c->until_ns - now_ns) / left;
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
		rm_witness_goes_on();
		rm_sleep_until(rm_now_ns() + 1000000);
		held = held_bytes();
	}
	return held;
}

/* A case without an end of its time has all that it asks for. */
static struct writes choose_writes(const struct rm_check_case *c)
{
	const unsigned writers = rm_case_writers(c, false);
	const uint64_t of_each = rm_case_ops(c) / (ROUNDS + 1) / writers + 1;
	struct writes writes = { .asked = c->until_ns ? 0 : of_each,
		.most = of_each,
		.writers = writers };

	if (!(c->impl->caps & RM_CAP_SLOW_WRITES) &&
	        of_each * ROUNDS * writers < LEAST_WRITES)
		writes.most = LEAST_WRITES / ROUNDS / writers + 1;
	return writes;
}

int rm_check_reclaim(const struct rm_check_case *c, struct rm_error *error)
{
	struct lives lives = { .writes = choose_writes(c), .error = error };
	size_t before, after;

	if (live_once(&lives, c, ROUNDS + 1))
		return -1;
	before = held_bytes();
	for (unsigned left = ROUNDS; left; left--)
		if (live_once(&lives, c, left))
			return -1;
	after = held_after(c, before + SLACK_BYTES);
	if (after <= before + SLACK_BYTES)
		return 0;
	return rm_error_set(error, -1,
	        "%zu bytes are not freed after %d maps were destroyed, each "
	        "after at most %llu writes of each of %u threads",
	        after - before, ROUNDS, (unsigned long long)lives.writes.most,
	        lives.writes.writers);
}
