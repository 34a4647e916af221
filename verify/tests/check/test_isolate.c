/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_isolate.c - how a check's process can end, and what is said of each end:
 * by checks of this test that crash, hang, eat memory or leave. Where a thread
 * stood is said where somebody listens.
 */
#include "runner/base/sanitized.h"
#include "tests/unit/tap.h"
#include "verify/check/internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ALARM_S = 300 }; /* some checks of this file never end */
enum { HELPER_S = 20 };

static const char *fits(const struct rm_check_case *c)
{
	(void)c;
	return NULL;
}

static struct rm_error error;
static struct rm_check_done done;
static char story[20000];

/* Runs it in its process; half a second of CPU time is a hang. */
static enum rm_check_verdict run(
        int (*fn)(const struct rm_check_case *, struct rm_error *),
        uint64_t memory_bytes, bool listens)
{
	const struct rm_check check = { "one", "", fits, fn, 0, false };
	const struct rm_check_limits limits = { .deadline_ns = 500000000,
		.memory_bytes = memory_bytes };
	FILE *out = listens ? fmemopen(story, sizeof(story) - 1, "w") : NULL;
	const struct rm_check_case c = {
		.seed = 7, .ops = 1, .threads = 1, .story = out
	};
	enum rm_check_verdict verdict;

	memset(story, 0, sizeof(story));
	error = (struct rm_error){ "" };
	done = (struct rm_check_done){ 0 };
	verdict = rm_check_run(&check, &c, &limits, &done, &error);
	if (out)
		fclose(out);
	printf("# %s\n", error.text);
	return verdict;
}

static const uint64_t plenty = (uint64_t)1 << 40;

static unsigned stacks(void)
{
	unsigned count = 0;

	for (const char *at = story; (at = strstr(at, " stood in\n")); at++)
		count++;
	return count;
}

/* ---- it says something ----------------------------------------------------- */

static int says_done(const struct rm_check_case *c, struct rm_error *said)
{
	return rm_error_set(said, 0, "seed %d", (int)c->seed);
}

static int says_nothing(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	return 0;
}

static int says_wrong(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c;
	return rm_error_set(said, -1, "it is wrong");
}

static int fails_without_reason(
        const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	return -1;
}

/* Another process has all that this one had open, and goes on. */
static int leaves_a_helper(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c;
	if (!fork()) {
		close(STDOUT_FILENO); /* nobody waits for it here, either */
		close(STDERR_FILENO);
		sleep(HELPER_S);
		_exit(0);
	}
	return rm_error_set(said, 0, "it has a helper");
}

/* A map that nobody can join as thread 1, beside threads that meet. */
static void *joins_one(void *map, size_t slot)
{
	return slot == 1 ? NULL : map;
}

static void no_more(void *thread)
{
	(void)thread;
}

static void meets_often(struct rm_peer *peer)
{
	for (unsigned i = 0; i < 5; i++)
		rm_peer_meet(peer);
}

static int lacks_a_thread(const struct rm_check_case *c, struct rm_error *said)
{
	static const struct rm_map_ops ops = {
		.join = joins_one, .leave = no_more, .quiesce = no_more
	};
	const struct rm_impl impl = { .ops = &ops };
	struct rm_check_case one = *c;

	one.impl = &impl;
	return rm_peers_run(&one, &one, 3, meets_often, NULL, said);
}

static void what_it_says(void)
{
	const time_t start = time(NULL);

	CHECK(run(leaves_a_helper, plenty, true) == RM_CHECK_OK &&
	                !strcmp(error.text, "it has a helper") &&
	                time(NULL) - start < HELPER_S / 2,
	        "what the map has started need not end first");
	CHECK(run(lacks_a_thread, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "thread 1: join() returned NULL"),
	        "a thread that cannot join is told, and no other waits for it");
	CHECK(run(says_done, plenty, true) == RM_CHECK_OK &&
	                !strcmp(error.text, "seed 7") && !done.hung,
	        "what was done is told");
	CHECK(run(says_nothing, plenty, true) == RM_CHECK_OK && !error.text[0],
	        "a check that is ok need not say anything");
	CHECK(run(says_wrong, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "it is wrong") && !stacks(),
	        "what is wrong is told, and no stack");
	CHECK(run(fails_without_reason, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "failed without a reason"),
	        "a check that fails says so at least");
}

