/* SPDX-License-Identifier: Apache-2.0 */
/*
 * their_trial.c - a program of another project that measures one map through
 * the trial protocol (docs/reference/trial-protocol.md): `readmostly run --arms
 * here=build/gcc/maps,there=build/gcc/tests/their_trial`.
 *
 * It has its own code for requests, threads, phases and results. Map and
 * measured loop are copied from `readmostly`, so that only the surrounding
 * program differs; `tests/long/two_programs.py foreign` measures the
 * difference. Unsupported requests fail with a reason.
 */
#include "runner/keys.h"
#include "runner/worker.h"

#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROTOCOL = 2, NOT_UNDERSTOOD = 2, NO_RESULT = 3 };
/* Streams of the seed, as in runner/trial/: the same operations, the same
   layout of the map. */
enum { SEED_MAP = 1, SEED_OPERATIONS = 100 };

extern const struct rm_impl rm_impl_gomap_rw;
static const struct rm_impl *const impl = &rm_impl_gomap_rw;

/* The members of a cell that this program uses. */
struct cell {
	const char *id, *measure;
	struct rm_shape shape;
	uint64_t keys, warm_up_ns, window_ns, verify_ops, seed;
	double window_ops, work_factor; /* real by reported operations */
	double write_share;
	unsigned threads;
	bool presize, bound;
};

struct member {
	struct rm_worker worker;
	pthread_t pthread;
	struct trial *trial;
	int cpu, cpus[2]; /* to run on; where the window began and ended */
	uint64_t start_ns, end_ns, cpu_ns;
	struct rm_counts warm_up;
	uint64_t found, held_keys, held_sum, held;
	uint64_t written, returned, exchanges; /* of a verification */
};

enum phase { PREFILL, SETTLE, WARM_UP, WINDOW, VERIFY, LEAVE, PHASES };
static const char *const phase_names[] = { "prefill", "settle", "warm_up",
	"window", "verify", "leave" };

