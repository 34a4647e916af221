/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_machine.c - facts, id and doctor on simulated roots of /proc and /sys.
 *
 * plain: libc keeps buffers of streams that the test closes.
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

static void write_file(const char *path, const char *text)
{
	fake_root_write(root, path + 1, text);
}

static void put_cpu(const char *mhz, const char *more_flags)
{
	char text[512];

	snprintf(text, sizeof(text), CPUINFO, mhz, more_flags, mhz);
	write_file("/proc/cpuinfo", text);
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

	write_file("/proc/one", "value \t\nsecond\n");
	rm_fact_read("/proc/one", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "value"),
	        "a fact is the first line, trimmed");
	rm_fact_read("/proc/none", &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""), "a missing file is absent");
	write_file("/proc/empty", "\n");
	rm_fact_read("/proc/empty", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, ""), "an empty file is ok and empty");
	fake_root_write(root, "proc/latin",
	        "Stra\xdf"
	        "e\n");
	rm_fact_read("/proc/latin", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "Stra?e"),
	        "text that is not UTF-8 keeps only ASCII, as JSON requires");
	rm_fact_read("/proc", &fact);
	CHECK(fact.status != RM_FACT_OK, "a folder is not a fact");
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	write_file("/proc/long", long_line);
	rm_fact_read("/proc/long", &fact);
	CHECK(fact.status == RM_FACT_OK &&
	                strlen(fact.text) == RM_FACT_BYTES - 1,
	        "a long line is truncated");
}

static void denied(void)
{
	struct rm_fact fact;
	char path[300];

	write_file("/proc/secret", "no\n");
	snprintf(path, sizeof(path), "%s/proc/secret", root);
	chmod(path, 0);
	if (geteuid() == 0) {
		/* root can read all files, so the test becomes another user */
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
	CHECK(fact_is(&fact, RM_FACT_OK, "Test CPU"),
	        "the full name of a field must match");
	rm_fact_field("/proc/cpuinfo", "CPU part", &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""), "a missing field is absent");
	rm_fact_hypervisor(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "no"),
	        "a CPU without the hypervisor flag is not in a virtual "
	        "machine");
	put_cpu("1000.0", " hypervisor sse");
	rm_fact_hypervisor(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "yes"),
	        "a CPU with the hypervisor flag is in a virtual machine");
	put_cpu("1000.0", " nohypervisor");
	rm_fact_hypervisor(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "no"),
	        "a part of another word is not a flag");
}

/* Computed by: printf 'readmostly 0123456789abcdef0123456789abcdef' |
   sha256sum */
static void installation(void)
{
	static const char digits[] = "ef77de843852fd90";
	struct rm_fact fact;

	rm_fact_installation(&fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""),
	        "without machine-id, the fact `installation` is absent");
	write_file("/etc/machine-id", "uninitialized\n");
	rm_fact_installation(&fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""),
	        "a system that was never booted has no fact `installation`");
	write_file("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	rm_fact_installation(&fact);
	CHECK(fact_is(&fact, RM_FACT_OK, digits),
	        "the fact `installation` is a salted hash of the machine-id");
}

static void each(void)
{
	const char *pattern = CPUS "cpu[0-9]*/cpufreq/scaling_governor";
	struct rm_fact fact;

	rm_fact_count_lines(pattern, &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""), "no CPU has a governor");
	write_file(CPUS "cpu0/cpufreq/scaling_governor", "performance\n");
	write_file(CPUS "cpu1/cpufreq/scaling_governor", "performance\n");
	rm_fact_count_lines(pattern, &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "performance x 2"),
	        "equal texts are counted");
	write_file(CPUS "cpu1/cpufreq/scaling_governor", "powersave\n");
	rm_fact_count_lines(pattern, &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "performance x 1, powersave x 1"),
	        "different texts are listed");
}

