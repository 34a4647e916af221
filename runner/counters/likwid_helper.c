/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * likwid_helper.c - readmostly-likwid: counts events for trials with liblikwid.
 *
 * It is a separate program because liblikwid prints, exits, forks, is not
 * thread-safe, takes a second to start, and is GPL. likwid_wire.h describes the
 * commands.
 */
#include "runner/counters/likwid_helper.h"
#include "runner/counters/likwid_wire.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Prepends RM_SYSFS to the path. Tests use it to simulate a machine. */
static const char *add_root(const char *path, char *full, size_t size)
{
	const char *root = getenv("RM_SYSFS");

	snprintf(full, size, "%s%s", root ? root : "", path);
	return full;
}

static bool has_access(const char *path, int how)
{
	char full[PATH_MAX];

	return access(add_root(path, full, sizeof(full)), how) == 0;
}

/* access() ignores that msr devices also need CAP_SYS_RAWIO. */
static bool can_open(const char *path)
{
	char full[PATH_MAX];
	int device =
	        open(add_root(path, full, sizeof(full)), O_RDWR | O_CLOEXEC);

	if (device >= 0)
		close(device);
	return device >= 0;
}

static bool is_set_uid(const char *path, gid_t *group)
{
	char full[PATH_MAX];
	struct stat s;
	bool found = stat(add_root(path, full, sizeof(full)), &s) == 0;

	*group = found ? s.st_gid : 0;
	return found && (s.st_mode & S_ISUID) && s.st_uid == 0;
}

/* Returns RM_LIKWID_DAEMON if this user may run a set-uid daemon whose use is
   restricted to a group. */
static enum rm_likwid_mode gate_daemon(
        const char *path, gid_t group, char *reason, size_t size)
{
	const struct group *of = getgrgid(group);

	if (has_access(path, X_OK))
		return RM_LIKWID_DAEMON;
	snprintf(reason, size,
	        "%s is set-uid root, but only members of group %s (%u) may run "
	        "it | as root: usermod -aG %s USER, then log in again",
	        path, of ? of->gr_name : "?", (unsigned)group,
	        of ? of->gr_name : "GROUP");
	return RM_LIKWID_AUTO;
}

/* True if liblikwid can count a CPU through perf_event. The condition is
   liblikwid's, which ignores CAP_PERFMON and the effective user. */
static bool may_count_by_perf(void)
{
	char full[PATH_MAX];
	FILE *in = fopen(add_root("/proc/sys/kernel/perf_event_paranoid", full,
	                         sizeof(full)),
	        "r");
	int paranoid = 3;

	if (in && fscanf(in, "%d", &paranoid) != 1)
		paranoid = 3;
	if (in)
		fclose(in);
	return getuid() == 0 || paranoid <= 0;
}

static enum rm_likwid_mode gate_perf(char *reason, size_t size)
{
	if (may_count_by_perf())
		return RM_LIKWID_PERF;
	snprintf(reason, size,
	        "this liblikwid counts CPUs by perf_event, which needs root or "
	        "perf_event_paranoid = 0 | sysctl kernel.perf_event_paranoid=0 "
	        "(or lower), or the back end perf");
	return RM_LIKWID_AUTO;
}

/* Finds an access mode that can work: a device of model specific registers that
   this user may open, or that a set-uid likwid-accessD opens. Returns that mode,
   or RM_LIKWID_AUTO and a reason ("why | remedy"). */
static enum rm_likwid_mode gate_registers(char *reason, size_t size)
{
	static const char *const devices[] = { "/dev/cpu/0/msr",
		"/dev/cpu/0/msr_safe", "/dev/msr0" };
	static const char *const daemons[] = { "/usr/sbin/likwid-accessD",
		"/usr/local/sbin/likwid-accessD" };
	bool device = false;
	gid_t group;

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		if (can_open(devices[i]))
			return RM_LIKWID_DIRECT;
		device = device || has_access(devices[i], F_OK);
	}
	for (size_t i = 0; device && i < sizeof(daemons) / sizeof(*daemons);
	        i++)
		if (is_set_uid(daemons[i], &group))
			return gate_daemon(daemons[i], group, reason, size);
	snprintf(reason, size, "%s",
	        device ? "the msr device is not writable for this user, and "
	                 "no likwid-accessD is set-uid root | run as root, or "
	                 "dpkg-statoverride --update --add root root 4755 "
	                 "/usr/sbin/likwid-accessD"
	               : "no msr device | modprobe msr (kernel >= 5.9: boot "
	                 "with msr.allow_writes=on; Secure Boot off); a "
	                 "virtual machine also needs a vPMU");
	return RM_LIKWID_AUTO;
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (s < 0 || strlen(path) >= sizeof(at.sun_path))
		return -1;
	memcpy(at.sun_path, path, strlen(path));
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) || listen(s, 8)) {
		close(s);
		return -1;
	}
	return s;
}

