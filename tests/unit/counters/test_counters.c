/* SPDX-License-Identifier: Apache-2.0 */
/* test_counters.c - event sets, the selection of a back end, and recordings. */
#include "runner/counters/events.h"
#include "runner/counters/prove.h"
#include "tests/unit/counters/events_table.h"
#include "tests/unit/counters/likwid_wrapper.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>

/*
 * The machine is simulated, both its files (fake_root.h) and its perf, which
 * has no PMU. This function replaces the C library's syscall(), so that the
 * result does not depend on the real machine. Other calls with up to four
 * arguments are passed on.
 */
long syscall(long number, ...)
{
	static long (*kernel)(long number, ...);
	long arguments[4];
	va_list list;

	if (number == SYS_perf_event_open) {
		errno = ENOENT;
		return -1;
	}
	if (!kernel)
		*(void **)&kernel = dlsym(RTLD_NEXT, "syscall");
	va_start(list, number);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	return kernel(
	        number, arguments[0], arguments[1], arguments[2], arguments[3]);
}

static const struct rm_arch zen3 = { .name = "zen3",
	.chain = { "zen3", "zen1", "amd", "*" },
	.steps = 4,
	.what = "AuthenticAMD 25/1" };
static const struct rm_arch zen2 = { .name = "zen2",
	.chain = { "zen2", "zen1", "amd", "*" },
	.steps = 4,
	.what = "AuthenticAMD 23/49" };
static const struct rm_arch power9 = { .name = "power9",
	.chain = { "power9", "*" },
	.steps = 2,
	.what = "POWER9" };

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Returns the element of an array with this "metric"; or NULL if there is
   none. */
static const json_t *metric_in(const json_t *array, const char *metric)
{
	size_t i;
	json_t *entry;

	json_array_foreach (array, i, entry) {
		if (!strcmp(text_of(entry, "metric"), metric))
			return entry;
	}
	return NULL;
}

static size_t longest(const json_t *sets)
{
	size_t i, most = 0;
	json_t *set;

	json_array_foreach (sets, i, set) {
		if (json_array_size(set) > most)
			most = json_array_size(set);
	}
	return most;
}

static bool counters_differ(const json_t *sets)
{
	size_t s, i, k;
	json_t *set, *a, *b;

	json_array_foreach (sets, s, set) {
		json_array_foreach (set, i, a) {
			json_array_foreach (set, k, b) {
				if (i != k && !strcmp(text_of(a, "counter"),
				                      text_of(b, "counter")))
					return false;
			}
		}
	}
	return true;
}

static void split_metrics(const struct rm_event_map *map)
{
	json_t *events, *missing, *sets;
	struct rm_error error = { "" };

	rm_event_set_choose(
	        map, &zen3, "perf", NULL, &events, &missing, &error);
	sets = rm_event_set_split(events, 4);
	CHECK(json_array_size(events) == 11 && json_array_size(sets) == 3 &&
	                longest(sets) == 4,
	        "eleven usual metrics take three passes of at most four");
	json_decref(sets);
	sets = rm_event_set_split(events, 3);
	CHECK(json_array_size(sets) == 4 && longest(sets) == 3,
	        "with the NMI watchdog there are four passes of three");
	CHECK(metric_in(json_array_get(sets, 0), "cycles") &&
	                metric_in(json_array_get(sets, 0), "instructions") &&
	                metric_in(events, "branch_miss"),
	        "cycles and instructions share a pass; branch_miss is counted");
	CHECK(!strcmp(text_of(metric_in(events, "l1d_fill"), "config"),
	              "0xff44"),
	        "a perf event has its code");
	json_decref(sets);
	json_decref(events);
	json_decref(missing);
	rm_event_set_choose(map, &zen3, "perf",
	        "cycles,instructions,page_faults,minor_faults,major_faults,"
	        "dc_load,dc_store",
	        &events, &missing, &error);
	sets = rm_event_set_split(events, 4);
	CHECK(json_array_size(sets) == 1 && longest(sets) == 7,
	        "software events use no counter");
	json_decref(sets);
	json_decref(events);
	json_decref(missing);
}

