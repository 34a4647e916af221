/* SPDX-License-Identifier: Apache-2.0 */
/* test_launch.c - deadline, memory, orphans, signals: the trial's process. */
#include "runner/base/clock.h"
#include "tests/unit/campaign/launch_play.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static void deadlines(void)
{
	struct rm_launch hasty = { .deadline_ns = second_ns / 5 };
	const char *const hangs[] = { "hang", "hang-deaf", "late-hang" };

	for (size_t i = 0; i < 3; i++) {
		struct rm_outcome outcome =
		        play_with(hangs[i], hasty, "throughput");

		CHECK(!strcmp(outcome.exit, "deadline") &&
		                !strcmp(outcome.status, "failed") &&
		                strstr(outcome.reason, "within 0.2 s"),
		        "a trial that hangs is killed at its deadline");
		CHECK(outcome.wall_ns >= second_ns / 5,
		        "the deadline is not early");
		rm_outcome_clear(&outcome);
	}
}

static void memory_is_limited(void)
{
	struct rm_launch poor = { .memory_limit_bytes = 64 << 20 };
	struct rm_outcome outcome;

	if (!rm_memory_limit(1)) {
		SKIP("a trial that eats memory is stopped", "sanitizer build");
		return;
	}
	outcome = play_with("eat", poor, "throughput");
	CHECK(!strcmp(outcome.exit, "signal 6") &&
	                strstr(outcome.reason, "of the 64 MiB that it may"),
	        "a trial that eats memory is stopped, the reason says so");
	rm_outcome_clear(&outcome);
	outcome = play_with("eat-52", poor, "throughput");
	CHECK(!strcmp(outcome.exit, "signal 11") &&
	                strstr(outcome.reason, "of the 64 MiB that it may"),
	        "one that ends near its limit is told of, too");
	rm_outcome_clear(&outcome);
	outcome = play_with("crash", poor, "throughput");
	CHECK(!strstr(outcome.reason, "MiB"), "and one far below is not");
	rm_outcome_clear(&outcome);
	outcome = play_with("ok", poor, "throughput");
	CHECK(!strcmp(outcome.status, "ok"), "a modest one is not");
	rm_outcome_clear(&outcome);
	CHECK(rm_memory_limit(1000) > rm_memory_limit(1),
	        "the limit leaves room for stacks");
}

/* The peak_bytes of its line; -1: null. */
static json_int_t peak_of(const char *how)
{
	struct rm_outcome outcome = play(how);
	const struct rm_record record = { .cell = "w/fake", .arm = "head" };
	struct rm_error error;
	json_t *line = NULL;
	json_int_t peak_bytes = -2;

	if (!rm_record_trial(&record, &outcome, NULL, &line, &error))
		peak_bytes = json_is_null(json_object_get(line, "peak_bytes"))
		                     ? -1
		                     : json_integer_value(json_object_get(
		                               line, "peak_bytes"));
	json_decref(line);
	rm_outcome_clear(&outcome);
	return peak_bytes;
}

/* exec keeps the high-water mark of the image before it: a runner that holds
   96 MiB starts a trial that holds few. */
static void peak_is_the_trials(void)
{
	enum { MIB = 1 << 20, HELD = 96 * MIB };
	json_int_t large = peak_of("eat-52");
	char *held = malloc(HELD);

	memset(held, 1, HELD);
	CHECK(peak_of("ok") == 8192 && peak_of("failed") == 8192,
	        "the peak of a trial with a result is its own, not its "
	        "runner's");
	CHECK(peak_of("crash") == -1,
	        "of one without a result that is smaller than its runner no "
	        "peak is known");
	CHECK(large > 52 * MIB && large < HELD,
	        "and of one that is larger what the kernel says");
	/* So that the compiler keeps it that long. */
	CHECK(held[HELD - 1] == 1, "a runner with much memory");
	free(held);
}

/* Waits for the end of a process that this one, a subreaper, inherited; 0: it
   did not end, so that a runner which forgot it fails and does not hang. */
static pid_t reap(pid_t pid, int *status)
{
	uint64_t limit_ns = rm_now_ns() + 5 * second_ns;
	pid_t seen = 0;

	while (!seen && rm_now_ns() < limit_ns) {
		seen = waitpid(pid, status, WNOHANG);
		usleep(1000);
	}
	return seen;
}

static void orphans_die(void)
{
	struct rm_outcome outcome = play("orphan");

	CHECK(!strcmp(outcome.status, "ok"),
	        "a child that keeps the pipes open does not delay the end");
	rm_outcome_clear(&outcome);
	/* As subreaper we inherit what the trial left, and see its end. */
	int status = 0;
	pid_t orphan = reap(-1, &status);

	CHECK(orphan > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	        "what a trial started dies with it");
}

static void not_started(void)
{
	struct rm_launch none = { .program = "/nonexistent/readmostly" };
	struct rm_outcome outcome = play_with("ok", none, "throughput");

	CHECK(!strcmp(outcome.exit, "not started") &&
	                strstr(outcome.reason, "/nonexistent/readmostly: No"),
	        "a program that is not there: not started, and why");
	rm_outcome_clear(&outcome);
	none.program = "/etc/passwd";
	outcome = play_with("ok", none, "throughput");
	CHECK(!strcmp(outcome.exit, "not started") &&
	                strstr(outcome.reason, "Permission denied"),
	        "a program that may not run: not started, and why");
	rm_outcome_clear(&outcome);
}

