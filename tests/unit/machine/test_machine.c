/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_machine.c - facts, id and doctor on made-up roots of /proc and /sys.
 *
 * plain: libc keeps the buffers of streams that the test closes.
 */
#include "runner/machine/internal.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPUS "/sys/devices/system/cpu/"
#define CPUINFO                                                       \
	"processor\t: 0\nvendor_id\t: GenuineTest\ncpu family\t: 6\n" \
	"model\t\t: 85\nmodel name\t: Test CPU\nstepping\t: 7\n"      \
	"cpu MHz\t\t: %s\nflags\t\t: fpu tsc%s\nbogomips\t: %s\n"

static char root[64];

static void put(const char *path, const char *text)
{
	fake_root_write(root, path + 1, text);
}

static void put_cpu(const char *mhz, const char *more_flags)
{
	char text[512];

	snprintf(text, sizeof(text), CPUINFO, mhz, more_flags, mhz);
	put("/proc/cpuinfo", text);
}

static bool fact_is(const struct rm_fact *fact, enum rm_fact_status status,
        const char *text)
{
	if (fact->status == status && !strcmp(fact->text, text))
		return true;
	printf("# %s \"%s\"\n", rm_fact_status_name(fact->status), fact->text);
	return false;
}

static void reading(void)
{
	struct rm_fact fact;
	char long_line[600];

	put("/proc/one", "value \t\nsecond\n");
	rm_fact_read("/proc/one", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "value"),
	        "a fact is the first line, trimmed");
	rm_fact_read("/proc/none", &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""),
	        "a file that is not there is absent");
	put("/proc/empty", "\n");
	rm_fact_read("/proc/empty", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, ""), "an empty file is ok and empty");
	fake_root_write(root, "proc/latin",
	        "Stra\xdf"
	        "e\n");
	rm_fact_read("/proc/latin", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "Stra?e"),
	        "what is no UTF-8 keeps its ASCII: JSON takes nothing else");
	rm_fact_read("/proc", &fact);
	CHECK(fact.status != RM_FACT_OK, "a folder is no fact");
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	put("/proc/long", long_line);
	rm_fact_read("/proc/long", &fact);
	CHECK(fact.status == RM_FACT_OK &&
	                strlen(fact.text) == RM_FACT_BYTES - 1,
	        "a long line is cut");
}

static void denied(void)
{
	struct rm_fact fact;
	char path[300];

	put("/proc/secret", "no\n");
	snprintf(path, sizeof(path), "%s/proc/secret", root);
	chmod(path, 0);
	if (geteuid() == 0) {
		/* root reads everything: play somebody else */
		chmod(root, 0755);
		snprintf(path, sizeof(path), "%s/proc", root);
		chmod(path, 0755);
		if (seteuid(65534)) {
			SKIP("a file that may not be read is denied",
			        "cannot become another user");
			return;
		}
		rm_fact_read("/proc/secret", &fact);
		if (seteuid(0))
			exit(1);
	} else {
		rm_fact_read("/proc/secret", &fact);
	}
	CHECK(fact_is(&fact, RM_FACT_DENIED, ""),
	        "a file that may not be read is denied");
}

static void fields(void)
{
	struct rm_fact fact;

	put_cpu("1000.0", "");
	rm_fact_field("/proc/cpuinfo", "model", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "85"), "model is not model name");
	rm_fact_field("/proc/cpuinfo", "model name", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "Test CPU"), "model name is it");
	rm_fact_field("/proc/cpuinfo", "CPU part", &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""),
	        "a field that is not there is absent");
	rm_fact_hypervisor(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "no"), "no hypervisor flag");
	put_cpu("1000.0", " hypervisor sse");
	rm_fact_hypervisor(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "yes"), "a hypervisor flag");
	put_cpu("1000.0", " nohypervisor");
	rm_fact_hypervisor(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "no"),
	        "part of another word is no flag");
}

/* By hand: printf 'readmostly 0123456789abcdef0123456789abcdef' | sha256sum */
static void installation(void)
{
	static const char digits[] = "ef77de843852fd90";
	struct rm_fact fact;

	rm_fact_installation(&fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""), "no number, no installation");
	put("/etc/machine-id", "uninitialized\n");
	rm_fact_installation(&fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""),
	        "nor where a system was never started");
	put("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	rm_fact_installation(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, digits),
	        "an installation is a salted hash, not the number itself");
}

