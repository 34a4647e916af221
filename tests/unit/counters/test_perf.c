/* SPDX-License-Identifier: Apache-2.0 */
/* test_perf.c - the perf back end with a simulated kernel and with the real
   one. */
#include "tests/unit/counters/fake_perf.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <sys/mman.h>

static struct fake_perf fake;

/* Empty intervals count 7. The third interval, which is the window, counts 1000
   + config. */
static uint64_t normal_amount(
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

static bool event_has(
        const json_t *result, size_t i, const char *quality, const char *reason)
{
	const json_t *event = event_at(result, i);
	const char *q = json_string_value(json_object_get(event, "quality"));
	const char *r = json_string_value(json_object_get(event, "reason"));
	bool is_right = q && !strcmp(q, quality) &&
	                (reason ? r && strstr(r, reason) : !r);

	if (!is_right)
		printf("# %s: %s\n", q ? q : "-", r ? r : "-");
	return is_right;
}

static void count_differences(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	CHECK(!count_once(&ops, two, NULL, &result, &error),
	        "a group with two events can be opened");
	CHECK(total_at(result, 0) == 1000 &&
	                total_at(result, 1) == 1000 + 0xff44,
	        "a window's counts exclude the empty intervals");
	CHECK(event_has(result, 0, "exact", NULL),
	        "a counter that was always on the PMU is exact");
	const json_t *empty =
	        json_array_get(json_object_get(result, "empty"), 1);
	CHECK(json_number_value(json_object_get(empty, "total")) == 7,
	        "the empty interval is in the result");
	CHECK(!strcmp(json_string_value(
	                      json_object_get(event_at(result, 1), "code")),
	              "raw 0xff44"),
	        "the code is in the result");
	CHECK(fake.alive == 0, "every file is closed");
	CHECK(fake.event[0].attr.exclude_kernel &&
	                fake.event[0].attr.exclude_hv &&
	                fake.event[0].attr.disabled &&
	                !fake.event[1].attr.disabled,
	        "user mode only; the leader is disabled, members follow it");
	json_decref(result);
}

static void mark_scaled(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	fake.percent = 25;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == 1000 &&
	                event_has(result, 0, "multiplexed", "25.0 %"),
	        "a count of a quarter of the time is multiplied by four");
	const json_t *event = event_at(result, 0);
	CHECK(json_integer_value(json_array_get(
	              json_object_get(event, "enabled_ns"), 0)) == 1000000 &&
	                json_integer_value(json_array_get(
	                        json_object_get(event, "running_ns"), 0)) ==
	                        250000,
	        "both clocks are recorded, for this interval only");
	json_decref(result);
	fake_perf_make(&fake, normal_amount);
	fake.percent = 0;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 &&
	                event_has(result, 0, "never-scheduled",
	                        "never on the PMU"),
	        "a counter that was never on the PMU is null, not 0");
	json_decref(result);
}

static const char software_first[] =
        "{\"backend\": \"perf\", \"user_only\": false, \"events\": ["
        "{\"metric\": \"page_faults\", \"event\": \"P\", \"pmu\": \"sw\","
        " \"config\": 2},"
        "{\"metric\": \"cycles\", \"event\": \"C\", \"pmu\": \"hw\","
        " \"config\": \"0x0\"}]}";

/* Simulates a virtual PMU that opens but does not count. */
static uint64_t zero_amount(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	(void)f, (void)attr, (void)n;
	return 0;
}

/* Simulates no fills in a window with cycles. */
static uint64_t no_fills(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	return attr->config ? 0 : normal_amount(f, attr, n);
}

static void reject_zero(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, zero_amount);
	struct rm_error error = { "" };
	json_t *result;

	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 &&
	                event_has(result, 0, "invalid", "stayed at 0"),
	        "0 cycles of a thread that ran are not a value");
	CHECK(total_at(result, 1) == -1 &&
	                event_has(result, 1, "invalid", "stayed at 0"),
	        "0 fills with 0 cycles are not a value");
	json_decref(result);
	fake_perf_make(&fake, no_fills);
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == 1000 && total_at(result, 1) == 0 &&
	                event_has(result, 1, "exact", NULL),
	        "0 fills in a window with cycles are a value");
	json_decref(result);
	fake_perf_make(&fake, zero_amount);
	count_once(&ops, software_first, NULL, &result, &error);
	CHECK(total_at(result, 0) == 0 && event_has(result, 0, "exact", NULL),
	        "0 page faults are a value even if the PMU does not count");
	json_decref(result);
}

static bool fails_with(int number, const char *reason)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	fake.error_all = number;
	int code = count_once(&ops, two, NULL, &result, &error);
	if (!strstr(error.text, reason))
		printf("# %s\n", error.text);
	return code == number && strstr(error.text, reason) && !fake.alive;
}

