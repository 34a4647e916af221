/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_sim.c - asks readmostly-sim what it can simulate.
 *
 * The verdicts were made when that program was built (runner/sim/
 * simulatable.sh) and are in it: what it says cannot differ from what it does.
 */
#include "runner/cli/list_sim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* PATH/readmostly-sim for this program's PATH. 0 or -errno. */
static int sibling(char *path, size_t size)
{
	static const char name[] = "readmostly-sim";
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (length < 0)
		return -errno;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + sizeof(name) > size)
		return -ENAMETOOLONG;
	memcpy(slash + 1, name, sizeof(name));
	return access(path, X_OK) ? -errno : 0;
}

/* `path maps`, its output to `out`. 0 or -errno; *pid is to be waited for. */
static int start(char *path, int out, pid_t *pid)
{
	char maps[] = "maps";
	char *arguments[] = { path, maps, NULL };
	posix_spawn_file_actions_t actions;
	int status = posix_spawn_file_actions_init(&actions);

	if (status)
		return -status;
	status = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!status)
		status = posix_spawn(
		        pid, path, &actions, NULL, arguments, environ);
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
	while ((got = read(in, part, sizeof(part))) > 0)
		fwrite(part, 1, (size_t)got, all);
	if (fclose(all) || got < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int ask(struct rm_sim_list *list)
{
	char path[PATH_MAX];
	int pipe_ends[2] = { -1, -1 }, status = sibling(path, sizeof(path));
	pid_t pid = -1;

	if (status)
		return status;
	if (pipe2(pipe_ends, O_CLOEXEC))
		return -errno;
	status = start(path, pipe_ends[1], &pid);
	close(pipe_ends[1]);
	if (!status) {
		int ended;

		list->text = read_all(pipe_ends[0]);
		while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
			;
		if (!list->text || !WIFEXITED(ended) || WEXITSTATUS(ended))
			status = -EIO;
	}
	close(pipe_ends[0]);
	return status;
}

void rm_sim_list_read(struct rm_sim_list *list)
{
	int status;

	*list = (struct rm_sim_list){ .text = NULL };
	status = ask(list);
	if (!status)
		return;
	free(list->text);
	list->text = NULL;
	snprintf(list->reason, sizeof(list->reason),
	        "readmostly-sim, which simulates, is not beside this program "
	        "(%s)",
	        strerror(-status));
}

bool rm_sim_list_find(
        const struct rm_sim_list *list, const char *id, char *why, size_t size)
{
	size_t length = strlen(id);

	snprintf(why, size, "%s",
	        list->text ? "readmostly-sim does not know it" : list->reason);
	for (const char *line = list->text; line && *line;
	        line = strchr(line, '\n') + 1) {
		if (strncmp(line, id, length) || line[length] != ' ')
			continue;
		line += length + 1;
		if (!strncmp(line, "no ", 3))
			snprintf(why, size, "%.*s",
			        (int)strcspn(line + 3, "\n"), line + 3);
		else
			why[0] = '\0';
		return !why[0];
	}
	return false;
}