static const struct {
	const char *name;
	enum rm_likwid_mode mode;
} modes[] = { { "direct", RM_LIKWID_DIRECT }, { "daemon", RM_LIKWID_DAEMON },
	{ "perf", RM_LIKWID_PERF } };

enum { MODES = sizeof(modes) / sizeof(*modes) };

static enum rm_likwid_mode find_mode(const char *name)
{
	for (size_t i = 0; i < MODES; i++)
		if (!strcmp(modes[i].name, name))
			return modes[i].mode;
	return RM_LIKWID_AUTO;
}

static const char *mode_name(enum rm_likwid_mode mode)
{
	for (size_t i = 0; i < MODES; i++)
		if (modes[i].mode == mode)
			return modes[i].name;
	return "auto";
}

/* Parses an option. A campaign passes only --socket. Tests use the other
   options to simulate a library, an access mode or a short deadline. */
static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct rm_likwid_options *settings = state->input;

	switch (key) {
	case 's':
		settings->socket = value;
		return 0;
	case 'l':
		settings->library = value;
		return 0;
	case 'm':
		settings->mode = find_mode(value);
		if (settings->mode == RM_LIKWID_AUTO && strcmp(value, "auto"))
			argp_error(
			        state, "mode is auto, direct, daemon or perf");
		return 0;
	case 'd':
		settings->deadline_ms = atoi(value);
		if (settings->deadline_ms < 1)
			argp_error(state, "deadline: milliseconds from 1");
		return 0;
	case 'g':
		settings->gate = false;
		return 0;
	case ARGP_KEY_END:
		if (!settings->socket)
			argp_error(state, "--socket is needed");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option argp_options[] = {
	{ "socket", 's', "PATH", 0, "Unix socket to serve trials at", 0 },
	{ "library", 'l', "FILE", 0, "liblikwid to load (default: 5.x)", 0 },
	{ "mode", 'm', "MODE", 0, "auto, direct, daemon or perf", 0 },
	{ "deadline-ms", 'd', "N", 0, "time limit for liblikwid (8000)", 0 },
	{ "no-gate", 'g', NULL, 0, "do not check first if a mode can work", 0 },
	{ 0 },
};

/* Prints "ready MODE" or "refused REASON | REMEDY". */
static int start_serving(struct rm_likwid_options *options)
{
	char reason[512];
	int listener;

	if (options->gate) {
		enum rm_likwid_mode mode =
		        rm_likwid_uses_perf(options->library)
		                ? gate_perf(reason, sizeof(reason))
		                : gate_registers(reason, sizeof(reason));

		if (mode == RM_LIKWID_AUTO) {
			printf("refused %s\n", reason);
			return -1;
		}
		if (options->mode == RM_LIKWID_AUTO)
			options->mode = mode;
	}
	if (options->mode == RM_LIKWID_AUTO)
		options->mode = RM_LIKWID_DIRECT;
	listener = listen_at(options->socket);
	if (listener < 0)
		printf("refused cannot listen at %s: %s | none known\n",
		        options->socket, strerror(errno));
	else
		printf("ready %s\n", mode_name(options->mode));
	fflush(stdout);
	return listener;
}

int main(int argc, char **argv)
{
	struct argp argp = { argp_options, parse_option, NULL,
		"Counts for `readmostly` trials with liblikwid; "
		"started by `readmostly run`, ends with its standard input.",
		NULL, NULL, NULL };
	struct rm_likwid_options options = { .mode = RM_LIKWID_AUTO,
		.deadline_ms = RM_WIRE_COMMAND_TIMEOUT_MS,
		.gate = true };

	sigset_t end;

	/* Blocked first: if the campaign ends at once, the socket must still be
	   removed. */
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	/* additional safeguard: serve() also ends at the end of standard
	   input */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	int listener = start_serving(&options);
	if (listener < 0)
		return 1;
	int code = rm_likwid_serve(&options, listener);
	unlink(options.socket);
	/* the folder was made for this helper only */
	rmdir(dirname((char *)options.socket));
	return code ? 1 : 0;
}
