/* SPDX-License-Identifier: Apache-2.0 */
/* The perf back end against a played kernel, and a little of the real one. */
#include "tests/unit/counters/fake_perf.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <sys/mman.h>

static struct fake_perf fake;

/* Empty intervals count 7; the window, a group's third, 1000 + config. */
static uint64_t plain(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	(void)f;
	return n < 3 ? 7 : 1000 + (attr->config & 0xffff);
}

static const char two[] =
        "{\"backend\": \"perf\", \"user_only\": true, \"events\": ["
        "{\"metric\": \"cycles\", \"event\": \"C\", \"pmu\": \"hw\","
        " \"config\": \"0x0\"},"
        "{\"metric\": \"l1d_fill\", \"event\": \"F\", \"pmu\": \"raw\","
        " \"config\": \"0xff44\"}]}";

static int count_once(const struct rm_perf_ops *ops, const char *request,
        const unsigned *cpus, json_t **result, struct rm_error *error)
{
	json_t *parsed = json_loads(request, 0, NULL);
	struct rm_session_request all = {
		.request = parsed, .threads = 1, .cpus = cpus, .perf_ops = ops
	};
	struct rm_counters *session = NULL;
	int code = rm_counters_open_request(&all, &session, error);

	*result = NULL;
	if (!code) {
		rm_counters_attach(session, 0);
		rm_counters_start(session);
		rm_counters_enable(session, 0);
		rm_counters_disable(session, 0);
		rm_counters_stop(session);
		*result = rm_counters_result(session);
		rm_counters_close(session);
	}
	json_decref(parsed);
	return code;
}

static const json_t *event_at(const json_t *result, size_t i)
{
	return json_array_get(json_object_get(result, "events"), i);
}

static double total_at(const json_t *result, size_t i)
{
	const json_t *total = json_object_get(event_at(result, i), "total");

	return json_is_number(total) ? json_number_value(total) : -1;
}

static bool says(
        const json_t *result, size_t i, const char *quality, const char *reason)
{
	const json_t *event = event_at(result, i);
	const char *q = json_string_value(json_object_get(event, "quality"));
	const char *r = json_string_value(json_object_get(event, "reason"));
	bool right = q && !strcmp(q, quality) &&
	             (reason ? r && strstr(r, reason) : !r);

	if (!right)
		printf("# %s: %s\n", q ? q : "-", r ? r : "-");
	return right;
}

static void counts_are_differences(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	CHECK(!count_once(&ops, two, NULL, &result, &error),
	        "a group of two opens");
	CHECK(total_at(result, 0) == 1000 &&
	                total_at(result, 1) == 1000 + 0xff44,
	        "a window's counts hold nothing of the empty intervals");
	CHECK(says(result, 0, "exact", NULL), "always on the PMU: exact");
	const json_t *empty =
	        json_array_get(json_object_get(result, "empty"), 1);
	CHECK(json_number_value(json_object_get(empty, "total")) == 7,
	        "the empty interval stands beside them");
	CHECK(!strcmp(json_string_value(
	                      json_object_get(event_at(result, 1), "code")),
	              "raw 0xff44"),
	        "the code is part of the result");
	CHECK(fake.alive == 0, "every file is closed");
	CHECK(fake.event[0].attr.exclude_kernel &&
	                fake.event[0].attr.exclude_hv &&
	                fake.event[0].attr.disabled &&
	                !fake.event[1].attr.disabled,
	        "user mode only; the leader is disabled, a member follows it");
	json_decref(result);
}

static void scaling_is_told(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	fake.percent = 25;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == 1000 &&
	                says(result, 0, "multiplexed", "25.0 %"),
	        "a quarter of the time on the PMU: four times the count, told");
	const json_t *event = event_at(result, 0);
	CHECK(json_integer_value(json_array_get(
	              json_object_get(event, "enabled_ns"), 0)) == 1000000 &&
	                json_integer_value(json_array_get(
	                        json_object_get(event, "running_ns"), 0)) ==
	                        250000,
	        "both clocks are recorded, of this interval alone");
	json_decref(result);
	fake_perf_make(&fake, plain);
	fake.percent = 0;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 &&
	                says(result, 0, "never-scheduled", "never on the PMU"),
	        "never on the PMU: no number, not 0");
	json_decref(result);
}

