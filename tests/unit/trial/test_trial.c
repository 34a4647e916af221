/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trial against maps that are right and maps with planted faults: what
 * verification, window, control and open loop must see.
 */
#include "runner/base/clock.h"
#include "runner/driver.h"
#include "runner/impl_table.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_KEYS = 1 << 16 };

/* What the map of this file does wrong. */
static struct fault {
	uint64_t lose_insert, lose_update; /* each n-th of its kind; 0: none */
	bool neighbour;                    /* every 1000th lookup */
	uint64_t stall_ns;                 /* once, in the middle */
	bool waits_for_all; /* create..destroy: like a grace period */
} fault;

static _Atomic uint64_t slots[MOST_KEYS]; /* 0: absent; else value + 1 */
static _Atomic uint64_t turns, inserts, updates, online;

static void *create(const struct rm_sizing *sizing)
{
	(void)sizing;
	for (size_t i = 0; i < MOST_KEYS; i++)
		atomic_store(&slots[i], 0);
	atomic_store(&turns, 0);
	atomic_store(&inserts, 0);
	atomic_store(&updates, 0);
	atomic_store(&online, 0);
	return slots;
}

static void *join(void *map, size_t slot)
{
	(void)slot;
	atomic_fetch_add(&online, 1);
	return map;
}

static void leave(void *thread)
{
	(void)thread;
	atomic_fetch_sub(&online, 1);
}

static void unpark(void *thread)
{
	(void)thread;
	atomic_fetch_add(&online, 1);
}

static void nothing(void *thread)
{
	(void)thread;
}

/* Ends only when no thread is online: deadlocks unless waiters park. */
static void destroy(void *map)
{
	(void)map;
	while (fault.waits_for_all && atomic_load(&online))
		rm_cpu_relax();
}

static _Atomic uint64_t *slot_of(struct rm_key key)
{
	return &slots[(uint32_t)key.word % MOST_KEYS];
}

RM_HOT bool lookup(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	uint64_t turn = atomic_fetch_add(&turns, 1);

	(void)thread, (void)shape;
	if (fault.neighbour && turn % 1000 == 999)
		key.word++;
	if (fault.stall_ns && turn >= 2500) { /* in the window, once */
		rm_sleep_until(rm_now_ns() + fault.stall_ns);
		fault.stall_ns = 0;
	}
	value->word[0] = atomic_load(slot_of(key)) - 1;
	return value->word[0] != UINT64_MAX;
}

/* Operations of a kind have a count of their own: with one count for all, the
 * interleaving of the threads decides whether an n-th is of the kind. */
static bool is_nth(_Atomic uint64_t *count, uint64_t n)
{
	return n && (atomic_fetch_add(count, 1) + 1) % n == 0;
}

RM_HOT bool exchange(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value, struct rm_value *old)
{
	bool was_there = atomic_load(slot_of(key)) != 0;

	(void)thread, (void)shape;
	atomic_fetch_add(&turns, 1);
	if (!was_there && is_nth(&inserts, fault.lose_insert))
		return false;
	if (was_there && is_nth(&updates, fault.lose_update))
		old->word[0] = atomic_load(slot_of(key)) - 1;
	else
		old->word[0] =
		        atomic_exchange(slot_of(key), value->word[0] + 1) - 1;
	return old->word[0] != UINT64_MAX;
}

RM_HOT bool upsert(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	struct rm_value old;

	return exchange(thread, shape, key, value, &old);
}

RM_HOT bool take(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *old)
{
	(void)thread, (void)shape;
	old->word[0] = atomic_exchange(slot_of(key), 0) - 1;
	return old->word[0] != UINT64_MAX;
}

RM_HOT bool remove_key(void *thread, struct rm_shape shape, struct rm_key key)
{
	struct rm_value old;

	return take(thread, shape, key, &old);
}

static const struct rm_map_ops ops = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.park = leave,
	.unpark = unpark,
	.lookup = lookup,
	.upsert = upsert,
	.remove = remove_key,
	.exchange = exchange,
	.take = take,
	.quiesce = nothing,
};

RM_DRIVE(ops, u64x8, RM_U64X8)

static const struct rm_impl impl = {
	.id = "array", .shapes = 1, .ops = &ops, .drive = { drive_u64x8 }
};

static struct rm_request request_of(enum rm_write_kind kind)
{
	struct rm_request request = { .seed = 11,
		.counters = json_pack("{s:s}", "backend", "none"),
		.cell = { .id = "test",
		        .map = "array",
		        .shape = RM_U64X8,
		        .keys = 1000,
		        .write_share = 0.1,
		        .write_kind = kind,
		        .threads = 2,
		        .memory = "first-touch",
		        .presize = true,
		        .window_ops = 64000,
		        .deadline_ns = 60000000000,
		        .measure = RM_MEASURE_THROUGHPUT } };