static void assign_likwid_counters(const struct rm_event_map *map)
{
	json_t *events, *missing, *sets;
	struct rm_error error = { "" };

	rm_event_set_choose(
	        map, &zen3, "likwid", NULL, &events, &missing, &error);
	sets = rm_event_set_split(events, 4);
	CHECK(counters_differ(sets) &&
	                !strcmp(text_of(json_array_get(
	                                        json_array_get(sets, 0), 3),
	                                "counter"),
	                        "PMC3"),
	        "the events of a pass have different counters");
	CHECK(!metric_in(events, "l1d_fill") &&
	                strstr(text_of(metric_in(missing, "l1d_fill"),
	                               "reason"),
	                        "likwid has no event for l1d_fill on zen3"),
	        "a metric without a likwid name is missing with a reason");
	json_decref(sets);
	json_decref(events);
	json_decref(missing);
	rm_event_set_choose(map, &power9, "likwid",
	        "l1d_load_miss,l1d_store_miss,l1d_load", &events, &missing,
	        &error);
	sets = rm_event_set_split(events, 4);
	CHECK(json_array_size(sets) == 2 && counters_differ(sets) &&
	                json_array_size(json_array_get(sets, 1)) == 2,
	        "two events that only PMC2 counts need two passes");
	json_decref(sets);
	json_decref(events);
	json_decref(missing);
}

static void reject_metrics(const struct rm_event_map *map)
{
	json_t *events, *missing;
	struct rm_error error = { "" };

	CHECK(rm_event_set_choose(map, &zen3, "perf", "cycles,l1d_fil", &events,
	              &missing, &error) == -EINVAL &&
	                strstr(error.text, "no metric \"l1d_fil\""),
	        "a metric that no CPU has is an error");
	rm_event_set_choose(map, &zen2, "perf", "snoop_hitm,l3_access", &events,
	        &missing, &error);
	CHECK(!json_array_size(events) &&
	                strstr(text_of(metric_in(missing, "snoop_hitm"),
	                               "reason"),
	                        "not offered on zen2"),
	        "a metric that this CPU lacks is missing, not 0");
	CHECK(strstr(text_of(metric_in(missing, "l3_access"), "reason"),
	              "cannot count a thread"),
	        "a PMU that counts CPUs is not used for a thread");
	json_decref(events);
	json_decref(missing);
}

static bool refuses(const char *option, int code, const char *reason)
{
	struct rm_counters_choice *choice = NULL;
	struct rm_error error = { "" };
	json_t *chosen = NULL;
	int got = rm_counters_select(option, NULL, &choice, &chosen, &error);

	if (got != code || !strstr(error.text, reason))
		printf("# %d %s\n", got, error.text);
	return got == code && strstr(error.text, reason) && !choice && !chosen;
}

static void reject_options(void)
{
	CHECK(refuses("fastest", -EINVAL, "expected auto, likwid, perf"),
	        "an unknown back end is an error");
	CHECK(refuses("", -EINVAL, "expected auto"), "an empty option is an "
	                                             "error");
	CHECK(refuses("replay", -EINVAL, "expected auto"),
	        "replay without a file is an error");
	CHECK(refuses("replay:/nowhere/x", -EINVAL, "/nowhere/x: No such"),
	        "replay of a missing file is an error");
	CHECK(refuses("perf:nosuch", -EINVAL, "no metric \"nosuch\""),
	        "an unknown metric is an error");
}

static void select_none(void)
{
	struct rm_counters_choice *choice = NULL;
	struct rm_counters *session = NULL;
	struct rm_error error = { "" };
	json_t *chosen = NULL;

	CHECK(!rm_counters_select("none", NULL, &choice, &chosen, &error) &&
	                !rm_counters_set_count(chosen),
	        "the back end none is a selection without passes");
	json_t *request = rm_counters_request(chosen, 5);
	CHECK(!rm_counters_open(request, 2, NULL, &session, &error) &&
	                !rm_counters_attach(session, 1),
	        "a trial may request the back end none");
	json_t *result = rm_counters_result(session);
	CHECK(!strcmp(text_of(result, "backend"), "none") &&
	                text_of(result, "reason")[0] &&
	                !json_array_size(json_object_get(result, "events")),
	        "the result of the back end none has no events, but a reason");
	json_decref(result);
	json_decref(request);
	json_decref(chosen);
	rm_counters_close(session);
	rm_counters_release(choice);
}

