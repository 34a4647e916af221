/* SPDX-License-Identifier: Apache-2.0 */
/* Every lock wrapper reports its waits. One thread holds a map's lock until it
   sees that another waits for it. So the test also knows when a writer waits
   for readers. This test is linked with the stats objects. */
#include "runner/impl.h"
#include "runner/trial/events.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"
#include "tests/unit/wanted_stat.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 6 };

static const struct rm_shape shape = { .value_bytes = 8 };
static const struct rm_key the_key = { .word = 1 };

/* Returns the current value of a statistic; or NAN if there is none. */
static double stat_of(const char *name)
{
	struct wanted_stat wanted = { name, (double)NAN };

	rm_lock_waits_emit(take_wanted, &wanted);
	rm_events_emit(take_wanted, &wanted);
	return wanted.value;
}

static void sample(const char *n)
{
	struct rm_error error = { "" };

	setenv("RM_LOCK_SAMPLE", n, 1);
	if (rm_lock_waits_configure(&error))
		abort();
}

/* Two threads that use one lock. */
struct pair {
	const struct rm_map_ops *ops;
	void *map;
	bool writes;            /* operation of the waiting thread */
	atomic_uint held, done; /* number of rounds */
	double before;          /* count of contended locks when the lock was
	                           taken */
};

static const char *contended(const struct pair *pair)
{
	return pair->writes ? "lock_write_contended" : "lock_read_contended";
}

static void *wait_for_lock(void *argument)
{
	struct pair *pair = argument;
	void *thread = pair->ops->join(pair->map, 1);
	struct rm_value value = { { 3 } };

	for (unsigned round = 1; round <= ROUNDS; round++) {
		while (atomic_load(&pair->held) < round)
			sched_yield();
		if (pair->writes)
			rm_map_upsert(
			        pair->ops, thread, shape, the_key, &value);
		else
			pair->ops->lookup(thread, shape, the_key, &value);
		atomic_store(&pair->done, round);
	}
	pair->ops->leave(thread);
	return NULL;
}

/* Runs under the map's lock until the other thread waits. */
static bool hold(
        void *context, const struct rm_value *old, struct rm_value *value)
{
	struct pair *pair = context;

	(void)old;
	pair->before = stat_of(contended(pair));
	atomic_fetch_add(&pair->held, 1);
	while (stat_of(contended(pair)) < pair->before + 1)
		sched_yield();
	*value = (struct rm_value){ { 2 } };
	return true;
}

static void contend(const struct rm_impl *impl, bool writes)
{
	struct rm_sizing sizing = { .keys = 8, .threads = 2, .shape = shape };
	struct pair pair = { .ops = impl->ops, .writes = writes };
	pthread_t waiter;

	pair.map = pair.ops->create(&sizing);
	void *thread = pair.ops->join(pair.map, 0);

	pthread_create(&waiter, NULL, wait_for_lock, &pair);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		pair.ops->update(thread, shape, the_key, hold, &pair);
		while (atomic_load(&pair.done) < round)
			sched_yield();
	}
	pthread_join(waiter, NULL);
	pair.ops->leave(thread);
	pair.ops->destroy(pair.map);
}

static double bins(void)
{
	return stat_of("lock_waits_below_1us") +
	       stat_of("lock_waits_below_10us") +
	       stat_of("lock_waits_below_100us") +
	       stat_of("lock_waits_below_1ms") +
	       stat_of("lock_waits_below_10ms") + stat_of("lock_waits_longer");
}

static void each_wait_is_seen(const struct rm_impl *impl, bool writes)
{
	const char *side = writes ? "write" : "read";
	char name[100], taken[32], waited[32];

	snprintf(taken, sizeof(taken), "lock_%ss", side);
	snprintf(waited, sizeof(waited), "lock_%s_contended", side);
	double before = stat_of(waited), all = stat_of(taken);
	double timed = stat_of("lock_waits_timed"),
	       ns = stat_of("lock_wait_ns");

	contend(impl, writes);
	snprintf(name, sizeof(name), "%s: each of %d waits to %s is counted",
	        impl->id, ROUNDS, side);
	CHECK(stat_of(waited) == before + ROUNDS &&
	                stat_of(taken) >= all + ROUNDS,
	        name);
	snprintf(name, sizeof(name), "%s: the waits are timed", impl->id);
	CHECK(stat_of("lock_waits_timed") == timed + ROUNDS &&
	                stat_of("lock_wait_ns") > ns &&
	                bins() == stat_of("lock_waits_timed"),
	        name);
}