static void explain_open_errors(const char *root)
{
	CHECK(fails_with(-ENOENT, "no hardware PMU on this machine"),
	        "ENOENT without a PMU is explained by the missing PMU");
	fake_root_write(root, "sys/bus/event_source/devices/cpu/type", "4\n");
	CHECK(fails_with(-ENOENT, "the PMU has no such event"),
	        "ENOENT with a PMU is explained by the missing event");
	fake_root_write(root, "proc/sys/kernel/perf_event_paranoid", "4\n");
	CHECK(fails_with(-EACCES, "perf_event_paranoid = 4 forbids"),
	        "EACCES names the setting and its value");
	CHECK(fails_with(-EPERM, "seccomp"), "EPERM is explained by a "
	                                     "container");
	CHECK(fails_with(-ENOSYS, "without perf_event_open"),
	        "ENOSYS is explained by a kernel without perf_event_open");
	CHECK(fails_with(-EBUSY, "another program"),
	        "EBUSY is explained by another program");
	CHECK(fails_with(-EMFILE, "too many open files"),
	        "EMFILE is explained by too many open files");
}

static void keep_other_events(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	/* opens 1 and 2 are the check of the session, 3 and 4 are the
	   worker's */
	fake.error_at = 4;
	fake.error = -EMFILE;
	CHECK(!count_once(&ops, two, NULL, &result, &error) &&
	                total_at(result, 0) == 1000 &&
	                event_has(result, 0, "exact", NULL),
	        "the other event of the group counts");
	CHECK(total_at(result, 1) == -1 &&
	                event_has(result, 1, "invalid", "too many open files"),
	        "the failed event is null with its reason");
	CHECK(json_is_null(json_array_get(
	              json_object_get(event_at(result, 1), "enabled_ns"), 0)) &&
	                json_is_null(json_array_get(
	                        json_object_get(
	                                event_at(result, 1), "running_ns"),
	                        0)),
	        "the times of a failed event are null");
	CHECK(fake.alive == 0, "every file is closed");
	json_decref(result);
}

static void report_full_group(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	fake.group_limit = 1;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(event_has(result, 0, "exact", NULL) &&
	                event_has(result, 1, "invalid", "the group is full"),
	        "EINVAL for an event that opens alone means a full group");
	CHECK(fake.alive == 0, "the descriptor of the check is closed");
	json_decref(result);
}

static void reject_reads(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	fake.error_read = -EIO;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 &&
	                event_has(result, 0, "invalid", "read"),
	        "a failed read gives no value");
	json_decref(result);
	fake_perf_make(&fake, normal_amount);
	fake.short_read = true;
	count_once(&ops, two, NULL, &result, &error);
	CHECK(total_at(result, 0) == -1 &&
	                event_has(result, 0, "invalid", "too short"),
	        "a truncated read gives no value");
	json_decref(result);
}

static void lead_by_hardware(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	count_once(&ops, software_first, NULL, &result, &error);
	CHECK(fake.event[0].attr.type == PERF_TYPE_HARDWARE &&
	                fake.event[1].group == FAKE_FIRST,
	        "a software event never leads a hardware event");
	CHECK(!fake.event[0].attr.exclude_kernel,
	        "user_only false counts the kernel as well");
	CHECK(total_at(result, 0) == 1002 && total_at(result, 1) == 1000,
	        "events keep the order of the request");
	json_decref(result);
}

static const char core_only[] =
        "{\"backend\": \"perf\", \"events\": [{\"metric\": \"l1d_fill\","
        " \"event\": \"F\", \"pmu\": \"cpu_core\", \"config\": \"0x151\"}]}";

static void use_hybrid_pmus(const char *root)
{
	static const char dir[] = "sys/bus/event_source/devices";
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
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
	        "a P-core's cycles and raw events use cpu_core");
	fake_perf_make(&fake, normal_amount);
	count_once(&ops, two, &e, &result, &error);
	json_decref(result);
	CHECK(fake.event[0].attr.config >> 32 == 10 &&
	                fake.event[1].attr.type == 10,
	        "an E-core's events use cpu_atom");
	CHECK(count_once(&ops, core_only, &e, &result, &error) == -EXDEV &&
	                strstr(error.text,
	                        "PMU cpu_core does not count on CPU 17"),
	        "an event of the other kind is rejected: it would read 0");
}

/* Adds a third kind of core to the cpu_core and cpu_atom above, as on Arrow
   Lake H. */
static void use_p_cores_unbound(const char *root)
{
	static const char dir[] = "sys/bus/event_source/devices";
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
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
	        "with three kinds of core an unbound thread uses cpu_core");
	fake_perf_make(&fake, normal_amount);
	count_once(&ops, two, &low, &result, &error);
	json_decref(result);
	CHECK(fake.event[1].attr.type == 11,
	        "a low-power core's events use cpu_lowpower");
}