static const char fixture[] = "tests/fixtures/counters.jsonl";

static json_t *replay_once(const json_t *request, unsigned threads)
{
	struct rm_counters *session = NULL;
	struct rm_error error = { "" };
	json_t *result = NULL;

	if (!rm_counters_open(request, threads, NULL, &session, &error)) {
		rm_counters_start(session);
		rm_counters_stop(session);
		result = rm_counters_result(session);
		rm_counters_close(session);
	} else {
		printf("# %s\n", error.text);
	}
	return result;
}

static void replay_in_order(void)
{
	struct rm_counters_choice *choice = NULL;
	struct rm_error error = { "" };
	json_t *chosen = NULL;
	char option[100];

	snprintf(option, sizeof(option), "replay:%s", fixture);
	CHECK(!rm_counters_select(option, NULL, &choice, &chosen, &error) &&
	                rm_counters_set_count(chosen) == 3,
	        "a recording of three intervals has three sets");
	json_t *second = rm_counters_request(chosen, 4);
	json_t *result = replay_once(second, 1);
	const json_t *fill =
	        metric_in(json_object_get(result, "events"), "l1d_fill_demand");
	CHECK(json_integer_value(json_object_get(fill, "total")) == 1017118,
	        "trial 4 gets interval 1 with its counts");
	CHECK(!strcmp(text_of(result, "backend"), "replay") &&
	                !strcmp(text_of(fill, "quality"), "replayed") &&
	                strstr(text_of(result, "reason"), "(fake)"),
	        "replayed counts of a fake are marked");
	FILE *out = tmpfile();
	CHECK(rm_replay_record(out, result, 0, 0, &error) == -EINVAL,
	        "replayed counts cannot be recorded");
	fclose(out);
	json_decref(result);
	result = replay_once(second, 2);
	fill = metric_in(json_object_get(result, "events"), "cycles");
	CHECK(json_is_null(json_object_get(fill, "total")) &&
	                strstr(text_of(fill, "reason"),
	                        "thread 1 is not in the recording"),
	        "a thread that was not recorded is null");
	json_decref(result);
	json_object_set_new(second, "interval", json_integer(3));
	CHECK(!replay_once(second, 1),
	        "an interval after the last is an error");
	json_decref(second);
	json_decref(chosen);
	rm_counters_release(choice);
}

static bool bad_recording(
        const char *path, const char *text, const char *reason)
{
	struct rm_error error = { "" };
	json_t *lines = NULL;
	FILE *out = fopen(path, "w");

	fputs(text, out);
	fclose(out);
	int code = rm_replay_load(path, &lines, &error);
	if (code != -EINVAL || !strstr(error.text, reason))
		printf("# %d %s\n", code, error.text);
	unlink(path);
	return code == -EINVAL && !lines && strstr(error.text, reason);
}

#define LINE(origin, backend, value)                                          \
	"{\"format\": 1, \"origin\": \"" origin "\", \"backend\": \"" backend \
	"\", \"cpu\": \"zen3\", \"interval\": 0, \"thread\": 0, "             \
	"\"metric\": \"m\", \"event\": \"e\", \"code\": \"c\", "              \
	"\"quality\": \"exact\", \"value\": " value "}\n"

