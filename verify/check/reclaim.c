/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim.c - checks that retired memory is freed: gradually while the map is
 * used, and all of it by destroy(). After all threads have left, the counters
 * of the map (in the stats build) are read. After destroy() no more memory may
 * be allocated than before create(); the check waits for this, if necessary.
 * liburcu frees a table that resizes itself on its own thread, since 0.14 also
 * after the call that destroys it. Under sanitizers, the leak checker replaces
 * the test after destroy(). */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "verify/check/allocated.h"

#include <math.h>
#include <sched.h>
#include <string.h>

enum {
	KEYS = 256,
	ROUNDS = 3, /* number of maps, after a first map that fills caches */
	/* tolerated for the C library and libraries of a map */
	SLACK_BYTES = 16384,
	LIMIT_BYTES = 65536, /* rm_sizing.retired_limit_bytes */
	OBJECT_BYTES = 8,    /* size of the smallest object */
	/* writes to all maps together, if there is time, so that a small leak
	 * exceeds SLACK_BYTES */
	WRITES_MIN = 120000
};

/* Maximum extra time for the writes to one map that WRITES_MIN requires. With a
 * fair spinning lock these writes take half a minute on a busy machine. */
static const uint64_t ADDED_NS = 500000000U;

/* Operations of each thread on one map. */
struct writes {
	uint64_t required; /* writes that are done even if time is over */
	uint64_t max_ops;
	unsigned writers; /* the other threads only read */
};

/* Replaces, inserts and removes values, so that all entries are retired in
 * turn. */
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

/* Makes the other writes that the map offers, including failed ones:
 * insert_if_absent of a present key, and compare_swap with a wrong value. Both
 * may allocate memory that must be freed again. */
static void churn_optional(struct rm_peer *peer, uint64_t n)
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

static bool accept_entry(
        void *context, struct rm_key key, const struct rm_value *value)
{
	(void)context;
	(void)key;
	(void)value;
	return true;
}

/* Runs readers, which may keep retired memory alive, for example if each of two
 * threads relies on the other to free it. */
static void read_some(struct rm_peer *peer, uint64_t n)
{
	const struct rm_map_ops *ops = peer->ops;
	struct rm_value value;

	rm_peer_lookup(peer, rm_next(&peer->rng) % KEYS, &value);
	if (!rm_impl_guarantees_views(peer->peers->c->impl))
		return;
	if (n % 64 == 8 && ops->length)
		ops->length(peer->thread);
	if (n % 1024 == 9 && ops->scan)
		ops->scan(peer->thread, peer->shape, accept_entry, NULL);
}

static void churn(struct rm_peer *peer)
{
	const struct writes *writes = peer->peers->context;

	for (uint64_t n = 0; n < writes->max_ops; n++) {
		if (n < writes->required ? !rm_peer_tick(peer)
		                         : !rm_peer_tick_in_time(peer))
			break;
		read_some(peer, n);
		if (peer->slot >= writes->writers)
			continue;
		if (n / 4096 % 2)
			churn_optional(peer, n);
		else
			churn_plain(peer, n);
	}
}

struct counts {
	double retired, freed;
};

static void store_count(
        void *context, const char *name, const char *unit, double value)
{
	struct counts *counts = context;

	(void)unit;
	if (!strcmp(name, "retired"))
		counts->retired = value;
	if (!strcmp(name, "freed"))
		counts->freed = value;
}

/* Returns true if more than half of the retired objects are unfreed although no
 * thread uses the map, and if the unfreed objects exceed the limit of retired
 * memory times the number of threads. */
static bool retains_retired(
        const struct rm_check_case *c, void *map, struct counts *counts)
{
	const uint64_t start_ns = rm_now_ns();
	const double most = (double)c->threads * LIMIT_BYTES / OBJECT_BYTES;

	do {
		*counts = (struct counts){ (double)NAN, (double)NAN };
		c->impl->ops->stats(map, store_count, counts);
		/* also false if a count is NaN, that is, not counted in this
		 * build */
		if (!(counts->retired - counts->freed > most &&
		            counts->freed < counts->retired / 2))
			return false;
		/* the check itself must wait for the threads of the map */
		rm_witness_count_progress();
		sched_yield();
	} while (rm_now_ns() - start_ns < WAIT_MAX_S * (uint64_t)1000000000);
	return true;
}

/* Creates, uses and destroys one map. */
static int run_map(const struct rm_check_case *c, struct writes *writes,
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
	        retains_retired(c, map, &counts))
		code = rm_error_set(error, -1,
		        "all threads have left, but of %.0f retired objects "
		        "only %.0f are freed, and the map does not declare a "
		        "leak",
		        counts.retired, counts.freed);
	c->impl->ops->destroy(map);
	return code;
}

struct map_run {
	/* a copy of the case that ends with the time of this map */
	struct rm_check_case c;
	struct writes writes;
	struct rm_error *error;
	int code;
};

/* On a new thread, whose cache of freed memory is released at its end. */
static void *run_on_thread(void *argument)
{
	struct map_run *map_run = argument;

	map_run->code = run_map(&map_run->c, &map_run->writes, map_run->error);
	return NULL;
}

/* Runs the next of `left` maps in an equal part of the remaining time: the
 * first map, which fills caches, must not use up the time. */
static int run_next_map(
        struct map_run *map_run, const struct rm_check_case *c, unsigned left)
{
	const uint64_t now_ns = rm_now_ns();
	pthread_t thread;

	map_run->c = *c;
	map_run->c.retired_limit_bytes = LIMIT_BYTES;
	if (!c->until_ns)
		map_run->c.until_ns = now_ns + ADDED_NS;
	else if (c->until_ns > now_ns)
		map_run->c.until_ns = now_ns + (c->until_ns - now_ns) / left;
	const int code = pthread_create(&thread, NULL, run_on_thread, map_run);

	if (code) {
		rm_check_report_no_thread(1, 1, code);
		return rm_error_set(map_run->error, -1, "no thread");
	}
	pthread_join(thread, NULL);
	return map_run->code;
}

/* A case without a time limit runs all its operations. */
static struct writes choose_writes(const struct rm_check_case *c)
{
	const unsigned writers = rm_case_writers(c, false);
	const uint64_t per_thread = rm_case_ops(c) / (ROUNDS + 1) / writers + 1;
	struct writes writes = { .required = c->until_ns ? 0 : per_thread,
		.max_ops = per_thread,
		.writers = writers };

	if (!(c->impl->caps & RM_CAP_SLOW_WRITES) &&
	        per_thread * ROUNDS * writers < WRITES_MIN)
		writes.max_ops = WRITES_MIN / ROUNDS / writers + 1;
	return writes;
}

int rm_check_reclaim(const struct rm_check_case *c, struct rm_error *error)
{
	struct map_run map_run = { .writes = choose_writes(c), .error = error };
	size_t before, after;

	if (run_next_map(&map_run, c, ROUNDS + 1))
		return -1;
	before = allocated_bytes();
	for (unsigned left = ROUNDS; left; left--)
		if (run_next_map(&map_run, c, left))
			return -1;
	after = wait_for_bytes(c, NULL, before + SLACK_BYTES);
	if (after <= before + SLACK_BYTES)
		return 0;
	return rm_error_set(error, -1,
	        "%zu bytes are still allocated after %d maps were destroyed, "
	        "each after at most %llu writes by each of %u threads",
	        after - before, ROUNDS,
	        (unsigned long long)map_run.writes.max_ops,
	        map_run.writes.writers);
}