static void each(void)
{
	const char *pattern = CPUS "cpu[0-9]*/cpufreq/scaling_governor";
	struct rm_fact fact;

	rm_fact_each(pattern, &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""), "no CPU has a governor");
	put(CPUS "cpu0/cpufreq/scaling_governor", "performance\n");
	put(CPUS "cpu1/cpufreq/scaling_governor", "performance\n");
	rm_fact_each(pattern, &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "performance x 2"),
	        "equal ones are counted");
	put(CPUS "cpu1/cpufreq/scaling_governor", "powersave\n");
	rm_fact_each(pattern, &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "performance x 1, powersave x 1"),
	        "different ones are told apart");
}

static void cgroups(void)
{
	struct rm_fact fact;

	put("/proc/self/cgroup", "4:cpu,cpuacct:/job\n3:cpuset:/\n0::/\n");
	put("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
	rm_fact_cgroup("cpu.max", "cpu", "cpu.cfs_quota_us", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "50000"),
	        "version 1: the controller's own folder");
	rm_fact_cgroup("cpu.max", "cpuset", "cpuset.effective_cpus", &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""), "and no other's");
	put("/proc/self/cgroup", "0::/user/me\n");
	put("/sys/fs/cgroup/user/me/cpu.max", "max 100000\n");
	rm_fact_cgroup("cpu.max", "cpu", "cpu.cfs_quota_us", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "max 100000"),
	        "version 2: one folder for all");

	/* the limit of a group holds for those below it */
	put("/sys/fs/cgroup/user/cpu.max", "400000 100000\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "400000 100000"),
	        "version 2: a limit of the group above is seen");
	put("/sys/fs/cgroup/user/me/cpu.max", "150000 50000\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "150000 50000"),
	        "the group's own counts where it is tighter, 3 CPUs of 4");
	put("/sys/fs/cgroup/user/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/user/me/cpu.max", "max 100000\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "max 100000"), "no limit is none");
	put("/proc/self/cgroup", "4:cpu,cpuacct:/v1/job\n");
	put("/sys/fs/cgroup/cpu/v1/job/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu/v1/cpu.cfs_quota_us", "50000\n");
	put("/sys/fs/cgroup/cpu/v1/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "50000"),
	        "version 1: a limit of the group above is seen, too");
	put("/proc/self/cgroup", "0::/user/me\n");
}

/* The id on a made-up machine. */
static void id_of(const char *machine, char *id)
{
	struct rm_topology topology;
	struct rm_error error = { "" };
	json_t *facts;

	rm_topology_load(machine, &topology, &error);
	facts = rm_machine_facts(&topology);
	strcpy(id, json_string_value(json_object_get(facts, "id")));
	json_decref(facts);
	rm_topology_free(&topology);
}

static void ids(void)
{
	char id[RM_MACHINE_ID_BYTES], other[RM_MACHINE_ID_BYTES];

	put_cpu("1000.0", "");
	put("/proc/meminfo", "MemTotal:       24684096 kB\n");
	id_of("core:2 pu:1", id);
	CHECK(strlen(id) == 8 && strspn(id, "0123456789abcdef") == 8,
	        "an id is 8 hex digits");
	put_cpu("2999.9", "");
	put("/proc/meminfo", "MemTotal:       24680000 kB\n");
	put("/proc/loadavg", "9 9 9 9/99 999\n");
	put("/etc/machine-id", "fedcba9876543210fedcba9876543210\n");
	id_of("core:2 pu:1", other);
	CHECK(!strcmp(id, other),
	        "clock, load, the kernel's own memory and who installed it do "
	        "not change it");
	id_of("core:4 pu:1", other);
	CHECK(strcmp(id, other) != 0, "more cores change it");
	put("/proc/meminfo", "MemTotal:       49368192 kB\n");
	id_of("core:2 pu:1", other);
	CHECK(strcmp(id, other) != 0, "more memory changes it");
	put("/proc/meminfo", "MemTotal:       24684096 kB\n");
	put("/proc/cpuinfo", "vendor_id : GenuineTest\nstepping : 8\n");
	id_of("core:2 pu:1", other);
	CHECK(strcmp(id, other) != 0, "another stepping changes it");
}

