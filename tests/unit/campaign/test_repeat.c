/* SPDX-License-Identifier: Apache-2.0 */
/* test_repeat.c - which trials are disturbed, and which run again. */
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

/* Two threads of 24 ms; the second one waited `wait_ms` and slept so often. */
static json_t *result_of(double wait_ms, int sleeps)
{
	return json_pack("{s:[{s:i, s:i, s:i}, {s:i, s:I, s:i}]}", "by_thread",
	        "elapsed_ns", 24000000, "runqueue_wait_ns", 0,
	        "voluntary_switches", 0, "elapsed_ns", 24000000,
	        "runqueue_wait_ns", (json_int_t)(1e6 * wait_ms),
	        "voluntary_switches", sleeps);
}

/* `said` is part of the text, or NULL: it is not disturbed. */
static bool says_stolen(const struct rm_cell *cell, json_t *result,
        double others_share, double stolen_share, const char *said)
{
	const struct rm_interference interference = {
		.others_share = others_share, .stolen_share = stolen_share
	};
	char text[RM_REASON_BYTES] = "";
	bool disturbed = rm_repeat_disturbed(cell, result, &interference, text);

	json_decref(result);
	if (disturbed != (said != NULL))
		printf("# %d %s\n", disturbed, text);
	return disturbed == (said != NULL) && (!said || strstr(text, said));
}

static bool says(const struct rm_cell *cell, json_t *result,
        double others_share, const char *said)
{
	return says_stolen(cell, result, others_share, -1, said);
}

static json_t *uncounted(json_t *result);

static void stolen_time(void)
{
	CHECK(says_stolen(&timed, result_of(0, 0), 0, 0.2, NULL) &&
	                says_stolen(&timed, result_of(0, 0), 0, 0.201,
	                        "others took 20.1 % of its threads' time (the "
	                        "hypervisor 20.1 %)"),
	        "time that the hypervisor stole disturbs a trial");
	CHECK(says_stolen(&timed, result_of(9.6, 0), 0, 0.1, "took 30.0 %") &&
	                says_stolen(&timed, result_of(48, 0), 1, 0.5,
	                        "took 100.0 %"),
	        "stolen time adds to the time of other programs");
	CHECK(says_stolen(&timed, uncounted(result_of(0, 0)), -1, 0.3,
	              "took 30.0 %") &&
	                says_stolen(&timed, NULL, -1, 0.3, NULL),
	        "stolen time counts if the kernel counts no waits");
}

static void rule(void)
{
	struct rm_cell unasked = timed;
	json_t *halves = result_of(24, 0);

	CHECK(says(&timed, result_of(0, 0), -1, NULL) &&
	                says(&timed, result_of(9.6, 0), -1, NULL) &&
	                says(&timed, result_of(9.7, 0), -1, "took 20.2 %"),
	        "above a fifth of the time of all threads it is disturbed");
	CHECK(says(&timed, result_of(9.7, 3), -1, NULL) &&
	                says(&timed, result_of(9.7, 300), -1, NULL),
	        "waiting that wake-ups may explain is not laid on others");
	CHECK(says(&timed, result_of(20, 300), 0.1, NULL) &&
	                says(&timed, result_of(20, 300), 0.3, "took 30.0 %"),
	        "unless others are known to have run as long");
	CHECK(says(&timed, result_of(4, 300), 0.9, NULL) &&
	                says(&timed, result_of(4, 0), 0.9, NULL),
	        "others that kept nobody waiting disturbed nobody");
	CHECK(says(&timed, result_of(90, 0), -1, "took 100.0 %"),
	        "no thread waits for longer than it is there");
	json_object_set_new(
	        json_array_get(json_object_get(halves, "by_thread"), 0),
	        "runqueue_wait_ns", json_null());
	CHECK(says(&timed, halves, 1, NULL) && says(&timed, NULL, 1, NULL),
	        "what the kernel does not count is not guessed");
	unasked.repeat_wait = 0;
	CHECK(says(&unasked, result_of(24, 0), 1, NULL), "0 % is: do not ask");
}

/* A program whose run time has threads of its own, that wait for nobody or for
   which the members wait. */
static json_t *own(json_t *result)
{
	json_object_set_new(
	        result, "environment", json_pack("{s:b}", "own_threads", 1));
	return result;
}