	return request;
}

/* Runs the phases on this file's map and returns the result. */
static json_t *run(struct rm_request *request)
{
	struct rm_team team;
	json_t *result;

	rm_team_run(&team, request, &impl);
	result = rm_team_result(&team);
	rm_team_clear(&team);
	return result;
}

static const char *text_of(const json_t *result, const char *name)
{
	const char *text = json_string_value(json_object_get(result, name));

	return text ? text : "";
}

static json_int_t number_of(const json_t *result, const char *name)
{
	return json_integer_value(json_object_get(result, name));
}

static bool is(const json_t *result, const char *status, const char *reason)
{
	bool so = !strcmp(text_of(result, "status"), status) &&
	          strstr(text_of(result, "reason"), reason);

	if (!so)
		printf("# %s: %s\n", text_of(result, "status"),
		        text_of(result, "reason"));
	return so;
}

static void a_right_map_passes(void)
{
	static const enum rm_write_kind kinds[] = { RM_UPDATE, RM_CHURN };

	fault = (struct fault){ .waits_for_all = true };
	for (size_t i = 0; i < 2; i++) {
		struct rm_request request = request_of(kinds[i]);
		json_t *result = run(&request);

		CHECK(is(result, "ok", ""), "a right map passes, and a map "
		                            "that waits for all does not hang");
		json_decref(result);
		request.cell.measure = RM_MEASURE_VERIFY;
		request.cell.verify_ops = 100000;
		request.cell.window_ops = 0;
		result = run(&request);
		CHECK(is(result, "ok", ""), "its values add up");
		json_decref(result);
		json_decref(request.counters);
	}
}

static void lost_writes_are_caught(void)
{
	struct rm_request request = request_of(RM_CHURN);
	json_t *result;

	fault = (struct fault){ .lose_insert = 1501 };
	result = run(&request);
	CHECK(is(result, "failed", "key sums differ"),
	        "a lost insert is caught by the key sums");
	json_decref(result);
	fault = (struct fault){ .lose_update = 5003 };
	request.cell.measure = RM_MEASURE_VERIFY;
	request.cell.verify_ops = 200000;
	request.cell.write_kind = RM_UPDATE;
	request.cell.window_ops = 0;
	result = run(&request);
	CHECK(is(result, "failed", "lost update"),
	        "a lost update is caught by exchange accounting");
	json_decref(result);
	json_decref(request.counters);
}

static void wrong_values_are_caught(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	json_t *result;

	fault = (struct fault){ .neighbour = true };
	result = run(&request);
	CHECK(is(result, "failed", "another key's value"),
	        "another key's value is caught in the timed window");
	json_decref(result);
	json_decref(request.counters);
}

static void windows_are_exact(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	json_t *plain, *control;

	fault = (struct fault){ .lose_insert = 0 };
	request.cell.write_share = 0;
	plain = run(&request);
	request.control_extra = 0.02;
	control = run(&request);
	CHECK(number_of(plain, "ops") == 128000,
	        "a count window has exactly the operations asked for");
	CHECK(number_of(control, "lookups") == 2 * 65280 &&
	                number_of(control, "ops") == 128000,
	        "the control executes 2 % more than it reports");
	json_decref(plain);
	json_decref(control);
	json_decref(request.counters);
}

static void a_wrong_mix_is_void(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	struct rm_team team;
	json_t *result;

	fault = (struct fault){ .lose_insert = 0 };
	rm_team_run(&team, &request, &impl);
	/* as if the loop had written a fifth more than asked */
	team.members[0].worker.counts.writes *= 6;
	team.members[0].worker.counts.writes /= 5;
	result = rm_team_result(&team);
	CHECK(is(result, "void", "write share"), "a wrong write share is void");
	json_decref(result);
	rm_team_clear(&team);
	json_decref(request.counters);
}

static void a_window_too_short_for_the_clock_is_void(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	json_t *result, *environment;

	fault = (struct fault){ .lose_insert = 0 };
	request.cell.window_ops = 64;
	request.cell.threads = 1;
	result = run(&request);
	environment = json_object_get(result, "environment");
	CHECK(is(result, "void", "clock readings"),
	        "a window shorter than 1000 clock readings is void");
	CHECK(json_number_value(
	              json_object_get(environment, "adds_per_ns_before")) > 0.1,
	        "the CPU's speed is recorded");
	json_decref(result);
	json_decref(request.counters);
}

