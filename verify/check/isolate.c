/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolate.c - one round of a check in one process: what it says comes through
 * a pipe, what it does not live to say is in how it ended.
 *
 * fork without exec: the parent is single-threaded and nothing is timed.
 */
#include "runner/base/clock.h"
#include "verify/check/budget.h"
#include "verify/check/internal.h"
#include "verify/check/quarantine.h"
#include "verify/check/witness.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 20 }; /* how often deadline and memory are looked at */
enum { WRONG = '-', DONE = '+' };

struct watch {
	pid_t pid;
	int pipe; /* read end */
	const struct rm_check_limits *limits;
	struct rm_witness *witness;
	struct rm_patience patience;
	enum rm_patience_says hung; /* why we killed it */
	bool fat;
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

/* CPU time that a process used so far, all threads; 0 if it is gone. */
static uint64_t used_cpu_ns(pid_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Does the thread neither run nor wait for a CPU? */
static bool thread_sleeps(pid_t pid, const char *thread)
{
	char path[320], text[256] = "", *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid, thread);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = 0;
	fclose(file);
	state = strrchr(text, ')'); /* the name before may hold anything */
	return state && state[1] && state[2] == 'S';
}

/* All threads of the process. */
static bool sleeps(pid_t pid)
{
	bool all = true;
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return false;
	for (struct dirent *entry; all && (entry = readdir(threads));)
		all = entry->d_name[0] == '.' ||
		      thread_sleeps(pid, entry->d_name);
	closedir(threads);
	return all;
}

/* A handler of the quarantine's is given nothing else. -1: this is not the
   process of a check. */
static int told_through = -1;

/* Any thread of the child, also from within free(): says it and ends. */
static void tell_and_end(const char *what)
{
	if (dprintf(told_through, "%c%s", WRONG, what) < 0)
		_exit(RM_INCOMPLETE);
	_exit(RM_FAILED);
}

void rm_check_end_at_once(const char *what)
{
	if (told_through >= 0)
		tell_and_end(what);
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
	rm_stacks_offer();
	told_through = pipe;
	rm_quarantine(c->quarantine, tell_and_end);
	code = check->run(c, &error);
	/* what the check itself has found says more */
	rm_quarantine(false, code ? NULL : tell_and_end);
	if (code && !error.text[0])
		rm_error_set(&error, -1, "failed without a reason");
	/* the first byte says what the rest is: what was wrong, or done. It is
	   always there: a map that ends the process says nothing */
	if (dprintf(pipe, "%c%s", code ? WRONG : DONE, error.text) < 0)
		exit(RM_INCOMPLETE);
	close(pipe);
	exit(code ? RM_FAILED : RM_OK);
}

/* Looks once. False: it is over a limit, and has been killed, after it has shown
   where it hangs. */
static bool watch_once(struct watch *watch)
{
	struct rm_look look = { .wall_ns = rm_now_ns(),
		.cpu_ns = used_cpu_ns(watch->pid),
		.progress = rm_witness_progress(watch->witness) };

	/* a look at each thread is dear, and one that goes on needs none */
	look.asleep = look.progress == watch->patience.since.progress &&
	              sleeps(watch->pid);
	watch->hung = rm_patience_look(&watch->patience, &look);
	watch->fat = resident_bytes(watch->pid) > watch->limits->memory_bytes;
	if (!watch->hung && !watch->fat)
		return true;
	if (watch->hung)
		rm_stacks_take(watch->pid, watch->witness);
	kill(watch->pid, SIGKILL);
	return false;
}

/* Has it ended? It is left to be reaped. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid == pid;
}

/* Takes what the child says until it closes the pipe by ending, or until it
   is over a limit and gets killed. A process that the map has started may hold
   the pipe open for ever: after the child's end only what it had said counts. */
static void attend(struct watch *watch)
{
	struct pollfd fd = { .fd = watch->pipe, .events = POLLIN };

	for (;;) {
		const bool ended = has_ended(watch->pid); /* before the look */
		int ready = poll(&fd, 1, ended ? 0 : LOOK_MS);
		size_t room = sizeof(watch->said.text) - 1 - watch->said_bytes;

		if (ready > 0) {
			ssize_t got = read(watch->pipe,
			        watch->said.text + watch->said_bytes, room);

			if (got > 0)
				watch->said_bytes += (size_t)got;
			else if (!got || errno != EINTR)
				return;
		} else if (ended) {
			return;
		}
		if (!watch_once(watch))
			return;
	}
}

/* The process's end; also when it closed the pipe and then hangs. `cpu_ns`: all
   that it used. */
static int reap(struct watch *watch, uint64_t *cpu_ns)
{
	struct rusage usage;
	int status;

	for (unsigned waits = 0;; waits++) {
		pid_t got = wait4(watch->pid, &status, WNOHANG, &usage);

		if (got < 0 && errno != EINTR)
			return -1;
		if (got == watch->pid)
			break;
		poll(NULL, 0, 1);
		if (waits % LOOK_MS == LOOK_MS - 1 && !watch->hung &&
		        !watch->fat)
			watch_once(watch);
	}
	*cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
	                  1000000000U +
	          (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) *
	                  1000U;
	return status;
}

/* Our own reasons come first: a process that we killed shows SIGKILL, which
   says nothing. Then what the check said; how the process ended counts only
   where it did not live to say anything. */
static enum rm_check_verdict judge(
        const struct watch *watch, int status, struct rm_error *error)
{
	const struct rm_check_limits *limits = watch->limits;
	const char *step = watch->witness->step;

	if (watch->hung == RM_SPINS)
		rm_error_set(error, -1,
		        "hung: no operation ended in %.1f s of CPU time%s%s",
		        (double)limits->deadline_ns / 1e9,
		        step[0] ? ", in " : "", step);
	else if (watch->hung == RM_SLEEPS)
		rm_error_set(error, -1,
		        "hung: all threads sleep, and no operation ends%s%s",
		        step[0] ? ", in " : "", step);
	else if (watch->fat)
		rm_error_set(error, -1, "ate memory: more than %llu MiB",
		        (unsigned long long)(limits->memory_bytes >> 20));
	else if (watch->said.text[0] == WRONG)
		rm_error_set(error, -1, "%s", watch->said.text + 1);
	else if (status == RM_OK && watch->said_bytes) {
		rm_error_set(error, 0, "%s", watch->said.text + 1);
		return RM_CHECK_OK;
	} else if (status == RM_OK)
		rm_error_set(error, -1,
		        "its process ended with status 0 before the check "
		        "did%s%s",
		        step[0] ? ", in " : "", step);
	else if (status == -1)
		rm_error_set(error, -1, "its process was lost");
	else if (WIFSIGNALED(status))
		rm_error_set(error, -1, "crashed: signal %d (%s)%s%s",
		        WTERMSIG(status), strsignal(WTERMSIG(status)),
		        step[0] ? ", in " : "", step);
	else if (WEXITSTATUS(status))
		rm_error_set(error, -1,
		        "its process ended with status %d (a sanitizer's "
		        "finding, if one is built in)",
		        WEXITSTATUS(status));
	return RM_CHECK_FAILED;
}

/* For a debugger: here, without limits. */
static enum rm_check_verdict in_process(const struct rm_check *check,
        const struct rm_check_case *c, struct rm_check_done *done,
        struct rm_error *error)
{
	const uint64_t before_ns = used_cpu_ns(0);
	int code = check->run(c, error);

	done->cpu_ns = used_cpu_ns(0) - before_ns;
	return code ? RM_CHECK_FAILED : RM_CHECK_OK;
}

/* Stacks are for a person only where something hangs or crashed. */
static void show_stacks(const struct rm_check_case *c,
        const struct watch *watch, int status, struct rm_check_done *done)
{
	done->hung = watch->hung;
	if (c->story && (watch->hung || (status != -1 && WIFSIGNALED(status) &&
	                                        !watch->fat)))
		rm_stacks_print(c->story, watch->witness);
}

enum rm_check_verdict rm_check_isolated(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_witness *witness, struct rm_check_done *done,
        struct rm_error *error)
{
	struct watch watch = { .limits = limits,
		.witness = witness,
		.patience = { .deadline_ns = limits->deadline_ns } };
	const pid_t parent = getpid();
	int ends[2], status;

	rm_witness_use(witness);
	if (limits->in_process)
		return in_process(check, c, done, error);
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
	attend(&watch);
	status = reap(&watch, &done->cpu_ns);
	close(ends[0]);
	show_stacks(c, &watch, status, done);
	return judge(&watch, status, error);
}
