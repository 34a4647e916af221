/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests single calls of the open loop's schedule with a simulated clock: end of
 * the window, giving up, waits with parking, late starts, and the slowest
 * operations. test_open_loop.c runs whole trials.
 */
#include "runner/operations.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"

enum { MS = 1000000 };

static const uint64_t start_ns = UINT64_C(2000000000);

static void at(uint64_t ns)
{
	atomic_store(&played_ns, ns);
}

/* Begins a window of one thread with ten arrivals, one per millisecond. */
static void begin(struct rm_pace *pace)
{
	rm_pace_begin(pace, start_ns, 10 * MS, 1000, 0, 1);
}

static void arrivals_end_with_the_window(void)
{
	struct rm_pace pace = { .poisson = false };
	struct rm_worker worker = { .pace = &pace };
	bool sleeping, due = true;
	uint64_t count = 0;

	at(start_ns);
	begin(&pace);
	for (; rm_pace_next(&worker, &sleeping); count++)
		due &= pace.intended_ns == start_ns + count * MS;
	CHECK(count == 10 && due,
	        "ten arrivals in ten milliseconds, each at its time");
	CHECK(!pace.gave_up, "a completed window was not given up");
	rm_pace_begin(&pace, start_ns, 10 * MS, 1000, 1, 4);
	CHECK(rm_pace_next(&worker, &sleeping) &&
	                pace.intended_ns == start_ns + MS,
	        "the second of four threads starts a quarter of its gap later");
	CHECK(rm_pace_next(&worker, &sleeping) &&
	                pace.intended_ns == start_ns + 5 * MS,
	        "each of four threads has a gap four times as long");
	rm_pace_free(&pace);
}

/* The backlog of a window may take one second longer than the window. If it
   takes longer, the rate was not kept. */
static void a_backlog_ends_by_itself(void)
{
	struct rm_pace pace = { .poisson = false };
	struct rm_worker worker = { .pace = &pace };
	const uint64_t last_ns = start_ns + 20 * MS + 1000 * MS;
	bool sleeping;

	begin(&pace);
	at(last_ns);
	CHECK(rm_pace_next(&worker, &sleeping) && !pace.gave_up && !sleeping,
	        "a late arrival is executed at once");
	at(last_ns + 1);
	CHECK(!rm_pace_next(&worker, &sleeping) && pace.gave_up,
	        "a backlog that is too old ends the window with gave_up");
	begin(&pace);
	CHECK(!pace.gave_up, "the next window resets gave_up");
	rm_pace_free(&pace);
}

/* Returns whether to park before the first arrival, which is `wait_ns` from
   now. */
static bool parks(uint64_t wait_ns, bool oversubscribed)
{
	struct rm_pace pace = { .oversubscribed = oversubscribed };
	struct rm_worker worker = { .pace = &pace };
	bool sleeping = !oversubscribed;

	at(start_ns - wait_ns);
	begin(&pace);
	rm_pace_next(&worker, &sleeping);
	rm_pace_free(&pace);
	return sleeping;
}

static void only_long_waits_are_parked_for(void)
{
	CHECK(parks(200001, false) && !parks(200000, false),
	        "a wait of more than 0.2 ms is parked");
	CHECK(parks(1, true), "with shared CPUs any wait is parked");
	CHECK(!parks(0, true), "an operation without a wait is not parked");
}

/* Returns the state after the first arrival, to which the thread comes
   `late_ns` late. */
static struct rm_pace started(int64_t late_ns)
{
	struct rm_pace pace = { .ticks_per_ns = 1,
		.shortest_apart = UINT64_MAX };
	struct rm_worker worker = { .pace = &pace };
	bool sleeping;

	at(start_ns - 100 * MS);
	begin(&pace);
	rm_pace_next(&worker, &sleeping);
	at(start_ns + (uint64_t)late_ns);
	atomic_store(&played_readings, 0);
	rm_pace_wait(&worker);
	return pace;
}

static void starts_are_late_after_a_millisecond(void)
{
	struct rm_pace early = started(-50 * MS), late;

	/* each reading takes 100 ns */
	CHECK(early.started_ns >= start_ns &&
	                early.started_ns <= start_ns + PLAYED_READING_NS &&
	                early.late_starts == 0,
	        "an early thread starts when the operation is due");
	late = started(MS);
	CHECK(late.started_ns == start_ns + MS && late.late_starts == 0,
	        "a start 1 ms late is not counted as late");
	late = started(MS + 1);
	CHECK(late.started_ns == start_ns + MS + 1 && late.late_starts == 1,
	        "a start one nanosecond later is counted");
}

/* Reading the clock takes longer than reading the counter, and would delay the
   start by as much. */
static void the_end_of_a_wait_is_spun_on_the_counter(void)
{
	struct rm_pace pace = started(-1500);

	CHECK(pace.started_ns == start_ns, "the start is exact");
	CHECK(atomic_load(&played_ns) == start_ns + PLAYED_READING_NS,
	        "no clock is read after the wait");
	CHECK(atomic_load(&played_readings) == 2,
	        "the clock is read twice: at first, and once with the counter");
}