static void a_late_thread_is_void(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	struct rm_team team;
	struct rm_member *alone;
	json_t *result;

	fault = (struct fault){ .lose_insert = 0 };
	request.cell.window_ops = 0;
	request.cell.window_ns = 20000000;
	request.cell.threads = 1;
	rm_team_run(&team, &request, &impl);
	/* as if the second of two threads had come at the end */
	request.cell.threads = 2;
	alone = team.members;
	team.members = aligned_alloc(RM_CACHE_LINE, 2 * sizeof(*team.members));
	team.members[0] = team.members[1] = *alone;
	free(alone);
	team.members[1].start_ns = team.members[0].end_ns - 1000;
	team.members[1].held_keys = team.members[1].held_sum = 0;
	result = rm_team_result(&team);
	CHECK(strstr(text_of(result, "reason"), "its CPU was busy"),
	        "a thread that came late is void");
	json_decref(result);
	request.cell.threads = 1;
	rm_team_clear(&team);
	json_decref(request.counters);
}

static void a_misplaced_thread_is_void(void)
{
	struct rm_request request = request_of(RM_UPDATE);
	unsigned cpus[] = { (unsigned)sched_getcpu(), 100000 };
	struct rm_team team;
	json_t *result;

	fault = (struct fault){ .lose_insert = 0 };
	request.cell.cpu_count = request.cell.threads = 1;
	request.cell.cpus = cpus;
	rm_team_run(&team, &request, &impl);
	team.members[0].cpu_end = 77; /* as if it had been moved */
	result = rm_team_result(&team);
	CHECK(is(result, "void", "ran on CPU"), "a moved thread is void");
	json_decref(result);
	rm_team_clear(&team);
	request.cell.cpus = cpus + 1;
	result = run(&request);
	CHECK(is(result, "failed", "could not be placed"),
	        "a CPU that is not there is a reason, not a silent default");
	json_decref(result);
	json_decref(request.counters);
}

/* How late a sleeper of this machine is at worst in 300 naps of 1 ms. */
static int64_t machine_late_ns(void)
{
	int64_t worst = 0;

	for (int i = 0; i < 300; i++) {
		uint64_t before = rm_now_ns();

		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		int64_t late = (int64_t)(rm_now_ns() - before) - 1000000;
		worst = late > worst ? late : worst;
	}
	return worst;
}

/* P99 and maximum of lookups from the intended start, of a paced run. */
static json_int_t p99_of(uint64_t stall_ns, json_int_t *max_ns)
{
	struct rm_request request = request_of(RM_UPDATE);
	json_t *result, *entry;
	size_t i;
	json_int_t p99 = -1;

	fault = (struct fault){ .stall_ns = stall_ns };
	request.cell.loop.kind = RM_LOOP_PACED;
	request.cell.measure = RM_MEASURE_LATENCY;
	request.cell.rate_per_s = 1000;
	request.cell.arrivals = RM_ARRIVALS_CONSTANT;
	request.cell.threads = 1;
	request.cell.window_ops = 0;
	request.cell.window_ns = 1000000000;
	result = run(&request);
	json_array_foreach (json_object_get(result, "latency"), i, entry) {
		if (strcmp(text_of(entry, "operation"), "lookup") ||
		        strcmp(text_of(entry, "clock"), "intended"))
			continue;
		p99 = number_of(entry, "p99_ns");
		*max_ns = number_of(entry, "max_ns");
	}
	json_decref(result);
	json_decref(request.counters);
	return p99;
}

static void a_stall_shows_in_the_open_loop(void)
{
	json_int_t stalled = 0, calm = 0, longest = 0, other;

	/* a noisy machine may stall the calm run by itself: ten tries */
	for (int i = 0; i < 10 && !(stalled > 10 * calm && calm > 0); i++) {
		stalled = p99_of(50000000, &longest);
		calm = p99_of(0, &other);
	}
	printf("# P99 %lld ns with a stall of 50 ms, %lld without\n",
	        (long long)stalled, (long long)calm);
	CHECK(stalled > 1000000, "a stall of 50 ms lifts P99 above 1 ms");
	CHECK(longest > 49000000, "its length is the maximum");
	if (calm * 10 >= stalled && machine_late_ns() > stalled / 20)
		SKIP("without the stall P99 is under a tenth",
		        "this machine wakes sleepers that late by itself");
	else
		CHECK(calm > 0 && calm * 10 < stalled,
		        "without the stall P99 is under a tenth");
}

