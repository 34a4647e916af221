/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_measured.c - the checks of what is measured: the loops that every map
 * has, against what the map holds afterwards, and a subject's own loops.
 */
#include "runner/driver.h"
#include "tests/unit/tap.h"
#include "verify/tests/check/played_map.h"

#include <stdlib.h>

enum { OPS = 8000, THREADS = 2 };

RM_DRIVE(played_ops, u64x24, RM_U64X24)

/* What the loop tells of itself is wrong by this much; of one write kind. */
static struct {
	enum rm_write_kind kind;
	struct rm_counts counts;
	uint64_t key_sum;
} off;

/* What the loops were run with. */
static struct {
	unsigned runs, streams, skews, writing;
	bool whole; /* batches, all that a loop needs */
} seen;

static void add(uint64_t *to, uint64_t n)
{
	*to += n;
}

static void drive(struct rm_worker *worker)
{
	const bool lies = worker->write_kind == off.kind && worker->slot == 1;

	pthread_mutex_lock(&played.lock);
	seen.runs++;
	seen.streams += worker->stream != NULL;
	seen.skews += worker->skew != NULL;
	seen.writing += worker->write_below != 0;
	seen.whole &= worker->iterations_limit % RM_BATCH == 0 &&
	              worker->iterations_limit >= OPS / THREADS / 8 &&
	              worker->iterations_limit <= OPS / THREADS / 8 + RM_BATCH;
	for (uint64_t i = 0; worker->stream && i <= worker->stream_mask; i++)
		seen.whole &= worker->stream[i] < worker->resident;
	pthread_mutex_unlock(&played.lock);
	drive_u64x24(worker);
	if (!lies)
		return;
	add(&worker->counts.wrong, off.counts.wrong);
	add(&worker->counts.iterations, off.counts.iterations);
	add(&worker->counts.misses_resident, off.counts.misses_resident);
	add(&worker->counts.inserts, off.counts.inserts);
	add(&worker->counts.removes, off.counts.removes);
	add(&worker->key_sum, off.key_sum);
}

static struct rm_error error;

/* The check of the measured loops, of a map with these caps. */
static int run_drive(unsigned caps, struct lie lie)
{
	const struct rm_impl impl = { .id = "played",
		.shapes = RM_ALL_SHAPES,
		.caps = caps,
		.guarantees = "none",
		.drive = { NULL, drive, NULL, NULL },
		.ops = &played_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X24,
		.seed = 5,
		.ops = OPS,
		.threads = THREADS };

	play(lie);
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
	CHECK(!code && played.created == 9 && played.destroyed == 9,
	        "right loops are not accused");
	CHECK(seen.runs == 9 * THREADS && seen.streams == 3 * THREADS &&
	                seen.skews == 3 * THREADS &&
	                seen.writing == 9 * THREADS && seen.whole,
	        "three kinds of writes, each with uniform, streamed and skewed "
	        "draws, by all");
	CHECK(!before && steps == 9 * (3 + THREADS),
	        "each of three phases is progress, and each loop that ends");
	CHECK(played.sizings[0].keys == 2000 && !played.sizings[0].presize &&
	                played.sizings[1].presize &&
	                !played.sizings[4].presize && played.sizings[5].presize,
	        "the map grows, or is presized, by turns");
	CHECK(!run_drive(RM_CAP_SINGLE_WRITER, none) &&
	                seen.runs == 9 * THREADS && seen.writing == 9 &&
	                played.writers == 1,
	        "of one writer one writes");
	CHECK(!run_drive(RM_CAP_UNSAFE_INSERT, none) &&
	                seen.runs == 3 * THREADS + 6 && !played.moves_beside,
	        "what is not safe beside inserts is alone with them");
}

/* Is the loop accused in these words when it is off in one kind, and not when
   what it tells is right again? */
static bool found(enum rm_write_kind kind, struct rm_counts counts,
        uint64_t key_sum, const char *says)
{
	bool right;

	off.kind = kind;
	off.counts = counts;
	off.key_sum = key_sum;
	right = run_drive(0, none) == -1 && strstr(error.text, says);
	printf("# %s\n", error.text);
	off.counts = (struct rm_counts){ 0 };
	off.key_sum = 0;
	return right && played.destroyed == played.created;
}

static void wrong_loops(void)
{
	const struct rm_counts nothing = { 0 };
	const struct rm_counts wrong = { .wrong = 1 };
	const struct rm_counts iterations = { .iterations = 1 };
	const struct rm_counts missed = { .misses_resident = 3 };
	const struct rm_counts inserts = { .inserts = 2 };
	const struct rm_counts removes = { .removes = 5 };

	CHECK(found(RM_CHURN, wrong, 0, "met a wrong or torn value"),
	        "a loop that met a wrong value");
	CHECK(found(RM_FRESH, iterations, 0, " iterations, not 512"),
	        "one that counts more iterations than it was given");
	CHECK(found(RM_UPDATE, missed, 0, " missed 3 resident keys"),
	        "one that missed a key where none ever goes");
	CHECK(found(RM_UPDATE, nothing, 1,
	              "sums of keys are not what is held: 0 keys off"),
	        "one whose sum of keys is another");
	CHECK(found(RM_CHURN, inserts, 0, " held: -2 keys off"),
	        "one that counts inserts that were none");
	CHECK(found(RM_FRESH, removes, 0, " held: 5 keys off"),
	        "one that counts removals that were none");
	CHECK(run_drive(0, (struct lie){ UPSERT, NO_WRITE, -1, 2, 0, 0 }) ==
	                        -1 &&
	                strstr(error.text, "not what is held: "),
	        "a write that is lost in the loop");
	CHECK(run_drive(0, (struct lie){ LOOKUP, OTHER, -1, 1, 0, 0 }) == -1 &&
	                strstr(error.text, "lookup of rank "),
	        "another key's value at the end");
}

