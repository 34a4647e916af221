/* SPDX-License-Identifier: Apache-2.0 */
/* test_prove.c - tests the loops with known counts, and the verdicts from them.
   perf is simulated. */
#include "runner/base/json.h"
#include "runner/counters/prove.h"
#include "tests/unit/counters/events_table.h"
#include "tests/unit/counters/fake_perf.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <hwloc.h>

static struct fake_perf fake;

/* Event codes of zen3 (events.tsv), and numbers of steps of the test loops for
   32 KiB of L1d. */
enum {
	CYCLES = 0x0,
	INSTRUCTIONS = 0x1,
	LOAD = 0x0129,
	FILL = 0xff44,
	DEMAND = 0xff43
};
static const double steps[] = { 1048576, 1048576, 65536 };

static const char metrics[] =
        "cycles,instructions,dc_load,l1d_fill,l1d_fill_demand";

static double rate_of(uint64_t config, unsigned kernel)
{
	switch (config) {
	case CYCLES:
		return 5;
	case INSTRUCTIONS:
		return 3;
	case LOAD:
		return 1;
	default:
		return kernel == 0 ? 0.0002 : 0.98;
	}
}

/* The test loops of a set run in the order half, four, pages. On one core there
   is no fourth loop. The leader is counted first and starts the next window. */
static uint64_t model_amount(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	if (n < 3)
		return 5;
	if (attr->disabled)
		f->windows++;
	unsigned kernel = (f->windows - 1) % 3;

	return (uint64_t)(rate_of(attr->config, kernel) * steps[kernel]);
}

/* Simulates a dead fill counter. All others are correct. */
static uint64_t dead_fill_amount(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	uint64_t value = model_amount(f, attr, n);

	return attr->config == FILL ? 0 : value;
}

/* Simulates a fill counter that counts loads. */
static uint64_t wrong_fill_amount(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	uint64_t value = model_amount(f, attr, n);

	return attr->config == FILL && n == 3 ? 1048576 : value;
}

static uint64_t zero_amount(
        struct fake_perf *f, const struct perf_event_attr *attr, unsigned n)
{
	(void)f;
	(void)attr;
	(void)n;
	return 0;
}

static struct rm_attempt try_metrics(const char *wanted,
        uint64_t (*amount)(
                struct fake_perf *, const struct perf_event_attr *, unsigned),
        int error, FILE *recording)
{
	static struct rm_perf_ops ops;
	struct rm_prove prove = { .perf_ops = &ops, .recording = recording };
	struct rm_attempt attempt;
	struct rm_error why = { "" };

	ops = fake_perf_make(&fake, amount);
	fake.error_all = error;
	if (rm_attempt_run("perf", wanted, &prove, &attempt, &why))
		printf("# %s\n", why.text);
	return attempt;
}

static struct rm_attempt try_with(
        uint64_t (*amount)(
                struct fake_perf *, const struct perf_event_attr *, unsigned),
        int error, FILE *recording)
{
	return try_metrics(metrics, amount, error, recording);
}

static bool counts(const struct rm_attempt *attempt, const char *metric)
{
	size_t i;
	json_t *event;

	json_array_foreach (attempt->events, i, event) {
		if (!strcmp(metric, json_string_value(
		                            json_object_get(event, "metric"))))
			return true;
	}
	return false;
}

static const char *reason_of(
        const struct rm_attempt *attempt, const char *metric)
{
	size_t i;
	json_t *line;

	json_array_foreach (attempt->missing, i, line) {
		if (!strcmp(metric,
		            json_string_value(json_object_get(line, "metric"))))
			return json_string_value(
			        json_object_get(line, "reason"));
	}
	return "";
}

static void accept_right_counts(void)
{
	struct rm_attempt a = try_with(model_amount, 0, NULL);
	const char *why;

	CHECK(a.proved && !a.reason[0] && !strcmp(a.cpu, "zen3"),
	        "counts that fit the kernels prove the back end");
	CHECK(json_array_size(a.events) == 5 &&
	                !strcmp(rm_prove_verdict(a.verdicts, "l1d_fill", &why),
	                        "proved"),
	        "every metric is proved and kept");
	CHECK(json_array_size(a.sets) == 2, "five core events need two passes");
	CHECK(fake.alive == 0, "every file is closed");
	rm_attempt_free(&a);
}