static void reject_recordings(void)
{
	char path[64] = "/tmp/readmostly-recording-XXXXXX";

	close(mkstemp(path));
	CHECK(bad_recording(path, "", ":1: empty"), "an empty recording is an "
	                                            "error");
	CHECK(bad_recording(path, LINE("fake", "perf", "1") "{oops\n", ":2: "),
	        "a line that is not JSON is reported by its number");
	CHECK(bad_recording(path,
	              LINE("fake", "perf", "1") LINE("fake", "perf", "2"),
	              ":2: "),
	        "two lines of one count are an error");
	CHECK(bad_recording(path, LINE("fake", "perf", "-1"), ":1: no value"),
	        "a negative count is an error");
	CHECK(bad_recording(path, LINE("fake", "perf", "1, \"running_ns\": -1"),
	              ":1: running_ns"),
	        "a negative time is an error");
	CHECK(bad_recording(path, LINE("fake", "perf", "1, \"value\": 2"),
	              ":1: dupl"),
	        "a duplicate member is an error");
	CHECK(bad_recording(path, LINE("fake", "perf", "1, \"thread\": 1"),
	              ":1: dupl"),
	        "a duplicate thread is an error");
	CHECK(bad_recording(path, LINE("hardware", "replay", "1"),
	              ":1: backend \"replay\""),
	        "a recording of a replay is an error");
	CHECK(bad_recording(
	              path, LINE("guess", "perf", "1"), ":1: origin \"guess\""),
	        "an unknown origin is an error");
	CHECK(bad_recording(
	              path, LINE("fake", "perf", "\"1\""), ":1: no value"),
	        "a value that is not a number is an error");
}

/* Adds a line of a recording. It is valid except for one member, which is
   omitted if its value is NULL. */
static void put_line(
        char *text, size_t size, const char *member, const char *value)
{
	static const char *const members[][2] = { { "origin", "\"fake\"" },
		{ "backend", "\"perf\"" }, { "cpu", "\"zen3\"" },
		{ "interval", "0" }, { "thread", "0" }, { "metric", "\"m\"" },
		{ "event", "\"e\"" }, { "code", "\"c\"" },
		{ "quality", "\"exact\"" }, { "value", "1" } };
	size_t used = strlen(text);

	used += (size_t)snprintf(text + used, size - used, "{\"format\": 1");
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		bool other = member && !strcmp(member, members[i][0]);

		if (other && !value)
			continue;
		used += (size_t)snprintf(text + used, size - used,
		        ", \"%s\": %s", members[i][0],
		        other ? value : members[i][1]);
	}
	snprintf(text + used, size - used, "}\n");
}

static void require_members(void)
{
	static const char *const cases[][3] = {
		{ "origin", NULL, ":1: origin" },
		{ "backend", NULL, ":1: backend" },
		{ "cpu", NULL, ":1: no cpu" },
		{ "metric", "\"\"", ":1: no metric" },
		{ "event", NULL, ":1: no event" },
		{ "code", "7", ":1: no code" },
		{ "quality", NULL, ":1: no quality" },
		{ "quality", "\"good\"", ":1: quality \"good\"" },
		{ "interval", NULL, ":1: no interval" },
		{ "interval", "-1", ":1: no interval" },
		{ "interval", "1000001", ":1: no interval" },
		{ "interval", "1", ":1: interval 1, expected at most 0" },
		{ "thread", NULL, ":1: no interval or thread" },
		{ "thread", "-1", ":1: no interval or thread" },
		{ "thread", "4097", ":1: no interval or thread" },
		{ "value", NULL, ":1: no value" },
	};
	static const char *const others[][2] = { { "cpu", "\"zen4\"" },
		{ "backend", "\"likwid\"" }, { "origin", "\"hardware\"" } };
	char path[64] = "/tmp/readmostly-recording-XXXXXX", text[1024];

	close(mkstemp(path));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		text[0] = '\0';
		put_line(text, sizeof(text), cases[i][0], cases[i][1]);
		CHECK(bad_recording(path, text, cases[i][2]), cases[i][2]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		text[0] = '\0';
		put_line(text, sizeof(text), NULL, NULL);
		put_line(text, sizeof(text), others[i][0], others[i][1]);
		CHECK(bad_recording(
		              path, text, ":2: backend, cpu or origin differs"),
		        "all lines of an interval belong to one machine");
	}
}

static void read_missing_counts(void)
{
	static const char *const right[][2] = { { "value", "null" },
		{ "value", "0" }, { "thread", "4096" }, { NULL, NULL } };
	char path[64] = "/tmp/readmostly-recording-XXXXXX", text[1024];

	close(mkstemp(path));
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		struct rm_error error = { "" };
		json_t *lines = NULL;
		FILE *out = fopen(path, "w");

		text[0] = '\0';
		put_line(text, sizeof(text), right[i][0], right[i][1]);
		put_line(text, sizeof(text), "interval", "1");
		fputs(text, out);
		fclose(out);
		CHECK(rm_replay_load(path, &lines, &error) == 2 &&
		                json_array_size(lines) == 2,
		        "two intervals of one count each are read");
		json_decref(lines);
	}
	unlink(path);
}