static void id_survives_a_cpuset(void)
{
	struct rm_topology topology;
	struct rm_error error = { "" };
	char id[RM_MACHINE_ID_BYTES];
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	json_t *facts;

	id_of("core:4 pu:1", id);
	rm_topology_load("core:4 pu:1", &topology, &error);
	hwloc_bitmap_set_range(set, 1, 2);
	hwloc_topology_allow(
	        topology.hwloc, set, NULL, HWLOC_ALLOW_FLAG_CUSTOM);
	hwloc_bitmap_free(set);
	rm_topology_scan(&topology, &error);
	facts = rm_machine_facts(&topology);
	CHECK(topology.cpus == 2 &&
	                !strcmp(id, json_string_value(
	                                    json_object_get(facts, "id"))),
	        "a cgroup of 2 of 4 CPUs is the same machine");
	json_decref(facts);
	rm_topology_free(&topology);
}

static void json(void)
{
	struct rm_topology topology;
	struct rm_error error = { "" };
	json_t *machine, *facts, *fact;
	const char *name;
	bool whole = true;

	put("/proc/sys/kernel/nmi_watchdog", "1\n");
	put(CPUS "vulnerabilities/meltdown", "Mitigation: PTI\n");
	rm_topology_load("core:2 pu:1", &topology, &error);
	machine = rm_machine_facts(&topology);
	facts = json_object_get(machine, "facts");
	json_object_foreach (facts, name, fact) {
		const char *status =
		        json_string_value(json_object_get(fact, "status"));
		const json_t *text = json_object_get(fact, "text");

		whole &= status &&
		         !strcmp(status, "ok") == json_is_string(text) &&
		         (json_is_string(text) || json_is_null(text));
	}
	CHECK(json_object_size(facts) > 60 && whole,
	        "every fact has a status, and a text just where it is ok");
	fact = json_object_get(facts, "nmi_watchdog");
	CHECK(!strcmp("1", json_string_value(json_object_get(fact, "text"))),
	        "a file of the made-up root is read");
	fact = json_object_get(facts, "vulnerability_meltdown");
	CHECK(fact && !strcmp("Mitigation: PTI",
	                      json_string_value(json_object_get(fact, "text"))),
	        "each mitigation is a fact");
	CHECK(json_is_false(json_object_get(machine, "this_machine")),
	        "a made-up topology does not pass for this machine");
	json_decref(machine);
	rm_topology_free(&topology);
}

static char told[512]; /* text of the last finding */

/* What the doctor finds of `subject`; the command holds `command`. */
static bool finds(const char *machine, const char *subject,
        enum rm_finding_level level, const char *command)
{
	struct rm_finding findings[RM_FINDINGS_MAX];
	struct rm_topology topology;
	struct rm_error error = { "" };
	size_t count, i = 0;
	bool ok;

	rm_topology_load(machine, &topology, &error);
	count = rm_doctor_examine(&topology, findings);
	while (i < count && strcmp(findings[i].subject, subject))
		i++;
	snprintf(told, sizeof(told), "%s", i < count ? findings[i].text : "");
	ok = i < count && findings[i].level == level && findings[i].text[0] &&
	     (command ? strstr(findings[i].command, command) != NULL
	              : !findings[i].command[0]);
	if (!ok && i < count)
		printf("# %s %s; %s\n",
		        rm_finding_level_name(findings[i].level),
		        findings[i].text, findings[i].command);
	rm_topology_free(&topology);
	return ok;
}