/* And for how long these ran in the window. */
static json_t *own_ran(json_t *result, double ms)
{
	json_object_set_new(json_object_get(own(result), "environment"),
	        "own_threads_cpu_ns", json_real(1e6 * ms));
	return result;
}

static json_t *uncounted(json_t *result)
{
	json_t *thread;
	size_t i;

	json_array_foreach (json_object_get(result, "by_thread"), i, thread)
		json_object_set_new(thread, "runqueue_wait_ns", json_null());
	return result;
}

static void threads_of_its_own(void)
{
	CHECK(says(&timed, own(result_of(20, 0)), 0.1, NULL) &&
	                says(&timed, own(result_of(20, 0)), -1, NULL),
	        "waiting for the own collector is not laid on others");
	CHECK(says(&timed, own(result_of(20, 0)), 0.3, "took 30.0 %") &&
	                says(&timed, own(result_of(4, 0)), 0.9, NULL),
	        "but what others ran while somebody waited is");
	CHECK(says(&timed, own_ran(result_of(20, 0), 5), 0, "took 31.2 %") &&
	                says(&timed, own_ran(result_of(20, 0), 11), 0, NULL),
	        "and so is waiting for longer than the own ones ran");
	CHECK(says(&timed, own_ran(result_of(20, 150), 0), 0, NULL) &&
	                says(&timed, own_ran(result_of(20, 0), 90), 0.3,
	                        "took 30.0 %"),
	        "but for what wake-ups may take, which is no less than before");
	CHECK(says(&timed, own_ran(uncounted(result_of(0, 0)), 0), 0.1, NULL),
	        "of goroutines only what others ran");
	CHECK(says(&timed, own(uncounted(result_of(0, 0))), 0.3,
	              "took 30.0 %") &&
	                says(&timed, own(uncounted(result_of(0, 0))), 0.1,
	                        NULL),
	        "goroutines, whose waiting is unknown, waited for all of it");
	CHECK(says(&timed, own(uncounted(result_of(0, 0))), -1, NULL),
	        "where it is unknown what others ran nothing is guessed");
}

static enum rm_repeat state(const char *status, bool disturbed)
{
	json_t *line = json_pack("{s:s, s:s?}", "status", status, "disturbed",
	        disturbed ? "x" : NULL);
	enum rm_repeat state = rm_repeat_state(line);

	json_decref(line);
	return state;
}

static void states(void)
{
	CHECK(state("ok", false) == RM_ATTEMPT_GOOD &&
	                state("ok", true) == RM_ATTEMPT_SPOILT &&
	                state("void", false) == RM_ATTEMPT_SPOILT &&
	                state("void", true) == RM_ATTEMPT_SPOILT,
	        "void and disturbed trials are spoilt");
	CHECK(state("failed", false) == RM_ATTEMPT_FAILED &&
	                state("failed", true) == RM_ATTEMPT_FAILED &&
	                state("skipped", false) == RM_ATTEMPT_FAILED,
	        "wrong answers are not repeated until they are right");
}

/* Attempts of one cell by a set of arms, played with the rule. */
struct game {
	json_t *attempts;
	struct rm_arms arms;
	enum rm_repeat ends[RM_REPEATS_MAX + 2][RM_ARMS_MAX];
	unsigned played;
};

static void put(struct game *game, unsigned attempt, size_t arm)
{
	char key[RM_TRIAL_KEY_BYTES];

	snprintf(key, sizeof(key), RM_TRIAL_KEY, timed.id, 7LL,
	        (long long)attempt, game->arms.list[arm].name);
	json_object_set_new(game->attempts, key,
	        json_integer((json_int_t)game->ends[attempt][arm]));
}

/* How many there are to be, from the ends alone: up to the first that is good
   in all arms or failed in one. */
static unsigned expected(const struct game *game, unsigned most)
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
			put(game, k, i);
		game->played++;
	}
}

static void random_games(void)
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
				/* mostly spoilt, or games were short */
				uint64_t of = rm_below(rm_next(&random), 20);

				game.ends[k][i] = of == 0  ? RM_ATTEMPT_FAILED
				                  : of < 9 ? RM_ATTEMPT_GOOD
				                           : RM_ATTEMPT_SPOILT;
				state_seen[game.ends[k][i]]++;
			}
		play(&game, &cell);
		wrong += game.played != expected(&game, cell.repeat_most);
		if (game.played > longest)
			longest = game.played;
		json_decref(game.attempts);
	}
	CHECK(state_seen[RM_ATTEMPT_FAILED] > 100 &&
	                longest == RM_REPEATS_MAX + 1,
	        "random games fail, too, and go to the end");
	CHECK(!wrong, "all arms run again until all are good, one failed, or "
	              "the plan's number is reached");
}