/* Thread 0 has neither a value nor times, thread 1 has both. */
static void replay_times(void)
{
	char path[64] = "/tmp/readmostly-recording-XXXXXX", text[1024] = "";

	close(mkstemp(path));
	put_line(text, sizeof(text), "value", "null");
	put_line(text, sizeof(text), "thread",
	        "1, \"enabled_ns\": 7, \"running_ns\": 7");
	FILE *out = fopen(path, "w");
	fputs(text, out);
	fclose(out);
	json_t *request = json_pack("{s:s, s:s, s:i}", "backend", "replay",
	        "file", path, "interval", 0);
	json_t *result = replay_once(request, 2);
	const json_t *times = json_object_get(
	        metric_in(json_object_get(result, "events"), "m"),
	        "enabled_ns");
	CHECK(json_is_null(json_array_get(times, 0)) &&
	                json_integer_value(json_array_get(times, 1)) == 7,
	        "a recorded time belongs to its thread; unknown is null");
	json_decref(result);
	json_decref(request);
	unlink(path);
}

/* Simulates a machine without a PMU, with a CPU of events.tsv. The perf of the
   real machine must not be reached. */
static void select_without_pmu(void)
{
	struct rm_counters_choice *choice = NULL;
	struct rm_error error = { "" };
	json_t *chosen = NULL;

	setenv("RM_LIKWID_HELPER", "/nowhere/helper", 1);
	CHECK(!rm_counters_select("auto", NULL, &choice, &chosen, &error) &&
	                !strcmp(text_of(chosen, "backend"), "none") &&
	                strstr(text_of(chosen, "reason"), "/nowhere/helper") &&
	                strstr(text_of(chosen, "reason"), "no hardware PMU") &&
	                strstr(text_of(chosen, "reason"), "vPMU"),
	        "without a PMU, auto selects none, with reasons and remedies");
	CHECK(json_array_size(json_object_get(chosen, "tried")) == 2,
	        "both back ends were tried");
	CHECK(text_of(chosen, "cpu")[0], "the CPU is named even without a PMU");
	json_t *request = rm_counters_request(chosen, 0);
	CHECK(!strcmp(text_of(request, "backend"), "none"),
	        "trials of this selection request the back end none");
	json_decref(request);
	json_decref(chosen);
	rm_counters_release(choice);
	CHECK(refuses("perf", -ENOTSUP, "no hardware PMU") &&
	                refuses("likwid", -ENOTSUP, "/nowhere/helper"),
	        "a requested back end that cannot work is an error");
}

/* The CPU is not in events.tsv. So likwid's search ends one step earlier, with
   the reason for the first name. */
static void select_on_unknown_cpu(const char *root, unsigned cpu)
{
	struct rm_counters_choice *choice = NULL;
	struct rm_error error = { "" };
	json_t *chosen = NULL;

	fake_root_cpu(root, cpu,
	        "vendor_id : GenuineIntel\ncpu family : 6\nmodel : 65535\n");
	CHECK(!rm_counters_select("auto", NULL, &choice, &chosen, &error) &&
	                !strcmp(text_of(chosen, "backend"), "none") &&
	                strstr(text_of(chosen, "reason"),
	                        "events.tsv names no event for this CPU, "
	                        "unknown (GenuineIntel 6/65535)") &&
	                strstr(text_of(chosen, "reason"), "no hardware PMU"),
	        "for an unknown CPU without a PMU, none is selected");
	json_decref(chosen);
	rm_counters_release(choice);
}

/* The stub simulates counts that fit the test loops. This tests all steps up to
   a verdict with the real helper, but without a PMU. */