static void drop_wrong_counts(void)
{
	struct rm_attempt a = try_with(dead_fill_amount, 0, NULL);

	CHECK(a.proved && !counts(&a, "l1d_fill") &&
	                counts(&a, "l1d_fill_demand"),
	        "a metric that stays at 0 is dropped, the others are kept");
	CHECK(strstr(reason_of(&a, "l1d_fill"), "stayed at 0"),
	        "a dropped metric has its reason");
	CHECK(json_array_size(a.sets) == 1, "four events need one pass");
	rm_attempt_free(&a);
	a = try_with(wrong_fill_amount, 0, NULL);
	CHECK(a.proved && !counts(&a, "l1d_fill") &&
	                strstr(reason_of(&a, "l1d_fill"),
	                        "1 per step in \"chase through half the L1d\", "
	                        "expected 0 to 0.1"),
	        "a metric that misses where it cannot is dropped");
	rm_attempt_free(&a);
}

static void reject_unproved(void)
{
	struct rm_attempt a = try_with(zero_amount, 0, NULL);

	CHECK(!a.proved && strstr(a.reason, "stayed at 0") && a.remedy[0],
	        "a PMU that opens and counts 0 is not usable");
	CHECK(json_array_size(a.sets) == 0, "a PMU that counts 0 leaves no "
	                                    "sets");
	rm_attempt_free(&a);
	a = try_with(model_amount, -ENOENT, NULL);
	CHECK(!a.proved && strstr(a.reason, "no hardware PMU") &&
	                strstr(a.remedy, "vPMU"),
	        "without a PMU, reason and remedy are given");
	json_t *json = rm_attempt_json(&a);
	CHECK(!strcmp("not usable",
	              json_string_value(json_object_get(json, "status"))),
	        "its status is \"not usable\"");
	json_decref(json);
	rm_attempt_free(&a);
	a = try_with(model_amount, -EACCES, NULL);
	CHECK(!a.proved && strstr(a.remedy, "perf_event_paranoid"),
	        "without permission, the setting to change is named");
	rm_attempt_free(&a);
}

/* The pointer chases of one thread increase these metrics. Handovers of lines
   are excluded, since the simulated perf has one core. */
static const char *const increased_metrics[] = { "cycles", "ref_cycles",
	"instructions", "l1d_load", "dc_load", "l1d_access", "l1d_load_hit",
	"l1d_load_miss", "l1d_fill", "l1d_fill_demand", "l1d_miss_alloc",
	"l1d_fill_l2", "dtlb_load_walk", "dtlb_walk", "dtlb_l1_miss",
	"dtlb_miss" };
enum { METRICS = sizeof(increased_metrics) / sizeof(*increased_metrics) };

/* Zero cycles or instructions are not a value. Zeros of other metrics are
   refuted. */
static bool is_dead(const char *metric, const char *verdict)
{
	return !strcmp(verdict,
	        rm_metric_is_never_zero(metric) ? "no value" : "refuted");
}

/* If every counter of a CPU is dead, all metrics that the CPU offers must be
   refuted. Sets these in `seen`. Metrics that are never 0 are tried alone,
   because they make the others of their pass null. */
static bool dead_are_refuted(const char *root, unsigned cpu,
        const char *identity, bool never_zero, bool seen[METRICS])
{
	char all[400] = "";
	struct rm_attempt a;
	bool right;

	fake_root_cpu(root, cpu, identity);
	for (int i = 0; i < METRICS; i++)
		if (rm_metric_is_never_zero(increased_metrics[i]) == never_zero)
			sprintf(all + strlen(all), "%s%s", all[0] ? "," : "",
			        increased_metrics[i]);
	a = try_metrics(all, zero_amount, 0, NULL);
	right = !a.proved && json_array_size(a.verdicts) > 0;
	for (int i = 0; i < METRICS; i++) {
		const char *why, *verdict;

		if (rm_metric_is_never_zero(increased_metrics[i]) !=
		                never_zero ||
		        strstr(reason_of(&a, increased_metrics[i]),
		                "not offered"))
			continue;
		verdict = rm_prove_verdict(
		        a.verdicts, increased_metrics[i], &why);
		seen[i] = true;
		if (is_dead(increased_metrics[i], verdict) &&
		        !counts(&a, increased_metrics[i]))
			continue;
		printf("# %s of a %s: %s\n", increased_metrics[i], a.cpu,
		        verdict);
		right = false;
	}
	rm_attempt_free(&a);
	return right;
}

