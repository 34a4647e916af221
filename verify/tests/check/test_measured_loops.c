/* SPDX-License-Identifier: Apache-2.0 */
/* test_measured_loops.c - tests the checks `drive`, which compares the measured
 * loops with the content of the map, and `loops`, which runs loops that a map
 * defines. */
#include "runner/driver.h"
#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

#include <stdlib.h>

enum { OPS = 8000, THREADS = 2 };

RM_DRIVE(mock_ops, u64x24, RM_U64X24)

/* Errors added to the loop's counts, for one kind of write. */
static struct {
	enum rm_write_kind kind;
	struct rm_counts counts;
	uint64_t key_sum;
} errors;

/* Arguments of the loops that ran. */
static struct {
	unsigned runs, streams, skews, writing;
	/* number of batches; whether all arguments of a loop are set */
	bool whole;
} seen;

static void add(uint64_t *to, uint64_t n)
{
	*to += n;
}

static void drive(struct rm_worker *worker)
{
	const bool has_fault =
	        worker->write_kind == errors.kind && worker->slot == 1;

	pthread_mutex_lock(&mock.lock);
	seen.runs++;
	seen.streams += worker->stream != NULL;
	seen.skews += worker->skew != NULL;
	seen.writing += worker->write_below != 0;
	seen.whole &= worker->iterations_limit % RM_BATCH == 0 &&
	              worker->iterations_limit >= OPS / THREADS / 8 &&
	              worker->iterations_limit <= OPS / THREADS / 8 + RM_BATCH;
	for (uint64_t i = 0; worker->stream && i <= worker->stream_mask; i++)
		seen.whole &= worker->stream[i] < worker->resident;
	pthread_mutex_unlock(&mock.lock);
	drive_u64x24(worker);
	if (!has_fault)
		return;
	add(&worker->counts.wrong, errors.counts.wrong);
	add(&worker->counts.iterations, errors.counts.iterations);
	add(&worker->counts.misses_resident, errors.counts.misses_resident);
	add(&worker->counts.inserts, errors.counts.inserts);
	add(&worker->counts.removes, errors.counts.removes);
	add(&worker->key_sum, errors.key_sum);
}

static struct rm_error error;

/* Runs the check `drive` on a map with these caps. */
static int run_drive(unsigned caps, struct fault fault)
{
	const struct rm_impl impl = { .id = "mock",
		.shapes = RM_ALL_SHAPES,
		.caps = caps,
		.guarantees = "none",
		.drive = { NULL, drive, NULL, NULL },
		.ops = &mock_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 5,
		.ops = OPS,
		.threads = THREADS };

	reset_mock(fault);
	memset(&seen, 0, sizeof(seen));
	seen.whole = true;
	error = (struct rm_error){ "" };
	return rm_check_drive(&c, &error);
}

static void right_loops(void)
{
	const uint64_t before = rm_witness_progress(rm_witness());
	const int code = run_drive(0, none);
	/* relaxed: all threads have ended */
	const uint64_t steps = atomic_load_explicit(
	        &rm_witness()->progress, memory_order_relaxed);

	if (code)
		printf("# %s\n", error.text);
	CHECK(!code && mock.created == 9 && mock.destroyed == 9,
	        "correct loops pass");
	CHECK(seen.runs == 9 * THREADS && seen.streams == 3 * THREADS &&
	                seen.skews == 3 * THREADS &&
	                seen.writing == 9 * THREADS && seen.whole,
	        "three kinds of writes, each with uniform, streamed and skewed "
	        "draws, on all threads");
	CHECK(!before && steps == 9 * (3 + THREADS),
	        "each of three phases and each completed loop is progress");
	CHECK(mock.sizings[0].keys == 2000 && !mock.sizings[0].presize &&
	                mock.sizings[1].presize && !mock.sizings[4].presize &&
	                mock.sizings[5].presize,
	        "maps that grow and presized maps alternate");
	CHECK(!run_drive(RM_CAP_SINGLE_WRITER, none) &&
	                seen.runs == 9 * THREADS && seen.writing == 9 &&
	                mock.writers == 1,
	        "with one writer, one thread writes");
	CHECK(!run_drive(RM_CAP_UNSAFE_INSERT, none) &&
	                seen.runs == 3 * THREADS + 6 && !mock.shared_moves,
	        "if inserts are unsafe, a thread that inserts runs alone");
}