static const char software_first[] =
        "{\"backend\": \"perf\", \"user_only\": false, \"events\": ["
        "{\"metric\": \"page_faults\", \"event\": \"P\", \"pmu\": \"sw\","
        " \"config\": 2},"
        "{\"metric\": \"cycles\", \"event\": \"C\", \"pmu\": \"hw\","
        " \"config\": \"0x0\"}]}";

/* A virtual PMU that is there and opens, and counts nothing. */
static uint64_t dead(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	(void)f, (void)attr, (void)n;
	return 0;
}

/* No line was filled, in a window that has cycles. */
static uint64_t no_fills(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	return attr->config ? 0 : plain(f, attr, n);
}

static void zero_where_it_cannot_be(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, dead);
	struct rm_error error = { "" };
	json_t *result;

	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 &&
	                says(result, 0, "invalid", "stayed at 0"),
	        "0 cycles of a thread that ran are no number");
	CHECK(total_at(result, 1) == -1 &&
	                says(result, 1, "invalid", "stayed at 0"),
	        "0 fills next to them: not a number, too");
	json_decref(result);
	fake_perf_make(&fake, no_fills);
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == 1000 && total_at(result, 1) == 0 &&
	                says(result, 1, "exact", NULL),
	        "0 fills in a window with cycles are a number");
	json_decref(result);
	fake_perf_make(&fake, dead);
	count_once(&ops, software_first, NULL, &result, &error);
	CHECK(total_at(result, 0) == 0 && says(result, 0, "exact", NULL),
	        "0 page faults are a number even if the PMU counts nothing");
	json_decref(result);
}

static bool fails_with(int number, const char *reason)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	fake.error_all = number;
	int code = count_once(&ops, two, NULL, &result, &error);
	if (!strstr(error.text, reason))
		printf("# %s\n", error.text);
	return code == number && strstr(error.text, reason) && !fake.alive;
}

static void refusals_are_put_into_words(const char *root)
{
	CHECK(fails_with(-ENOENT, "no hardware PMU on this machine"),
	        "ENOENT without a PMU: none on this machine");
	fake_root_write(root, "sys/bus/event_source/devices/cpu/type", "4\n");
	CHECK(fails_with(-ENOENT, "the PMU has no such event"),
	        "ENOENT with a PMU: no such event");
	fake_root_write(root, "proc/sys/kernel/perf_event_paranoid", "4\n");
	CHECK(fails_with(-EACCES, "perf_event_paranoid = 4 forbids"),
	        "EACCES names the setting and its value");
	CHECK(fails_with(-EPERM, "seccomp"), "EPERM: a container");
	CHECK(fails_with(-ENOSYS, "without perf_event_open"), "ENOSYS");
	CHECK(fails_with(-EBUSY, "another program"), "EBUSY");
	CHECK(fails_with(-EMFILE, "too many open files"), "EMFILE");
}

static void one_bad_event_spoils_only_itself(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	/* 1, 2: the try when the session opens; 3, 4: the worker's. */
	fake.error_at = 4;
	fake.error = -EMFILE;
	CHECK(!count_once(&ops, two, NULL, &result, &error) &&
	                total_at(result, 0) == 1000 &&
	                says(result, 0, "exact", NULL),
	        "the other event of the group counts on");
	CHECK(total_at(result, 1) == -1 &&
	                says(result, 1, "invalid", "too many open files"),
	        "the bad one is null with its reason");
	CHECK(json_is_null(json_array_get(
	              json_object_get(event_at(result, 1), "enabled_ns"), 0)) &&
	                json_is_null(json_array_get(
	                        json_object_get(
	                                event_at(result, 1), "running_ns"),
	                        0)),
	        "and so are its times");
	CHECK(fake.alive == 0, "every file is closed");
	json_decref(result);
}