/* A file with a good and a bad text, and what the doctor makes of both. */
static void doctor_files(void)
{
	static const struct {
		const char *subject, *path, *good, *bad, *command, *machine;
	} cases[] = {
		{ "turbo", CPUS "intel_pstate/no_turbo", "1\n", "0\n",
		        "no_turbo", "pu:2" },
		{ "numa balancing", "/proc/sys/kernel/numa_balancing", "0\n",
		        "1\n", "numa_balancing=0",
		        "[numa] pack:2 [numa] pu:1" },
		{ "huge pages", "/sys/kernel/mm/transparent_hugepage/enabled",
		        "always [madvise] never\n", "[always] madvise never\n",
		        "madvise", "pu:2" },
		{ "ksm", "/sys/kernel/mm/ksm/run", "0\n", "1\n", "ksm",
		        "pu:2" },
		{ "swap", "/proc/meminfo", "SwapTotal:  0 kB\n",
		        "SwapTotal:  1024 kB\n", "swapoff", "pu:2" },
		{ "nmi watchdog", "/proc/sys/kernel/nmi_watchdog", "0\n", "1\n",
		        "nmi_watchdog=0", "pu:2" },
		{ "perf permission", "/proc/sys/kernel/perf_event_paranoid",
		        "2\n", "4\n", "perf_event_paranoid=2", "pu:2" },
		{ "aslr", "/proc/sys/kernel/randomize_va_space", "2\n", "0\n",
		        "randomize_va_space=2", "pu:2" },
		{ "load", "/proc/pressure/cpu",
		        "some avg10=0.50 avg60=0.00 avg300=0.00 total=1\n",
		        "some avg10=7.25 avg60=0.00 avg300=0.00 total=1\n",
		        "top", "pu:2" },
		{ "steal", "/proc/stat", "cpu  10 0 10 1000 0 0 0 0 0 0\n",
		        "cpu  10 0 10 1000 0 0 0 10 0 0\n", NULL, "pu:2" },
		{ "clock",
		        "/sys/devices/system/clocksource/clocksource0/"
		        "current_clocksource",
		        "tsc\n", "hpet\n", "tsc", "pu:2" },
		{ "clock",
		        "/sys/devices/system/clocksource/clocksource0/"
		        "current_clocksource",
		        "hyperv_clocksource_tsc_page\n",
		        "hyperv_clocksource_msr\n", "tsc", "pu:2" },
		{ "governor", CPUS "cpu1/cpufreq/scaling_governor",
		        "performance\n", "powersave\n", "performance", "pu:2" },
		{ "cgroup", "/sys/fs/cgroup/user/me/cpu.max", "max 100000\n",
		        "50000 100000\n", NULL, "pu:2" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool good, bad;

		put(cases[i].path, cases[i].bad);
		bad = finds(cases[i].machine, cases[i].subject,
		        RM_FINDING_WARNING, cases[i].command);
		put(cases[i].path, cases[i].good);
		good = finds(cases[i].machine, cases[i].subject,
		        RM_FINDING_GOOD, NULL);
		CHECK(good && bad, cases[i].subject);
	}
}

/* Two switches that mean the opposite: Intel's "no turbo" wins where both are
   there. "-": not there. */
static void doctor_turbo(void)
{
	static const struct {
		const char *no_turbo, *boost;
		enum rm_finding_level level;
		const char *command;
	} cases[] = {
		{ "1\n", "1\n", RM_FINDING_GOOD, NULL },
		{ "1\n", "0\n", RM_FINDING_GOOD, NULL },
		{ "0\n", "0\n", RM_FINDING_WARNING, "no_turbo" },
		{ "0\n", "1\n", RM_FINDING_WARNING, "no_turbo" },
		{ NULL, "1\n", RM_FINDING_WARNING, "cpufreq/boost" },
		{ NULL, "0\n", RM_FINDING_GOOD, NULL },
	};
	char path[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(path, sizeof(path), "%s" CPUS "intel_pstate/no_turbo",
		        root);
		unlink(path);
		if (cases[i].no_turbo)
			put(CPUS "intel_pstate/no_turbo", cases[i].no_turbo);
		put(CPUS "cpufreq/boost", cases[i].boost);
		CHECK(finds("pu:2", "turbo", cases[i].level, cases[i].command),
		        "turbo by two switches that mean the opposite");
	}
	snprintf(path, sizeof(path), "%s" CPUS "cpufreq/boost", root);
	unlink(path);
}

static void doctor_others(void)
{
	put("/proc/sys/kernel/numa_balancing", "1\n");
	CHECK(finds("pu:2", "numa balancing", RM_FINDING_GOOD, NULL),
	        "NUMA balancing does not matter on one node");
	CHECK(finds("core:2 pu:2", "smt", RM_FINDING_NOTE, NULL),
	        "two CPUs per core are worth a note");
	CHECK(finds("pu:2", "cpus", RM_FINDING_WARNING, "unset HWLOC"),
	        "a made-up topology is a warning");
	CHECK(strstr(told, "are bound to the CPUs that it numbers"),
	        "its threads are bound, to CPUs of that number here");
	put_cpu("1.0", " hypervisor");
	CHECK(finds("pu:2", "virtual", RM_FINDING_NOTE, NULL),
	        "a virtual machine is a note: nobody can change it");
	setenv("RM_SYSFS", "/nonexistent", 1);
	CHECK(finds("pu:2", "governor", RM_FINDING_UNKNOWN, NULL) &&
	                finds("pu:2", "load", RM_FINDING_UNKNOWN, NULL) &&
	                finds("pu:2", "turbo", RM_FINDING_UNKNOWN, NULL) &&
	                finds("pu:2", "swap", RM_FINDING_UNKNOWN, NULL),
	        "what the machine does not tell is unknown, not good");
	setenv("RM_SYSFS", root, 1);
}

/* What rm_busy_look() makes of two files; NULL: not there. */
static struct rm_busy look(const char *pressure, const char *load)
{
	struct rm_busy found;

	fake_root_make(root, sizeof(root));
	if (pressure)
		fake_root_write(root, "proc/pressure/cpu", pressure);
	if (load)
		fake_root_write(root, "proc/loadavg", load);
	rm_busy_look(2, false, &found);
	fake_root_remove(root);
	return found;
}

static void busy(void)
{
	struct rm_busy found = look("some avg10=14.59 avg60=1.00\n", NULL);

	CHECK(found.is_busy && found.pressure_percent == 14.59 &&
	                strstr(found.text, "waited for a CPU in 14.6 %"),
	        "pressure above 10 % is a busy machine");
	CHECK(!look("some avg10=10.00 avg60=99.00\n", "9 9 9\n").is_busy,
	        "up to 10 % is not, whatever the load was");
	found = look("some avg10=0.00 avg60=99.00\n", "9 9 9\n");
	CHECK(!found.is_busy && found.pressure_percent == 0 && found.load < 0,
	        "where the kernel says that nobody waits no load is asked");
	found = look("some avg60=99.00\n", "9 9 9\n");
	CHECK(found.is_busy && found.pressure_percent < 0 && found.load == 9,
	        "a file without that mean says nothing");
	found = look("some avg10=80.00 avg60=99.00 total=5000\n", NULL);
	CHECK(!found.is_busy && found.pressure_percent == 0 && !found.text[0],
	        "waiting that is over is no warning");
	found = look(NULL, "1.01 0.00 0.00 1/99 5\n");
	CHECK(found.is_busy && found.load == 1.01 &&
	                found.pressure_percent < 0 &&
	                strstr(found.text, "1.01 tasks"),
	        "without pressure the load counts, above 0.5 for each CPU");
	CHECK(!look(NULL, "1.00 9.00 9.00 1/99 5\n").is_busy,
	        "and of it the last minute");
	found = look(NULL, NULL);
	CHECK(!found.is_busy && found.load < 0 && found.pressure_percent < 0,
	        "what the machine does not tell is unknown, not busy");
}

/* Two pipes: a file that says another sum when it is opened again. */
struct pressure {
	char path[128], next[128];
};

/* Opening a pipe waits for its reader. */
static void *tell_pressure(void *opaque)
{
	const struct pressure *pressure = opaque;
	FILE *out = fopen(pressure->path, "w");

	if (out && !rename(pressure->next, pressure->path)) {
		fputs("some avg10=50.00 avg60=1.00 total=5000\n", out);
		fclose(out);
		out = fopen(pressure->path, "w");
	}
	if (out) {
		fputs("some avg10=50.00 avg60=1.00 total=200005000\n", out);
		fclose(out);
	}
	return NULL;
}

/* 200 s more in a quarter of a second would be 80,000 %; a busy machine looks
   later, so that it is less. */
static void waiting_goes_on(void)
{
	struct pressure pressure;
	struct rm_busy found = { 0 };
	pthread_t id;

	fake_root_make(root, sizeof(root));
	fake_root_write(root, "proc/pressure/none", "");
	snprintf(pressure.path, sizeof(pressure.path), "%s/proc/pressure/cpu",
	        root);
	snprintf(pressure.next, sizeof(pressure.next), "%s/proc/pressure/next",
	        root);
	if (mkfifo(pressure.path, 0600) || mkfifo(pressure.next, 0600) ||
	        pthread_create(&id, NULL, tell_pressure, &pressure))
		abort();
	rm_busy_look(2, false, &found);
	pthread_cancel(id); /* where nobody looked again */
	pthread_join(id, NULL);
	fake_root_remove(root);
	CHECK(found.is_busy && found.pressure_percent > 80 &&
	                found.pressure_percent <= 80000,
	        "waiting that goes on is, in per cent of the time between");
}

/* Where the probe reads: how long it ran, how long it waited, how often. */
static struct rm_busy probe(const char *schedstat)
{
	struct rm_busy found = { 0 };

	fake_root_make(root, sizeof(root));
	if (schedstat)
		fake_root_write(root, "proc/thread-self/schedstat", schedstat);
	rm_busy_probe(2, &found);
	fake_root_remove(root);
	return found;
}

/* Waiting of 200 s between two looks, whatever the time between them. */
static void *tell_waiting(void *opaque)
{
	const struct pressure *file = opaque;
	FILE *out = fopen(file->path, "w");

	if (out && !rename(file->next, file->path)) {
		fputs("5000 1000 7\n", out);
		fclose(out);
		out = fopen(file->path, "w");
	}
	if (out) {
		fputs("5000 200000001000 7\n", out);
		fclose(out);
	}
	return NULL;
}

static struct rm_busy probe_that_waited(void)
{
	struct pressure file;
	struct rm_busy found = { 0 };
	cpu_set_t all, one;
	pthread_t id;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one); /* two looks only */
	fake_root_make(root, sizeof(root));
	fake_root_write(root, "proc/thread-self/none", "");
	snprintf(file.path, sizeof(file.path), "%s/proc/thread-self/schedstat",
	        root);
	snprintf(
	        file.next, sizeof(file.next), "%s/proc/thread-self/next", root);
	if (mkfifo(file.path, 0600) || mkfifo(file.next, 0600) ||
	        pthread_create(&id, NULL, tell_waiting, &file) ||
	        sched_setaffinity(0, sizeof(one), &one))
		abort();
	rm_busy_probe(2, &found);
	pthread_cancel(id);
	pthread_join(id, NULL);
	sched_setaffinity(0, sizeof(all), &all);
	fake_root_remove(root);
	return found;
}

static void probes(void)
{
	cpu_set_t before, after;

	sched_getaffinity(0, sizeof(before), &before);
	struct rm_busy found = probe("5000 1000 7\n");

	sched_getaffinity(0, sizeof(after), &after);
	CHECK(!found.is_busy && found.probe_percent == 0,
	        "a probe that never waited finds nobody");
	CHECK(CPU_EQUAL(&before, &after), "it leaves its CPUs as they were");
	found = probe_that_waited();
	CHECK(found.is_busy && found.probe_percent > 10 &&
	                strstr(found.text, "a probe that computed on CPU"),
	        "one that waited is a busy machine, and the CPU is named");
	found = probe(NULL);
	CHECK(!found.is_busy && found.probe_percent < 0,
	        "a kernel that does not count is unknown, not busy");
	CHECK(probe("5000\n").probe_percent < 0,
	        "nor is a file of another form");
}

int main(void)
{
	busy();
	waiting_goes_on();
	probes();
	fake_root_make(root, sizeof(root));
	reading();
	denied();
	fields();
	installation();
	each();
	cgroups();
	ids();
	id_survives_a_cpuset();
	json();
	doctor_files();
	doctor_turbo();
	doctor_others();
	fake_root_remove(root);
	return DONE();
}