static void refute_dead_counters(const char *root, unsigned cpu)
{
	static const char *const cpus[] = {
		"vendor_id : GenuineIntel\ncpu family : 6\nmodel : 63\n",
		"vendor_id : GenuineIntel\ncpu family : 6\nmodel : 85\n",
		"vendor_id : GenuineIntel\ncpu family : 6\nmodel : 106\n",
		"vendor_id : GenuineIntel\ncpu family : 6\nmodel : 143\n",
		"vendor_id : AuthenticAMD\ncpu family : 23\nmodel : 49\n",
		"vendor_id : AuthenticAMD\ncpu family : 25\nmodel : 1\n",
		"vendor_id : AuthenticAMD\ncpu family : 25\nmodel : 17\n",
		"CPU implementer : 0x41\nCPU part : 0xd0c\n", "cpu : POWER9\n"
	};
	bool seen[METRICS] = { false }, right = true, all = true;

	for (size_t i = 0; i < sizeof(cpus) / sizeof(*cpus); i++)
		for (int never_zero = 0; never_zero < 2; never_zero++)
			right &= dead_are_refuted(
			        root, cpu, cpus[i], never_zero, seen);
	for (int i = 0; i < METRICS; i++)
		all &= seen[i];
	CHECK(right, "on each CPU, a metric that stays at 0 in a kernel that "
	             "increases it is refuted");
	CHECK(all, "some CPU offers each of these metrics");
}

static void reject_low_counts(void)
{
	json_t *verdicts = json_loads(
	        "[{\"metric\": \"snoop_hitm\", \"verdict\": \"proved\","
	        "  \"expected\": [0, 0.01]},"
	        " {\"metric\": \"snoop_hitm\", \"verdict\": \"not checked\","
	        "  \"reason\": \"needs two cores\"}]",
	        0, NULL);
	const char *why;

	CHECK(!strcmp(rm_prove_verdict(verdicts, "snoop_hitm", &why),
	              "not checked") &&
	                why && !strcmp(why, "needs two cores"),
	        "a counter that only stayed low is not proved");
	json_decref(verdicts);
}

static void record_counts(const char *root)
{
	char path[128];
	json_t *lines = NULL;
	struct rm_error error = { "" };

	snprintf(path, sizeof(path), "%s/counts.jsonl", root);
	FILE *out = fopen(path, "w");
	struct rm_attempt a = try_with(model_amount, 0, out);
	fclose(out);
	/* two sets, three test loops on one core */
	CHECK(a.proved && rm_replay_load(path, &lines, &error) == 6,
	        "the recording has an interval for each test loop of each set");
	const json_t *line = json_array_get(lines, 0);
	CHECK(!strcmp(json_string_value(json_object_get(line, "origin")),
	              "fake") &&
	                json_number_value(json_object_get(line, "value")) ==
	                        5.0 * 1048576,
	        "counts of a simulated kernel are recorded as fake");
	json_decref(lines);
	rm_attempt_free(&a);
}

/* Returns the number of recorded intervals, or -1. Sets the number of lines of
   `metric`. */
static int recorded(const char *root, const char *wanted, const char *metric,
        uint64_t (*amount)(
                struct fake_perf *, const struct perf_event_attr *, unsigned),
        int *lines_of_metric)
{
	char path[128];
	json_t *lines = NULL, *line;
	struct rm_error error = { "" };
	size_t i;

	snprintf(path, sizeof(path), "%s/kept.jsonl", root);
	FILE *out = fopen(path, "w");
	struct rm_attempt a = try_metrics(wanted, amount, 0, out);
	fclose(out);
	int intervals = rm_replay_load(path, &lines, &error);
	*lines_of_metric = 0;
	if (intervals >= 0) {
		json_array_foreach (lines, i, line) {
			*lines_of_metric +=
			        !metric ||
			        !strcmp(rm_json_text(line, "metric"), metric);
		}
		json_decref(lines);
	}
	rm_attempt_free(&a);
	return intervals < 0 ? -1 : intervals;
}

/* Zeros of a dead counter are not recorded, because they would look like counts
   when replayed. */
static void record_only_proved(const char *root)
{
	static const char last[] =
	        "cycles,instructions,dc_load,l1d_fill_demand,l1d_fill";
	int lines;

	CHECK(recorded(root, metrics, "l1d_fill", zero_amount, &lines) == -1,
	        "a PMU that opens and counts 0 leaves no recording");
	CHECK(recorded(root, metrics, "l1d_fill", dead_fill_amount, &lines) ==
	                        6 &&
	                lines == 0,
	        "a metric that stays at 0 is not recorded");
	CHECK(recorded(root, metrics, "dc_load", dead_fill_amount, &lines) ==
	                        6 &&
	                lines == 3,
	        "other metrics are recorded");
	CHECK(recorded(root, last, "dc_load", dead_fill_amount, &lines) == 3 &&
	                lines == 3,
	        "a set without metrics has no intervals");
}

static void visit_every_line(void)
{
	enum { LINES = 1000 };
	struct rm_chase chase = { .lines = 0 };
	unsigned seen = 0;

	CHECK(!rm_chase_make(&chase, LINES, 4096), "a chase is made");
	void **at = chase.start;
	do {
		void **next = *at;

		*at = NULL; /* makes a second visit crash */
		at = next;
		seen++;
	} while (at && *at);
	CHECK(seen == LINES, "the cycle of a chase visits each line once");
	rm_chase_free(&chase);
}