struct trial {
	struct cell cell;
	void *map;
	atomic_bool stop;
	_Atomic(int64_t) verify_left;
	pthread_barrier_t gate;
	struct member *members;
	uint64_t phase_ns[PHASES], create_ns, destroy_ns;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static bool verifies(const struct cell *cell)
{
	return !strcmp(cell->measure, "verify");
}

/* Executes the operation of a phase on each rank of the member. */
static void visit(struct member *member, enum phase phase)
{
	struct rm_worker *worker = &member->worker;
	const struct rm_shape shape = member->trial->cell.shape;

	for (uint64_t rank = worker->slot; rank < worker->resident;
	        rank += worker->threads) {
		struct rm_key key = rm_key_of(shape, rank, &worker->line);
		struct rm_value value = rm_value_of(rank, 0, 0);

		if (phase == PREFILL) {
			rm_map_upsert(
			        impl->ops, worker->thread, shape, key, &value);
			continue;
		}
		if (!impl->ops->lookup(worker->thread, shape, key, &value))
			continue;
		worker->counts.wrong |= rm_value_errors(shape, &value, rank);
		if (phase == SETTLE) {
			member->found++;
			continue;
		}
		member->held_keys++;
		member->held_sum += rm_rank_mix(rank);
		member->held += value.word[0];
	}
}

/* Each written value must be returned once or be held at the end. */
static void exchange(struct member *member)
{
	struct rm_worker *worker = &member->worker;
	const struct rm_shape shape = member->trial->cell.shape;

	/* relaxed: only the count matters */
	while (atomic_fetch_sub_explicit(&member->trial->verify_left, 1,
	               memory_order_relaxed) > 0) {
		uint64_t rank =
		        rm_below(rm_next(&worker->rng), worker->resident);
		struct rm_key key = rm_key_of(shape, rank, &worker->line);
		struct rm_value old, value = rm_value_of(rank, worker->slot + 1,
		                             ++worker->sequence);

		member->written += value.word[0];
		member->exchanges++;
		worker->counts.writes++;
		if (impl->ops->exchange(
		            worker->thread, shape, key, &value, &old)) {
			member->returned += old.word[0];
			worker->counts.wrong |=
			        rm_value_errors(shape, &old, rank);
		} else {
			worker->counts.inserts++;
			worker->key_sum += rm_rank_mix(rank);
		}
	}
	worker->counts.iterations = worker->counts.writes;
}

static void drive(struct member *member)
{
	impl->drive[rm_shape_index(member->trial->cell.shape)](&member->worker);
}

static void warm_up(struct member *member)
{
	struct rm_worker *worker = &member->worker;

	if (member->trial->cell.warm_up_ns && !verifies(&member->trial->cell))
		drive(member);
	member->warm_up = worker->counts;
	worker->counts = (struct rm_counts){ .wrong = worker->counts.wrong };
}

static void window(struct member *member)
{
	const struct cell *cell = &member->trial->cell;
	uint64_t cpu_ns;

	if (cell->window_ops > 0)
		member->worker.iterations_limit =
		        (uint64_t)(cell->window_ops * cell->work_factor);
	member->cpus[0] = sched_getcpu();
	cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
	member->start_ns = now_ns(CLOCK_MONOTONIC);
	if (verifies(cell))
		exchange(member);
	else
		drive(member);
	member->end_ns = now_ns(CLOCK_MONOTONIC);
	member->cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	member->cpus[1] = sched_getcpu();
}

static void *run_member(void *argument)
{
	struct member *member = argument;
	struct trial *trial = member->trial;
	cpu_set_t set;

	if (trial->cell.bound) {
		CPU_ZERO(&set);
		CPU_SET((size_t)member->cpu, &set);
		sched_setaffinity(0, sizeof(set), &set); /* read back later */
	}
	member->worker.thread =
	        impl->ops->join(trial->map, member->worker.slot);
	for (int phase = 0; phase < PHASES; phase++) {
		pthread_barrier_wait(&trial->gate);
		if (phase == WARM_UP)
			warm_up(member);
		else if (phase == WINDOW)
			window(member);
		else if (phase == LEAVE)
			impl->ops->leave(member->worker.thread);
		else
			visit(member, (enum phase)phase);
		pthread_barrier_wait(&trial->gate);
	}
	return NULL;
}

static void run_phase(struct trial *trial, enum phase phase)
{
	const struct cell *cell = &trial->cell;
	uint64_t start_ns = now_ns(CLOCK_MONOTONIC);
	uint64_t length_ns = phase == WARM_UP  ? cell->warm_up_ns
	                     : phase == WINDOW ? cell->window_ns
	                                       : 0;

	/* relaxed, here and below: the barrier orders the rest */
	atomic_store_explicit(&trial->stop, false, memory_order_relaxed);
	pthread_barrier_wait(&trial->gate);
	if (length_ns) {
		struct timespec t = { (time_t)(length_ns / 1000000000U),
			(long)(length_ns % 1000000000U) };

		nanosleep(&t, NULL);
		atomic_store_explicit(&trial->stop, true, memory_order_relaxed);
	}
	pthread_barrier_wait(&trial->gate);
	trial->phase_ns[phase] = now_ns(CLOCK_MONOTONIC) - start_ns;
}

static void set_worker(struct trial *trial, unsigned slot)
{
	const struct cell *cell = &trial->cell;
	struct rm_worker *worker = &trial->members[slot].worker;
	double below = cell->write_share * 0x1p32;

	trial->members[slot].trial = trial;
	worker->stop = &trial->stop;
	worker->rng = rm_seed(cell->seed, SEED_OPERATIONS + slot);
	worker->resident = worker->span = cell->keys;
	worker->slot = slot;
	worker->threads = cell->threads;
	worker->iterations_limit = UINT64_MAX;
	worker->write_kind = RM_UPDATE;
	worker->write_below =
	        below >= 0xffffffffU ? 0xffffffffU : (uint32_t)below;
}

static void run(struct trial *trial)
{
	const struct cell *cell = &trial->cell;
	const struct rm_sizing sizing = { .keys = cell->keys,
		.threads = cell->threads,
		.presize = cell->presize,
		.shape = cell->shape,
		.seed = rm_seed(cell->seed, SEED_MAP) };
	uint64_t start_ns = now_ns(CLOCK_MONOTONIC);

	trial->map = impl->ops->create(&sizing);
	trial->create_ns = now_ns(CLOCK_MONOTONIC) - start_ns;
	trial->verify_left = (int64_t)cell->verify_ops;
	pthread_barrier_init(&trial->gate, NULL, cell->threads + 1);
	for (unsigned i = 0; i < cell->threads; i++)
		pthread_create(&trial->members[i].pthread, NULL, run_member,
		        &trial->members[i]);
	for (int phase = 0; phase < PHASES; phase++)
		run_phase(trial, (enum phase)phase);
	for (unsigned i = 0; i < cell->threads; i++)
		pthread_join(trial->members[i].pthread, NULL);
	start_ns = now_ns(CLOCK_MONOTONIC);
	impl->ops->destroy(trial->map);
	trial->destroy_ns = now_ns(CLOCK_MONOTONIC) - start_ns;
}

/* Sums over the members. */
struct totals {
	struct rm_counts window, all;
	uint64_t key_sum, found, held_keys, held_sum, held, written, returned;
	uint64_t exchanges, wrong, start_ns, end_ns;
};

static void add(struct rm_counts *sum, const struct rm_counts *more)
{
	sum->iterations += more->iterations;
	sum->writes += more->writes;
	sum->inserts += more->inserts;
	sum->misses_resident += more->misses_resident;
}

static struct totals totals_of(const struct trial *trial)
{
	struct totals t = { .start_ns = UINT64_MAX };

