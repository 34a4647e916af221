/* SPDX-License-Identifier: Apache-2.0 */
/* sessions_facts.h - tests sessions with any state: operations, scans, checks,
   the loop that keeps sessions open, and memory leaks. The includer defines
   SESSION_STATE. */
#ifndef RM_TEST_SESSIONS_FACTS_H
#define RM_TEST_SESSIONS_FACTS_H

#include "tests/unit/support/counted_heap.h"
/* included after counted_heap.h, so that their allocations are counted */
#include "impls/slab/sessions.h"
#include "runner/driver.h"
#include "tests/unit/tap.h"
#include "tests/unit/wanted_stat.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEYS = 300 };

static const struct rm_map_ops ops = { SESSIONS_OPS };

/* Returns keys of several lengths: empty, short, exactly fitting, longer. */
static struct rm_key some_key(struct rm_shape shape, unsigned n)
{
	static const size_t lengths[] = { 16, 17, 9, 40 };
	static char bytes[KEYS + 1][40];
	struct rm_key key = { .word = n * 77 };

	if (!shape.str)
		return key;
	memset(bytes[n], 'a', sizeof(bytes[n]));
	snprintf(bytes[n], 8, "%u", n);
	key.bytes = bytes[n];
	key.length = n ? lengths[n % 4] : 0;
	return key;
}

static struct sessions *map_of(struct rm_shape shape, size_t keys)
{
	const struct rm_sizing sizing = {
		.keys = keys, .threads = 1, .shape = shape, .seed = 7
	};

	return ops.create(&sizing);
}

static bool value_matches(struct rm_shape shape, const struct rm_value *value,
        unsigned n, uint64_t sequence)
{
	const struct rm_value wanted = rm_value_of(n, 1, sequence);

	return !memcmp(value, &wanted, shape.value_bytes);
}

/* Writes all keys with sequence 1, then 2, and removes the odd ones. */
static bool write_and_remove_all(struct sessions *map, struct rm_shape shape)
{
	bool right = true;

	for (unsigned n = 0; n < KEYS; n++) {
		const struct rm_key key = some_key(shape, n);
		const struct rm_value first = rm_value_of(n, 1, 1),
		                      second = rm_value_of(n, 1, 2);
		struct rm_value old = { { 0 } };

		right &= !ops.lookup(map, shape, key, &old) && !old.word[0];
		right &= !rm_map_upsert(&ops, map, shape, key, &first);
		right &= ops.lookup(map, shape, key, &old) &&
		         value_matches(shape, &old, n, 1);
		old = (struct rm_value){ { 0 } };
		right &= ops.exchange(map, shape, key, &second, &old) &&
		         value_matches(shape, &old, n, 1);
		right &= ops.length(map) == n + 1;
	}
	for (unsigned n = 1; n < KEYS; n += 2)
		right &= rm_map_remove(&ops, map, shape, some_key(shape, n)) &&
		         !rm_map_remove(&ops, map, shape, some_key(shape, n));
	for (unsigned n = 0; n < KEYS; n++) {
		struct rm_value value;

		right &= ops.lookup(map, shape, some_key(shape, n), &value) ==
		         (n % 2 == 0);
		right &= n % 2 || value_matches(shape, &value, n, 2);
	}
	return right && ops.length(map) == KEYS / 2;
}

static bool check_conditional_operations(
        struct sessions *map, struct rm_shape shape)
{
	const struct rm_key key = some_key(shape, KEYS);
	const struct rm_value first = rm_value_of(KEYS, 1, 1),
	                      second = rm_value_of(KEYS, 1, 2);
	struct rm_value value = { { 0 } };
	bool right;

	right = !ops.take(map, shape, key, &value) && !value.word[0] &&
	        !ops.compare_swap(map, shape, key, &first, &second) &&
	        !ops.lookup(map, shape, key, &value);
	right &= !ops.insert_if_absent(map, shape, key, &first, &value) &&
	         ops.insert_if_absent(map, shape, key, &second, &value) &&
	         value_matches(shape, &value, KEYS, 1);
	right &= !ops.compare_swap(map, shape, key, &second, &second) &&
	         ops.lookup(map, shape, key, &value) &&
	         value_matches(shape, &value, KEYS, 1);
	right &= ops.compare_swap(map, shape, key, &first, &second) &&
	         !ops.compare_swap(map, shape, key, &first, &second);
	value = (struct rm_value){ { 0 } };
	right &= ops.take(map, shape, key, &value) &&
	         value_matches(shape, &value, KEYS, 2) &&
	         !ops.exchange(map, shape, key, &first, &value) &&
	         rm_map_remove(&ops, map, shape, key);
	return right;
}

