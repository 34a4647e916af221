/* SPDX-License-Identifier: Apache-2.0 */
/* likwid_client.c - starts readmostly-likwid and communicates with it. */
#include "runner/base/clock.h"
#include "runner/base/file.h"
#include "runner/counters/likwid.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct rm_likwid_helper {
	pid_t pid;
	int lifeline; /* write end of the helper's standard input; closing it
	                 ends the helper */
	char folder[64], socket[96], mode[16];
};

int rm_likwid_connect(const char *path, struct rm_error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (s < 0)
		return rm_error_set(
		        error, -errno, "likwid: socket: %s", strerror(errno));
	if (strlen(path) >= sizeof(address.sun_path)) {
		close(s);
		return rm_error_set(error, -ENAMETOOLONG,
		        "likwid: socket path too long: %s", path);
	}
	memcpy(address.sun_path, path, strlen(path));
	if (connect(s, (struct sockaddr *)&address, sizeof(address))) {
		int code = -errno;

		close(s);
		return rm_error_set(error, code, "likwid: no helper at %s: %s",
		        path, strerror(-code));
	}
	return s;
}

int rm_likwid_send_command(
        int socket, const char *command, char *answer, struct rm_error *error)
{
	struct pollfd wait = { socket, POLLIN, 0 };

	/* If send() fails, the helper may have sent "ERR busy" before. */
	send(socket, command, strlen(command), MSG_NOSIGNAL);
	int ready = poll(&wait, 1, RM_WIRE_CLIENT_TIMEOUT_MS);
	if (ready <= 0)
		return rm_error_set(error, -ETIMEDOUT,
		        "likwid: %s: the helper did not answer", command);
	ssize_t n = recv(socket, answer, RM_WIRE_BYTES, 0);
	/* The helper closed the socket before it read the command. Its last
	   message can still be read. */
	if (n < 0 && errno == ECONNRESET)
		n = recv(socket, answer, RM_WIRE_BYTES, 0);
	if (n <= 0)
		return rm_error_set(
		        error, -EPIPE, "likwid: %s: the helper ended", command);
	answer[n] = '\0';
	if (!strncmp(answer, "OK", 2)) {
		memmove(answer, answer + (n > 2 ? 3 : 2),
		        (size_t)n - (n > 2 ? 2 : 1));
		return 0;
	}
	return rm_error_set(error, -EREMOTEIO, "likwid: %s",
	        strncmp(answer, "ERR ", 4) ? answer : answer + 4);
}

/* Finds the helper. After `make` or installation, it is in the folder of this
   program. If this program is a test (build/.../tests/test_x), it is in the
   parent folder. */
static int find_helper(char *path, size_t size, struct rm_error *error)
{
	const char *override = getenv("RM_LIKWID_HELPER");
	static const char *const places[] = { "", "../" };
	char self[PATH_MAX];

	if (override) {
		snprintf(path, size, "%s", override);
		if (access(path, X_OK) == 0)
			return 0;
		return rm_error_set(error, -ENOENT,
		        "likwid: RM_LIKWID_HELPER=%s: %s", override,
		        strerror(errno));
	}
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		slash[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if ((size_t)snprintf(path, size, "%s%sreadmostly-likwid", self,
		            places[i]) < size &&
		        access(path, X_OK) == 0)
			return 0;
	}
	return rm_error_set(error, -ENOENT,
	        "likwid: no program readmostly-likwid in %s", self);
}

/* Starts the helper in its own process group, so that ^C ends only the
   campaign. */