/* Returns true if the check reports `expected` when the counts of one kind of
 * write are wrong. */
static bool found(enum rm_write_kind kind, struct rm_counts counts,
        uint64_t key_sum, const char *expected)
{
	bool right;

	errors.kind = kind;
	errors.counts = counts;
	errors.key_sum = key_sum;
	right = run_drive(0, none) == -1 && strstr(error.text, expected);
	printf("# %s\n", error.text);
	errors.counts = (struct rm_counts){ 0 };
	errors.key_sum = 0;
	return right && mock.destroyed == mock.created;
}

static void wrong_loops(void)
{
	const struct rm_counts nothing = { 0 };
	const struct rm_counts wrong = { .wrong = 1 };
	const struct rm_counts iterations = { .iterations = 1 };
	const struct rm_counts missed = { .misses_resident = 3 };
	const struct rm_counts inserts = { .inserts = 2 };
	const struct rm_counts removes = { .removes = 5 };

	CHECK(found(RM_CHURN, wrong, 0, "read a wrong or torn value"),
	        "a loop that read a wrong value is found");
	CHECK(found(RM_FRESH, iterations, 0, " iterations, not 512"),
	        "a loop that counts too many iterations is found");
	CHECK(found(RM_UPDATE, missed, 0, " missed 3 resident keys"),
	        "a loop that missed a key that is never removed is found");
	CHECK(found(RM_UPDATE, nothing, 1,
	              "differ from the content of the map by 0 keys"),
	        "a loop with a wrong sum of keys is found");
	CHECK(found(RM_CHURN, inserts, 0, "of the map by -2 keys"),
	        "a loop that counts too many inserts is found");
	CHECK(found(RM_FRESH, removes, 0, "of the map by 5 keys"),
	        "a loop that counts too many removes is found");
	CHECK(run_drive(0, (struct fault){ UPSERT, NO_WRITE, -1, 2, 0, 0 }) ==
	                        -1 &&
	                strstr(error.text, "differ from the content"),
	        "a lost write in the loop is found");
	CHECK(run_drive(0, (struct fault){ LOOKUP, OTHER_KEY, -1, 1, 0, 0 }) ==
	                        -1 &&
	                strstr(error.text, "lookup of rank "),
	        "another key's value at the end is found");
}

/* Replays a recorded stream twice: its operations run and are counted. */
static void replayed(void)
{
	const uint32_t stream[] = { rm_replay_entry(1, RM_LOOKUP),
		rm_replay_entry(5, RM_UPSERT), 9, rm_replay_entry(5, RM_REMOVE),
		rm_replay_entry(6, RM_UPSERT), 4, rm_replay_entry(6, RM_LOOKUP),
		RM_OPERATIONS };
	const struct rm_sizing sizing = { .threads = 1, .shape = RM_U64X24 };
	const struct rm_value written = rm_value_of(6, 3, 4);
	struct rm_worker *worker =
	        aligned_alloc(RM_CACHE_LINE, sizeof(*worker));
	atomic_bool stop = false;

	reset_mock(none);
	mock_ops.create(&sizing);
	*worker = (struct rm_worker){ .thread = mock_ops.join(&mock, 0),
		.stop = &stop,
		.stream = stream,
		.replay = true,
		.resident = 100,
		.slot = 3,
		.iterations_limit = 10 };
	drive_u64x24(worker);
	CHECK(worker->counts.iterations == 10 && worker->counts.writes == 6 &&
	                worker->counts.inserts == 3 &&
	                worker->counts.removes == 2 &&
	                worker->counts.misses_resident == 2 &&
	                !worker->counts.wrong,
	        "a stream is replayed up to the number of operations");
	CHECK(mock.count == 1 && mock.held[6] &&
	                !memcmp(&mock.value[6], &written, sizeof(written)) &&
	                worker->key_sum == rm_rank_mix(6),
	        "a replay writes the values of the stream");
	mock.fault = (struct fault){ LOOKUP, OTHER_KEY, -1, 0, 0, 0 };
	drive_u64x24(worker);
	CHECK(worker->counts.wrong && worker->counts.iterations == 10,
	        "a replay counts a wrong value");
	mock_ops.leave(worker->thread);
	free(worker);
}

/* ---- loops of a map
 * ------------------------------------------------------- */