/* A recorded stream, twice: what it says is done, and counted. */
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

	play(none);
	played_ops.create(&sizing);
	*worker = (struct rm_worker){ .thread = played_ops.join(&played, 0),
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
	        "a stream is replayed until so many operations are done");
	CHECK(played.count == 1 && played.held[6] &&
	                !memcmp(&played.value[6], &written, sizeof(written)) &&
	                worker->key_sum == rm_rank_mix(6),
	        "with the values that it says");
	played.lie = (struct lie){ LOOKUP, OTHER, -1, 0, 0, 0 };
	drive_u64x24(worker);
	CHECK(worker->counts.wrong && worker->counts.iterations == 10,
	        "and a wrong one is seen");
	played_ops.leave(worker->thread);
	free(worker);
}

/* ---- own loops ------------------------------------------------------------ */

static struct {
	unsigned opened, closed, runs, laps;
	uint64_t iterations, args;
	bool opens, wrong, whole;
	int held;
} own;

static bool open_loop(struct rm_worker *worker)
{
	pthread_mutex_lock(&played.lock);
	own.opened += own.opens;
	worker->held = &own.held;
	pthread_mutex_unlock(&played.lock);
	return own.opens;
}

static void close_loop(struct rm_worker *worker)
{
	pthread_mutex_lock(&played.lock);
	own.closed++;
	own.whole &= worker->held == &own.held;
	pthread_mutex_unlock(&played.lock);
}

static void run_loop(struct rm_worker *worker)
{
	pthread_mutex_lock(&played.lock);
	own.runs++;
	own.iterations = worker->iterations_limit;
	own.args = worker->loop_args[0];
	own.whole &= worker->held == &own.held && worker->threads == THREADS &&
	             worker->slot < THREADS && worker->measured &&
	             worker->rng && !rm_stopped(worker);
	worker->counts.wrong = own.wrong && worker->slot == 1;
	pthread_mutex_unlock(&played.lock);
}

static int run_loops(const char *name, struct lie lie)
{
	const struct rm_own_loop loops[] = { { name, run_loop },
		{ NULL, NULL } };
	const struct rm_impl impl = { .id = "played",
		.open = open_loop,
		.close = close_loop,
		.loops = loops,
		.ops = &played_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 5,
		.ops = OPS,
		.threads = THREADS };

	play(lie);
	own.opened = own.closed = own.runs = 0;
	own.whole = true;
	error = (struct rm_error){ "" };
	return rm_check_loops(&c, &error);
}

static void own_loops_are_run(void)
{
	own.opens = true;
	CHECK(!run_loops("stock", none) && own.runs == THREADS && own.whole &&
	                played.created == 1 && played.destroyed == 1,
	        "an own loop is run by all threads, and not accused");
	CHECK(own.opened == THREADS && own.closed == THREADS,
	        "what a thread opens for it, it closes");
	CHECK(own.iterations == OPS / THREADS + 1 && own.args == 10000,
	        "by a number of iterations, with its default numbers");
	CHECK(played.sizings[0].threads == THREADS &&
	                played.sizings[0].seed == 5 &&
	                played.sizings[0].loop_args &&
	                played.sizings[0].keys == 1000 &&
	                played.sizings[0].presize,
	        "which the map is made with, too");
	CHECK(!run_loops("hold", none) && own.iterations == 20 &&
	                !run_loops("audit", none) && own.iterations == 20,
	        "by a few where each iteration takes a millisecond");
}

static void own_loops_are_held(void)
{
	own.wrong = true;
	CHECK(run_loops("pair", none) == -1 &&
	                strstr(error.text, "loop pair saw a wrong answer") &&
	                own.closed == THREADS && played.destroyed == 1,
	        "an own loop that saw a wrong answer");
	own.wrong = false;
	CHECK(run_loops("pair", (struct lie){ CHECKS, FAILS, -1, 0, 0, 0 }) ==
	                        -1 &&
	                strstr(error.text, "its own words") &&
	                played.destroyed == 1,
	        "a subject that says that it does not add up");
	CHECK(run_loops("pair", (struct lie){ CREATE, FAILS, -1, 0, 0, 0 }) ==
	                        -1 &&
	                strstr(error.text, "create() returned NULL"),
	        "one that cannot be made");
	CHECK(run_loops("no such", none) == -1 &&
	                strstr(error.text, "\"no such\" is no kind of loop"),
	        "a loop of a name that nobody knows");
	own.opens = false;
	CHECK(run_loops("pair", none) == -1 && !own.runs &&
	                strstr(error.text,
	                        "out of memory for what the loop holds"),
	        "one that has no memory for what it holds is not run");
}

int main(void)
{
	off.kind = RM_UPDATE;
	right_loops();
	wrong_loops();
	replayed();
	own_loops_are_run();
	own_loops_are_held();
	return DONE();
}