static int spawn_helper(
        struct rm_likwid_helper *h, const char *path, int in, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	char *argv[] = { (char *)path, "--socket", h->socket, NULL };

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	int code =
	        posix_spawn(&h->pid, path, &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	if (code)
		h->pid = 0;
	return -code;
}

/* Parses the helper's first line, "ready MODE" or "refused REASON | REMEDY". */
static int parse_first_line(struct rm_likwid_helper *h, char *line,
        char *remedy, size_t size, struct rm_error *error)
{
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "ready ", 6)) {
		snprintf(h->mode, sizeof(h->mode), "%.15s", line + 6);
		return 0;
	}
	if (strncmp(line, "refused ", 8))
		return rm_error_set(error, -ENOTSUP,
		        "likwid: the helper ended before it was ready");
	char *bar = strstr(line, " | ");
	if (bar) {
		*bar = '\0';
		snprintf(remedy, size, "%s", bar + 3);
	}
	return rm_error_set(error, -ENOTSUP, "likwid: %s", line + 8);
}

static int wait_until_ready(struct rm_likwid_helper *h, int from, char *remedy,
        size_t size, struct rm_error *error)
{
	struct pollfd wait = { from, POLLIN, 0 };
	char line[1024];

	if (poll(&wait, 1, RM_WIRE_CLIENT_TIMEOUT_MS) <= 0)
		return rm_error_set(
		        error, -ETIMEDOUT, "likwid: the helper did not start");
	ssize_t n = read(from, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	return parse_first_line(h, line, remedy, size, error);
}

/* Starts the helper, and closes the child's ends of the pipes at once. An open
   copy of its output would hide its end, and an open copy of its input would
   prevent its end. */
static int start_helper(struct rm_likwid_helper *h, const char *path,
        char *remedy, size_t size, struct rm_error *error)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	int code = -EMFILE;

	if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0)
		code = spawn_helper(h, path, in[0], out[1]);
	h->lifeline = in[1];
	if (in[0] >= 0)
		close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
	if (code)
		rm_error_set(
		        error, code, "likwid: %s: %s", path, strerror(-code));
	else
		code = wait_until_ready(h, out[0], remedy, size, error);
	if (out[0] >= 0)
		close(out[0]);
	return code;
}

int rm_likwid_helper_start(struct rm_likwid_helper **helper, char *remedy,
        size_t remedy_size, struct rm_error *error)
{
	char path[PATH_MAX];
	int code;

	remedy[0] = '\0';
	*helper = NULL;
	code = find_helper(path, sizeof(path), error);
	if (code) {
		snprintf(remedy, remedy_size,
		        "run make, which builds readmostly-likwid next to "
		        "readmostly");
		return code;
	}
	struct rm_likwid_helper *h = calloc(1, sizeof(*h));
	if (!h)
		return rm_error_set(error, -ENOMEM, "out of memory");
	h->lifeline = -1;
	/* the path of a socket has at most 107 bytes */
	code = rm_file_temporary_folder(
	        30, h->folder, sizeof(h->folder), error);
	if (!code) {
		snprintf(h->socket, sizeof(h->socket), "%s/likwid", h->folder);
		code = start_helper(h, path, remedy, remedy_size, error);
	}
	if (code)
		rm_likwid_helper_stop(h);
	else
		*helper = h;
	return code;
}

const char *rm_likwid_helper_socket(const struct rm_likwid_helper *helper)
{
	return helper->socket;
}

const char *rm_likwid_helper_mode(const struct rm_likwid_helper *helper)
{
	return helper->mode;
}

int rm_likwid_helper_pid(const struct rm_likwid_helper *helper)
{
	return helper->pid;
}

/* Waits for the helper, which ends when its input is closed. Kills it after a
   time limit. */
static void reap_helper(pid_t pid)
{
	uint64_t until_ns = rm_now_ns() + 3000000000U;

	while (rm_now_ns() < until_ns) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		rm_sleep_until(rm_now_ns() + 2000000U);
	}
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void rm_likwid_helper_stop(struct rm_likwid_helper *helper)
{
	if (!helper)
		return;
	if (helper->lifeline >= 0)
		close(helper->lifeline);
	if (helper->pid > 0)
		reap_helper(helper->pid);
	if (helper->folder[0]) {
		unlink(helper->socket);
		rmdir(helper->folder);
	}
	free(helper);
}