static void both_clocks_are_recorded(void)
{
	struct rm_pace pace = started(5 * MS);
	struct rm_worker worker = { .pace = &pace };
	struct rm_histogram **of = pace.histograms[RM_REMOVE][1];

	at(start_ns + 8 * MS);
	rm_pace_record(&worker, RM_REMOVE, true);
	CHECK(of[RM_CLOCK_INTENDED] &&
	                of[RM_CLOCK_INTENDED]->max_ns == 8 * MS &&
	                of[RM_CLOCK_SERVICE] &&
	                of[RM_CLOCK_SERVICE]->max_ns == 3 * MS,
	        "an operation's latency is from its arrival, its service time "
	        "from its start");
	CHECK(!pace.histograms[RM_REMOVE][0][RM_CLOCK_SERVICE] &&
	                !pace.histograms[RM_LOOKUP][1][RM_CLOCK_SERVICE],
	        "no other histogram is changed");
	CHECK(pace.slow_count == 1 &&
	                pace.slowest[0].start_ns == start_ns + 5 * MS &&
	                pace.slowest[0].end_ns == start_ns + 8 * MS &&
	                pace.slowest[0].late_ns == 5 * MS &&
	                pace.slowest[0].operation == RM_REMOVE &&
	                pace.slowest[0].was_there,
	        "the kept slow operation has all data");
	at(start_ns + 9 * MS);
	rm_pace_record(&worker, RM_UPSERT, false);
	of = pace.histograms[RM_UPSERT][0];
	CHECK(!of[RM_CLOCK_INTENDED] && of[RM_CLOCK_SERVICE]->max_ns == MS,
	        "the second operation of a pair only has a service time");
	of = pace.histograms[RM_REMOVE][1];
	begin(&pace);
	CHECK(of[RM_CLOCK_INTENDED]->count == 0 &&
	                of[RM_CLOCK_SERVICE]->count == 0 &&
	                pace.slow_count == 0 && pace.late_starts == 0,
	        "a window starts empty");
	rm_pace_free(&pace);
}

/* The lengths are 1 .. 40 in mixed order (13 and 41 are coprime). The 16
   longest are 40 .. 25. */
static void the_longest_are_kept(void)
{
	struct rm_pace pace = { .slow_count = 0 };
	bool right = true;

	for (uint64_t i = 1; i <= 40; i++)
		rm_pace_keep_slow(
		        &pace, &(struct rm_slow){ .start_ns = 1000 + i,
		                       .end_ns = 1000 + i + i * 13 % 41 });
	for (unsigned i = 0; i < RM_SLOWEST; i++) {
		const struct rm_slow *slow = &pace.slowest[i];

		right &= slow->end_ns - slow->start_ns == 40 - i;
	}
	CHECK(pace.slow_count == RM_SLOWEST && right,
	        "the sixteen longest operations are kept, longest first");
}

/* Tests which histograms are allocated before the window. A clear keeps
   them. */
static void only_what_the_cell_can_record_is_made(void)
{
	static const struct {
		const char *name;
		struct rm_cell cell;
		/* look-up, upsert, remove: absent, then present */
		bool made[RM_OPERATIONS][2];
		int second; /* 1 + operation without an intended start */
	} all[] = {
		{ "look-ups that hit", { .threads = 1 }, { { 0, 1 } }, 0 },
		{ "look-ups that may miss", { .threads = 1, .miss_share = 0.1 },
		        { { 1, 1 } }, 0 },
		{ "updates", { .threads = 2, .write_share = 0.1 },
		        { { 0, 1 }, { 1, 1 } }, 0 },
		{ "only writes, by one thread",
		        { .threads = 1,
		                .write_share = 1,
		                .write_kind = RM_CHURN },
		        { { 0, 0 }, { 1, 1 }, { 0, 1 } }, 1 + RM_UPSERT },
		{ "new keys of two threads",
		        { .threads = 2,
		                .write_share = 0.1,
		                .write_kind = RM_FRESH },
		        { { 1, 1 }, { 1, 1 }, { 1, 1 } }, 1 + RM_REMOVE },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct rm_pace pace = { .poisson = false };
		struct rm_cell cell = all[i].cell;
		bool right;

		cell.rate_per_s = 1000;
		cell.window_ns = MS;
		right = !rm_pace_create(&pace, &cell);
		rm_pace_clear(&pace);
		for (int j = 0; j < RM_OPERATIONS * 2; j++) {
			struct rm_histogram **of =
			        pace.histograms[j / 2][j % 2];
			const bool made = all[i].made[j / 2][j % 2];

			right &= made == !!of[RM_CLOCK_SERVICE] &&
			         (made && j / 2 != all[i].second - 1) ==
			                 !!of[RM_CLOCK_INTENDED];
		}
		CHECK(right, all[i].name);
		rm_pace_free(&pace);
	}
}

int main(void)
{
	only_what_the_cell_can_record_is_made();
	arrivals_end_with_the_window();
	a_backlog_ends_by_itself();
	only_long_waits_are_parked_for();
	starts_are_late_after_a_millisecond();
	the_end_of_a_wait_is_spun_on_the_counter();
	both_clocks_are_recorded();
	the_longest_are_kept();
	return DONE();
}
