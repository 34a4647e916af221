/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/capture.h"
#include "runner/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
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

static int wait_for(pid_t pid)
{
	int ended = 0;

	while (waitpid(pid, &ended, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(ended) && !WEXITSTATUS(ended) ? 0 : -EIO;
}

/* Its output is read to the end before it is waited for: a program whose pipe
   is full would never end. */
int rm_capture(char *const argv[], char **text)
{
	int ends[2], status;
	pid_t pid = -1;
	size_t length;
	FILE *in;

	*text = NULL;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	status = start(argv, ends[1], &pid);
	close(ends[1]);
	in = fdopen(ends[0], "r");
	if (!status) {
		int unread = in ? rm_file_read(in, SIZE_MAX, text, &length)
		                : -ENOMEM;

		status = wait_for(pid);
		if (!status && unread)
			status = -EIO;
	}
	if (in)
		fclose(in);
	else
		close(ends[0]);
	if (status) {
		free(*text);
		*text = NULL;
	}
	return status;
}