struct visit {
	unsigned seen[KEYS], all, most;
	struct rm_shape shape;
	bool right;
};

static bool visit_entry(
        void *context, struct rm_key key, const struct rm_value *value)
{
	struct visit *visit = context;
	const unsigned n = (uint32_t)value->word[0] % KEYS;
	const struct rm_key wanted = some_key(visit->shape, n);

	visit->right &=
	        value_matches(visit->shape, value, n, 2) &&
	        key.length == wanted.length &&
	        key.word == (visit->shape.str ? 0 : wanted.word) &&
	        (!key.length || !memcmp(key.bytes, wanted.bytes, key.length));
	visit->seen[n]++;
	return ++visit->all < visit->most;
}

/* Scans the remaining keys, the even ones. */
static bool check_scans(struct sessions *map, struct rm_shape shape)
{
	struct visit visit = {
		.most = UINT32_MAX, .shape = shape, .right = true
	};

	ops.scan(map, shape, visit_entry, &visit);
	for (unsigned n = 0; n < KEYS; n++)
		visit.right &= visit.seen[n] == (n % 2 == 0);
	for (unsigned most = 1; most < 20; most++) {
		visit.most = most;
		visit.all = 0;
		ops.scan(map, shape, visit_entry, &visit);
		visit.right &= visit.all == most;
	}
	return visit.right;
}

/* There are at least as many buckets as stripes (64), so chains are long. */
static void check_shape(struct rm_shape shape, size_t keys)
{
	struct sessions *map = map_of(shape, keys);
	char fact[120], why[100] = "";

	snprintf(fact, sizeof(fact),
	        "%s keys, %u bytes, %zu buckets: operations return the right "
	        "results",
	        shape.str ? "string" : "u64", shape.value_bytes,
	        (size_t)map->mask + 1);
	CHECK(write_and_remove_all(map, shape) &&
	                check_conditional_operations(map, shape),
	        fact);
	CHECK(check_scans(map, shape),
	        "a scan visits each key once and stops on request");
	CHECK(ops.check(map, why, sizeof(why)) && !why[0],
	        "the map's check passes");
	ops.destroy(map);
	CHECK(heap_held == 0, "all memory is freed");
}

static void check_sizes(void)
{
	static const size_t keys[] = { 0, 64, 65, 128, 1000 },
	                    buckets[] = { 64, 64, 128, 128, 1024 };
	bool right = true;

	for (size_t i = 0; i < 5; i++) {
		struct sessions *map = map_of(RM_U64X8, keys[i]);

		right &= map->mask == buckets[i] - 1;
		ops.destroy(map);
	}
	CHECK(right, "there are as many buckets as keys, but at least 64");
	heap_is_full = true;
	CHECK(!map_of(RM_U64X8, 10), "if memory runs out, create returns NULL");
	struct rm_worker worker = { .slot = 0 };

	CHECK(!life_open_all(&worker) && !worker.held,
	        "if memory runs out, the loop opens no sessions");
	heap_is_full = false;
}

/* An upsert cannot fail; if memory runs out, the program prints why and
   aborts. */
static bool ends_without_memory(void)
{
	struct sessions *map = map_of(RM_U64X8, 10);
	const struct rm_value value = rm_value_of(1, 1, 1);
	int pipe_ends[2], status = 0;
	char why[100] = "";
	pid_t child;

	if (pipe(pipe_ends))
		return false;
	child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(pipe_ends[1], STDERR_FILENO);
		heap_is_full = true;
		rm_map_upsert(
		        &ops, map, RM_U64X8, some_key(RM_U64X8, 1), &value);
		_exit(0);
	}
	close(pipe_ends[1]);
	waitpid(child, &status, 0);
	ops.destroy(map);
	const bool printed = read(pipe_ends[0], why, sizeof(why) - 1) > 0 &&
	                     strstr(why, "no memory for another entry");

	close(pipe_ends[0]);
	return printed && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static bool check_reports(struct sessions *map, const char *wanted)
{
	char why[100] = "";

	return !ops.check(map, why, sizeof(why)) && !strcmp(why, wanted);
}