/* Two readers that hold a map's lock, and a waiting writer. */
struct scene {
	const struct rm_map_ops *ops;
	void *map;
	atomic_uint inside;
	atomic_bool may_leave, written;
};

static bool stay(void *context, struct rm_key key, const struct rm_value *value)
{
	struct scene *scene = context;

	(void)key, (void)value;
	atomic_fetch_add(&scene->inside, 1);
	while (!atomic_load(&scene->may_leave))
		sched_yield();
	return false;
}

/* This scan holds the read lock until it may leave. */
static void *read_long(void *argument)
{
	static atomic_uint slots;
	struct scene *scene = argument;
	void *thread = scene->ops->join(
	        scene->map, 1 + atomic_fetch_add(&slots, 1) % 2);

	scene->ops->scan(thread, shape, stay, scene);
	scene->ops->leave(thread);
	return NULL;
}

static void *write_once(void *argument)
{
	struct scene *scene = argument;
	void *thread = scene->ops->join(scene->map, 0);
	struct rm_value value = { { 2 } };

	rm_map_upsert(scene->ops, thread, shape, the_key, &value);
	atomic_store(&scene->written, true);
	scene->ops->leave(thread);
	return NULL;
}

static void *map_of_one(const struct rm_map_ops *ops)
{
	struct rm_sizing sizing = { .keys = 8, .threads = 3, .shape = shape };
	struct rm_value value = { { 1 } };
	void *map = ops->create(&sizing), *thread = ops->join(map, 0);

	rm_map_upsert(ops, thread, shape, the_key, &value);
	ops->leave(thread);
	return map;
}

