/* SPDX-License-Identifier: Apache-2.0 */
/* test_launch.c - the trial's process: deadline, memory, orphans, signals. */
#include "runner/base/clock.h"
#include "tests/unit/campaign/run_fake.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static void deadlines(void)
{
	struct rm_launch short_deadline = { .deadline_ns = second_ns / 5 };
	const char *const hangs[] = { "hang", "hang-deaf", "late-hang" };

	for (size_t i = 0; i < 3; i++) {
		struct rm_outcome outcome =
		        run_fake_with(hangs[i], short_deadline, "throughput");

		CHECK(!strcmp(outcome.exit, "deadline") &&
		                !strcmp(outcome.status, "failed") &&
		                strstr(outcome.reason, "within 0.2 s"),
		        "a trial that hangs is killed at its deadline");
		CHECK(outcome.wall_ns >= second_ns / 5,
		        "a trial that hangs is not killed before its deadline");
		rm_outcome_clear(&outcome);
	}
}

static void limit_memory(void)
{
	struct rm_launch little_memory = { .memory_limit_bytes = 64 << 20 };
	struct rm_outcome outcome;

	if (!rm_memory_limit_bytes(1)) {
		SKIP("a trial that exceeds its memory limit is stopped",
		        "sanitizer build");
		return;
	}
	outcome = run_fake_with("eat", little_memory, "throughput");
	CHECK(!strcmp(outcome.exit, "signal 6") &&
	                strstr(outcome.reason, "of the 64 MiB that it may"),
	        "a trial above its memory limit is stopped with the reason");
	rm_outcome_clear(&outcome);
	outcome = run_fake_with("eat-52", little_memory, "throughput");
	CHECK(!strcmp(outcome.exit, "signal 11") &&
	                strstr(outcome.reason, "of the 64 MiB that it may"),
	        "a trial that ends near its limit has that reason");
	rm_outcome_clear(&outcome);
	outcome = run_fake_with("crash", little_memory, "throughput");
	CHECK(!strstr(outcome.reason, "MiB"),
	        "a trial that ends far below its limit does not have that "
	        "reason");
	rm_outcome_clear(&outcome);
	outcome = run_fake_with("ok", little_memory, "throughput");
	CHECK(!strcmp(outcome.status, "ok"),
	        "a trial with little memory is ok");
	rm_outcome_clear(&outcome);
	CHECK(rm_memory_limit_bytes(1000) > rm_memory_limit_bytes(1),
	        "the limit includes stacks");
}

