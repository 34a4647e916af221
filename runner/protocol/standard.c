/* SPDX-License-Identifier: Apache-2.0 */
/* standard.c - prepares the standard streams when a program starts, and checks
   that its output was written when it ends. */
#include "runner/base/error.h"
#include "runner/base/file.h"
#include "runner/protocol/command_line.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* open() returns the lowest free number, so this opens closed streams in
   order. */
static void open_closed_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		        open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			abort(); /* no stream is open for a message */
}

/* Makes a non-blocking stream blocking, since it loses output that its reader
   cannot take at once. Opens pipes and terminals again, since processes that
   share a stream share the flag, too. Sockets cannot be opened again. With
   O_NONBLOCK, open() of a FIFO without a reader does not block. */
static void make_blocking(int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	struct stat status;
	char path[32];
	int copy = -1;

	if (flags < 0 || !(flags & O_NONBLOCK) || fstat(fd, &status) ||
	        S_ISREG(status.st_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))
		copy = open(path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY |
		                          O_CLOEXEC);
	if (copy >= 0) {
		dup2(copy, fd);
		close(copy);
	}
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/* Runs at exit, when stdio writes its buffer. Keeps a status other than RM_OK.
   Calls _exit(), because exit() must not be called twice. Does nothing in a
   forked child of a check, whose status belongs to the map. */
static void check_output(int status, void *process)
{
	int was_lost = ferror(stdout), lost;

	if ((pid_t)(intptr_t)process != getpid())
		return;
	errno = 0;
	/* The failed write set errno, but other calls have changed it since.
	   Another write fails for the same reason. */
	if (was_lost && write(STDOUT_FILENO, "\n", 1) == 1)
		errno = EIO;
	lost = errno;
	if (!fclose(stdout) && !was_lost)
		return;
	lost = lost ? lost : errno;
	fprintf(stderr, "readmostly: standard output was lost: %s\n",
	        lost == EBADF ? "it is closed" : rm_write_reason(-lost));
	_exit(status == RM_OK ? RM_INCOMPLETE : status);
}

/* Checks limits and /proc. With a small stack, buffers and a map's threads
   overflow it, which looks like a crash of the map. With a huge stack, a child
   cannot start threads. Without /proc, a program cannot find the other
   programs. */
static void check_system(void)
{
	const rlim_t stack_least = 1 << 20, stack_most = 1 << 30, files = 16;
	struct rlimit limit;
	const char *needs = NULL;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < files)
		needs = "16 open files: run `ulimit -n 1024`";
	if (!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur < stack_least)
		needs = "a stack of 1024 KiB: run `ulimit -s 8192`";
	if (access("/proc/self/exe", F_OK))
		needs = "/proc: run `mount -t proc proc /proc`";
	if (needs) {
		fprintf(stderr,
		        "readmostly: not available here: %s; if that "
		        "fails, run it in a new login\n",
		        needs);
		exit(RM_USAGE);
	}
	if (limit.rlim_cur > stack_most && limit.rlim_cur != RLIM_INFINITY) {
		limit.rlim_cur = stack_most >> 4;
		setrlimit(RLIMIT_STACK, &limit);
	}
}

/* Checks that the folder RM_SYSFS exists. A misspelt folder would look like a
   machine without any facts. */
static void check_played_machine(void)
{
	const char *root = getenv("RM_SYSFS");
	struct stat status;

	if (!root || !root[0] ||
	        (!stat(root, &status) && S_ISDIR(status.st_mode)))
		return;
	fprintf(stderr,
	        "readmostly: RM_SYSFS=%s: expected a folder with proc/ and "
	        "sys/ of another machine; `unset RM_SYSFS` uses this one\n",
	        root);
	exit(RM_USAGE);
}

/* Resets ignored signals. If a parent ignores SIGCHLD, wait() fails. If it
   ignores SIGPIPE, the end of a reader causes lost output. The signals that
   stop a program stay ignored, since a user or nohup may ignore them on
   purpose. */
static void reset_signals(void)
{
	const uint64_t kept = UINT64_C(1) << SIGHUP | UINT64_C(1) << SIGINT |
	                      UINT64_C(1) << SIGQUIT | UINT64_C(1) << SIGTERM |
	                      UINT64_C(1) << SIGTSTP | UINT64_C(1) << SIGTTIN |
	                      UINT64_C(1) << SIGTTOU;
	struct sigaction action;
	sigset_t none;

	for (int number = 1; number < 64; number++)
		if (!(kept >> number & 1) &&
		        !sigaction(number, NULL, &action) &&
		        action.sa_handler == SIG_IGN)
			signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void rm_program_start(void)
{
	argp_err_exit_status = RM_USAGE;
	reset_signals();
	open_closed_streams();
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		make_blocking(fd);
	check_system();
	check_played_machine();
	signal(SIGXFSZ, SIG_IGN); /* a write beyond ulimit -f returns EFBIG */
	on_exit(check_output, (void *)(intptr_t)getpid());
}

int rm_print_json(const json_t *json, size_t flags)
{
	if (!json || json_dumpf(json, stdout, flags) || putchar('\n') == EOF)
		return RM_INCOMPLETE;
	return fflush(stdout) ? RM_INCOMPLETE : RM_OK;
}
