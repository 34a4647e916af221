/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - memory, threads and CPU time that this process may still use. */
#include "runner/base/limits.h"

#include "runner/base/host.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Version 1 of control groups writes 2^63 - 4096 if there is no limit. */
#define NO_LIMIT (UINT64_C(1) << 60)

bool rm_cgroup_folder(const char *controller, char *folder, size_t size)
{
	char *line = NULL;
	size_t allocated = 0, length = strlen(controller);
	bool found = false;
	FILE *file = rm_host_open("/proc/self/cgroup");

	/* Format of a line: NUMBER:CONTROLLER,CONTROLLER:/PATH, or 0::/PATH in
	   version 2. */
	while (file && !found && getline(&line, &allocated, file) > 0) {
		const char *names = strchr(line, ':');
		const char *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		line[strcspn(line, "\n")] = '\0';
		for (const char *name = ++names; name < path && !found;) {
			size_t n = strcspn(name, ",:");

			found = n == length && !strncmp(name, controller, n);
			name += n + 1;
		}
		found |= length == 0 && names == path;
		if (found)
			snprintf(folder, size, "/sys/fs/cgroup%s%s%s",
			        length ? "/" : "", controller,
			        strcmp(path + 1, "/") ? path + 1 : "");
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

bool rm_cgroup_is_visible(const char *controller)
{
	char folder[PATH_MAX - 64], file[PATH_MAX], path[PATH_MAX];

	/* In versions 1 and 2, each group has a file cgroup.procs. */
	if (!rm_cgroup_folder(controller, folder, sizeof(folder)) &&
	        !rm_cgroup_folder("", folder, sizeof(folder)))
		return false;
	snprintf(file, sizeof(file), "%s/cgroup.procs", folder);
	return !rm_host_path(file, path, sizeof(path)) && !access(path, F_OK);
}

bool rm_cgroup_above(const char *controller, char *folder)
{
	size_t root = strlen("/sys/fs/cgroup") + (controller[0] != '\0') +
	              strlen(controller);

	if (strlen(folder) <= root)
		return false;
	*strrchr(folder, '/') = '\0';
	return true;
}

/* Reads the number in folder/name, or the one after `key` in that file. False
   if there is no number, for example if the file contains "max". Stores the
   file's path in `path`. */
static bool read_number(const char *folder, const char *name, const char *key,
        uint64_t *number, char path[PATH_MAX])
{
	char line[128];
	bool found = false;
	size_t length = strlen(key);

	snprintf(path, PATH_MAX, "%s/%s", folder, name);
	FILE *file = rm_host_open(path);

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, key, length) &&
		        sscanf(line + length, "%" SCNu64, number) == 1;
	if (file)
		fclose(file);
	return found;
}

static void tighten(struct rm_limit *limit, uint64_t most, uint64_t used,
        const char *source)
{
	uint64_t left = most > used ? most - used : 0;

	if (most >= NO_LIMIT || left >= limit->left)
		return;
	limit->left = left;
	snprintf(limit->source, sizeof(limit->source), "%.400s = %" PRIu64,
	        source, most);
}

/* File names of one controller. The count in `current` includes file pages that
   the kernel can reclaim. */
struct controller {
	const char *name, *most, *current, *stat, *reclaimable;
};

static void tighten_by_groups(
        const struct controller *files, struct rm_limit *limit)
{
	char folder[PATH_MAX - 64], path[PATH_MAX], source[PATH_MAX];

	if (!rm_cgroup_folder(files->name, folder, sizeof(folder)))
		return;
	do {
		uint64_t most, current = 0, reclaimable = 0;

		if (!read_number(folder, files->most, "", &most, source))
			continue;
		read_number(folder, files->current, "", &current, path);
		if (files->stat)
			read_number(folder, files->stat, files->reclaimable,
			        &reclaimable, path);
		tighten(limit, most,
		        current > reclaimable ? current - reclaimable : 0,
		        source);
	} while (rm_cgroup_above(files->name, folder));
}

/* Reads a size from /proc/meminfo of the real machine. */
static bool meminfo(const char *key, uint64_t *bytes)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	uint64_t kib = 0;
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, key, strlen(key)) &&
		        sscanf(line + strlen(key), " %" SCNu64, &kib) == 1;
	if (file)
		fclose(file);
	*bytes = kib * 1024;
	return found;
}

