/* SPDX-License-Identifier: Apache-2.0 */
/* test_repeat.c - which trials are disturbed, and which are repeated. */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/campaign/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct rm_cell timed = { .id = "cell",
	.workload = "w",
	.threads = 2,
	.repeat_wait = 0.2,
	.repeat_most = 3 };

/* Makes a result of two threads of 24 ms. The second thread waited, and slept
   `sleeps` times. */
static json_t *result_of(double wait_ms, int sleeps)
{
	return json_pack("{s:[{s:i, s:i, s:i}, {s:i, s:I, s:i}]}", "by_thread",
	        "elapsed_ns", 24000000, "runqueue_wait_ns", 0,
	        "voluntary_switches", 0, "elapsed_ns", 24000000,
	        "runqueue_wait_ns", (json_int_t)(1e6 * wait_ms),
	        "voluntary_switches", sleeps);
}

/* `expected` must be part of the reason, or NULL if the trial is not
   disturbed. */
static bool check_stolen(const struct rm_cell *cell, json_t *result,
        double others_share, double stolen_share, const char *expected)
{
	const struct rm_interference interference = {
		.others_share = others_share, .stolen_share = stolen_share
	};
	char text[RM_REASON_BYTES] = "";
	bool disturbed = rm_repeat_disturbed(cell, result, &interference, text);

	json_decref(result);
	if (disturbed != (expected != NULL))
		printf("# %d %s\n", disturbed, text);
	return disturbed == (expected != NULL) &&
	       (!expected || strstr(text, expected));
}

static bool check(const struct rm_cell *cell, json_t *result,
        double others_share, const char *expected)
{
	return check_stolen(cell, result, others_share, -1, expected);
}

static json_t *no_waits(json_t *result);

static void stolen_time(void)
{
	CHECK(check_stolen(&timed, result_of(0, 0), 0, 0.2, NULL) &&
	                check_stolen(&timed, result_of(0, 0), 0, 0.201,
	                        "others took 20.1 % of its threads' time (the "
	                        "hypervisor 20.1 %)"),
	        "time stolen by the hypervisor disturbs a trial");
	CHECK(check_stolen(&timed, result_of(9.6, 0), 0, 0.1, "took 30.0 %") &&
	                check_stolen(&timed, result_of(48, 0), 1, 0.5,
	                        "took 100.0 %"),
	        "stolen time adds to the time of other programs");
	CHECK(check_stolen(&timed, no_waits(result_of(0, 0)), -1, 0.3,
	              "took 30.0 %") &&
	                check_stolen(&timed, NULL, -1, 0.3, NULL),
	        "stolen time counts if the kernel counts no waits");
}

static void apply_rule(void)
{
	struct rm_cell unlimited = timed;
	json_t *halves = result_of(24, 0);

	CHECK(check(&timed, result_of(0, 0), -1, NULL) &&
	                check(&timed, result_of(9.6, 0), -1, NULL) &&
	                check(&timed, result_of(9.7, 0), -1, "took 20.2 %"),
	        "above a fifth of all threads' time a trial is disturbed");
	CHECK(check(&timed, result_of(9.7, 3), -1, NULL) &&
	                check(&timed, result_of(9.7, 300), -1, NULL),
	        "waiting that wake-ups may explain does not count");
	CHECK(check(&timed, result_of(20, 300), 0.1, NULL) &&
	                check(&timed, result_of(20, 300), 0.3, "took 30.0 %"),
	        "waiting counts if other programs ran for at least as long");
	CHECK(check(&timed, result_of(4, 300), 0.9, NULL) &&
	                check(&timed, result_of(4, 0), 0.9, NULL),
	        "other programs without waiting threads disturb nothing");
	CHECK(check(&timed, result_of(90, 0), -1, "took 100.0 %"),
	        "a thread waits no longer than it exists");
	json_object_set_new(
	        json_array_get(json_object_get(halves, "by_thread"), 0),
	        "runqueue_wait_ns", json_null());
	CHECK(check(&timed, halves, 1, NULL) && check(&timed, NULL, 1, NULL),
	        "a value that the kernel does not count is not guessed");
	unlimited.repeat_wait = 0;
	CHECK(check(&unlimited, result_of(24, 0), 1, NULL),
	        "a limit of 0 % disables the check");
}

