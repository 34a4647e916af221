/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolate.c - one check in one process: what it says comes through a pipe,
 * what it does not live to say is in how it ended.
 *
 * fork without exec: the parent is single-threaded and nothing is timed.
 */
#include "runner/base/clock.h"
#include "runner/check/check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 20 }; /* how often deadline and memory are looked at */
enum { WRONG = '-', DONE = '+' };

struct watch {
	pid_t pid;
	int pipe; /* read end */
	const struct rm_check_limits *limits;
	uint64_t deadline_at_ns;
	bool overdue, fat;    /* why we killed it */
	struct rm_error said; /* WRONG or DONE, then the text */
	size_t said_bytes;
};

/* Resident bytes of a process, 0 if it is gone. */
static uint64_t resident_bytes(pid_t pid)
{
	unsigned long total, resident = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &total, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The child: never returns. exit(), not _exit(): leak checkers run there. */
static void child(const struct rm_check *check, const struct rm_check_case *c,
        int pipe, pid_t parent)
{
	struct rm_error error = { "" };
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		exit(RM_INTERRUPTED);
	code = check->run(c, &error);
	if (code && !error.text[0])
		rm_error_set(&error, -1, "failed without a reason");
	/* the first byte says what the rest is: what was wrong, or done */
	if (error.text[0] &&
	        dprintf(pipe, "%c%s", code ? WRONG : DONE, error.text) < 0)
		exit(RM_INCOMPLETE);
	close(pipe);
	exit(code ? RM_FAILED : RM_OK);
}

/* Takes what the child says until it closes the pipe by ending, or until it
   is over a limit and gets killed. */
static void attend(struct watch *watch)
{
	struct pollfd fd = { .fd = watch->pipe, .events = POLLIN };

	for (;;) {
		int ready = poll(&fd, 1, LOOK_MS);
		size_t room = sizeof(watch->said.text) - 1 - watch->said_bytes;

		if (ready > 0) {
			ssize_t got = read(watch->pipe,
			        watch->said.text + watch->said_bytes, room);

			if (got > 0)
				watch->said_bytes += (size_t)got;
			else if (!got || errno != EINTR)
				return;
		}
		watch->overdue = rm_now_ns() > watch->deadline_at_ns;
		watch->fat = resident_bytes(watch->pid) >
		             watch->limits->memory_bytes;
		if (watch->overdue || watch->fat) {
			kill(watch->pid, SIGKILL);
			return;
		}
	}
}

/* The process's end in words; also when it closed the pipe and then hangs. */
static int reap(struct watch *watch)
{
	int status;

	for (;;) {
		pid_t got = waitpid(watch->pid, &status, WNOHANG);

		if (got == watch->pid)
			return status;
		if (got < 0 && errno != EINTR)
			return -1;
		if (rm_now_ns() > watch->deadline_at_ns) {
			watch->overdue = true;
			kill(watch->pid, SIGKILL);
		}
		poll(NULL, 0, 1);
	}
}

/* Our own reasons come first: a process that we killed shows SIGKILL, which
   says nothing. Then what the check said; how the process ended counts only
   where it did not live to say anything. */
static enum rm_check_verdict judge(
        const struct watch *watch, int status, struct rm_error *error)
{
	const struct rm_check_limits *limits = watch->limits;

	if (watch->overdue)
		rm_error_set(error, -1, "hung: not done after %.1f s",
		        (double)limits->deadline_ns / 1e9);
	else if (watch->fat)
		rm_error_set(error, -1, "ate memory: more than %llu MiB",
		        (unsigned long long)(limits->memory_bytes >> 20));
	else if (watch->said.text[0] == WRONG)
		rm_error_set(error, -1, "%s", watch->said.text + 1);
	else if (status == RM_OK) {
		if (watch->said_bytes)
			rm_error_set(error, 0, "%s", watch->said.text + 1);
		return RM_CHECK_OK;
	} else if (status == -1)
		rm_error_set(error, -1, "its process was lost");
	else if (WIFSIGNALED(status))
		rm_error_set(error, -1, "crashed: signal %d (%s)",
		        WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		rm_error_set(error, -1,
		        "its process ended with status %d (a sanitizer's "
		        "finding, if one is built in)",
		        WEXITSTATUS(status));
	return RM_CHECK_FAILED;
}

static enum rm_check_verdict isolated(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_error *error)
{
	struct watch watch = { .limits = limits };
	const pid_t parent = getpid();
	int ends[2], status;

	if (pipe(ends)) {
		rm_error_set(error, -errno, "pipe: %s", strerror(errno));
		return RM_CHECK_FAILED;
	}
	fflush(NULL); /* or the child would print it again */
	watch.pid = fork();
	if (watch.pid < 0) {
		rm_error_set(error, -errno, "fork: %s", strerror(errno));
		close(ends[0]);
		close(ends[1]);
		return RM_CHECK_FAILED;
	}
	if (!watch.pid) {
		close(ends[0]);
		child(check, c, ends[1], parent);
	}
	close(ends[1]);
	watch.pipe = ends[0];
	watch.deadline_at_ns = rm_now_ns() + limits->deadline_ns;
	attend(&watch);
	status = reap(&watch);
	close(ends[0]);
	return judge(&watch, status, error);
}

enum rm_check_verdict rm_check_run(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_error *error)
{
	const char *unfit = check->unfit(c);

	if (unfit) {
		rm_error_set(error, 0, "%s", unfit);
		return RM_CHECK_SKIPPED;
	}
	if (!limits->in_process)
		return isolated(check, c, limits, error);
	return check->run(c, error) ? RM_CHECK_FAILED : RM_CHECK_OK;
}