/* Applies a resource limit. The line `used_key` of /proc/self/status contains
   the amount that this process already uses, in KiB. */
static void tighten_by_rlimit(struct rm_limit *limit, __rlimit_resource_t which,
        const char *used_key, const char *name)
{
	struct rlimit resource;
	uint64_t kib = 0;
	char path[PATH_MAX];

	if (getrlimit(which, &resource) || resource.rlim_cur == RLIM_INFINITY)
		return;
	read_number("/proc/self", "status", used_key, &kib, path);
	tighten(limit, resource.rlim_cur, kib * 1024, name);
}

static void read_memory(struct rm_limit *limit)
{
	static const struct controller controllers[] = {
		{ "", "memory.max", "memory.current", "memory.stat",
		        "inactive_file " },
		{ "", "memory.high", "memory.current", "memory.stat",
		        "inactive_file " },
		{ "memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
		        "memory.stat", "total_inactive_file " }
	};
	uint64_t most, used, others;
	long overcommit = 0;

	*limit = (struct rm_limit){ .left = UINT64_MAX };
	if (meminfo("MemAvailable:", &most))
		tighten(limit, most, 0, "MemAvailable of /proc/meminfo");
	if (!rm_host_read_long("/proc/sys/vm/overcommit_memory", &overcommit) &&
	        overcommit == 2 && meminfo("CommitLimit:", &most) &&
	        meminfo("Committed_AS:", &used))
		tighten(limit, most, used,
		        "CommitLimit of /proc/meminfo (sysctl "
		        "vm.overcommit_memory is 2)");
	for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++)
		tighten_by_groups(&controllers[i], limit);
	tighten_by_rlimit(limit, RLIMIT_DATA, "VmData:", "ulimit -d (bytes)");
	others = limit->left;
	tighten_by_rlimit(limit, RLIMIT_AS, "VmSize:", "ulimit -v (bytes)");
	limit->is_address_space = limit->left < others;
}

/* Number of threads in all processes of this user. */
static uint64_t count_own_tasks(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	uint64_t total = 0;

	while (folder && (entry = readdir(folder))) {
		char name[300], path[PATH_MAX];
		uint64_t user, threads;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(name, sizeof(name), "/proc/%s", entry->d_name);
		if (read_number(name, "status", "Uid:", &user, path) &&
		        user == getuid() &&
		        read_number(name, "status", "Threads:", &threads, path))
			total += threads;
	}
	if (folder)
		closedir(folder);
	return total;
}

static void read_tasks(struct rm_limit *limit)
{
	static const struct controller versions[] = {
		{ "", "pids.max", "pids.current", NULL, NULL },
		{ "pids", "pids.max", "pids.current", NULL, NULL }
	};
	struct rlimit processes;
	long most = 0;

	*limit = (struct rm_limit){ .left = UINT64_MAX };
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		tighten_by_groups(&versions[i], limit);
	if (!rm_host_read_long("/proc/sys/kernel/threads-max", &most) &&
	        most > 0)
		tighten(limit, (uint64_t)most, 0,
		        "/proc/sys/kernel/threads-max");
	/* RLIMIT_NPROC does not apply to root. */
	if (geteuid() && !getrlimit(RLIMIT_NPROC, &processes) &&
	        processes.rlim_cur != RLIM_INFINITY &&
	        processes.rlim_cur < limit->left)
		tighten(limit, processes.rlim_cur, count_own_tasks(),
		        "ulimit -u");
}

void rm_limits_read(struct rm_limits *limits)
{
	read_memory(&limits->memory);
	read_tasks(&limits->tasks);
}

uint64_t rm_limits_trial_bytes(const struct rm_limits *limits)
{
	return limits->memory.left == UINT64_MAX ? UINT64_MAX
	                                         : limits->memory.left / 2;
}