/* Four threads share two CPUs. Each waits for half of 24 ms even on an idle
   machine, or one waits while it holds the lock of the others. */
static json_t *shared_cpus_result(double wait_ms, unsigned waiting)
{
	json_t *threads = json_array();

	for (unsigned i = 0; i < 4; i++)
		json_array_append_new(threads,
		        json_pack("{s:i, s:I, s:i}", "elapsed_ns", 24000000,
		                "runqueue_wait_ns",
		                (json_int_t)(i < waiting ? 1e6 * wait_ms : 0),
		                "voluntary_switches", 0));
	return json_pack("{s:o}", "by_thread", threads);
}

static void threads_share_cpus(void)
{
	unsigned cpus[] = { 0, 1, 0, 1 };
	struct rm_cell cell = timed;

	cell.threads = cell.cpu_count = 4;
	cell.cpus = cpus;
	CHECK(check(&cell, shared_cpus_result(12, 4), 0, NULL) &&
	                check(&cell, shared_cpus_result(12, 4), -1, NULL) &&
	                check(&cell, shared_cpus_result(12, 4), 0.19, NULL),
	        "threads that share CPUs wait for each other");
	CHECK(check(&cell, shared_cpus_result(23, 4), 0.93, "took 93.0 %") &&
	                check(&cell, shared_cpus_result(24, 1), 0.93,
	                        "took 50.0 %"),
	        "other programs disturb threads that share CPUs");
}

/* Adds threads of the program itself, which may delay the measured threads. */
static json_t *with_threads(json_t *result)
{
	json_object_set_new(
	        result, "environment", json_pack("{s:b}", "own_threads", 1));
	return result;
}

/* Adds the CPU time of these threads in the window. */
static json_t *with_time(json_t *result, double ms)
{
	json_object_set_new(
	        json_object_get(with_threads(result), "environment"),
	        "own_threads_cpu_ns", json_real(1e6 * ms));
	return result;
}

static json_t *no_waits(json_t *result)
{
	json_t *thread;
	size_t i;

	json_array_foreach (json_object_get(result, "by_thread"), i, thread)
		json_object_set_new(thread, "runqueue_wait_ns", json_null());
	return result;
}

static void exclude_own_threads(void)
{
	CHECK(check(&timed, with_threads(result_of(20, 0)), 0.1, NULL) &&
	                check(&timed, with_threads(result_of(20, 0)), -1, NULL),
	        "waiting for the program's own threads does not count");
	CHECK(check(&timed, with_threads(result_of(20, 0)), 0.3,
	              "took 30.0 %") &&
	                check(&timed, with_threads(result_of(4, 0)), 0.9, NULL),
	        "time of other programs counts up to the waiting time");
	CHECK(check(&timed, with_time(result_of(20, 0), 5), 0, "took 31.2 %") &&
	                check(&timed, with_time(result_of(20, 0), 11), 0, NULL),
	        "waiting longer than the program's own threads ran counts");
	CHECK(check(&timed, with_time(result_of(20, 150), 0), 0, NULL) &&
	                check(&timed, with_time(result_of(20, 0), 90), 0.3,
	                        "took 30.0 %"),
	        "waiting that wake-ups may explain is subtracted");
	CHECK(check(&timed, with_time(no_waits(result_of(0, 0)), 0), 0.1, NULL),
	        "goroutines count only the time of other programs");
	CHECK(check(&timed, with_threads(no_waits(result_of(0, 0))), 0.3,
	              "took 30.0 %") &&
	                check(&timed, with_threads(no_waits(result_of(0, 0))),
	                        0.1, NULL),
	        "goroutines, whose waiting is unknown, always wait");
	CHECK(check(&timed, with_threads(no_waits(result_of(0, 0))), -1, NULL),
	        "unknown time of other programs is not guessed");
}

static enum rm_attempt_state state(const char *status, bool disturbed)
{
	json_t *line = json_pack("{s:s, s:s?}", "status", status, "disturbed",
	        disturbed ? "x" : NULL);
	enum rm_attempt_state state = rm_attempt_state_of(line);