	for (uint64_t rank = 0; rank < trial->cell.keys; rank++) {
		t.key_sum += rm_rank_mix(rank);
		t.written += rm_value_of(rank, 0, 0).word[0];
	}
	for (unsigned i = 0; i < trial->cell.threads; i++) {
		const struct member *m = &trial->members[i];

		add(&t.window, &m->worker.counts);
		add(&t.all, &m->worker.counts);
		add(&t.all, &m->warm_up);
		t.key_sum += m->worker.key_sum;
		t.found += m->found;
		t.held_keys += m->held_keys;
		t.held_sum += m->held_sum;
		t.held += m->held;
		t.written += m->written;
		t.returned += m->returned;
		t.exchanges += m->exchanges;
		t.wrong += m->worker.counts.wrong || m->warm_up.wrong;
		if (m->start_ns < t.start_ns)
			t.start_ns = m->start_ns;
		if (m->end_ns > t.end_ns)
			t.end_ns = m->end_ns;
	}
	return t;
}

/* Returns the reason for a wrong answer, or NULL. */
static const char *mismatch(const struct trial *trial, const struct totals *t)
{
	if (t->wrong)
		return "an operation returned another key's value";
	if (verifies(&trial->cell) && t->written - t->returned != t->held)
		return "lost update: the values loaded and written, minus "
		       "those replaced, differ from those held";
	if (t->found != trial->cell.keys)
		return "wrong number of keys after loading";
	if (t->held_keys != trial->cell.keys + t->all.inserts ||
	        t->held_sum != t->key_sum)
		return "key sums differ";
	if (t->all.inserts || t->all.misses_resident)
		return "keys that were never removed are missing";
	return NULL;
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *threads_json(const struct trial *trial)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < trial->cell.threads; i++) {
		const struct member *m = &trial->members[i];

		json_array_append_new(list,
		        json_pack(
		                "{s:i, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:n, "
		                "s:n, s:n, s:n, s:n, s:n}",
		                "slot", i, "cpu",
		                trial->cell.bound ? json_integer(m->cpu)
		                                  : json_null(),
		                "cpu_start", m->cpus[0], "cpu_end", m->cpus[1],
		                "ops", number(m->worker.counts.iterations),
		                "writes", number(m->worker.counts.writes),
		                "elapsed_ns", number(m->end_ns - m->start_ns),
		                "cpu_ns", number(m->cpu_ns),
		                "voluntary_switches", "involuntary_switches",
		                "minor_faults", "major_faults", "migrations",
		                "runqueue_wait_ns"));
	}
	return list;
}

