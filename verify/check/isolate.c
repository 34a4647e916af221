/* SPDX-License-Identifier: Apache-2.0 */
/* isolate.c - runs one round of a check in a child process, reads its report
 * from a pipe, and watches deadline and memory.
 *
 * It forks without exec, which is safe because the parent has one thread; no
 * time is measured here. */
#include "runner/base/clock.h"
#include "runner/base/limits.h"
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

enum { SAMPLE_MS = 20 }; /* interval of the deadline and memory checks */
/* First byte of a report. The last three values mean that a limit of this
 * machine ended the check. */
enum {
	REPORT_FAILED = '-',
	REPORT_DONE = '+',
	REPORT_NO_THREAD = 't',
	REPORT_NO_MEMORY = 'm',
	REPORT_FORBIDDEN = 'p' /* a system call filter refused a thread */
};

struct watch {
	pid_t pid;
	int pipe; /* read end */
	const struct rm_check_limits *limits;
	struct rm_witness *witness;
	struct rm_hang_detector patience;
	enum rm_hang_verdict hung; /* why the parent killed it */
	bool over_memory;
	/* number of processes that the kernel had killed for lack of memory
	 * before the child started */
	uint64_t oom_kills;
	struct rm_error report; /* a REPORT_ byte, then the text */
	size_t report_bytes;
};

/* Returns the resident bytes of a process, or 0 if it has ended. */
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

/* Returns the CPU time of all threads of a process so far; 0 if it has
 * ended. */
static uint64_t used_cpu_ns(pid_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Returns true if the thread neither runs nor waits for a CPU. */
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
	state = strrchr(text, ')'); /* the name may contain ')' */
	return state && state[1] && state[2] == 'S';
}

/* Returns true if all threads of the process sleep. */
static bool process_sleeps(pid_t pid)
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

/* Write end of the pipe, global because a quarantine callback gets no context.
 * -1: this is not the process of a check. */
static int report_fd = -1;

/* Reports a failure and ends. Any thread of the child, even inside free(). */
static void report_and_exit(const char *what)
{
	if (dprintf(report_fd, "%c%s", REPORT_FAILED, what) < 0)
		_exit(RM_INCOMPLETE);
	_exit(RM_FAILED);
}

void rm_check_report_and_exit(const char *what)
{
	if (report_fd >= 0)
		report_and_exit(what);
}

void rm_check_report_lack_of_memory(void)
{
	static const char text[] = "mcrashed when no memory could be mapped";

	if (report_fd >= 0 && rm_limits_lack_memory() &&
	        write(report_fd, text, sizeof(text) - 1) < 0)
		_exit(RM_INCOMPLETE);
}

void rm_check_report_no_thread(unsigned thread, unsigned threads, int code)
{
	if (report_fd < 0)
		return;
	/* pthread_create() also returns EAGAIN if it cannot map a stack */
	if (dprintf(report_fd, "%cthread %u of %u could not be started: %s",
	            code == EPERM             ? REPORT_FORBIDDEN
	            : rm_limits_lack_memory() ? REPORT_NO_MEMORY
	                                      : REPORT_NO_THREAD,
	            thread, threads, strerror(code)) < 0)
		perror("readmostly check");
	_exit(RM_INCOMPLETE);
}

/* Runs the child, and never returns. Calls exit(), not _exit(), because leak
 * checkers run there. */
static void run_child(const struct rm_check *check,
        const struct rm_check_case *c, int pipe, pid_t parent)
{
	struct rm_error error = { "" };
	int code;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		exit(RM_INTERRUPTED);
	rm_limits_forbid_core();
	rm_stacks_install();
	report_fd = pipe;
	rm_quarantine_set(c->quarantine, report_and_exit);
	code = check->run(c, &error);
	/* the check's own finding is more precise */
	rm_quarantine_set(false, code ? NULL : report_and_exit);
	if (code && !error.text[0])
		rm_error_set(&error, -1, "failed without a reason");
	/* The first byte contains the kind of the report. A report without text
	 * still has this byte; if it is missing, the map ended the child
	 * early. */
	if (dprintf(pipe, "%c%s",
	            !code                     ? REPORT_DONE
	            : rm_limits_lack_memory() ? REPORT_NO_MEMORY
	                                      : REPORT_FAILED,
	            error.text) < 0)
		exit(RM_INCOMPLETE);
	close(pipe);
	exit(code ? RM_FAILED : RM_OK);
}

/* Returns true if the main thread of the process is in a call and sleeps. */
static bool call_sleeps(const struct watch *watch)
{
	char thread[24];

	snprintf(thread, sizeof(thread), "%d", (int)watch->pid);
	/* relaxed: a sample */
	return atomic_load_explicit(
	               &watch->witness->calls_check, memory_order_relaxed) &&
	       thread_sleeps(watch->pid, thread);
}

