/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE_BYTES = 16384, TERM_MS = 2000 };

static int redirect(posix_spawn_file_actions_t *actions, int input, int out)
{
	int status = input < 0 ? 0
	                       : posix_spawn_file_actions_adddup2(
	                                 actions, input, STDIN_FILENO);

	return status ? status
	              : posix_spawn_file_actions_adddup2(
	                        actions, out, STDOUT_FILENO);
}

/* Starts the child with its output redirected to `out`. Returns 0 or -errno;
 * the caller waits for *pid. */
static int start(char *const argv[], int input, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int status = posix_spawn_file_actions_init(&actions);

	if (status)
		return -status;
	status = posix_spawnattr_init(&attributes);
	if (status) {
		posix_spawn_file_actions_destroy(&actions);
		return -status;
	}
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	status = redirect(&actions, input, out);
	if (!status)
		status = posix_spawnp(
		        pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -status;
}

static int wait_for_exit(pid_t pid)
{
	int ended = 0;

	while (waitpid(pid, &ended, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(ended) && !WEXITSTATUS(ended) ? 0 : -EIO;
}

/* Waits until `ready` is readable or at its end, or until its process ends, and
   returns 0. Returns -EINTR if `stop` becomes readable. */
static int wait_readable(int ready, int stop)
{
	struct pollfd fds[] = { { .fd = ready, .events = POLLIN },
		{ .fd = stop, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return stop >= 0 && fds[1].revents ? -EINTR : 0;
}

static int read_all(int in, int stop, FILE *all)
{
	char piece[PIECE_BYTES];
	int failed;

	while (!(failed = wait_readable(in, stop))) {
		ssize_t got = read(in, piece, sizeof(piece));

		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0 && fwrite(piece, 1, (size_t)got, all) < (size_t)got)
			return -ENOMEM;
	}
	return failed;
}

/* Sends SIGTERM. A child that ignores it gets SIGKILL after 2 s. */
static void stop_program(pid_t pid, int process)
{
	struct pollfd ended = { .fd = process, .events = POLLIN };

	kill(pid, SIGTERM);
	if (process >= 0 && poll(&ended, 1, TERM_MS) != 1)
		kill(pid, SIGKILL);
}

/* Reads all output before it waits for the child, which would block on a full
   pipe. The child may close its output and keep running. `process` is -1 if the
   kernel (Linux before 5.3) has no pidfd_open(). */
static int collect_output(pid_t pid, int in, int stop, char **text)
{
	size_t length;
	FILE *all = open_memstream(text, &length);
	int process = (int)syscall(SYS_pidfd_open, pid, 0), status;
	int unread = all ? read_all(in, stop, all) : -ENOMEM;

	if (!unread && process >= 0)
		unread = wait_readable(process, stop);
	if (unread)
		stop_program(pid, process);
	status = wait_for_exit(pid);
	if (process >= 0)
		close(process);
	if (all && fclose(all))
		unread = -ENOMEM;
	return unread ? unread : status;
}

int rm_capture_until(char *const argv[], int input, int stop, char **text)
{
	int pipe_fds[2], status;
	pid_t pid = -1;

	*text = NULL;
	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	status = start(argv, input, pipe_fds[1], &pid);
	close(pipe_fds[1]);
	if (!status)
		status = collect_output(pid, pipe_fds[0], stop, text);
	close(pipe_fds[0]);
	if (status) {
		free(*text);
		*text = NULL;
	}
	return status;
}

int rm_capture(char *const argv[], char **text)
{
	return rm_capture_until(argv, -1, -1, text);
}

int rm_capture_input(const char *text)
{
	size_t left = strlen(text);
	int fd = memfd_create("input", MFD_CLOEXEC);

	while (fd >= 0 && left > 0) {
		ssize_t put = write(fd, text, left);
		int failed = errno;

		if (put < 0 && failed != EINTR) {
			close(fd);
			return -failed;
		}
		text += put > 0 ? put : 0;
		left -= put > 0 ? (size_t)put : 0;
	}
	return fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? fd : -errno;
}