	json_decref(line);
	return state;
}

static void states(void)
{
	CHECK(state("ok", false) == RM_ATTEMPT_GOOD &&
	                state("ok", true) == RM_ATTEMPT_TO_REPEAT &&
	                state("void", false) == RM_ATTEMPT_TO_REPEAT &&
	                state("void", true) == RM_ATTEMPT_TO_REPEAT,
	        "void and disturbed trials are to be repeated");
	CHECK(state("failed", false) == RM_ATTEMPT_FAILED &&
	                state("failed", true) == RM_ATTEMPT_FAILED &&
	                state("skipped", false) == RM_ATTEMPT_FAILED,
	        "failed trials are not repeated");
}

/* Attempts of a cell by a set of arms, driven by rm_repeat_is_due(). */
struct game {
	json_t *attempts;
	struct rm_arms arms;
	enum rm_attempt_state ends[RM_REPEATS_MAX + 2][RM_ARMS_MAX];
	unsigned played;
};

static void put_attempt(struct game *game, unsigned attempt, size_t arm)
{
	char key[RM_TRIAL_KEY_BYTES];

	snprintf(key, sizeof(key), RM_TRIAL_KEY, timed.id, 7LL,
	        (long long)attempt, game->arms.list[arm].name);
	json_object_set_new(game->attempts, key,
	        json_integer((json_int_t)game->ends[attempt][arm]));
}

/* Returns the number of expected attempts. The last one is the first that is
   good in all arms or failed. */
static unsigned expected_attempts(const struct game *game, unsigned most)
{
	for (unsigned k = 1; k <= most; k++) {
		bool good = true, failed = false;

		for (size_t i = 0; i < game->arms.count; i++) {
			good &= game->ends[k][i] == RM_ATTEMPT_GOOD;
			failed |= game->ends[k][i] == RM_ATTEMPT_FAILED;
		}
		if (good || failed)
			return k;
	}
	return most + 1;
}

static void play(struct game *game, const struct rm_cell *cell)
{
	for (unsigned k = 1;
	        rm_repeat_is_due(game->attempts, &game->arms, cell, 7, k);
	        k++) {
		for (size_t i = 0; i < game->arms.count; i++)
			put_attempt(game, k, i);
		game->played++;
	}
}

static void play_random_games(void)
{
	enum { GAMES = 5000 };
	unsigned wrong = 0, longest = 0, state_seen[4] = { 0 };
	uint64_t random = 11;

	for (int n = 0; n < GAMES; n++) {
		struct game game = { .attempts = json_object() };
		struct rm_cell cell = timed;

		cell.repeat_most = (unsigned)rm_below(
		        rm_next(&random), RM_REPEATS_MAX + 1);
		game.arms.count = 1 + (size_t)rm_below(rm_next(&random), 3);
		for (size_t i = 0; i < game.arms.count; i++)
			snprintf(game.arms.list[i].name, RM_ARM_NAME_BYTES,
			        "%c", (int)('a' + i));
		for (unsigned k = 1; k <= RM_REPEATS_MAX + 1; k++)
			for (size_t i = 0; i < game.arms.count; i++) {
				/* most trials are disturbed, so that games are
				   long */
				uint64_t draw = rm_below(rm_next(&random), 20);

				game.ends[k][i] =
				        draw == 0  ? RM_ATTEMPT_FAILED
				        : draw < 9 ? RM_ATTEMPT_GOOD
				                   : RM_ATTEMPT_TO_REPEAT;
				state_seen[game.ends[k][i]]++;
			}
		play(&game, &cell);
		wrong += game.played !=
		         expected_attempts(&game, cell.repeat_most);
		if (game.played > longest)
			longest = game.played;
		json_decref(game.attempts);
	}
	CHECK(state_seen[RM_ATTEMPT_FAILED] > 100 &&
	                longest == RM_REPEATS_MAX + 1,
	        "some random games fail, and some are as long as possible");
	CHECK(!wrong, "all arms run again until all are good, one failed, or "
	              "the limit is reached");
}

