/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - starts one program with fork and exec, and reaps it. */
#include "runner/campaign/internal.h"

#include "runner/base/file.h"
#include "runner/base/limits.h"
#include "runner/trial/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { READ = 0, WRITE = 1, PIPES = 4, FIRST_FREE = 3 };
/* The kernel counts the pages of a process in batches per CPU, so a smaller
   difference is not significant. */
enum { RSS_STEP_BYTES = 1 << 20 };
enum { INPUT, OUTPUT, ERRORS, FAILURE };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Makes a pipe whose descriptors are above 2, even if standard descriptors were
   closed. So dup2() never replaces one of them. */
static int make_pipe(int ends[2])
{
	int low[2];
	int result = 0;

	if (pipe2(low, O_CLOEXEC))
		return -errno;
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, FIRST_FREE);
		if (ends[i] < 0)
			result = -errno;
		close(low[i]);
	}
	return result;
}

static void close_pipes(int pipes[PIPES][2])
{
	for (int i = 0; i < PIPES; i++) {
		close_fd(&pipes[i][READ]);
		close_fd(&pipes[i][WRITE]);
	}
}

static bool is_replaced(const char *ours, const char *const *variables)
{
	for (; variables && *variables; variables++)
		if (!strncmp(ours, *variables, strcspn(*variables, "=") + 1))
			return true;
	return false;
}

/* Blocks the signals that report an end or a stop, and makes a descriptor for
   them. The child unblocks them. */
static int watch_changes(struct rm_child *child)
{
	sigset_t watched;

	child->was_stopped = false;
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD); /* the child ended or stopped */
	sigaddset(&watched, SIGCONT); /* this process continued */
	sigprocmask(SIG_BLOCK, &watched, &child->mask);
	child->changes = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	return child->changes < 0 ? -errno : 0;
}

static void end_watch(struct rm_child *child)
{
	close_fd(&child->changes);
	sigprocmask(SIG_SETMASK, &child->mask, NULL);
}

void rm_child_note_stop(struct rm_child *child)
{
	struct signalfd_siginfo info;
	siginfo_t state = { 0 };

	while (read(child->changes, &info, sizeof(info)) == sizeof(info))
		child->was_stopped |= info.ssi_signo == SIGCONT;
	if (!waitid(P_PID, (id_t)child->pid, &state,
	            WSTOPPED | WCONTINUED | WNOHANG))
		child->was_stopped |= state.si_pid == child->pid;
}

/* Builds the environment with padding and the child's variables. The caller
   frees the result and its element 0. */
static char **child_environment(const struct rm_spawn *spawn)
{
	size_t count = 0, more = 0, n = 1;

	while (environ[count])
		count++;
	while (spawn->variables && spawn->variables[more])
		more++;
	char **environment = calloc(count + more + 2, sizeof(*environment));
	char *padding = calloc(1, sizeof("RM_PADDING=") + spawn->padding_bytes);

	if (!environment || !padding) {
		free(environment);
		free(padding);
		return NULL;
	}
	strcpy(padding, "RM_PADDING=");
	memset(padding + strlen(padding), 'x', spawn->padding_bytes);
	environment[0] = padding;
	for (size_t i = 0; i < more; i++)
		environment[n++] = (char *)(uintptr_t)spawn->variables[i];
	for (size_t i = 0; i < count; i++)
		if (!is_replaced(environ[i], spawn->variables))
			environment[n++] = environ[i];
	return environment;
}

/* Marks every descriptor above 2 close-on-exec. Runs in the child, so it may
   only call functions that are safe after fork(). */
static void close_rest_on_exec(void)
{
#ifdef SYS_close_range
	/* 4 is CLOSE_RANGE_CLOEXEC, since Linux 5.11. */
	if (!syscall(SYS_close_range, FIRST_FREE, ~0U, 4U))
		return;
#endif
	for (int fd = FIRST_FREE; fd < 4096; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Resets inherited settings that change times. They come from setarch -R,
   numactl or prctl(). */
static void reset_settings(void)
{
	personality(PER_LINUX);
	prctl(PR_SET_THP_DISABLE, 0UL, 0UL, 0UL, 0UL);
	prctl(PR_SET_TIMERSLACK, 50000UL); /* ns, the kernel's default */
	syscall(SYS_set_mempolicy, 0 /* MPOL_DEFAULT */, NULL, 0);
}

/* Makes the kernel kill the trial, not the runner, if memory runs out. */
static void prefer_oom_kill(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) != 4)
		errno = 0; /* a failure is ignored */
	close(fd);
}

static void set_limits(uint64_t memory_limit_bytes)
{
	struct rlimit data;

	rm_limits_forbid_core();
	if (!memory_limit_bytes || getrlimit(RLIMIT_DATA, &data) ||
	        data.rlim_cur <= memory_limit_bytes)
		return; /* root must not raise a limit that the user has set */
	data.rlim_cur = data.rlim_max = memory_limit_bytes;
	setrlimit(RLIMIT_DATA, &data);
}