static void cgroups(void)
{
	struct rm_fact fact;

	write_file(
	        "/proc/self/cgroup", "4:cpu,cpuacct:/job\n3:cpuset:/\n0::/\n");
	write_file("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
	rm_fact_cgroup("cpu.max", "cpu", "cpu.cfs_quota_us", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "50000"),
	        "version 1 uses the folder of the controller");
	rm_fact_cgroup("cpu.max", "cpuset", "cpuset.effective_cpus", &fact);
	CHECK(fact_is(&fact, RM_FACT_ABSENT, ""),
	        "the folder of another controller is not used");
	write_file("/proc/self/cgroup", "0::/user/me\n");
	write_file("/sys/fs/cgroup/user/me/cpu.max", "max 100000\n");
	rm_fact_cgroup("cpu.max", "cpu", "cpu.cfs_quota_us", &fact);
	CHECK(fact_is(&fact, RM_FACT_OK, "max 100000"),
	        "version 2 uses one folder");

	/* a limit applies to all groups below it */
	write_file("/sys/fs/cgroup/user/cpu.max", "400000 100000\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "400000 100000"),
	        "version 2: the limit of an ancestor applies");
	write_file("/sys/fs/cgroup/user/me/cpu.max", "150000 50000\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "150000 50000"),
	        "the tighter limit applies, 3 of 4 CPUs");
	write_file("/sys/fs/cgroup/user/cpu.max", "max 100000\n");
	write_file("/sys/fs/cgroup/user/me/cpu.max", "max 100000\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "max 100000"), "\"max\" means no limit");
	write_file("/proc/self/cgroup", "4:cpu,cpuacct:/v1/job\n");
	write_file("/sys/fs/cgroup/cpu/v1/job/cpu.cfs_quota_us", "-1\n");
	write_file("/sys/fs/cgroup/cpu/v1/cpu.cfs_quota_us", "50000\n");
	write_file("/sys/fs/cgroup/cpu/v1/cpu.cfs_period_us", "100000\n");
	write_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	rm_fact_cgroup_quota(&fact);
	CHECK(!strcmp(fact.text, "50000"),
	        "version 1: the limit of an ancestor applies");
	write_file("/proc/self/cgroup", "0::/user/me\n");
}

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
	write_file("/proc/meminfo", "MemTotal:       24684096 kB\n");
	id_of("core:2 pu:1", id);
	CHECK(strlen(id) == 8 && strspn(id, "0123456789abcdef") == 8,
	        "an id is 8 hex digits");
	put_cpu("2999.9", "");
	write_file("/proc/meminfo", "MemTotal:       24680000 kB\n");
	write_file("/proc/loadavg", "9 9 9 9/99 999\n");
	write_file("/etc/machine-id", "fedcba9876543210fedcba9876543210\n");
	id_of("core:2 pu:1", other);
	CHECK(!strcmp(id, other),
	        "clock, load, the kernel's memory and `installation` do not "
	        "change the id");
	id_of("core:4 pu:1", other);
	CHECK(strcmp(id, other) != 0, "more cores change the id");
	write_file("/proc/meminfo", "MemTotal:       49368192 kB\n");
	id_of("core:2 pu:1", other);
	CHECK(strcmp(id, other) != 0, "more memory changes the id");
	write_file("/proc/meminfo", "MemTotal:       24684096 kB\n");
	write_file("/proc/cpuinfo", "vendor_id : GenuineTest\nstepping : 8\n");
	id_of("core:2 pu:1", other);
	CHECK(strcmp(id, other) != 0, "another stepping changes the id");
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
	        "a cgroup with 2 of 4 CPUs does not change the id");
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

	write_file("/proc/sys/kernel/nmi_watchdog", "1\n");
	write_file(CPUS "vulnerabilities/meltdown", "Mitigation: PTI\n");
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
	        "every fact has a status, and a text if and only if that is "
	        "ok");
	fact = json_object_get(facts, "nmi_watchdog");
	CHECK(!strcmp("1", json_string_value(json_object_get(fact, "text"))),
	        "a file of the simulated root is read");
	fact = json_object_get(facts, "vulnerability_meltdown");
	CHECK(fact && !strcmp("Mitigation: PTI",
	                      json_string_value(json_object_get(fact, "text"))),
	        "each mitigation is a fact");
	CHECK(json_is_false(json_object_get(machine, "this_machine")),
	        "a synthetic topology is not this machine");
	json_decref(machine);
	rm_topology_free(&topology);
}

static char finding_text[512]; /* text of the last finding */

/* True if the doctor has this finding for `subject` and the command of the
   finding contains `command`. */
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
	snprintf(finding_text, sizeof(finding_text), "%s",
	        i < count ? findings[i].text : "");
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

/* The doctor must distinguish a good and a bad text of each of these files. */
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
		bool good, bad, unknown;

		write_file(cases[i].path, "\n");
		unknown = finds(cases[i].machine, cases[i].subject,
		        RM_FINDING_UNKNOWN, NULL);

		write_file(cases[i].path, cases[i].bad);
		bad = finds(cases[i].machine, cases[i].subject,
		        RM_FINDING_WARNING, cases[i].command);
		write_file(cases[i].path, cases[i].good);
		good = finds(cases[i].machine, cases[i].subject,
		        RM_FINDING_GOOD, NULL);
		/* a parent group may have a limit, and another CPU a
		   governor */
		unknown |= !strcmp(cases[i].subject, "cgroup") ||
		           !strcmp(cases[i].subject, "governor");
		CHECK(good && bad && unknown, cases[i].subject);
	}
}

/* There are two switches with opposite meanings. Intel's "no turbo" takes
   precedence. NULL means that the file is missing. */
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
			write_file(CPUS "intel_pstate/no_turbo",
			        cases[i].no_turbo);
		write_file(CPUS "cpufreq/boost", cases[i].boost);
		CHECK(finds("pu:2", "turbo", cases[i].level, cases[i].command),
		        "the finding follows both switches");
	}
	snprintf(path, sizeof(path), "%s" CPUS "cpufreq/boost", root);
	unlink(path);
}