static char root[64];

/* There are two CPUs, and the cell has CPU 1. */
static void put_ticks(const char *cpu0, const char *cpu1, const char *all)
{
	char text[300];

	snprintf(text, sizeof(text), "cpu %s\ncpu0 %s\ncpu1 %s\nintr 5\n", all,
	        cpu0, cpu1);
	fake_root_write(root, "proc/stat", text);
}

/* A quota that is set during a trial counts from then on. */
static void name_quota(void)
{
	const struct rm_cell cell = { .cpu_count = 0 };
	const struct rm_interference stopped = { .throttled_ns = 41900000 };
	struct rm_interference found = rm_interference_unknown();
	struct rm_interference_start start;
	json_t *result = result_of(20, 0);
	char text[RM_REASON_BYTES] = "";

	CHECK(rm_repeat_disturbed(&timed, result, &stopped, text) &&
	                strstr(text, "(a CPU quota stopped it for 41.9 ms)"),
	        "a quota that stopped the trial is named");
	json_decref(result);
	fake_root_write(root, "proc/self/cgroup", "3:cpu,cpuacct:/a/b\n");
	fake_root_write(root, "sys/fs/cgroup/cpu/a/cpu.stat",
	        "nr_periods 1\nnr_throttled 1\nthrottled_time 7000\n");
	rm_interference_begin(&cell, &start);
	fake_root_write(root, "sys/fs/cgroup/cpu/a/b/cpu.stat",
	        "throttled_time 5000\n");
	rm_interference_end(&cell, &start, &found);
	CHECK(found.throttled_ns == 5000,
	        "the quotas of a group and of those above it count");
	fake_root_write(root, "proc/self/cgroup", "");
	found = rm_interference_unknown();
	rm_interference_begin(&cell, &start);
	rm_interference_end(&cell, &start, &found);
	CHECK(found.throttled_ns < 0, "without a control group the quota is "
	                              "unknown");
}

/* Measures the interference during `ms`, in which CPU 1 was busy for
   `ticks`. */
static struct rm_interference measure(unsigned ms, int ticks, int nice_ticks)
{
	unsigned cpus[] = { 1, 1 };
	const struct rm_cell cell = { .cpus = cpus, .cpu_count = 2 };
	struct rm_interference found = rm_interference_unknown();
	struct rm_interference_start start;
	char cpu1[80];

	put_ticks("0 0 0 0 0 0 0 0", "50 1 9 100 0 0 0 3", "0 0 0 0 0 0 0 3");
	rm_interference_begin(&cell, &start);
	rm_sleep_until(rm_now_ns() + ms * (uint64_t)1000000);
	snprintf(cpu1, sizeof(cpu1), "%d %d 9 100 0 0 0 5", 50 + ticks,
	        1 + nice_ticks);
	put_ticks("900 0 0 0 0 0 0 0", cpu1, "0 0 0 0 0 0 0 5");
	rm_interference_end(&cell, &start, &found);
	return found;
}