static void interrupts(void)
{
	int ends[2];

	if (pipe(ends) || write(ends[1], "x", 1) != 1)
		return;
	struct rm_launch launch = { .interrupt_fd = ends[0] };
	struct rm_outcome outcome = play_with("hang", launch, "throughput");

	CHECK(outcome.interrupted && !outcome.status && !outcome.result,
	        "an interrupted trial has no outcome");
	rm_outcome_clear(&outcome);
	close(ends[0]);
	close(ends[1]);
}

/* Who stops all processes of a job comes to the trial first. */
static void stopped_before_its_runner(void)
{
	int ends[2];
	pid_t other;

	if (pipe(ends))
		return;
	other = fork();
	if (!other) {
		usleep(300000);
		_exit(write(ends[1], "x", 1) != 1);
	}
	struct rm_launch launch = { .interrupt_fd = ends[0] };
	struct rm_outcome outcome = play_with("term", launch, "throughput");

	CHECK(outcome.interrupted && !outcome.status,
	        "a trial that was stopped a moment before its runner is "
	        "interrupted, too");
	rm_outcome_clear(&outcome);
	waitpid(other, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	CHECK(fails("term", "signal 15", "ended by signal 15"),
	        "one that somebody stopped alone has failed");
}

static size_t padding_of(uint64_t seed)
{
	struct rm_launch launch = { .padding_seed = seed };
	struct rm_outcome outcome = play_with("ok", launch, "throughput");
	const char *seen = json_string_value(json_object_get(
	        json_object_get(outcome.result, "environment"), "padding"));
	size_t bytes = seen ? strlen(seen) : 0;

	if (bytes != outcome.environment_bytes)
		bytes = 0;
	rm_outcome_clear(&outcome);
	return bytes;
}

static void padding(void)
{
	size_t one = padding_of(1), two = padding_of(2);

	CHECK(one && two && one != two,
	        "seeds give environments of their size");
	CHECK(padding_of(1) == one, "the same seed gives the same size");
}

static void inheritance(void)
{
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
	struct rm_launch launch = { .program = "/bin/sh" };
	char sh[] = "sh", c[] = "-c",
	     command[] = "ls /proc/self/fd | tr '\\n' ' ' >&2; exit 9";
	char *const shell[] = { sh, c, command, NULL };

	launch.arguments = shell;
	struct rm_outcome outcome = play_with("ok", launch, "throughput");

	CHECK(leak > 2 && outcome.reason &&
	                strstr(outcome.reason, "status 9: 0 1 2 3"),
	        "a trial inherits three descriptors (ls opens a fourth)");
	CHECK(outcome.reason && !strstr(outcome.reason, "2 3 4"),
	        "and no other");
	rm_outcome_clear(&outcome);
	close(leak);
}

/* EINTR everywhere: an itimer that fires a thousand times a second. */
static void nothing(int signal_number)
{
	(void)signal_number;
}

static void survives_signals(void)
{
	struct sigaction action = { .sa_handler = nothing };
	struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM };
	timer_t timer;
	unsigned good = 0;

	sigaction(SIGALRM, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer)) {
		SKIP("signals during a launch change nothing", "no timer here");
		return;
	}
	timer_settime(timer, 0, &often, NULL);
	for (int i = 0; i < 20; i++) {
		struct rm_outcome outcome = play("wait:10");

		good += outcome.status && !strcmp(outcome.status, "ok");
		rm_outcome_clear(&outcome);
	}
	timer_delete(timer);
	CHECK(good == 20, "signals during a launch change nothing");
}

/* Kills a runner in the middle of a trial; the trial must go, too. */
static void dies_with_its_runner(void)
{
	char log[] = "/tmp/test_launch.XXXXXX";
	int fd = mkstemp(log), status;
	pid_t trial = 0;

	setenv("RM_FAKE_LOG", log, 1);
	pid_t runner = fork();

	if (runner == 0) {
		play("hang");
		_exit(0);
	}
	uint64_t limit_ns = rm_now_ns() + 20 * second_ns;
	char text[16] = "";

	while (pread(fd, text, sizeof(text) - 1, 0) < 3 &&
	        rm_now_ns() < limit_ns)
		usleep(1000);
	trial = (pid_t)atol(text);
	kill(runner, SIGKILL);
	waitpid(runner, &status, 0);
	pid_t seen = trial > 0 ? reap(trial, &status) : -1;

	CHECK(seen == trial && WIFSIGNALED(status) &&
	                WTERMSIG(status) == SIGKILL,
	        "a trial dies with its runner");
	unsetenv("RM_FAKE_LOG");
	close(fd);
	unlink(log);
}

int main(void)
{
	find_fake();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	deadlines();
	memory_is_limited();
	peak_is_the_trials();
	orphans_die();
	not_started();
	interrupts();
	stopped_before_its_runner();
	padding();
	inheritance();
	survives_signals();
	dies_with_its_runner();
	return DONE();
}