/* ---- it does not live to say it --------------------------------------------- */

static int crashes(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	rm_witness_step("step %d", 3);
	raise(SIGSEGV);
	return 0;
}

static int aborts(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	abort();
}

static int leaves(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	_exit(5);
}

static int leaves_in_peace(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	rm_witness_step("step %d", 4);
	exit(0);
}

static int is_killed(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	kill(getpid(), SIGKILL);
	return 0;
}

static void how_it_ends(void)
{
	if (rm_sanitized()) {
		SKIP("crashes", "a sanitizer tells them itself");
		return;
	}
	CHECK(run(crashes, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text,
	                        "crashed: signal 11 (Segmentation fault), in "
	                        "step 3"),
	        "a crash is told with its signal and the step");
	CHECK(stacks() == 1 && !done.hung, "the thread shows its stack");
	CHECK(run(aborts, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "crashed: signal 6 (Aborted)") &&
	                stacks() == 1,
	        "also one that ends itself, in no step");
	CHECK(run(is_killed, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "crashed: signal 9 (Killed)") &&
	                !stacks(),
	        "who is killed from outside has no time for it");
	CHECK(run(crashes, plenty, false) == RM_CHECK_FAILED &&
	                strstr(error.text, "signal 11"),
	        "nobody need listen");
	CHECK(run(leaves, plenty, true) == RM_CHECK_FAILED &&
	                !strncmp(error.text, "its process ended with status 5 ",
	                        32) &&
	                !stacks(),
	        "a process that leaves is told by its status");
	CHECK(run(leaves_in_peace, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text,
	                        "its process ended with status 0 before the "
	                        "check did, in step 4"),
	        "a map that ends the process is not right for that");
}

/* ---- it does not end -------------------------------------------------------- */

static volatile bool never;

static int spins(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c, (void)said;
	rm_witness_step("a loop");
	while (!never)
		;
	return 0;
}

static void *spin_there(void *context)
{
	spins(NULL, NULL);
	return context;
}

/* Answers the signal of stacks.c as late as a thread that the machine has no time
   for. */
static void *spin_late(void *context)
{
	const struct timespec late = { .tv_nsec = 600000000 };
	sigset_t all, asked;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	do
		sigpending(&asked);
	while (sigismember(&asked, SIGRTMIN + 2) != 1);
	nanosleep(&late, NULL);
	pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	return spin_there(context);
}

static int spin_beside(void *(*other)(void *), struct rm_error *said)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, other, NULL))
		return rm_error_set(said, -1, "no thread");
	return spins(NULL, said);
}

static int spin_together(const struct rm_check_case *c, struct rm_error *said)
{
	(void)c;
	return spin_beside(spin_there, said);
}

static int spin_beside_late(
        const struct rm_check_case *c, struct rm_error *said)
{
	(void)c;
	return spin_beside(spin_late, said);
}

enum { MUCH = 64 << 20, ALLOWED = 32 << 20 };

/* Goes on all the time: no hang, whatever else it is. */
static int eats(const struct rm_check_case *c, struct rm_error *said)
{
	volatile char *food = malloc(MUCH);

	(void)c, (void)said;
	for (size_t i = 0; food && i < MUCH; i += 1024)
		food[i] = 1;
	while (!never)
		rm_witness_goes_on();
	return 0;
}

static void who_does_not_end(void)
{
	CHECK(run(spins, plenty, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text,
	                        "hung: no operation ended in 0.5 s of CPU "
	                        "time, in a loop") &&
	                done.hung && done.cpu_ns >= 500000000,
	        "a hang is told by the CPU time that it took, and the step");
	CHECK(rm_sanitized() || stacks() == 1, "with where it hangs");
	CHECK(run(spin_together, plenty, true) == RM_CHECK_FAILED &&
	                done.hung && stacks() == 2,
	        "all threads show where they hang");
	CHECK(run(spin_beside_late, plenty, true) == RM_CHECK_FAILED &&
	                done.hung && stacks() == 2,
	        "also one that a busy machine lets wait");
	CHECK(run(eats, ALLOWED, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "ate memory: more than 32 MiB"),
	        "who has more memory than allowed is ended");
	CHECK(!done.hung && !stacks(), "which is no hang");
}

int main(void)
{
	alarm(ALARM_S);
	what_it_says();
	how_it_ends();
	who_does_not_end();
	return DONE();
}