/* Sets the first two CPUs that this process may use, or the same CPU twice if
   there is one. */
static void two_cpus(unsigned *first, unsigned *second)
{
	cpu_set_t mask;

	sched_getaffinity(0, sizeof(mask), &mask);
	*first = 0;
	while (!CPU_ISSET(*first, &mask))
		++*first;
	*second = *first + 1;
	while (*second < CPU_SETSIZE && !CPU_ISSET(*second, &mask))
		++*second;
	if (*second == CPU_SETSIZE)
		*second = *first;
}

static void require_l1d_size(void)
{
	struct rm_kernel_place place = { .cores = 0 };
	struct rm_error error = { "" };

	CHECK(rm_kernel_place(NULL, &place, &error) == -ENOENT &&
	                strstr(error.text, "not known"),
	        "an unknown L1d size is an error, not a guess");
}

/* The first CPU is an A53, the second an A72, and placement excludes the first.
   If there is only one CPU, its last lines in the file apply. */
static void place_kernels(const char *root)
{
	struct rm_topology topology = { .this_machine = true,
		.usable = hwloc_bitmap_alloc() };
	struct rm_perf_ops ops = fake_perf_make(&fake, model_amount);
	struct rm_prove prove = { .topology = &topology, .perf_ops = &ops };
	struct rm_attempt a;
	struct rm_error why = { "" };
	unsigned small, large;
	char cpus[256];

	two_cpus(&small, &large);
	fake_root_zen3(root, small);
	fake_root_zen3(root, large);
	snprintf(cpus, sizeof(cpus),
	        "processor : %u\nCPU implementer : 0x41\nCPU part : 0xd03\n"
	        "processor : %u\nCPU implementer : 0x41\nCPU part : 0xd08\n",
	        small, large);
	fake_root_write(root, "proc/cpuinfo", cpus);
	hwloc_bitmap_only(topology.usable, large);
	CHECK(!rm_attempt_run("perf", "cycles", &prove, &a, &why) &&
	                !strcmp(a.cpu, "a72"),
	        "events are for the kind of CPU that placement uses");
	CHECK(prove.place.cpus[0] == large && prove.place.cores == 1,
	        "events are proved on the CPU that placement uses");
	rm_attempt_free(&a);
	topology.this_machine = false;
	CHECK(!rm_kernel_place(&topology, &prove.place, &why) &&
	                prove.place.cpus[0] == small,
	        "CPUs of another machine are ignored");
	hwloc_bitmap_free(topology.usable);
}

/* Uses the code of the Linux kernel for an L1d miss, which the simulated perf
   counts. */
static void prove_on_unknown_cpu(const char *root, unsigned cpu)
{
	struct rm_perf_ops ops = fake_perf_make(&fake, model_amount);
	struct rm_prove prove = { .perf_ops = &ops };
	struct rm_attempt a;
	struct rm_error why = { "" };
	char text[120];

	snprintf(text, sizeof(text), "processor\t: %u\nisa\t: rv64gc\n", cpu);
	fake_root_write(root, "proc/cpuinfo", text);
	CHECK(!rm_attempt_run("perf",
	              "cycles,instructions,l1d_load_miss,l1d_fill", &prove, &a,
	              &why) &&
	                a.proved && !strcmp(a.cpu, "unknown"),
	        "perf is proved on a CPU that is in no table");
	CHECK(counts(&a, "l1d_load_miss"),
	        "the kernel's generic events are used");
	CHECK(strstr(reason_of(&a, "l1d_fill"), "not offered on unknown"),
	        "other events are not offered");
	CHECK(strstr(a.note, "generic events"), "the note names the events "
	                                        "that are not offered");
	rm_attempt_free(&a);
}

int main(void)
{
	char root[64];

	/* uses one core, because the simulated perf cannot detect the end of
	   handovers */
	if (!has_events()) {
		puts("1..0 # SKIP " NO_EVENTS);
		return 0;
	}
	fake_root_make(root, sizeof(root));
	require_l1d_size();
	place_kernels(root);
	unsigned cpu = fake_root_bind();
	fake_root_zen3(root, cpu);
	accept_right_counts();
	drop_wrong_counts();
	reject_unproved();
	reject_low_counts();
	refute_dead_counters(root, cpu);
	fake_root_zen3(root, cpu);
	record_counts(root);
	record_only_proved(root);
	visit_every_line();
	prove_on_unknown_cpu(root, cpu);
	fake_root_remove(root);
	return DONE();
}