static void a_group_can_be_too_big(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	fake.group_limit = 1;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(says(result, 0, "exact", NULL) &&
	                says(result, 1, "invalid", "the group is full"),
	        "EINVAL of what opens alone: the group is too big");
	CHECK(fake.alive == 0, "the trial file is closed, too");
	json_decref(result);
}

static void bad_reads_are_no_values(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	fake.error_read = -EIO;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 && says(result, 0, "invalid", "read"),
	        "a read that fails");
	json_decref(result);
	fake_perf_make(&fake, plain);
	fake.short_read = true;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 &&
	                says(result, 0, "invalid", "too short"),
	        "a read that is cut off");
	json_decref(result);
}

static void hardware_leads(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	count_once(&ops, software_first, NULL, &result, &error);
	CHECK(fake.event[0].attr.type == PERF_TYPE_HARDWARE &&
	                fake.event[1].group == FAKE_FIRST,
	        "a software event never leads a hardware one");
	CHECK(!fake.event[0].attr.exclude_kernel,
	        "user_only false counts the kernel, too");
	CHECK(total_at(result, 0) == 1002 && total_at(result, 1) == 1000,
	        "events keep the order of the request");
	json_decref(result);
}

static const char core_only[] =
        "{\"backend\": \"perf\", \"events\": [{\"metric\": \"l1d_fill\","
        " \"event\": \"F\", \"pmu\": \"cpu_core\", \"config\": \"0x151\"}]}";

static void hybrid_cpus_get_their_own_pmu(const char *root)
{
	static const char dir[] = "sys/bus/event_source/devices";
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	unsigned p = 0, e = 17;
	char path[128];
	json_t *result;

	snprintf(path, sizeof(path), "%s/cpu_core/type", dir);
	fake_root_write(root, path, "4\n");
	snprintf(path, sizeof(path), "%s/cpu_core/cpus", dir);
	fake_root_write(root, path, "0-15\n");
	snprintf(path, sizeof(path), "%s/cpu_atom/type", dir);
	fake_root_write(root, path, "10\n");
	snprintf(path, sizeof(path), "%s/cpu_atom/cpus", dir);
	fake_root_write(root, path, "16-23\n");
	count_once(&ops, two, &p, &result, &error);
	json_decref(result);
	CHECK(fake.event[0].attr.config >> 32 == 4 &&
	                fake.event[1].attr.type == 4,
	        "a P-core's cycles and raw events go to cpu_core");
	fake_perf_make(&fake, plain);
	count_once(&ops, two, &e, &result, &error);
	json_decref(result);
	CHECK(fake.event[0].attr.config >> 32 == 10 &&
	                fake.event[1].attr.type == 10,
	        "an E-core's go to cpu_atom");
	CHECK(count_once(&ops, core_only, &e, &result, &error) == -EXDEV &&
	                strstr(error.text, "CPU 17 is not of PMU cpu_core"),
	        "an event of the other kind is refused: it would read 0");
}

/* Beside the cpu_core and cpu_atom of before, as on Arrow Lake H. */
static void unbound_threads_get_the_p_cores(const char *root)
{
	static const char dir[] = "sys/bus/event_source/devices";
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	unsigned low = 24;
	char path[128];
	json_t *result;

	snprintf(path, sizeof(path), "%s/cpu_lowpower/type", dir);
	fake_root_write(root, path, "11\n");
	snprintf(path, sizeof(path), "%s/cpu_lowpower/cpus", dir);
	fake_root_write(root, path, "24-25\n");
	count_once(&ops, two, NULL, &result, &error);
	json_decref(result);
	CHECK(fake.event[0].attr.config >> 32 == 4 &&
	                fake.event[1].attr.type == 4,
	        "of three kinds of core an unbound thread's is cpu_core");
	fake_perf_make(&fake, plain);
	count_once(&ops, two, &low, &result, &error);
	json_decref(result);
	CHECK(fake.event[1].attr.type == 11,
	        "a low-power core's go to cpu_lowpower");
}

