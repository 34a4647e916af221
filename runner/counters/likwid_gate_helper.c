/* SPDX-License-Identifier: GPL-3.0-or-later */
/* likwid_gate_helper.c - what readmostly-likwid asks the system itself. */
#include "runner/counters/likwid_helper.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below RM_SYSFS, where a test plays another machine. */
static const char *below(const char *path, char *full, size_t size)
{
	const char *root = getenv("RM_SYSFS");

	snprintf(full, size, "%s%s", root ? root : "", path);
	return full;
}

static bool may(const char *path, int how)
{
	char full[PATH_MAX];

	return access(below(path, full, sizeof(full)), how) == 0;
}

static bool is_set_uid(const char *path)
{
	char full[PATH_MAX];
	struct stat s;

	return stat(below(path, full, sizeof(full)), &s) == 0 &&
	       (s.st_mode & S_ISUID) && s.st_uid == 0;
}

enum rm_likwid_mode rm_likwid_gate(char *reason, size_t size)
{
	static const char *const devices[] = { "/dev/cpu/0/msr",
		"/dev/cpu/0/msr_safe", "/dev/msr0" };
	static const char *const daemons[] = { "/usr/sbin/likwid-accessD",
		"/usr/local/sbin/likwid-accessD" };
	bool device = false;

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		if (may(devices[i], R_OK | W_OK))
			return RM_LIKWID_DIRECT;
		device = device || may(devices[i], F_OK);
	}
	for (size_t i = 0; i < sizeof(daemons) / sizeof(*daemons); i++)
		if (is_set_uid(daemons[i]))
			return RM_LIKWID_DAEMON;
	snprintf(reason, size, "%s | %s",
	        device ? "the msr device is not writable for this user, and "
	                 "no likwid-accessD is set-uid root"
	               : "no msr device and no privileged access daemon",
	        device ? "run as root, or dpkg-statoverride --update --add "
	                 "root root 4755 /usr/sbin/likwid-accessD"
	               : "modprobe msr (kernel >= 5.9: boot with "
	                 "msr.allow_writes=on; Secure Boot off); a virtual "
	                 "machine needs a vPMU, too");
	return RM_LIKWID_AUTO;
}

int rm_likwid_cpus(const char *list, int *cpus, int room)
{
	/* liblikwid checks no bounds: a CPU too high writes over its heap. */
	long limit = sysconf(_SC_NPROCESSORS_CONF);
	int n = 0;

	do {
		char *end;
		long cpu = strtol(list, &end, 10);

		if (end == list || (*end && *end != ',') || cpu < 0 ||
		        cpu >= limit || n == room)
			return -1;
		cpus[n++] = (int)cpu;
		list = *end ? end + 1 : end;
	} while (*list);
	return n;
}

void rm_likwid_step_aside(const cpu_set_t *allowed, const int *cpus, int n)
{
	cpu_set_t spare = *allowed;

	for (int i = 0; i < n; i++)
		CPU_CLR((size_t)cpus[i], &spare);
	sched_setaffinity(
	        0, sizeof(spare), CPU_COUNT(&spare) ? &spare : allowed);
}
