/* SPDX-License-Identifier: Apache-2.0 */
/* test_isolate.c - tests the ways in which a check's process can end, and the
 * message for each: the checks in this file crash, hang, use too much memory or
 * exit. Stacks are printed if the case has an output stream for them. */
#include "runner/base/sanitized.h"
#include "tests/unit/tap.h"
#include "verify/check/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
static struct rm_check_result done;
static char story[20000];

/* Runs a check in its own process; half a second of CPU time is a hang. */
static enum rm_check_verdict run(
        int (*fn)(const struct rm_check_case *, struct rm_error *),
        uint64_t memory_bytes, bool has_output)
{
	const struct rm_check check = { "one", "", fits, fn, 0, false };
	const struct rm_check_limits limits = { .deadline_ns = 500000000,
		.memory_bytes = memory_bytes };
	FILE *out = has_output ? fmemopen(story, sizeof(story) - 1, "w") : NULL;
	const struct rm_check_case c = {
		.seed = 7, .ops = 1, .threads = 1, .story = out
	};
	enum rm_check_verdict verdict;

	memset(story, 0, sizeof(story));
	error = (struct rm_error){ "" };
	done = (struct rm_check_result){ 0 };
	verdict = rm_check_run(&check, &c, &limits, &done, &error);
	if (out)
		fclose(out);
	printf("# %s\n", error.text);
	return verdict;
}

static const uint64_t memory_unlimited = (uint64_t)1 << 40;

static unsigned stacks(void)
{
	unsigned count = 0;

	for (const char *at = story; (at = strstr(at, " was in\n")); at++)
		count++;
	return count;
}

/* ---- checks that report
 * --------------------------------------------------- */

static int passes_with_summary(
        const struct rm_check_case *c, struct rm_error *reported)
{
	return rm_error_set(reported, 0, "seed %d", (int)c->seed);
}

static int passes_silently(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	return 0;
}

static int fails_with_reason(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c;
	return rm_error_set(reported, -1, "it is wrong");
}

static int fails_without_reason(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	return -1;
}

static int lacks_thread(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	rm_check_report_no_thread(3, 4, EAGAIN);
	return 0;
}

static void take_all_memory(void)
{
	const struct rlimit none = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_AS, &none);
}

static int fails_without_memory(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c;
	take_all_memory();
	return rm_error_set(reported, -1, "create() returned NULL");
}

static int crashes_without_memory(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	take_all_memory();
	raise(SIGSEGV);
	return 0;
}

/* Starts a process that inherits all open files and outlives the check. */
static int starts_helper(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c;
	if (!fork()) {
		/* the test must not wait for this process either */
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		sleep(HELPER_S);
		_exit(0);
	}
	return rm_error_set(reported, 0, "a helper runs");
}

/* A map that slot 1 cannot join, while the other threads wait at a barrier. */
static void *join_except_1(void *map, size_t slot)
{
	return slot == 1 ? NULL : map;
}

static void ignore_thread(void *thread)
{
	(void)thread;
}

static void meets_often(struct rm_peer *peer)
{
	for (unsigned i = 0; i < 5; i++)
		rm_peer_meet(peer);
}

static int cannot_join(const struct rm_check_case *c, struct rm_error *reported)
{
	static const struct rm_map_ops ops = { .join = join_except_1,
		.leave = ignore_thread,
		.quiesce = ignore_thread };
	const struct rm_impl impl = { .ops = &ops };
	struct rm_check_case one = *c;

	one.impl = &impl;
	return rm_peers_run(&one, &one, 3, meets_often, NULL, reported);
}

static void reports_are_passed_on(void)
{
	const time_t start = time(NULL);

	CHECK(run(starts_helper, memory_unlimited, true) == RM_CHECK_OK &&
	                !strcmp(error.text, "a helper runs") &&
	                time(NULL) - start < HELPER_S / 2,
	        "a process started by the map may outlive the check");
	CHECK(run(cannot_join, memory_unlimited, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "thread 1: join() returned NULL"),
	        "a thread that cannot join is reported, and the others do not "
	        "wait");
	CHECK(run(passes_with_summary, memory_unlimited, true) == RM_CHECK_OK &&
	                !strcmp(error.text, "seed 7") && !done.hung,
	        "a summary is passed on");
	CHECK(run(passes_silently, memory_unlimited, true) == RM_CHECK_OK &&
	                !error.text[0],
	        "a check may pass without a summary");
	CHECK(run(fails_with_reason, memory_unlimited, true) ==
	                        RM_CHECK_FAILED &&
	                !strcmp(error.text, "it is wrong") && !stacks(),
	        "a failure is passed on, without a stack");
	CHECK(run(fails_without_reason, memory_unlimited, true) ==
	                        RM_CHECK_FAILED &&
	                !strcmp(error.text, "failed without a reason"),
	        "a failure without a reason is reported");
}

static bool is_not_run(
        int (*fn)(const struct rm_check_case *, struct rm_error *),
        const char *why)
{
	return run(fn, memory_unlimited, true) == RM_CHECK_NOT_RUN &&
	       !strncmp(error.text, "not run: ", 9) &&
	       strstr(error.text, why) && strstr(error.text, "limit") &&
	       done.repeats == 0;
}