static void doctor_others(void)
{
	write_file("/proc/sys/kernel/numa_balancing", "1\n");
	CHECK(finds("pu:2", "numa balancing", RM_FINDING_GOOD, NULL),
	        "NUMA balancing does not matter on one node");
	CHECK(finds("core:2 pu:2", "smt", RM_FINDING_NOTE, NULL),
	        "two CPUs per core are worth a note");
	CHECK(finds("pu:2", "cpus", RM_FINDING_WARNING, "unset HWLOC"),
	        "a synthetic topology is a warning");
	CHECK(strstr(finding_text, "are bound to the CPU numbers"),
	        "the warning explains which CPUs threads get");
	put_cpu("1.0", " hypervisor");
	CHECK(finds("pu:2", "virtual", RM_FINDING_NOTE, NULL),
	        "a virtual machine is a note, since it cannot be changed");
	sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
	CHECK(finds("pu:2", "scheduling", RM_FINDING_WARNING, "chrt -o") &&
	                strstr(finding_text, "SCHED_BATCH, nice "),
	        "an inherited scheduling class is a warning");
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
	setenv("RM_SYSFS", "/nonexistent", 1);
	CHECK(finds("pu:2", "governor", RM_FINDING_UNKNOWN, NULL) &&
	                finds("pu:2", "load", RM_FINDING_UNKNOWN, NULL) &&
	                finds("pu:2", "turbo", RM_FINDING_UNKNOWN, NULL) &&
	                finds("pu:2", "swap", RM_FINDING_UNKNOWN, NULL),
	        "an unreadable fact is unknown, not good");
	setenv("RM_SYSFS", root, 1);
}

/* Returns the result of rm_busy_measure() for two files; NULL means that a file
   is missing. */
static struct rm_busy look(const char *pressure, const char *load)
{
	struct rm_busy found;

	fake_root_make(root, sizeof(root));
	if (pressure)
		fake_root_write(root, "proc/pressure/cpu", pressure);
	if (load)
		fake_root_write(root, "proc/loadavg", load);
	rm_busy_measure(2, false, &found);
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
	        "a machine with at most 10 % pressure is idle, whatever its "
	        "load");
	found = look("some avg10=0.00 avg60=99.00\n", "9 9 9\n");
	CHECK(!found.is_busy && found.pressure_percent == 0 && found.load < 0,
	        "without pressure the load is not read");
	found = look("some avg60=99.00\n", "9 9 9\n");
	CHECK(found.is_busy && found.pressure_percent < 0 && found.load == 9,
	        "a file without avg10 is ignored");
	found = look("some avg10=80.00 avg60=99.00 total=5000\n", NULL);
	CHECK(!found.is_busy && found.pressure_percent == 0 && !found.text[0],
	        "pressure that has ended is no warning");
	found = look(NULL, "1.01 0.00 0.00 1/99 5\n");
	CHECK(found.is_busy && found.load == 1.01 &&
	                found.pressure_percent < 0 &&
	                strstr(found.text, "1.01 tasks"),
	        "without PSI, a load above 0.5 per CPU is a busy machine");
	CHECK(!look(NULL, "1.00 9.00 9.00 1/99 5\n").is_busy,
	        "only the load of the last minute counts");
	found = look(NULL, NULL);
	CHECK(!found.is_busy && found.load < 0 && found.pressure_percent < 0,
	        "unreadable files are unknown, not busy");
}

/* Two pipes simulate a file whose sum has changed at the second read. */
struct pressure {
	char path[128], next[128];
};

/* Opening a pipe blocks until the reader opens it. */
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

/* A wait of 200 s in a quarter of a second would be 80,000 %. On a busy machine
   the second read comes later, so the value is lower. */
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
	rm_busy_measure(2, false, &found);
	pthread_cancel(id); /* needed if there was no second read */
	pthread_join(id, NULL);
	fake_root_remove(root);
	CHECK(found.is_busy && found.pressure_percent > 80 &&
	                found.pressure_percent <= 80000,
	        "continuing pressure is reported in percent of the time "
	        "between reads");
}

/* Runs the probe on a text of three numbers: time on a CPU, time waited, and
   number of time slices. */
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

/* Simulates 200 s of waiting between two reads. */
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
	CPU_SET(sched_getcpu(), &one); /* only one CPU, so there are only two
	                                  reads */
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
	        "a probe that never waited means idle");
	CHECK(CPU_EQUAL(&before, &after),
	        "the probe restores the affinity mask");
	found = probe_that_waited();
	CHECK(found.is_busy && found.probe_percent > 10 &&
	                strstr(found.text, "a probe on CPU"),
	        "a probe that waited means busy, and the CPU is printed");
	found = probe(NULL);
	CHECK(!found.is_busy && found.probe_percent < 0,
	        "a kernel without schedstat is unknown, not busy");
	CHECK(probe("5000\n").probe_percent < 0,
	        "a file of another format is unknown, not busy");
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