static json_t *phases_json(const struct trial *trial)
{
	json_t *phases = json_pack("{s:n, s:o, s:o}", "setup", "create",
	        number(trial->create_ns), "destroy", number(trial->destroy_ns));

	for (int i = 0; i < PHASES; i++)
		json_object_set_new(
		        phases, phase_names[i], number(trial->phase_ns[i]));
	return phases;
}

static json_t *verification_json(
        const struct trial *trial, const struct totals *t, const char *wrong)
{
	bool verified = verifies(&trial->cell);
	char expected[17], held[17];

	snprintf(expected, sizeof(expected), "%016llx",
	        (unsigned long long)t->key_sum);
	snprintf(
	        held, sizeof(held), "%016llx", (unsigned long long)t->held_sum);
	return json_pack("{s:s, s:s?, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:s?, "
	                 "s:o}",
	        "status", wrong ? "failed" : "ok", "reason", wrong,
	        "keys_expected", number(trial->cell.keys + t->all.inserts),
	        "keys_held", number(t->held_keys), "sum_expected", expected,
	        "sum_held", held, "wrong_values", number(t->wrong), "written",
	        verified ? number(t->exchanges) : json_null(), "returned",
	        verified ? number(t->exchanges - t->all.inserts) : json_null(),
	        "accounting", verified ? "values" : NULL, "stopped_early",
	        verified ? json_false() : json_null());
}

/* The positive control executes more operations than it reports. */
static void set_counts(
        json_t *result, const struct trial *trial, const struct totals *t)
{
	const struct rm_counts *c = &t->window;
	uint64_t lookups = c->iterations - c->writes;
	double reported = (double)c->iterations / trial->cell.work_factor;
	json_t *counts = json_pack("{s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:i, "
	                           "s:i, s:f, s:f}",
	        "ops", number((uint64_t)reported), "lookups", number(lookups),
	        "writes", number(c->writes), "hits",
	        number(lookups - c->misses_resident), "misses_absent", 0,
	        "misses_resident", number(c->misses_resident), "inserts",
	        number(c->inserts), "removes", 0, "idle_removes", 0,
	        "achieved_write_share",
	        (double)c->writes / (double)(c->iterations + !c->iterations),
	        "achieved_miss_share", 0.0);

	json_object_update(result, counts);
	json_decref(counts);
}

static json_t *result_of(const struct trial *trial)
{
	const struct totals t = totals_of(trial);
	const char *wrong = mismatch(trial, &t);
	json_t *result = json_pack("{s:i, s:s, s:s, s:s?, s:o, s:o, s:o, s:o, "
	                           "s:o, s:o, s:{s:n, s:n, s:n, s:n, s:s, "
	                           "s:n}, s:[], s:n, s:n, s:n, s:s, s:{}}",
	        "protocol", PROTOCOL, "cell", trial->cell.id, "status",
	        wrong ? "failed" : "ok", "reason", wrong, "elapsed_ns",
	        number(t.end_ns - t.start_ns), "by_thread", threads_json(trial),
	        "keys_before", number(t.found), "keys_after",
	        number(t.held_keys), "verification",
	        verification_json(trial, &t, wrong), "phases_ns",
	        phases_json(trial), "footprint", "rss_empty_bytes",
	        "rss_filled_bytes", "rss_peak_bytes", "page_nodes",
	        "page_nodes_reason", "this program does not measure it",
	        "huge_bytes", "stats", "latency", "late_starts", "counters",
	        "counters_reason", "this program has no counters",
	        "environment");

	set_counts(result, trial, &t);
	return result;
}

static double real(const json_t *cell, const char *name)
{
	return json_number_value(json_object_get(cell, name));
}

static const char *text(const json_t *cell, const char *name)
{
	const char *value = json_string_value(json_object_get(cell, name));

	return value ? value : "";
}

static bool has_word(const json_t *cell, const char *name, const char *usual)
{
	return !json_object_get(cell, name) || !strcmp(text(cell, name), usual);
}