static void prove_likwid(const char *root, unsigned cpu)
{
	static const char option[] =
	        "auto:cycles,instructions,dc_load,l1d_fill_demand,l2_miss";
	struct rm_counters_choice *choice = NULL;
	struct rm_counters *session = NULL;
	struct rm_error error = { "" };
	char script[128];
	json_t *chosen = NULL;

	snprintf(script, sizeof(script), "%s/helper", root);
	wrapper_stub(script, "");
	CHECK(!rm_counters_select(option, NULL, &choice, &chosen, &error) &&
	                !strcmp(text_of(chosen, "backend"), "likwid"),
	        "auto selects a likwid with correct counts");
	CHECK(rm_counters_set_count(chosen) == 2 &&
	                !strcmp(text_of(chosen, "cpu"), "zen3") &&
	                !strcmp(text_of(chosen, "faked_root"), root),
	        "the selection names the CPU and the fake root");
	json_t *request = rm_counters_request(chosen, 2);
	CHECK(json_array_size(json_object_get(request, "events")) == 4 &&
	                access(text_of(request, "socket"), R_OK) == 0,
	        "trial 2 gets set 0 and the helper's socket");
	CHECK(!rm_counters_open(request, 1, &cpu, &session, &error),
	        "a trial reaches the helper of the selection");
	rm_counters_close(session);
	rm_counters_release(choice);
	CHECK(access(text_of(request, "socket"), F_OK) != 0,
	        "the release stops the helper and removes its socket");
	json_decref(request);
	json_decref(chosen);
	wrapper_stub(script, "STUB_VALUE=zero");
	CHECK(refuses("likwid:cycles,l1d_fill_demand", -ENOTSUP, "stayed at 0"),
	        "a likwid that counts 0 is rejected");
	wrapper_stub(script, "STUB_FAIL=perfmon_init:exit");
	CHECK(refuses("likwid", -ENOTSUP, "liblikwid called exit(1)"),
	        "a likwid that exits is rejected with its reason");
}

/* Simulates a Neoverse N1, on which liblikwid counts through perf_event. It has
   neither an msr device nor a daemon. */
static void prove_likwid_on_arm(const char *root, unsigned cpu)
{
	struct rm_counters_choice *choice = NULL;
	struct rm_error error = { "" };
	char script[128], options[PATH_MAX + 40];
	json_t *chosen = NULL;

	fake_root_cpu(
	        root, cpu, "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
	fake_root_write(root, "proc/sys/kernel/perf_event_paranoid", "0\n");
	snprintf(script, sizeof(script), "%s/helper", root);
	snprintf(options, sizeof(options), "--library %s/stub/liblikwid.so.5",
	        wrapper_folder());
	wrapper_write(script, "STUB_MODE=-1", options);
	int code = rm_counters_select(
	        "likwid:cycles,l1d_fill", NULL, &choice, &chosen, &error);
	CHECK(!code && !strcmp(text_of(chosen, "cpu"), "n1") &&
	                json_array_size(json_object_get(chosen, "events")) == 2,
	        "likwid counts on a Neoverse N1 without msr and daemon");
	if (code)
		printf("# %s\n", error.text);
	json_decref(chosen);
	rm_counters_release(choice);
}

int main(void)
{
	struct rm_event_map *map = NULL;
	struct rm_error error = { "" };
	char root[64];

	if (!has_events()) {
		puts("1..0 # SKIP " NO_EVENTS);
		return 0;
	}
	unsigned cpu = fake_root_bind();
	fake_root_make(root, sizeof(root));
	fake_root_zen3(root, cpu);
	rm_event_map_builtin(&map, &error);
	split_metrics(map);
	assign_likwid_counters(map);
	reject_metrics(map);
	rm_event_map_free(map);
	reject_options();
	select_none();
	replay_in_order();
	reject_recordings();
	require_members();
	read_missing_counts();
	replay_times();
	select_without_pmu();
	select_on_unknown_cpu(root, cpu);
	fake_root_zen3(root, cpu);
	fake_root_write(root, "proc/sys/kernel/nmi_watchdog", "1\n");
	CHECK(rm_pmu_limit() == 3, "the NMI watchdog uses one of the counters");
	fake_root_write(root, "proc/sys/kernel/nmi_watchdog", "0\n");
	CHECK(rm_pmu_limit() == 4, "without the NMI watchdog there are four "
	                           "counters");
	prove_likwid(root, cpu);
	prove_likwid_on_arm(root, cpu);
	fake_root_remove(root);
	return DONE();
}