static void readers_share(const char *id)
{
	const struct rm_impl *impl = rm_impl_find(id);
	struct scene scene = { .may_leave = false };
	pthread_t readers[2], writer;
	char fact[120];
	bool outside;

	snprintf(fact, sizeof(fact), "%s: readers share, writers do not", id);
	if (!impl) {
		SKIP(fact, "not in this build");
		return;
	}
	scene.ops = impl->ops;
	scene.map = map_of_one(impl->ops);
	for (int i = 0; i < 2; i++)
		pthread_create(&readers[i], NULL, read_long, &scene);
	while (atomic_load(&scene.inside) < 2)
		sched_yield();
	double before = stat_of("lock_write_contended");

	pthread_create(&writer, NULL, write_once, &scene);
	while (stat_of("lock_write_contended") == before &&
	        !atomic_load(&scene.written))
		sched_yield();
	/* The writer waits for the lock. A faulty lock would let it in during
	   these yields; a correct one never does. */
	for (int i = 0; i < 200; i++)
		sched_yield();
	outside = !atomic_load(&scene.written);
	atomic_store(&scene.may_leave, true);
	for (int i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	pthread_join(writer, NULL);
	CHECK(outside && atomic_load(&scene.written), fact);
	impl->ops->destroy(scene.map);
}

/* True if a wait of this length is counted in this bin. */
static bool falls_into(const char *bin, uint64_t wait_ns)
{
	double before = stat_of(bin), all = bins();

	rm_lock_begin(RM_LOCK_READ);
	rm_lock_wait_begin();
	/* rm_lock_end() reads the clock once more */
	atomic_fetch_add(&played_ns, wait_ns - PLAYED_READING_NS);
	rm_lock_end();
	if (stat_of(bin) != before + 1)
		printf("# %.0f ns: not in %s\n", (double)wait_ns, bin);
	return stat_of(bin) == before + 1 && bins() == all + 1;
}

/* With the simulated clock, times are exact to the nanosecond. */
static void edges_of_bins(void)
{
	static const struct {
		const char *below;
		uint64_t ns;
	} edges[] = { { "lock_waits_below_1us", 1000 },
		{ "lock_waits_below_10us", 10000 },
		{ "lock_waits_below_100us", 100000 },
		{ "lock_waits_below_1ms", 1000000 },
		{ "lock_waits_below_10ms", 10000000 },
		{ "lock_waits_longer", 0 } };
	bool right = true;

	for (int i = 0; edges[i].ns; i++) {
		right &= falls_into(edges[i].below, edges[i].ns - 1);
		right &= falls_into(edges[i + 1].below, edges[i].ns);
	}
	CHECK(right, "bins end at the time in their name");
	CHECK(falls_into("lock_waits_longer", 36000000000000) &&
	                stat_of("lock_wait_max_ns") == 36000000000000,
	        "the longest wait is kept");
}

/* A difference of maxima would be meaningless, as for the longest pauses. */
static void the_longest_wait_is_of_the_window(const struct rm_impl *impl)
{
	struct rm_request request = { .counters = json_pack(
		                              "{s:s}", "backend", "none"),
		.cell = { .shape = shape,
		        .keys = 8,
		        .threads = 1,
		        .memory = "first-touch",
		        .write_share = 0.5,
		        .window_ops = 64,
		        .deadline_ns = 60000000000,
		        .measure = RM_MEASURE_CAUSES } };
	struct rm_team team;

	CHECK(falls_into("lock_waits_longer", 36000000000000),
	        "a long wait before a window is counted");
	rm_team_run(&team, &request, impl);
	CHECK(stat_of("lock_wait_max_ns") == 0,
	        "without waits in the window the maximum is 0");
	rm_team_clear(&team);
	CHECK(falls_into("lock_waits_below_10us", 5000) &&
	                stat_of("lock_wait_max_ns") == 5000,
	        "in a later window the maximum is its longest wait, however "
	        "short");
	json_decref(request.counters);
}

static void sampling(const struct rm_impl *impl)
{
	double timed = stat_of("lock_waits_timed");
	double before = stat_of("lock_read_contended");

	sample("3");
	contend(impl, false);
	CHECK(stat_of("lock_sample") == 3 &&
	                stat_of("lock_waits_timed") == timed + ROUNDS / 3,
	        "1 in 3 is timed with RM_LOCK_SAMPLE=3");
	CHECK(stat_of("lock_read_contended") == before + ROUNDS,
	        "all waits are counted");
	sample("1");
}

static void sampling_can_be_off(const struct rm_impl *impl)
{
	struct rm_sizing sizing = { .keys = 8, .threads = 1, .shape = shape };
	double reads = stat_of("lock_reads"), writes = stat_of("lock_writes");
	void *map = impl->ops->create(&sizing);
	void *thread = impl->ops->join(map, 0);
	struct rm_value value = { { 1 } };

	sample("0");
	rm_map_upsert(impl->ops, thread, shape, the_key, &value);
	impl->ops->lookup(thread, shape, the_key, &value);
	CHECK(stat_of("lock_reads") == reads &&
	                stat_of("lock_writes") == writes,
	        "the sampling interval 0 counts nothing");
	sample("1");
	rm_map_upsert(impl->ops, thread, shape, the_key, &value);
	impl->ops->lookup(thread, shape, the_key, &value);
	CHECK(stat_of("lock_reads") == reads + 1 &&
	                stat_of("lock_writes") == writes + 1,
	        "the sampling interval 1 counts each acquisition once");
	impl->ops->leave(thread);
	impl->ops->destroy(map);
}

static void mistakes_are_refused(void)
{
	static const char *const wrong[] = { "", "-1", "x", "1x", "2000000000",
		"99999999999999999999" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct rm_error error = { "" };
		char name[80];

		setenv("RM_LOCK_SAMPLE", wrong[i], 1);
		snprintf(name, sizeof(name), "RM_LOCK_SAMPLE=%s is rejected",
		        wrong[i]);
		CHECK(rm_lock_waits_configure(&error) && error.text[0], name);
	}
	unsetenv("RM_LOCK_SAMPLE");
}

int main(void)
{
	static const char *const ids[] = { "gomap_rw", "gomap_mutex",
		"gomap_pthread_mutex", "gomap_pthread_rw_reader",
		"gomap_pthread_rw_writer", "gomap_ticket", "gomap_ck_brlock",
		"gomap_ck_pflock", "rwlock_probe", "shard_rw_32" };

	static const char *const shared[] = { "gomap_rw",
		"gomap_pthread_rw_reader", "gomap_pthread_rw_writer",
		"gomap_ck_brlock", "gomap_ck_pflock" };

	alarm(300); /* ends the test, which hangs if a wait is not reported */
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		const struct rm_impl *impl = rm_impl_find(ids[i]);

		if (!impl || !impl->ops->update) {
			SKIP(ids[i], "not in this build");
			continue;
		}
		each_wait_is_seen(impl, true);
		each_wait_is_seen(impl, false);
	}
	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		readers_share(shared[i]);
	edges_of_bins();
	the_longest_wait_is_of_the_window(rm_impl_find("gomap_rw"));
	sampling(rm_impl_find("gomap_rw"));
	sampling_can_be_off(rm_impl_find("gomap_rw"));
	mistakes_are_refused();
	return DONE();
}
