/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sim_threads.c - locks, conditions, barriers, futexes and malloc of the
 * simulated machine keep their guarantees on 1 to 32 cores and 24 schedules
 * each. Each schedule needs its own process, since a process can simulate once.
 * The seed determines when threads leave a barrier, so that schedules differ.
 * slow: over five seconds of CPU time; not part of `make check`.
 */
#include "tests/unit/sim/sim_threads.h"
#include "tests/unit/tap.h"

#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/world.h"
#include "runner/sim/sim.h"

#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SCHEDULES = 24, MACHINES = 3, MESSAGE_BYTES = 256 };

/* Hash of the counts of each schedule; shared with the child processes. */
static uint64_t *hashes;

/* Parameters of one simulation. */
struct job {
	const struct sim_scenario *scenario;
	unsigned threads, seed;
};

static void *thread_main(void *argument)
{
	const struct job *job = argument;

	rm_sim_team_barrier_wait(NULL);
	job->scenario->thread(rm_sim_self());
	return NULL;
}

static void world_main(void *argument)
{
	struct job *job = argument;
	const struct sim_scenario *scenario = job->scenario;
	pthread_t thread[SIM_THREADS_MAX];

	sim_threads = job->threads;
	if (scenario->begin)
		scenario->begin(job->threads, job->seed);
	for (unsigned i = 0; i < job->threads; i++)
		rm_sim_thread_create(&thread[i], NULL, thread_main, job);
	rm_sim_team_barrier_wait(NULL);
	for (unsigned i = 0; i < job->threads; i++)
		rm_sim_thread_join(thread[i], NULL);
	hashes[job->seed] = rm_sim_hash(rm_sim_world_model());
	if (scenario->end && !sim_wrong)
		scenario->end();
}

/* Runs in a child process. Writes a failure to `out`. */
static void simulate(struct job *job, int out)
{
	static const char *const machines[MACHINES] = { "icelake-sp", "zen3",
		"cachegrind" };
	struct rm_error error = { "" };
	struct rm_sim_mach mach;
	struct rm_sim_world_options options = { .mach = &mach,
		.cores = job->threads,
		.seed = job->seed,
		.limit_ns = UINT64_C(1000000000) };
	const char *message = NULL;

	if (rm_sim_mach_find(machines[job->seed % MACHINES], &mach, &error) ||
	        rm_sim_world_run(&options, world_main, job, &error))
		message = error.text;
	else
		message = sim_wrong;
	if (message && write(out, message, strlen(message)) < 0)
		_exit(2);
	_exit(0);
}

/* True if the simulation succeeded. Otherwise stores the failure in `message`
   (MESSAGE_BYTES, zeroed). */
static bool ends(struct job *job, char *message)
{
	ssize_t length;
	int pipes[2], status;
	pid_t child;

	fflush(NULL);
	if (pipe(pipes))
		return false;
	child = fork();
	if (child == 0) {
		close(pipes[0]);
		simulate(job, pipes[1]);
	}
	close(pipes[1]);
	length = read(pipes[0], message, MESSAGE_BYTES - 1);
	close(pipes[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	return length == 0 && status == 0;
}

static bool holds(struct job *job)
{
	char message[MESSAGE_BYTES] = "";

	if (ends(job, message))
		return true;
	printf("# %u threads, seed %u: %s\n", job->threads, job->seed, message);
	return false;
}

static void wait_a_while(unsigned self)
{
	static const uint32_t word;
	static const struct timespec second = { .tv_sec = 1 };

	(void)self;
	rm_sim_syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &second);
}

static void what_is_not_simulated_is_refused(void)
{
	static const struct sim_scenario scenario = { .thread = wait_a_while };
	struct job job = { &scenario, 1, 0 };
	char message[MESSAGE_BYTES] = "";

	CHECK(!ends(&job, message) &&
	                strstr(message, "not simulated: a futex wait"),
	        "a futex wait with a timeout is rejected, not a deadlock");
}

/* Tests a first thread that never ends and runs alone at the end. */
static void first_stays(unsigned self)
{
	while (self == 0)
		rm_sim_sched_yield();
}

static void a_single_core_reaches_the_limit(void)
{
	static const struct sim_scenario scenario = { .thread = first_stays };
	bool ends_so = true;

	for (unsigned threads = 1; threads <= 3; threads++) {
		struct job job = { &scenario, threads, 0 };
		char message[MESSAGE_BYTES] = "";

		ends_so &=
		        !ends(&job, message) &&
		        strstr(message, "virtual time ran out: core 0 is past "
		                        "1000000000 ns");
	}
	CHECK(ends_so, "virtual time runs out if only one core is left");
}

static bool differ(void)
{
	for (unsigned i = 0; i < SCHEDULES; i++)
		for (unsigned k = i % MACHINES; k < i; k += MACHINES)
			if (hashes[i] == hashes[k])
				return false;
	return true;
}

static void check_all(
        const struct sim_scenario *scenario, const char *word, unsigned only)
{
	static const unsigned threads[] = { 1, 2, 3, 8, SIM_THREADS_MAX };

	for (; scenario->fact; scenario++)
		for (size_t i = 0; i < sizeof(threads) / sizeof(*threads);
		        i++) {
			char name[160];
			bool good = true;
			struct job job = { scenario, threads[i], 0 };

			if (threads[i] < scenario->least ||
			        (only && threads[i] != only) ||
			        !strstr(scenario->fact, word))
				continue;
			snprintf(name, sizeof(name), "%s: %u threads",
			        scenario->fact, threads[i]);
			while (good && job.seed < SCHEDULES) {
				good = holds(&job);
				job.seed++;
			}
			if (good && job.threads > 1 && !differ()) {
				printf("# two schedules are equal\n");
				good = false;
			}
			CHECK(good, name);
		}
}

/* Usage: test_sim_threads [WORD [THREADS]]. Tests only facts that contain WORD,
   and only with THREADS threads. */
int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	unsigned only = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

	hashes = mmap(NULL, SCHEDULES * sizeof(*hashes), PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (hashes == MAP_FAILED) {
		printf("Bail out! out of memory\n");
		return 1;
	}
	check_all(sim_scenarios, word, only);
	check_all(sim_heap_scenarios, word, only);
	if (*word)
		return DONE();
	what_is_not_simulated_is_refused();
	a_single_core_reaches_the_limit();
	return DONE();
}