static void arm_has_a_pmu_by_name(const char *root)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;

	fake_root_write(
	        root, "sys/bus/event_source/devices/armv8_pmuv3_0/type", "8\n");
	count_once(&ops, two, NULL, &result, &error);
	CHECK(fake.event[1].attr.type == 8,
	        "a raw event on Arm goes to the armv8 PMU");
	json_decref(result);
}

static const char three[] =
        "{\"backend\": \"perf\", \"events\": ["
        "{\"metric\": \"cycles\", \"event\": \"C\", \"pmu\": \"hw\","
        " \"config\": \"0x0\"},"
        "{\"metric\": \"l1d_load\", \"event\": \"L\", \"pmu\": \"cache\","
        " \"config\": \"0x0\"},"
        "{\"metric\": \"l1d_fill\", \"event\": \"F\", \"pmu\": \"raw\","
        " \"config\": \"0x3\"}]}";

/* A Neoverse N1 with Linux 5.15, then a big.LITTLE machine. */
static void old_arm_kernels_count(const char *root)
{
	static const char dir[] = "sys/bus/event_source/devices";
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	unsigned cpu = 1;
	char path[128];
	json_t *result;

	snprintf(path, sizeof(path), "%s/armv8_pmuv3_0/type", dir);
	fake_root_write(root, path, "8\n");
	snprintf(path, sizeof(path), "%s/armv8_pmuv3_0/cpus", dir);
	fake_root_write(root, path, "0-3\n");
	fake_root_cpu(
	        root, cpu, "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
	fake.old_arm = true;
	CHECK(!count_once(&ops, three, &cpu, &result, &error) &&
	                !strcmp(json_string_value(
	                                json_object_get(result, "cpu")),
	                        "n1") &&
	                total_at(result, 0) == 1000 &&
	                total_at(result, 1) == 1000 &&
	                total_at(result, 2) == 1003,
	        "a Neoverse N1 with Linux 5.15 counts cycles and loads");
	json_decref(result);
	snprintf(path, sizeof(path), "%s/armv8_pmuv3_1/type", dir);
	fake_root_write(root, path, "9\n");
	snprintf(path, sizeof(path), "%s/armv8_pmuv3_1/cpus", dir);
	fake_root_write(root, path, "4-7\n");
	fake_perf_make(&fake, plain);
	count_once(&ops, three, &cpu, &result, &error);
	CHECK(fake.event[0].attr.config >> 32 == 8 &&
	                fake.event[1].attr.config >> 32 == 8,
	        "with two kinds of Arm core the event names its PMU");
	json_decref(result);
}

static bool rejects(const char *request, const char *reason)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	struct rm_error error = { "" };
	json_t *result;
	int code = count_once(&ops, request, NULL, &result, &error);

	return code == -EINVAL && strstr(error.text, reason) && !fake.opened;
}

static void bad_requests_are_named(void)
{
	CHECK(rejects("{\"backend\": \"perf\"}", "0 events, expected 1"),
	        "a request without events");
	CHECK(rejects("{\"backend\": \"perf\", \"events\": [{\"metric\": "
	              "\"m\", \"event\": \"e\", \"pmu\": \"raw\"}]}",
	              "events[0] has no config"),
	        "an event without a code");
	CHECK(rejects("{\"backend\": \"perf\", \"events\": [{\"metric\": "
	              "\"m\", \"event\": \"e\", \"config\": \"0x1\"}]}",
	              "events[0] has no text \"pmu\""),
	        "an event without a PMU");
	CHECK(rejects("{\"backend\": \"perf\", \"events\": [{\"metric\": "
	              "\"m\", \"event\": \"e\", \"pmu\": \"raw\", "
	              "\"config\": \"0x1z\"}]}",
	              "events[0] has no config"),
	        "a code with rubbish behind it");
	CHECK(rejects("{\"backend\": \"sim\"}", "must be none, perf, likwid"),
	        "a back end that does not exist");
}