/* Runs a child that computes for `ms` of CPU time, and reaps it. */
static void use_cpu(unsigned ms)
{
	pid_t child = fork();

	if (child == 0) {
		while (rm_thread_cpu_ns() < ms * (uint64_t)1000000)
			;
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* Only the trial itself keeps its CPU busy. */
static void exclude_own_time(void)
{
	unsigned cpus[] = { 1 };
	const struct rm_cell cell = { .cpus = cpus, .cpu_count = 1 };
	struct rm_interference found = rm_interference_unknown();
	struct rm_interference_start start;

	put_ticks("0 0 0 0 0 0 0 0", "50 1 9 100 0 0 0 3", "0 0 0 0 0 0 0 3");
	rm_interference_begin(&cell, &start);
	use_cpu(100);
	rm_sleep_until(rm_now_ns() + 100000000); /* so that the elapsed time is
	                                            the same */
	put_ticks("0 0 0 0 0 0 0 0", "60 1 9 100 0 0 0 3", "0 0 0 0 0 0 0 3");
	rm_interference_end(&cell, &start, &found);
	CHECK(found.others_share == 0,
	        "a trial's own time is not interference");
}

/* Returns the share of time that other programs took from a cell on both CPUs,
   one of which is listed twice. Each CPU was busy for 50 of 100 ms. */
static double share_on_two_cpus(void)
{
	unsigned cpus[] = { 0, 1, 0 };
	const struct rm_cell cell = { .cpus = cpus, .cpu_count = 3 };
	struct rm_interference found = rm_interference_unknown();
	struct rm_interference_start start;

	put_ticks("0 0 0 0 0 0 0 0", "0 0 0 0 0 0 0 0", "0 0 0 0 0 0 0 0");
	rm_interference_begin(&cell, &start);
	rm_sleep_until(rm_now_ns() + 100000000);
	put_ticks("5 0 0 0 0 0 0 2", "5 0 0 0 0 0 0 0", "0 0 0 0 0 0 0 2");
	rm_interference_end(&cell, &start, &found);
	CHECK(found.steal_ticks == 2 && found.stolen_share == 0,
	        "one tick per CPU may have been stolen before the trial");
	return found.others_share;
}

/* There is no result if a count is unknown at the start or decreases. */
static void reject_unknown_counts(void)
{
	unsigned cpus[] = { 1 };
	const struct rm_cell cell = { .cpus = cpus, .cpu_count = 1 };
	struct rm_interference_start unknown = {
		.steal_ticks = -1, .busy_ticks = -1, .at_ns = rm_now_ns()
	};
	struct rm_interference_start later = {
		.steal_ticks = 9, .busy_ticks = 90, .at_ns = rm_now_ns()
	};
	struct rm_interference found = rm_interference_unknown();

	rm_sleep_until(rm_now_ns() + 100000000);
	put_ticks("0 0 0 0 0 0 0 0", "50 1 9 100 0 0 0 3", "0 0 0 0 0 0 0 3");
	rm_interference_end(&cell, &unknown, &found);
	CHECK(found.steal_ticks < 0 && found.others_share < 0,
	        "a value unknown before a trial is unknown after it");
	rm_interference_end(&cell, &later, &found);
	CHECK(found.steal_ticks < 0 && found.others_share < 0,
	        "a value that decreased is unknown");
}

static void interference(void)
{
	fake_root_make(root, sizeof(root));
	CHECK(measure(100, 0, 0).others_share == 0,
	        "an idle CPU has no interference");
	CHECK(measure(100, 0, 0).steal_ticks == 2, "stolen ticks are counted");
	CHECK(fabs(measure(100, 0, 0).stolen_share - 0.2) < 0.0001,
	        "two of ten ticks of the cell's CPU were stolen");
	/* there are 5 ticks of 10 ms in 100 ms of the simulated clock; a CPU
	   that two threads share counts once */
	double share = measure(100, 5, 0).others_share;

	CHECK(share > 0.4999 && share <= 0.5,
	        "only other programs on the cell's CPUs count");
	CHECK(measure(100, 500, 0).others_share == 1, "the share is at most 1");
	share = share_on_two_cpus();
	CHECK(share > 0.4999 && share <= 0.5,
	        "the share covers all CPUs of the cell, each once");
	reject_unknown_counts();
	exclude_own_time();
	if (getpriority(PRIO_PROCESS, 0) <= 0)
		CHECK(measure(100, 0, 500).others_share == 0,
		        "niced work delays no thread");
	else
		SKIP("niced work delays no thread", "this process is niced");
	CHECK(measure(29, 5, 0).others_share < 0 &&
	                measure(31, 1, 0).others_share > 0 &&
	                measure(29, 0, 0).stolen_share < 0,
	        "a trial shorter than three ticks is not judged by ticks");
	name_quota();
	fake_root_remove(root);
	setenv("RM_SYSFS", "/nonexistent", 1);
	CHECK(rm_interference_unknown().load < 0,
	        "a load that is not available is unknown");
	unsetenv("RM_SYSFS");
}

int main(void)
{
	apply_rule();
	threads_share_cpus();
	stolen_time();
	exclude_own_threads();
	states();
	play_random_games();
	interference();
	return DONE();
}