/* Takes one sample. Returns false if the child exceeded a limit, wrote the
 * stacks of a hang, and was killed. */
static bool sample_limits(struct watch *watch)
{
	struct rm_process_sample sample = { .wall_ns = rm_now_ns(),
		.cpu_ns = used_cpu_ns(watch->pid),
		.progress = rm_witness_progress(watch->witness) };

	/* reading all threads is slow, and not needed while operations
	 * complete */
	sample.asleep = sample.progress == watch->patience.since.progress &&
	                process_sleeps(watch->pid);
	sample.alone = sample.progress == watch->patience.since.progress &&
	               call_sleeps(watch);
	watch->hung = rm_hang_sample(&watch->patience, &sample);
	watch->over_memory =
	        resident_bytes(watch->pid) > watch->limits->memory_bytes;
	if (!watch->hung && !watch->over_memory)
		return true;
	if (watch->hung)
		rm_stacks_collect(watch->pid, watch->witness);
	kill(watch->pid, SIGKILL);
	return false;
}

/* Returns true if the process has ended; leaves it to be reaped. */
static bool process_has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
	       info.si_pid == pid;
}

/* Reads the report until the child closes the pipe, or exceeds a limit and is
 * killed. A process that the map started may keep the pipe open. Therefore,
 * after the child has ended, only data that is already in the pipe is read. */
static void read_report(struct watch *watch)
{
	struct pollfd fd = { .fd = watch->pipe, .events = POLLIN };

	for (;;) {
		const bool ended =
		        /* must be tested before the poll */
		        process_has_ended(watch->pid);
		int ready = poll(&fd, 1, ended ? 0 : SAMPLE_MS);
		size_t space =
		        sizeof(watch->report.text) - 1 - watch->report_bytes;

		if (ready > 0) {
			ssize_t bytes_read = read(watch->pipe,
			        watch->report.text + watch->report_bytes,
			        space);

			if (bytes_read > 0)
				watch->report_bytes += (size_t)bytes_read;
			else if (!bytes_read || errno != EINTR)
				return;
		} else if (ended) {
			return;
		}
		if (!sample_limits(watch))
			return;
	}
}

/* Waits until the process ends. It may have closed the pipe and then hung.
 * `cpu_ns` becomes its CPU time. */
static int reap(struct watch *watch, uint64_t *cpu_ns)
{
	struct rusage usage;
	int status;

	for (unsigned waits = 0;; waits++) {
		pid_t bytes_read = wait4(watch->pid, &status, WNOHANG, &usage);

		if (bytes_read < 0 && errno != EINTR)
			return -1;
		if (bytes_read == watch->pid)
			break;
		poll(NULL, 0, 1);
		if (waits % SAMPLE_MS == SAMPLE_MS - 1 && !watch->hung &&
		        !watch->over_memory)
			sample_limits(watch);
	}
	*cpu_ns = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
	                  1000000000U +
	          (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) *
	                  1000U;
	return status;
}

enum rm_check_verdict rm_check_not_run(
        struct rm_error *error, bool memory, const char *what)
{
	char advice[RM_LIMIT_ADVICE_BYTES];
	struct rm_limits limits;

	rm_limits_read(&limits);
	rm_error_set(error, -1, "not run: %.200s: %.280s%s", what,
	        rm_limit_advice(
	                memory ? &limits.memory : &limits.tasks, advice),
	        memory ? "" : " (--threads)");
	return RM_CHECK_NOT_RUN;
}

/* Returns true if the child was ended by a limit of this machine, not by the
 * map. */
static bool hit_limit(
        const struct watch *watch, int status, struct rm_error *error)
{
	const char kind = watch->report.text[0];
	uint64_t oom_kills = 0;

	if (watch->hung || watch->over_memory)
		return false;
	if (status == -1 && kind != REPORT_FAILED)
		rm_error_set(error, -1,
		        "not run: its process could not be waited for");
	else if (kind == REPORT_NO_THREAD || kind == REPORT_NO_MEMORY)
		rm_check_not_run(error, kind == REPORT_NO_MEMORY,
		        watch->report.text + 1);
	else if (kind == REPORT_FORBIDDEN)
		rm_error_set(error, -1, "not run: %.300s: " RM_THREAD_FORBIDDEN,
		        watch->report.text + 1);
	else if (status != -1 && WIFSIGNALED(status) &&
	         WTERMSIG(status) == SIGKILL &&
	         rm_limits_oom_kills(&oom_kills) &&
	         oom_kills > watch->oom_kills)
		rm_check_not_run(error, true,
		        "the kernel killed its process for lack of memory");
	else if (status != -1 && WIFSIGNALED(status) &&
	         rm_limits_cpu_time_ended(WTERMSIG(status)))
		rm_error_set(error, -1, "not run: " RM_CPU_TIME_ADVICE);
	else
		return false;
	return true;
}