/* Runs in the child and never returns. */
static void exec_child(const struct rm_spawn *spawn, char **environment,
        pid_t parent, int pipes[PIPES][2])
{
	int failure = pipes[FAILURE][WRITE];

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have ended before prctl() took effect. */
	if (getppid() != parent)
		_exit(127);
	if (dup2(pipes[INPUT][READ], STDIN_FILENO) >= 0 &&
	        dup2(pipes[OUTPUT][WRITE], STDOUT_FILENO) >= 0 &&
	        dup2(pipes[ERRORS][WRITE], STDERR_FILENO) >= 0) {
		close_rest_on_exec();
		prefer_oom_kill();
		set_limits(spawn->memory_limit_bytes);
		reset_settings();
		reset_signals();
		execve(spawn->program, spawn->arguments, environment);
	}
	int reason = errno;
	ssize_t written;

	do
		written = write(failure, &reason, sizeof(reason));
	while (written < 0 && errno == EINTR);
	_exit(127);
}

/* Returns the errno of the child's failed exec. Returns 0 if exec succeeded,
   which closes the pipe. */
static int read_failure(int fd)
{
	int reason = 0;
	ssize_t got;

	do
		got = read(fd, &reason, sizeof(reason));
	while (got < 0 && errno == EINTR);
	return got == sizeof(reason) ? reason : 0;
}

static int take_pipe_end(int *fd)
{
	int taken = *fd;

	*fd = -1;
	fcntl(taken, F_SETFL, O_NONBLOCK);
	return taken;
}

/* Completes `child` in the parent after fork(). */
static int attach_child(pid_t pid, int pipes[PIPES][2], struct rm_child *child)
{
	setpgid(pid, pid); /* also called in the child */
	close_fd(&pipes[FAILURE][WRITE]);
	int reason = read_failure(pipes[FAILURE][READ]);

	child->pid = pid;
	child->input = take_pipe_end(&pipes[INPUT][WRITE]);
	child->output = take_pipe_end(&pipes[OUTPUT][READ]);
	child->errors = take_pipe_end(&pipes[ERRORS][READ]);
	if (reason)
		rm_child_reap(child, NULL);
	return -reason;
}

/* Fails if the program cannot be started. If it is a missing map program, the
   message has the command that builds it. */
static int check_program(const char *program, struct rm_error *error)
{
	const char *name = strstr(program, "/maps/");
	int result = rm_program_check(program);
	const bool missing = result == -ENOENT && name;

	if (!result)
		return 0;
	return rm_error_set(error, result, "cannot start %s: %s%s%s", program,
	        result == -EACCES ? "Permission denied: run chmod a+rx"
	                          : rm_file_reason(result),
	        missing ? ": make programs NEEDED=" : "",
	        missing ? name + strlen("/maps/") : "");
}

int rm_spawn(const struct rm_spawn *spawn, struct rm_child *child,
        struct rm_error *error)
{
	int pipes[PIPES][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 },
		{ -1, -1 } };
	pid_t parent = getpid();
	const char *doing = "a pipe for the trial";
	int result = check_program(spawn->program, error);

	if (result)
		return result;
	char **environment = child_environment(spawn);

	if (!environment)
		return rm_error_set(error, -ENOMEM, "no memory for a trial");
	result = watch_changes(child);
	for (int i = 0; i < PIPES && !result; i++)
		result = make_pipe(pipes[i]);
	if (result)
		goto out;
	doing = "a process for the trial";
	child->forked_bytes = rm_usage_rss_bytes();
	pid_t pid = fork();
	if (pid == 0)
		exec_child(spawn, environment, parent, pipes);
	if (pid < 0) {
		result = -errno;
		goto out;
	}
	doing = spawn->program;
	result = attach_child(pid, pipes, child);
out:
	close_pipes(pipes);
	free(environment[0]);
	free(environment);
	if (!result)
		return 0;
	end_watch(child);
	return rm_error_set(
	        error, result, "cannot start %s: %s", doing, strerror(-result));
}

void rm_child_kill(const struct rm_child *child)
{
	if (kill(-child->pid, SIGKILL))
		kill(child->pid, SIGKILL); /* setpgid() failed */
}

int rm_child_has_ended(const struct rm_child *child)
{
	siginfo_t info = { 0 };

	while (waitid(
	        P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT))
		if (errno != EINTR)
			return 1;
	return info.si_pid == child->pid;
}

/* Returns the child's own peak memory. exec keeps the high-water mark of the
   previous image, which is a copy of this process (setmax_mm_hiwater_rss() in
   Linux's exec_mmap()). So only a value above it belongs to the program. */
static uint64_t own_peak_bytes(
        const struct rm_child *child, uint64_t maxrss_bytes)
{
	bool is_its_own = child->forked_bytes &&
	                  maxrss_bytes > child->forked_bytes + RSS_STEP_BYTES;

	return is_its_own ? maxrss_bytes : 0;
}

int rm_child_reap(struct rm_child *child, uint64_t *peak_bytes)
{
	siginfo_t info;
	struct rusage usage = { 0 };
	int status = 0;

	while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) &&
	        errno == EINTR)
		;
	/* The child is not reaped yet, so its group id cannot belong to other
	   processes. */
	kill(-child->pid, SIGKILL);
	while (wait4(child->pid, &status, 0, &usage) < 0 && errno == EINTR)
		;
	close_fd(&child->input);
	close_fd(&child->output);
	close_fd(&child->errors);
	end_watch(child);
	if (peak_bytes)
		*peak_bytes =
		        own_peak_bytes(child, (uint64_t)usage.ru_maxrss * 1024);
	return status;
}