static void use_arm_pmu(const char *root)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;

	fake_root_write(
	        root, "sys/bus/event_source/devices/armv8_pmuv3_0/type", "8\n");
	count_once(&ops, two, NULL, &result, &error);
	CHECK(fake.event[1].attr.type == 8,
	        "a raw event on Arm uses the armv8 PMU");
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

/* Tests a Neoverse N1 with Linux 5.15, and then a big.LITTLE machine. */
static void count_on_old_arm_kernels(const char *root)
{
	static const char dir[] = "sys/bus/event_source/devices";
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
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
	fake_perf_make(&fake, normal_amount);
	count_once(&ops, three, &cpu, &result, &error);
	CHECK(fake.event[0].attr.config >> 32 == 8 &&
	                fake.event[1].attr.config >> 32 == 8,
	        "with two kinds of Arm core the event names its PMU");
	json_decref(result);
}

static bool rejects(const char *request, const char *reason)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
	struct rm_error error = { "" };
	json_t *result;
	int code = count_once(&ops, request, NULL, &result, &error);

	return code == -EINVAL && strstr(error.text, reason) && !fake.opened;
}

static void reject_requests(void)
{
	CHECK(rejects("{\"backend\": \"perf\"}", "0 events, expected 1"),
	        "a request without events is rejected");
	CHECK(rejects("{\"backend\": \"perf\", \"events\": [{\"metric\": "
	              "\"m\", \"event\": \"e\", \"pmu\": \"raw\"}]}",
	              "events[0] has no config"),
	        "an event without a code is rejected");
	CHECK(rejects("{\"backend\": \"perf\", \"events\": [{\"metric\": "
	              "\"m\", \"event\": \"e\", \"config\": \"0x1\"}]}",
	              "events[0] has no text \"pmu\""),
	        "an event without a PMU is rejected");
	CHECK(rejects("{\"backend\": \"perf\", \"events\": [{\"metric\": "
	              "\"m\", \"event\": \"e\", \"pmu\": \"raw\", "
	              "\"config\": \"0x1z\"}]}",
	              "events[0] has no config"),
	        "characters after a code are rejected");
	CHECK(rejects("{\"backend\": \"sim\"}", "must be none, perf, likwid"),
	        "an unknown back end is an error");
}

static void skip_unattached(void)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, normal_amount);
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
	rm_counters_enable(session, 1); /* has no effect, because the thread is
	                                   not attached */
	rm_counters_disable(session, 1);
	json_t *result = rm_counters_result(session);
	const json_t *values =
	        json_object_get(event_at(result, 0), "per_thread");
	CHECK(json_number_value(json_array_get(values, 0)) == 1000 &&
	                json_is_null(json_array_get(values, 1)) &&
	                total_at(result, 0) == -1 &&
	                event_has(result, 0, "invalid",
	                        "worker 1 did not attach"),
	        "a total needs a count from every thread");
	json_decref(result);
	rm_counters_close(session);
	json_decref(request);
}

static const char faults[] =
        "{\"backend\": \"perf\", \"user_only\": true, \"events\": ["
        "{\"metric\": \"page_faults\", \"event\": \"P\", \"pmu\": \"sw\","
        " \"config\": \"0x2\"}]}";

enum { PAGE = 4096, OTHERS_PAGES = 4096 };

/* Works like a thread that a map starts. */
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

static void count_real_page_faults(void)
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
	                event_has(result, 0, "exact", NULL),
	        "the real kernel counts 64 touched pages");
	CHECK(total_at(result, 0) < OTHERS_PAGES &&
	                !strcmp(json_string_value(json_object_get(
	                                result, "background_threads")),
	                        "not counted"),
	        "the real kernel counts no other thread, which the result "
	        "states");
	json_decref(result);
	rm_counters_close(session);
	munmap(area, PAGES * PAGE);
}

int main(void)
{
	char root[64];

	count_real_page_faults();
	fake_root_make(root, sizeof(root));
	count_differences();
	mark_scaled();
	reject_zero();
	explain_open_errors(root);
	keep_other_events();
	report_full_group();
	reject_reads();
	lead_by_hardware();
	reject_requests();
	skip_unattached();
	fake_root_remove(root);
	fake_root_make(root, sizeof(root));
	use_hybrid_pmus(root);
	use_p_cores_unbound(root);
	fake_root_remove(root);
	fake_root_make(root, sizeof(root));
	use_arm_pmu(root);
	fake_root_remove(root);
	fake_root_make(root, sizeof(root));
	count_on_old_arm_kernels(root);
	fake_root_remove(root);
	return DONE();
}