static void explain_hang(const struct watch *watch, struct rm_error *error)
{
	const char *step = watch->witness->step;

	if (watch->hung == RM_HANG_SPINNING)
		rm_error_set(error, -1,
		        "hung: no operation ended in %.1f s of CPU time%s%s",
		        (double)watch->limits->deadline_ns / 1e9,
		        step[0] ? ", in " : "", step);
	else if (watch->hung == RM_HANG_STARVED)
		rm_error_set(error, -1,
		        "starvation: threads of the map used %.1f s of CPU "
		        "time while its check() waited%s%s",
		        (double)RM_HANG_STARVED_NS / 1e9,
		        step[0] ? ", after " : "", step);
	else
		rm_error_set(error, -1,
		        "hung: all threads sleep, and no operation ends%s%s",
		        step[0] ? ", in " : "", step);
}

/* The parent's own reasons have priority, because the status of a process that
 * it killed is only SIGKILL. The report comes second. The exit status is used
 * only if there is no report. */
static enum rm_check_verdict judge(
        const struct watch *watch, int status, struct rm_error *error)
{
	const char *step = watch->witness->step;

	if (hit_limit(watch, status, error))
		return RM_CHECK_NOT_RUN;
	if (watch->hung)
		explain_hang(watch, error);
	else if (watch->over_memory)
		rm_error_set(error, -1,
		        "used too much memory: more than %llu MiB (--memory)",
		        (unsigned long long)(watch->limits->memory_bytes >>
		                             20));
	else if (watch->report.text[0] == REPORT_FAILED)
		rm_error_set(error, -1, "%s", watch->report.text + 1);
	else if (status == RM_OK && watch->report_bytes) {
		rm_error_set(error, 0, "%s", watch->report.text + 1);
		return RM_CHECK_OK;
	} else if (status == RM_OK)
		rm_error_set(error, -1,
		        "its process exited with status 0 before the "
		        "check ended%s%s",
		        step[0] ? ", in " : "", step);
	else if (WIFSIGNALED(status))
		rm_error_set(error, -1, "crashed: signal %d (%s)%s%s",
		        WTERMSIG(status), strsignal(WTERMSIG(status)),
		        step[0] ? ", in " : "", step);
	else if (WEXITSTATUS(status))
		rm_error_set(error, -1,
		        "its process ended with status %d (a sanitizer "
		        "reports so, if the build has one)",
		        WEXITSTATUS(status));
	return RM_CHECK_FAILED;
}

/* Runs the check in this process, without limits, for a debugger. */
static enum rm_check_verdict run_in_process(const struct rm_check *check,
        const struct rm_check_case *c, struct rm_check_result *done,
        struct rm_error *error)
{
	const uint64_t before_ns = used_cpu_ns(0);
	int code = check->run(c, error);

	done->cpu_ns = used_cpu_ns(0) - before_ns;
	return code ? RM_CHECK_FAILED : RM_CHECK_OK;
}

/* Prints stacks if the child hung or crashed. */
static void show_stacks(const struct rm_check_case *c,
        const struct watch *watch, int status, struct rm_check_result *done)
{
	done->hung = watch->hung;
	if (c->story && (watch->hung || (status != -1 && WIFSIGNALED(status) &&
	                                        !watch->over_memory)))
		rm_stacks_print(c->story, watch->witness);
}

enum rm_check_verdict rm_check_isolated(const struct rm_check *check,
        const struct rm_check_case *c, const struct rm_check_limits *limits,
        struct rm_witness *witness, struct rm_check_result *done,
        struct rm_error *error)
{
	struct watch watch = { .limits = limits,
		.witness = witness,
		.patience = { .deadline_ns = limits->deadline_ns } };
	const pid_t parent = getpid();
	int pipe_ends[2], status;

	rm_witness_use(witness);
	if (limits->in_process)
		return run_in_process(check, c, done, error);
	if (pipe(pipe_ends)) {
		rm_error_set(error, -errno,
		        "not run: no pipe: %s (ulimit -n: open files)",
		        strerror(errno));
		return RM_CHECK_NOT_RUN;
	}
	rm_limits_oom_kills(&watch.oom_kills);
	fflush(NULL); /* otherwise the child would print buffered text again */
	watch.pid = fork();
	if (watch.pid < 0) {
		const bool memory = errno == ENOMEM;

		close(pipe_ends[0]);
		close(pipe_ends[1]);
		return rm_check_not_run(
		        error, memory, "its process could not be started");
	}
	if (!watch.pid) {
		close(pipe_ends[0]);
		run_child(check, c, pipe_ends[1], parent);
	}
	close(pipe_ends[1]);
	watch.pipe = pipe_ends[0];
	read_report(&watch);
	status = reap(&watch, &done->cpu_ns);
	close(pipe_ends[0]);
	show_stacks(c, &watch, status, done);
	return judge(&watch, status, error);
}