const char *rm_limit_advice(
        const struct rm_limit *limit, char text[RM_LIMIT_ADVICE_BYTES])
{
	if (limit->left == UINT64_MAX)
		snprintf(text, RM_LIMIT_ADVICE_BYTES,
		        "no limit was found: see `ulimit -a` and the limits of "
		        "the container");
	else
		snprintf(text, RM_LIMIT_ADVICE_BYTES,
		        RM_LIMIT_WORDS "%s: raise it, or use less",
		        limit->source);
	return text;
}

bool rm_limits_lack_memory(void)
{
	const size_t size = 64 << 20;
	void *probe = mmap(NULL, size, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (probe == MAP_FAILED)
		return true;
	munmap(probe, size);
	return false;
}

bool rm_limits_cpu_time_ended(int signal)
{
	struct rlimit limit;

	return signal == SIGXCPU ||
	       (signal == SIGKILL && !getrlimit(RLIMIT_CPU, &limit) &&
	               limit.rlim_cur != RLIM_INFINITY);
}

void rm_limits_forbid_core(void)
{
	/* If core_pattern is a pipe, Linux starts its program for a limit of 0,
	   but not for a limit of 1 (do_coredump()). That program may read the
	   core for minutes. */
	const struct rlimit core = { 1, 1 };

	setrlimit(RLIMIT_CORE, &core);
}

bool rm_limits_oom_kills(uint64_t *kills)
{
	char folder[PATH_MAX - 64], path[PATH_MAX];

	return (rm_cgroup_folder("", folder, sizeof(folder)) &&
	               read_number(folder, "memory.events", "oom_kill ", kills,
	                       path)) ||
	       (rm_cgroup_folder("memory", folder, sizeof(folder)) &&
	               read_number(folder, "memory.oom_control", "oom_kill ",
	                       kills, path)) ||
	       read_number("/proc", "vmstat", "oom_kill ", kills, path);
}

bool rm_limits_throttled_ns(uint64_t *ns)
{
	static const struct {
		const char *controller, *key;
		unsigned unit_ns;
	} versions[] = { { "", "throttled_usec ", 1000 },
		{ "cpu", "throttled_time ", 1 } };
	char folder[PATH_MAX - 64], path[PATH_MAX];
	bool found = false;
	uint64_t count;

	*ns = 0;
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		const char *controller = versions[i].controller;

		if (!rm_cgroup_folder(controller, folder, sizeof(folder)))
			continue;
		do {
			if (!read_number(folder, "cpu.stat", versions[i].key,
			            &count, path))
				continue;
			found = true;
			*ns += count * versions[i].unit_ns;
		} while (rm_cgroup_above(controller, folder));
	}
	return found;
}

const char *rm_limits_scheduling(char text[RM_SCHEDULING_BYTES])
{
	/* Indexed by the values of SCHED_* in the kernel's headers. */
	static const char *const policies[8] = { "SCHED_OTHER", "SCHED_FIFO",
		"SCHED_RR", "SCHED_BATCH", "?", "SCHED_IDLE", "SCHED_DEADLINE",
		"?" };
	static const char *const classes[8] = { "none", "realtime",
		"best-effort", "idle", "?", "?", "?", "?" };
	const int nice = getpriority(PRIO_PROCESS, 0);
	const int policy = sched_getscheduler(0) & 7;
	const long io = syscall(SYS_ioprio_get, 1 /* IOPRIO_WHO_PROCESS */, 0);

	snprintf(text, RM_SCHEDULING_BYTES, "%s, nice %d, I/O class %s",
	        policies[policy], nice, classes[io >> 13 & 7]);
	if (policy == SCHED_BATCH || policy == SCHED_IDLE || nice > 0)
		return "other processes get the CPU first";
	return policies[policy][0] == '?' || policy == SCHED_OTHER
	               ? NULL
	               : "the kernel stops real-time threads for a part of "
	                 "each second (sched_rt_runtime_us)";
}