/* One real map, 1000 threads on the CPUs there are. */
static void a_thousand_threads_run_every_loop(void)
{
	static const struct {
		const char *name;
		enum rm_write_kind kind;
		enum rm_dist dist;
		enum rm_loop_kind loop;
	} loops[] = { { "churn", RM_CHURN, RM_DIST_UNIFORM, RM_LOOP_MIX },
		{ "fresh", RM_FRESH, RM_DIST_UNIFORM, RM_LOOP_MIX },
		{ "zipf", RM_UPDATE, RM_DIST_ZIPF, RM_LOOP_MIX },
		{ "paced", RM_CHURN, RM_DIST_UNIFORM, RM_LOOP_PACED } };

	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		struct rm_request request = request_of(loops[i].kind);
		bool paced = loops[i].loop == RM_LOOP_PACED;
		json_t *result;
		double drift;

		strcpy(request.cell.map, "gomap_rw");
		request.cell.keys = 1 << 20;
		request.cell.write_share = 0.03;
		request.cell.dist = loops[i].dist;
		request.cell.dist_a = 0.99;
		request.cell.loop.kind = loops[i].loop;
		request.cell.rate_per_s = paced ? 20000 : 0;
		request.cell.threads = 1000;
		request.cell.window_ops = paced ? 0 : 6400;
		request.cell.window_ns = paced ? 500000000 : 0;
		request.cell.measure =
		        paced ? RM_MEASURE_LATENCY : RM_MEASURE_THROUGHPUT;
		result = rm_trial_run(&request);
		drift = (double)number_of(result, "misses_resident") /
		        (double)(number_of(result, "lookups") + 1);
		printf("# %s: misses of resident keys %.6f\n", loops[i].name,
		        drift);
		CHECK(is(result, "ok", ""), loops[i].name);
		CHECK(drift < 0.001, "misses stay under 0.1 %");
		json_decref(result);
		json_decref(request.counters);
	}
}

/* What the map was asked in all phases, of a cell that settles or not. */
static uint64_t asked(enum rm_settle settle, json_t **result)
{
	struct rm_request request = request_of(RM_UPDATE);

	request.cell.settle = settle;
	*result = run(&request);
	json_decref(request.counters);
	return atomic_load(&turns);
}

static void a_cold_map_is_left_as_the_prefill_made_it(void)
{
	json_t *settled, *cold;
	uint64_t more = asked(RM_SETTLE_YES, &settled);

	more -= asked(RM_SETTLE_NO, &cold);
	CHECK(is(cold, "ok", "") && is(settled, "ok", ""),
	        "a cold map passes, and so does one that settles");
	CHECK(more == 1000, "who settles looks up each resident key once");
	CHECK(json_is_null(json_object_get(cold, "keys_before")) &&
	                number_of(settled, "keys_before") == 1000,
	        "keys that nobody counted are null, not 0");
	json_decref(settled);
	json_decref(cold);
}

static void bad_requests_are_refused(void)
{
	static const char *const bad[] = { "", "{", "[]", "{\"protocol\": 1}",
		"{\"protocol\": 2, \"seed\": -1}",
		"{\"protocol\": 2, \"seed\": 1, \"control_extra\": 2}",
		"{\"protocol\": 2, \"protocol\": 2}",
		"{\"protocol\": 2, \"more\": 1}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rm_request request;
		struct rm_error error = { "" };

		CHECK(rm_request_parse(
		              bad[i], strlen(bad[i]), &request, &error) < 0 &&
		                error.text[0],
		        "a bad request is refused with a reason");
	}
}

static void requests_survive_the_round_trip(void)
{
	struct rm_request request = request_of(RM_CHURN), copy;
	struct rm_error error = { "" };
	json_t *json, *again;
	char *text;

	strcpy(request.cell.workload, "w");
	strcpy(request.cell.placement, "none");
	json = rm_request_to_json(&request);
	text = json_dumps(json, 0);
	CHECK(!rm_request_parse(text, strlen(text), &copy, &error),
	        "what the campaign sends is understood");
	if (error.text[0])
		printf("# %s\n", error.text);
	again = rm_request_to_json(&copy);
	CHECK(json_equal(json, again), "and means the same");
	rm_request_clear(&copy);
	json_decref(json);
	json_decref(again);
	json_decref(request.counters);
	free(text);
}

int main(void)
{
	a_right_map_passes();
	lost_writes_are_caught();
	wrong_values_are_caught();
	windows_are_exact();
	a_wrong_mix_is_void();
	a_window_too_short_for_the_clock_is_void();
	a_late_thread_is_void();
	a_misplaced_thread_is_void();
	a_stall_shows_in_the_open_loop();
	a_cold_map_is_left_as_the_prefill_made_it();
	bad_requests_are_refused();
	requests_survive_the_round_trip();
	a_thousand_threads_run_every_loop();
	return DONE();
}