static void limits_are_no_failures(void)
{
	CHECK(is_not_run(lacks_thread, "thread 3 of 4 could not be started"),
	        "a check whose thread cannot be started is not run");
	if (rm_sanitized()) {
		SKIP("a lack of memory", "sanitizers map much");
		return;
	}
	CHECK(is_not_run(fails_without_memory, "create() returned NULL"),
	        "a check that fails for lack of memory is not run");
	CHECK(is_not_run(crashes_without_memory, "no memory could be mapped"),
	        "a check that crashes for lack of memory is not run");
}

/* ---- checks that crash or exit
 * --------------------------------------------- */

static int crashes(const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	rm_witness_step("step %d", 3);
	raise(SIGSEGV);
	return 0;
}

static int aborts(const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	abort();
}

static int exits(const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	_exit(5);
}

static int exits_with_0(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	rm_witness_step("step %d", 4);
	exit(0);
}

static int is_killed(const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	kill(getpid(), SIGKILL);
	return 0;
}

static void ends_are_reported(void)
{
	if (rm_sanitized()) {
		SKIP("crashes", "sanitizers report them");
		return;
	}
	CHECK(run(crashes, memory_unlimited, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text,
	                        "crashed: signal 11 (Segmentation fault), in "
	                        "step 3"),
	        "a crash is reported with its signal and the step");
	CHECK(stacks() == 1 && !done.hung,
	        "the thread that crashed prints its stack");
	CHECK(run(aborts, memory_unlimited, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "crashed: signal 6 (Aborted)") &&
	                stacks() == 1,
	        "abort() outside any step is reported as a crash");
	CHECK(run(is_killed, memory_unlimited, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text, "crashed: signal 9 (Killed)") &&
	                !stacks(),
	        "a killed process prints no stack");
	CHECK(run(crashes, memory_unlimited, false) == RM_CHECK_FAILED &&
	                strstr(error.text, "signal 11"),
	        "a crash needs no output for stacks");
	CHECK(run(exits, memory_unlimited, true) == RM_CHECK_FAILED &&
	                !strncmp(error.text, "its process ended with status 5 ",
	                        32) &&
	                !stacks(),
	        "an exit is reported with its status");
	CHECK(run(exits_with_0, memory_unlimited, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text,
	                        "its process exited with status 0 before the "
	                        "check ended, in step 4"),
	        "exit(0) before the end is a failure");
}

/* ---- checks that do not end
 * ------------------------------------------------- */

static volatile bool never;

static int spins(const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c, (void)reported;
	rm_witness_step("a loop");
	while (!never)
		;
	return 0;
}

static void *spin_thread(void *context)
{
	spins(NULL, NULL);
	return context;
}

/* Handles the signal of stacks.c late, like a thread on a busy machine. */
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
	return spin_thread(context);
}

static int spin_with(void *(*other)(void *), struct rm_error *reported)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, other, NULL))
		return rm_error_set(reported, -1, "no thread");
	return spins(NULL, reported);
}

static int spin_together(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c;
	return spin_with(spin_thread, reported);
}

static int spin_with_late(
        const struct rm_check_case *c, struct rm_error *reported)
{
	(void)c;
	return spin_with(spin_late, reported);
}

enum { USED_BYTES = 64 << 20, ALLOWED_BYTES = 32 << 20 };

/* Reports progress all the time, so it does not hang. */
static int uses_memory(const struct rm_check_case *c, struct rm_error *reported)
{
	volatile char *block = malloc(USED_BYTES);

	(void)c, (void)reported;
	for (size_t i = 0; block && i < USED_BYTES; i += 1024)
		block[i] = 1;
	while (!never)
		rm_witness_count_progress();
	return 0;
}

static void hangs_are_reported(void)
{
	CHECK(run(spins, memory_unlimited, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text,
	                        "hung: no operation ended in 0.5 s of CPU "
	                        "time, in a loop") &&
	                done.hung && done.cpu_ns >= 500000000,
	        "a hang is reported with its CPU time and the step");
	CHECK(rm_sanitized() || stacks() == 1,
	        "a hang is reported with the stack");
	CHECK(run(spin_together, memory_unlimited, true) == RM_CHECK_FAILED &&
	                done.hung && stacks() == 2,
	        "all threads print their stacks");
	CHECK(run(spin_with_late, memory_unlimited, true) == RM_CHECK_FAILED &&
	                done.hung && stacks() == 2,
	        "a thread that gets the CPU late prints its stack, too");
	CHECK(run(uses_memory, ALLOWED_BYTES, true) == RM_CHECK_FAILED &&
	                !strcmp(error.text,
	                        "used too much memory: more than 32 MiB "
	                        "(--memory)"),
	        "a check above its memory limit is killed");
	CHECK(!done.hung && !stacks(),
	        "a check above its memory limit is not reported as a hang");
}

int main(void)
{
	alarm(ALARM_S);
	reports_are_passed_on();
	limits_are_no_failures();
	ends_are_reported();
	hangs_are_reported();
	return DONE();
}