static void who_does_not_attach_has_no_count(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, plain);
	json_t *request = json_loads(two, 0, NULL);
	struct rm_session_request all = {
		.request = request, .threads = 2, .perf_ops = &ops
	};
	struct rm_counters *session = NULL;
	struct rm_error error = { "" };

	rm_counters_open_request(&all, &session, &error);
	rm_counters_attach(session, 0);
	rm_counters_enable(session, 0);
	rm_counters_disable(session, 0);
	rm_counters_enable(session, 1); /* not attached: nothing happens */
	rm_counters_disable(session, 1);
	json_t *result = rm_counters_result(session);
	const json_t *values =
	        json_object_get(event_at(result, 0), "per_thread");
	CHECK(json_number_value(json_array_get(values, 0)) == 1000 &&
	                json_is_null(json_array_get(values, 1)) &&
	                total_at(result, 0) == -1 &&
	                says(result, 0, "invalid", "worker 1 did not attach"),
	        "one thread without a count: no total");
	json_decref(result);
	rm_counters_close(session);
	json_decref(request);
}

static const char faults[] =
        "{\"backend\": \"perf\", \"user_only\": true, \"events\": ["
        "{\"metric\": \"page_faults\", \"event\": \"P\", \"pmu\": \"sw\","
        " \"config\": \"0x2\"}]}";

enum { PAGE = 4096, OTHERS_PAGES = 4096 };

/* Work of a thread that the map started. */
static void *touch_many(void *arg)
{
	size_t bytes = (size_t)OTHERS_PAGES * PAGE;
	char *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(area, bytes, MADV_NOHUGEPAGE);
	for (int i = 0; i < OTHERS_PAGES; i++)
		((volatile char *)area)[(size_t)i * PAGE] = 1;
	munmap(area, bytes);
	return arg;
}

static void the_real_kernel_counts_page_faults(void)
{
	json_t *request = json_loads(faults, 0, NULL);
	struct rm_counters *session = NULL;
	struct rm_error error = { "" };
	enum { PAGES = 64 };
	pthread_t other;
	int code = rm_counters_open(request, 1, NULL, &session, &error);

	json_decref(request);
	if (code) {
		SKIP("the real kernel counts 64 touched pages", error.text);
		return;
	}
	char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	rm_counters_attach(session, 0);
	rm_counters_enable(session, 0);
	for (int i = 0; i < PAGES; i++)
		((volatile char *)area)[i * PAGE] = 1;
	if (pthread_create(&other, NULL, touch_many, NULL) ||
	        pthread_join(other, NULL))
		abort();
	rm_counters_disable(session, 0);
	json_t *result = rm_counters_result(session);
	CHECK(total_at(result, 0) >= PAGES &&
	                total_at(result, 0) < 16 * PAGES &&
	                says(result, 0, "exact", NULL),
	        "the real kernel counts 64 touched pages");
	CHECK(total_at(result, 0) < OTHERS_PAGES &&
	                !strcmp(json_string_value(json_object_get(
	                                result, "background_threads")),
	                        "not counted"),
	        "it counts no other thread, as the result states");
	json_decref(result);
	rm_counters_close(session);
	munmap(area, PAGES * PAGE);
}

int main(void)
{
	char root[64];

	the_real_kernel_counts_page_faults();
	fake_root_make(root, sizeof(root));
	counts_are_differences();
	scaling_is_told();
	zero_where_it_cannot_be();
	refusals_are_put_into_words(root);
	one_bad_event_spoils_only_itself();
	a_group_can_be_too_big();
	bad_reads_are_no_values();
	hardware_leads();
	bad_requests_are_named();
	who_does_not_attach_has_no_count();
	fake_root_remove(root);
	fake_root_make(root, sizeof(root));
	hybrid_cpus_get_their_own_pmu(root);
	unbound_threads_get_the_p_cores(root);
	fake_root_remove(root);
	fake_root_make(root, sizeof(root));
	arm_has_a_pmu_by_name(root);
	fake_root_remove(root);
	fake_root_make(root, sizeof(root));
	old_arm_kernels_count(root);
	fake_root_remove(root);
	return DONE();
}
