/* SPDX-License-Identifier: Apache-2.0 */
/* pmu.c - finds the PMU of an event, and explains errnos of perf. */
#include "runner/base/host.h"
#include "runner/counters/events.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#define DEVICES "/sys/bus/event_source/devices"

static int read_type(const char *pmu, uint32_t *type)
{
	char path[512];
	long number;

	snprintf(path, sizeof(path), DEVICES "/%s/type", pmu);
	int code = rm_host_read_long(path, &number);
	if (!code)
		*type = (uint32_t)number;
	return code;
}

/* True if the PMU counts on this CPU. A PMU without a list of CPUs counts on
   all CPUs. */
static bool has_cpu(const char *pmu, int cpu)
{
	char path[512], list[1024];

	snprintf(path, sizeof(path), DEVICES "/%s/cpus", pmu);
	if (cpu < 0 || rm_host_read(path, list, sizeof(list)) <= 0)
		return true;
	return rm_host_list_has(list, (unsigned)cpu);
}

static bool is_core_name(const char *name)
{
	return !strcmp(name, "cpu") || !strcmp(name, "cpu_core") ||
	       !strcmp(name, "cpu_atom") || !strcmp(name, "cpu_lowpower") ||
	       !strncmp(name, "armv8", 5) || !strncmp(name, "armv9", 5) ||
	       !strncmp(name, "apple_", 6);
}

/* True if an unbound thread should use PMU `name` rather than `other`. The
   choice must not depend on the order of files. Intel's P-cores are preferred
   by name, because cpu_lowpower would sort last. */
static bool is_preferred(const char *name, const char *other)
{
	if (!strcmp(other, "cpu_core"))
		return false;
	return !strcmp(name, "cpu_core") || strcmp(name, other) > 0;
}

/*
 * Finds the core PMU of a CPU if its name is not "cpu": a PMU of a hybrid or
 * Arm processor. Returns true if it exists.
 *
 * kinds    out: number of such PMUs on all CPUs
 */