static void check_reports_faults(void)
{
	struct sessions *map = map_of(RM_U64X8, 64);
	struct session **link, **other, *found;
	const struct rm_value value = rm_value_of(1, 1, 1);

	rm_map_upsert(&ops, map, RM_U64X8, some_key(RM_U64X8, 1), &value);
	link = session_place(map, RM_U64X8, some_key(RM_U64X8, 1)).bucket;
	map->stripes[3].open++;
	CHECK(check_reports(map, "sessions are counted wrongly"),
	        "the check detects a wrong count");
	map->stripes[3].open--;
	other = link == map->buckets ? link + map->mask : map->buckets;
	found = *link;
	*other = found;
	*link = NULL;
	CHECK(check_reports(map, "a session is in a wrong chain"),
	        "the check detects a session in the last or first chain");
	*link = found;
	*other = NULL;
	CHECK(!check_reports(map, ""),
	        "the check finds nothing wrong in a correct map");
	ops.destroy(map);
}

/* Returns a worker that keeps sessions open. */
static struct rm_worker worker_of(struct sessions *map, const uint64_t args[3])
{
	return (struct rm_worker){ .thread = map,
		.resident = 20,
		.threads = 3,
		.slot = 1,
		.rng = 5,
		.loop_args = args,
		.iterations_limit = 3000 };
}

static void the_loop_counts(void)
{
	const uint64_t args[] = { 4, 6, 1 };
	struct sessions *map = map_of(RM_U64X24, 64);
	struct rm_worker worker = worker_of(map, args);
	atomic_bool stop = false;
	struct rm_counts *counts = &worker.counts;

	worker.stop = &stop;
	CHECK(life_open_all(&worker) && ops.length(map) == 7 &&
	                counts->inserts == 7 && counts->writes == 7,
	        "a thread opens its share of 20 sessions, 7");
	sessions_loops[0].run(&worker);
	CHECK(counts->iterations == 3000 && counts->pairs > 500 &&
	                counts->pairs < 700,
	        "one step in five closes a session and opens another");
	CHECK(counts->removes == counts->pairs &&
	                counts->inserts == counts->pairs + 7 &&
	                counts->writes == 2 * counts->pairs + 7 &&
	                ops.length(map) == 7 && !counts->wrong,
	        "the number of open sessions is unchanged, and all answers are "
	        "right");
	worker.write_below = UINT32_MAX;
	counts->iterations = counts->writes = counts->pairs = 0;
	sessions_loops[0].run(&worker);
	CHECK(counts->writes == 3000 + counts->pairs && !counts->wrong,
	        "each write is counted");
	life_close_all(&worker);
	CHECK(ops.length(map) == 0 && !worker.held && !counts->wrong,
	        "at the end the thread's sessions are closed");
	ops.destroy(map);
	CHECK(heap_held == 0, "after the loop all memory is freed");
}

/* Gives one field of one session a wrong value. */
static void wrong_fields_are_detected(void)
{
	const uint64_t args[] = { 4, 6, 1 };
	struct sessions *map = map_of(RM_U64X24, 64);
	struct rm_worker worker = worker_of(map, args);
	atomic_bool stop = true;
	const struct ring *ring;

	worker.stop = &stop;
	life_open_all(&worker);
	ring = worker.held;
	sessions_loops[0].run(&worker);
	CHECK(worker.counts.iterations == 0,
	        "a stopped thread runs no iteration");
	stop = false;
	session_write(ring->sessions[6], 3 + 5, 1);
	for (unsigned i = 0; i < 3000 && !worker.counts.wrong; i++)
		life_touch(worker.held, rm_next(&worker.rng));
	CHECK(worker.counts.wrong, "a wrong field value is detected");
	life_close_all(&worker);
	ops.destroy(map);
}

static int sessions_facts(void)
{
	const struct rm_shape shapes[] = { RM_U64X8, RM_U64X24, RM_STR16X8,
		RM_STR16X24 };

	for (size_t i = 0; i < RM_SHAPES; i++) {
		check_shape(shapes[i], 64);
		check_shape(shapes[i], KEYS);
	}
	check_sizes();
	CHECK(ends_without_memory(),
	        "an upsert for which memory runs out prints why and aborts");
	check_reports_faults();
	the_loop_counts();
	wrong_fields_are_detected();
	CHECK(heap_held == 0, "all memory is freed");
	return DONE();
}

#endif /* RM_TEST_SESSIONS_FACTS_H */