static char root[64];

/* Two CPUs of which the cell has the second one. */
static void put_ticks(const char *cpu0, const char *cpu1, const char *all)
{
	char text[300];

	snprintf(text, sizeof(text), "cpu %s\ncpu0 %s\ncpu1 %s\nintr 5\n", all,
	        cpu0, cpu1);
	fake_root_write(root, "proc/stat", text);
}

/* What is found of others over `ms` in which CPU 1 was busy for `ticks`. */
static struct rm_interference seen(unsigned ms, int ticks, int nice_ticks)
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

/* A child that computes for `ms` of its own time, and is reaped. */
static void compute(unsigned ms)
{
	pid_t child = fork();

	if (child == 0) {
		while (rm_thread_cpu_ns() < ms * (uint64_t)1000000)
			;
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* The trial itself is the one that kept its CPU busy: no others. */
static void own_time(void)
{
	unsigned cpus[] = { 1 };
	const struct rm_cell cell = { .cpus = cpus, .cpu_count = 1 };
	struct rm_interference found = rm_interference_unknown();
	struct rm_interference_start start;

	put_ticks("0 0 0 0 0 0 0 0", "50 1 9 100 0 0 0 3", "0 0 0 0 0 0 0 3");
	rm_interference_begin(&cell, &start);
	compute(100);
	rm_sleep_until(rm_now_ns() + 100000000); /* as long on the clock */
	put_ticks("0 0 0 0 0 0 0 0", "60 1 9 100 0 0 0 3", "0 0 0 0 0 0 0 3");
	rm_interference_end(&cell, &start, &found);
	CHECK(found.others_share == 0, "a trial's own time is no other's");
}

/* What others had of a cell on both CPUs, one of them twice, in 100 ms in which
   each was busy for 50. */
static double on_two_cpus(void)
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
	        "a tick for each CPU may have been stolen before the trial");
	return found.others_share;
}

/* Of a count that began in the middle nothing is known, nor of one that went
   back. */
static void counts_without_a_beginning(void)
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
	        "what was not known before a trial is not known after it");
	rm_interference_end(&cell, &later, &found);
	CHECK(found.steal_ticks < 0 && found.others_share < 0,
	        "nor is what was more before");
}

static void interference(void)
{
	fake_root_make(root, sizeof(root));
	CHECK(seen(100, 0, 0).others_share == 0, "an idle CPU has no others");
	CHECK(seen(100, 0, 0).steal_ticks == 2, "stolen ticks are counted");
	CHECK(fabs(seen(100, 0, 0).stolen_share - 0.2) < 0.0001,
	        "two of ten ticks of the cell's CPU were stolen");
	/* 5 ticks of 10 ms in 100 ms, by the played clock; a CPU that two
	   threads share is one */
	double share = seen(100, 5, 0).others_share;

	CHECK(share > 0.4999 && share <= 0.5,
	        "others on the cell's CPUs count, others elsewhere do not");
	CHECK(seen(100, 500, 0).others_share == 1, "there is no more than all");
	share = on_two_cpus();
	CHECK(share > 0.4999 && share <= 0.5,
	        "the share is of all CPUs that the cell has, each once");
	counts_without_a_beginning();
	own_time();
	if (getpriority(PRIO_PROCESS, 0) <= 0)
		CHECK(seen(100, 0, 500).others_share == 0,
		        "work that gives way keeps nobody waiting");
	else
		SKIP("work that gives way keeps nobody waiting",
		        "this process gives way itself");
	CHECK(seen(29, 5, 0).others_share < 0 &&
	                seen(31, 1, 0).others_share > 0 &&
	                seen(29, 0, 0).stolen_share < 0,
	        "a trial of less than three ticks is not judged by them");
	fake_root_remove(root);
	setenv("RM_SYSFS", "/nonexistent", 1);
	CHECK(rm_interference_unknown().load < 0,
	        "a system that does not say is unknown");
	unsetenv("RM_SYSFS");
}

int main(void)
{
	rule();
	stolen_time();
	threads_of_its_own();
	states();
	random_games();
	interference();
	return DONE();
}