/* Returns why this program does not run the cell, or NULL. */
static const char *unsupported_reason(const json_t *cell)
{
	if (strcmp(text(cell, "map"), impl->id))
		return "this program has one map, gomap_rw";
	if (!has_word(cell, "loop", "mix") ||
	        !has_word(cell, "dist", "uniform") ||
	        !has_word(cell, "write_kind", "update") ||
	        !has_word(cell, "settle", "yes"))
		return "this program does updates of uniform keys in the loop "
		       "mix";
	if (real(cell, "miss_share") > 0)
		return "this program looks up present keys only";
	if (!has_word(cell, "memory", "first-touch") ||
	        !has_word(cell, "allocator", "glibc") ||
	        !has_word(cell, "huge_pages", "system"))
		return "this program has the allocator and memory of the "
		       "system";
	if (!has_word(cell, "measure", "throughput") &&
	        !has_word(cell, "measure", "verify"))
		return "this program measures throughput";
	return NULL;
}

/* Fills `cell`; returns false if its values are invalid. */
static bool read_cell(const json_t *request, struct cell *cell)
{
	static const char *const shapes[] = { "u64x8", "u64x24", "str16x8",
		"str16x24" };
	static const struct rm_shape shape_of_index[] = { { false, 8 },
		{ false, 24 }, { true, 8 }, { true, 24 } };
	const json_t *json = json_object_get(request, "cell");
	size_t shape = 0;

	while (shape < RM_SHAPES && strcmp(text(json, "shape"), shapes[shape]))
		shape++;
	if (shape == RM_SHAPES || real(json, "keys") < 1 ||
	        real(json, "threads") < 1)
		return false;
	*cell = (struct cell){ .id = text(json, "id"),
		.measure = text(json, "measure"),
		.shape = shape_of_index[shape],
		.keys = (uint64_t)real(json, "keys"),
		.warm_up_ns = (uint64_t)real(json, "warm_up_ns"),
		.window_ns = (uint64_t)real(json, "window_ns"),
		.verify_ops = (uint64_t)real(json, "verify_ops"),
		.seed = (uint64_t)real(request, "seed"),
		.window_ops = real(json, "window_ops"),
		.work_factor = 1 + real(request, "control_extra"),
		.write_share = real(json, "write_share"),
		.threads = (unsigned)real(json, "threads"),
		.presize = json_is_true(json_object_get(json, "presize")) };
	cell->bound =
	        json_array_size(json_object_get(json, "cpus")) == cell->threads;
	return true;
}

static json_t *answer(const json_t *request)
{
	const json_t *json = json_object_get(request, "cell");
	const char *why = unsupported_reason(json);
	struct trial trial = { .map = NULL };
	json_t *result;

	if (why)
		return json_pack("{s:i, s:s, s:s, s:s}", "protocol", PROTOCOL,
		        "cell", text(json, "id"), "status", "failed", "reason",
		        why);
	if (!read_cell(request, &trial.cell))
		return NULL;
	/* When run by hand, no other process enforces the deadline. */
	alarm((unsigned)(real(json, "deadline_ns") / 1e9) + 1);
	trial.members = aligned_alloc(
	        RM_CACHE_LINE, trial.cell.threads * sizeof(*trial.members));
	memset(trial.members, 0, trial.cell.threads * sizeof(*trial.members));
	for (unsigned i = 0; i < trial.cell.threads; i++) {
		set_worker(&trial, i);
		trial.members[i].cpu = (int)json_integer_value(
		        json_array_get(json_object_get(json, "cpus"), i));
	}
	run(&trial);
	result = result_of(&trial);
	free(trial.members);
	return result;
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *request, *result;
	int status;

	if (argc != 2 || strcmp(argv[1], "trial")) {
		fprintf(stderr, "usage: %s trial <request\n", argv[0]);
		return NOT_UNDERSTOOD;
	}
	request = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
	result = json_is_object(json_object_get(request, "cell")) &&
	                         real(request, "protocol") == PROTOCOL
	                 ? answer(request)
	                 : NULL;
	if (!result) {
		fprintf(stderr, "request not understood\n");
		return NOT_UNDERSTOOD;
	}
	status = json_dumpf(result, stdout, JSON_COMPACT) ||
	         putchar('\n') < 0 || fflush(stdout);
	json_decref(result);
	json_decref(request);
	return status ? NO_RESULT : 0;
}