static struct {
	unsigned opened, closed, runs, laps;
	uint64_t iterations, args;
	bool opens, wrong, whole;
	int held;
} loop_calls;

static bool open_loop(struct rm_worker *worker)
{
	pthread_mutex_lock(&mock.lock);
	loop_calls.opened += loop_calls.opens;
	worker->held = &loop_calls.held;
	pthread_mutex_unlock(&mock.lock);
	return loop_calls.opens;
}

static void close_loop(struct rm_worker *worker)
{
	pthread_mutex_lock(&mock.lock);
	loop_calls.closed++;
	loop_calls.whole &= worker->held == &loop_calls.held;
	pthread_mutex_unlock(&mock.lock);
}

static void run_loop(struct rm_worker *worker)
{
	pthread_mutex_lock(&mock.lock);
	loop_calls.runs++;
	loop_calls.iterations = worker->iterations_limit;
	loop_calls.args = worker->loop_args[0];
	loop_calls.whole &= worker->held == &loop_calls.held &&
	                    worker->threads == THREADS &&
	                    worker->slot < THREADS && worker->measured &&
	                    worker->rng && !rm_stopped(worker);
	worker->counts.wrong = loop_calls.wrong && worker->slot == 1;
	pthread_mutex_unlock(&mock.lock);
}

static int run_loops(const char *name, struct fault fault)
{
	const struct rm_own_loop loops[] = { { name, run_loop },
		{ NULL, NULL } };
	const struct rm_impl impl = { .id = "mock",
		.open = open_loop,
		.close = close_loop,
		.loops = loops,
		.ops = &mock_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 5,
		.ops = OPS,
		.threads = THREADS };

	reset_mock(fault);
	loop_calls.opened = loop_calls.closed = loop_calls.runs = 0;
	loop_calls.whole = true;
	error = (struct rm_error){ "" };
	return rm_check_loops(&c, &error);
}

static void own_loops_are_run(void)
{
	loop_calls.opens = true;
	CHECK(!run_loops("stock", none) && loop_calls.runs == THREADS &&
	                loop_calls.whole && mock.created == 1 &&
	                mock.destroyed == 1,
	        "all threads run a map's loop, which passes");
	CHECK(loop_calls.opened == THREADS && loop_calls.closed == THREADS,
	        "each open() has its close()");
	CHECK(loop_calls.iterations == OPS / THREADS + 1 &&
	                loop_calls.args == 10000,
	        "the loop gets its iterations and default arguments");
	CHECK(mock.sizings[0].threads == THREADS && mock.sizings[0].seed == 5 &&
	                mock.sizings[0].loop_args &&
	                mock.sizings[0].keys == 1000 && mock.sizings[0].presize,
	        "the map is created with the same arguments");
	CHECK(!run_loops("hold", none) && loop_calls.iterations == 20 &&
	                !run_loops("audit", none) &&
	                loop_calls.iterations == 20,
	        "slow loops get few iterations");
}

static void own_loops_are_held(void)
{
	loop_calls.wrong = true;
	CHECK(run_loops("pair", none) == -1 &&
	                strstr(error.text, "loop pair got a wrong result") &&
	                loop_calls.closed == THREADS && mock.destroyed == 1,
	        "a loop with a wrong result is found");
	loop_calls.wrong = false;
	CHECK(run_loops("pair",
	              (struct fault){ CHECKS, FAILING, -1, 0, 0, 0 }) == -1 &&
	                strstr(error.text, "reason of the map") &&
	                mock.destroyed == 1,
	        "a map whose own check fails is found");
	CHECK(run_loops("pair",
	              (struct fault){ CREATE, FAILING, -1, 0, 0, 0 }) == -1 &&
	                strstr(error.text, "create() returned NULL"),
	        "a map that cannot be created is reported");
	CHECK(run_loops("no such", none) == -1 &&
	                strstr(error.text, "\"no such\" is not a kind of loop"),
	        "an unknown loop is reported");
	loop_calls.opens = false;
	CHECK(run_loops("pair", none) == -1 && !loop_calls.runs &&
	                strstr(error.text, "out of memory in open()"),
	        "a loop whose open() fails does not run");
}

int main(void)
{
	errors.kind = RM_UPDATE;
	right_loops();
	wrong_loops();
	replayed();
	own_loops_are_run();
	own_loops_are_held();
	return DONE();
}
