/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its output to `out`. 0 or -errno; *pid is to be waited for. */
static int start(char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int status = posix_spawn_file_actions_init(&actions);

	if (status)
		return -status;
	status = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!status)
		status = posix_spawnp(
		        pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -status;
}

/* All that comes from `in`; NULL: not readable. */
static char *read_all(int in)
{
	char *text = NULL, part[4096];
	size_t length = 0;
	FILE *all = open_memstream(&text, &length);
	ssize_t got;

	if (!all)
		return NULL;
	while ((got = read(in, part, sizeof(part))) > 0 ||
	        (got < 0 && errno == EINTR))
		fwrite(part, 1, got > 0 ? (size_t)got : 0, all);
	if (fclose(all) || got < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int wait_for(pid_t pid)
{
	int ended = 0;

	while (waitpid(pid, &ended, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(ended) && !WEXITSTATUS(ended) ? 0 : -EIO;
}

int rm_capture(char *const argv[], char **text)
{
	int ends[2], status;
	pid_t pid = -1;

	*text = NULL;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	status = start(argv, ends[1], &pid);
	close(ends[1]);
	if (!status) {
		*text = read_all(ends[0]);
		status = wait_for(pid);
		if (!status && !*text)
			status = -EIO;
	}
	close(ends[0]);
	if (status) {
		free(*text);
		*text = NULL;
	}
	return status;
}