/* Returns peak_bytes of the trial's line, or -1 for null. */
static json_int_t peak_bytes_of(const char *how)
{
	struct rm_outcome outcome = run_fake(how);
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

/* exec keeps the high-water mark of the previous process image, which is the
   runner's. */
static void measure_peak(void)
{
	enum { MIB = 1 << 20, HELD = 96 * MIB };
	json_int_t large = peak_bytes_of("eat-52");
	char *held = malloc(HELD);

	memset(held, 1, HELD);
	CHECK(peak_bytes_of("ok") == 8192 && peak_bytes_of("failed") == 8192,
	        "a trial with a result has its own peak, not its runner's");
	CHECK(peak_bytes_of("crash") == -1,
	        "the peak of a smaller trial without a result is unknown");
	CHECK(large > 52 * MIB && large < HELD,
	        "a larger trial has the kernel's peak");
	/* keeps the memory allocated up to this line */
	CHECK(held[HELD - 1] == 1, "the runner has much memory");
	free(held);
}

/* Waits for the end of an inherited process. Returns 0 after 5 s, so that a
   runner that forgot the process fails instead of hanging. */
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

static void kill_orphans(void)
{
	struct rm_outcome outcome = run_fake("orphan");

	CHECK(!strcmp(outcome.status, "ok"),
	        "a child that keeps the pipes open does not delay the end");
	rm_outcome_clear(&outcome);
	/* this subreaper inherits the trial's children */
	int status = 0;
	pid_t orphan = reap(-1, &status);

	CHECK(orphan > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	        "the children of a trial die with it");
}

static void fail_to_start(void)
{
	struct rm_launch none = { .program = "/nonexistent/readmostly" };
	struct rm_outcome outcome = run_fake_with("ok", none, "throughput");

	CHECK(!strcmp(outcome.exit, "not started") &&
	                strstr(outcome.reason, "/nonexistent/readmostly: No"),
	        "a missing program is not started, which is the reason");
	rm_outcome_clear(&outcome);
	none.program = "/etc/passwd";
	outcome = run_fake_with("ok", none, "throughput");
	CHECK(!strcmp(outcome.exit, "not started") &&
	                strstr(outcome.reason, "Permission denied"),
	        "a program without permission is not started, which is the "
	        "reason");
	rm_outcome_clear(&outcome);
}

static void interrupts(void)
{
	int ends[2];

	if (pipe(ends) || write(ends[1], "x", 1) != 1)
		return;
	struct rm_launch launch = { .interrupt_fd = ends[0] };
	struct rm_outcome outcome = run_fake_with("hang", launch, "throughput");

	CHECK(outcome.interrupted && !outcome.status && !outcome.result,
	        "an interrupted trial has no outcome");
	rm_outcome_clear(&outcome);
	close(ends[0]);
	close(ends[1]);
}

/* A signal to all processes of a job may reach the trial first. */
static void stop_before_runner(void)
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
	struct rm_outcome outcome = run_fake_with("term", launch, "throughput");

	CHECK(outcome.interrupted && !outcome.status,
	        "a trial stopped shortly before its runner is interrupted");
	rm_outcome_clear(&outcome);
	waitpid(other, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	CHECK(fails("term", "signal 15", "ended by signal 15"),
	        "a trial that is stopped without its runner has failed");
}

static size_t padding_of(uint64_t seed)
{
	struct rm_launch launch = { .padding_seed = seed };
	struct rm_outcome outcome = run_fake_with("ok", launch, "throughput");
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
	        "different seeds give environments of different sizes");
	CHECK(padding_of(1) == one, "the same seed gives the same size");
}

static void inherit_descriptors(void)
{
	int leak = open("/dev/null", O_RDONLY); /* this descriptor is not
	                                           close-on-exec */
	struct rm_launch launch = { .program = "/bin/sh" };
	char sh[] = "sh", c[] = "-c",
	     command[] = "ls /proc/self/fd | tr '\\n' ' ' >&2; exit 9";
	char *const shell[] = { sh, c, command, NULL };

	launch.arguments = shell;
	struct rm_outcome outcome = run_fake_with("ok", launch, "throughput");

	CHECK(leak > 2 && outcome.reason &&
	                strstr(outcome.reason, "status 9: 0 1 2 3"),
	        "a trial inherits three descriptors (ls opens a fourth)");
	CHECK(outcome.reason && !strstr(outcome.reason, "2 3 4"),
	        "a trial inherits no other descriptor");
	rm_outcome_clear(&outcome);
	close(leak);
}

/* A timer causes EINTR a thousand times per second. */
static void ignore_signal(int signal_number)
{
	(void)signal_number;
}

static void survive_signals(void)
{
	struct sigaction action = { .sa_handler = ignore_signal };
	struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGALRM };
	timer_t timer;
	unsigned good = 0;

	sigaction(SIGALRM, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer)) {
		SKIP("signals during a launch are harmless", "no timer here");
		return;
	}
	timer_settime(timer, 0, &often, NULL);
	for (int i = 0; i < 20; i++) {
		struct rm_outcome outcome = run_fake("wait:10");

		good += outcome.status && !strcmp(outcome.status, "ok");
		rm_outcome_clear(&outcome);
	}
	timer_delete(timer);
	CHECK(good == 20, "signals during a launch are harmless");
}

/* Kills a runner during a trial; the trial must die as well. */
static void die_with_runner(void)
{
	char log[] = "/tmp/test_launch.XXXXXX";
	int fd = mkstemp(log), status;
	pid_t trial = 0;

	setenv("RM_FAKE_LOG", log, 1);
	pid_t runner = fork();

	if (runner == 0) {
		run_fake("hang");
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
	limit_memory();
	measure_peak();
	kill_orphans();
	fail_to_start();
	interrupts();
	stop_before_runner();
	padding();
	inherit_descriptors();
	survive_signals();
	die_with_runner();
	return DONE();
}