static bool find_named_pmu(int cpu, char *name, size_t size, unsigned *kinds)
{
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;

	*kinds = 0;
	if (rm_host_path(DEVICES, path, sizeof(path)))
		return false;
	DIR *dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!is_core_name(entry->d_name) ||
		        !strcmp(entry->d_name, "cpu"))
			continue;
		++*kinds;
		if (!has_cpu(entry->d_name, cpu))
			continue;
		if (found && !is_preferred(entry->d_name, name))
			continue;
		snprintf(name, size, "%s", entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/*
 * Resolves a generic or raw event. On a hybrid processor, PERF_TYPE_HARDWARE
 * and _HW_CACHE need the PMU's type in the upper half of the config
 * (PERF_PMU_TYPE_SHIFT of linux/perf_event.h), and a raw event needs it as its
 * type. With one kind of core the upper half stays 0: on Arm, Linux before 6.6
 * (5c816728651ae425) rejects it with ENOENT.
 */
static int resolve_generic(
        uint32_t type, int cpu, struct rm_pmu_event *event, struct rm_error *e)
{
	char name[64];
	uint32_t pmu_type;
	unsigned kinds;

	event->type = type;
	if (type == PERF_TYPE_SOFTWARE ||
	        !find_named_pmu(cpu, name, sizeof(name), &kinds) ||
	        (type != PERF_TYPE_RAW && kinds == 1))
		return 0;
	if (read_type(name, &pmu_type))
		return rm_error_set(e, -ENODEV, "PMU %s has no type", name);
	if (type == PERF_TYPE_RAW)
		event->type = pmu_type;
	else
		event->config |= (uint64_t)pmu_type << 32;
	return 0;
}

int rm_pmu_resolve(const char *pmu, uint64_t config, int cpu,
        struct rm_pmu_event *event, struct rm_error *error)
{
	static const struct {
		const char *name;
		uint32_t type;
	} generic[] = { { "hw", PERF_TYPE_HARDWARE },
		{ "sw", PERF_TYPE_SOFTWARE }, { "cache", PERF_TYPE_HW_CACHE },
		{ "raw", PERF_TYPE_RAW } };

	event->config = config;
	for (size_t i = 0; i < sizeof(generic) / sizeof(*generic); i++)
		if (!strcmp(generic[i].name, pmu))
			return resolve_generic(
			        generic[i].type, cpu, event, error);
	if (strchr(pmu, '/') || read_type(pmu, &event->type))
		return rm_error_set(
		        error, -ENODEV, "no PMU \"%s\" on this machine", pmu);
	if (!has_cpu(pmu, cpu))
		return rm_error_set(error, -EXDEV,
		        "PMU %s does not count on CPU %d", pmu, cpu);
	return 0;
}

bool rm_pmu_is_core(const char *pmu)
{
	return !strcmp(pmu, "hw") || !strcmp(pmu, "cache") ||
	       !strcmp(pmu, "raw") || is_core_name(pmu);
}

bool rm_pmu_is_per_thread(const char *pmu)
{
	return rm_pmu_is_core(pmu) || !strcmp(pmu, "sw");
}

bool rm_pmu_core_present(void)
{
	char path[PATH_MAX];
	uint32_t type;
	unsigned kinds;

	return find_named_pmu(-1, path, sizeof(path), &kinds) ||
	       !read_type("cpu", &type);
}

unsigned rm_pmu_limit(void)
{
	long on = 0;

	rm_host_read_long("/proc/sys/kernel/nmi_watchdog", &on);
	return on ? 3 : 4;
}

struct explanation {
	int number;
	const char *reason, *remedy;
};

static const struct explanation table[] = {
	{ EPERM, "refused by seccomp, a security module or lockdown",
	        "container: allow perf_event_open in the seccomp profile, or "
	        "--cap-add PERFMON" },
	{ ENOSYS, "a kernel without perf_event_open",
	        "a kernel with CONFIG_PERF_EVENTS" },
	{ EBUSY, "another program holds the counters",
	        "stop the other profiler" },
	{ ENOSPC, "another program holds the counters",
	        "stop the other profiler" },
	{ EMFILE, "too many open files",
	        "ulimit -n: one file per thread and event is needed" },
	{ ENFILE, "too many open files in the system", "sysctl fs.file-max" },
	{ EINVAL, "the kernel rejects this combination of attributes",
	        "check the line in events.tsv" },
	{ E2BIG, "an older kernel: the attributes are too long for it",
	        "a newer kernel" },
	{ EACCES, "the kernel does not permit this measurement",
	        "sysctl kernel.perf_event_paranoid=2 (or lower), or "
	        "CAP_PERFMON" },
};

static const struct explanation no_event = { ENOENT,
	"the PMU has no such event", "check the line in events.tsv" };
static const struct explanation no_pmu = { ENOENT,
	"no hardware PMU on this machine (virtualised or disabled)",
	"virtual machine: request a vPMU (KVM: host CPU model and pmu=on; "
	"cloud: a bare-metal type); bare metal: enable the PMU in firmware" };

static const struct explanation *find_explanation(int number)
{
	if (number == ENOENT || number == ENODEV || number == EOPNOTSUPP)
		return rm_pmu_core_present() ? &no_event : &no_pmu;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].number == number)
			return &table[i];
	return NULL;
}

void rm_pmu_reason(int number, char *reason, size_t size)
{
	const struct explanation *explanation = find_explanation(number);
	long paranoid;

	if (number == EACCES &&
	        !rm_host_read_long(
	                "/proc/sys/kernel/perf_event_paranoid", &paranoid))
		snprintf(reason, size, "perf_event_paranoid = %ld forbids this",
		        paranoid);
	else
		snprintf(reason, size, "%s",
		        explanation ? explanation->reason : strerror(number));
}

const char *rm_pmu_remedy(int number)
{
	const struct explanation *explanation = find_explanation(number);

	return explanation ? explanation->remedy : "none known";
}
