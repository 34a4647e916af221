/* SPDX-License-Identifier: Apache-2.0 */
/* prove.c - tries a back end on this machine. Selects the CPU's events, counts
   test loops with known counts, and keeps the metrics that count correctly.
   Contains the table of expected counts. */
#include "runner/counters/prove.h"
#include "runner/base/json.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <string.h>

struct expectation {
	const char *metric;
	enum rm_kernel kernel;
	double low, high; /* events per step of the loop, inclusive */
};

/*
 * A chase step is one load, an addition and a branch. The bounds are wide,
 * because they must identify the event, not measure it. A replacement policy
 * other than LRU keeps some lines of the 4 x L1d, and a prefetcher may fetch a
 * neighbour. Each handover moves the line once. A waiting thread may fetch the
 * line more than once per handover, or not at all if it polls late.
 */
static const struct expectation table[] = {
	{ "cycles", RM_KERNEL_HALF, 1, 60 },
	{ "ref_cycles", RM_KERNEL_HALF, 0.3, 60 },
	{ "instructions", RM_KERNEL_HALF, 1.5, 16 },
	{ "branch_miss", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_load", RM_KERNEL_HALF, 0.9, 4 },
	{ "dc_load", RM_KERNEL_HALF, 0.9, 6 },
	{ "l1d_access", RM_KERNEL_HALF, 0.9, 8 },
	{ "l1d_load_hit", RM_KERNEL_HALF, 0.9, 4 },
	{ "l1d_load_hit", RM_KERNEL_FOUR, 0, 0.5 },
	{ "l1d_load_miss", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_load_miss", RM_KERNEL_FOUR, 0.5, 1.3 },
	{ "l1d_fill", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_fill", RM_KERNEL_FOUR, 0.6, 2.5 },
	{ "l1d_fill_demand", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_fill_demand", RM_KERNEL_FOUR, 0.5, 2 },
	{ "l1d_miss_alloc", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_miss_alloc", RM_KERNEL_FOUR, 0.5, 2 },
	{ "l1d_fill_l2", RM_KERNEL_HALF, 0, 0.1 },
	{ "l1d_fill_l2", RM_KERNEL_FOUR, 0.5, 2 },
	{ "snoop_hitm", RM_KERNEL_HALF, 0, 0.01 },
	{ "snoop_hitm", RM_KERNEL_SHARED, 0.2, 8 },
	{ "l1d_fill_ccx", RM_KERNEL_HALF, 0, 0.05 },
	{ "l1d_fill_ccx", RM_KERNEL_SHARED, 0.2, 8 },
	{ "l1d_inval", RM_KERNEL_SHARED, 0.1, 8 },
	{ "dtlb_load_walk", RM_KERNEL_HALF, 0, 0.01 },
	{ "dtlb_load_walk", RM_KERNEL_PAGES, 0.5, 3 },
	{ "dtlb_walk", RM_KERNEL_HALF, 0, 0.01 },
	{ "dtlb_walk", RM_KERNEL_PAGES, 0.5, 3 },
	{ "dtlb_l1_miss", RM_KERNEL_PAGES, 0.5, 3 },
	{ "dtlb_miss", RM_KERNEL_PAGES, 0.5, 3 },
};

/* cpus.tsv has this release for CPUs of earlier releases, too. */
#define OLDEST_RELEASE "5.2"

enum { EXPECTATIONS = sizeof(table) / sizeof(table[0]), ENOUGH = 1000 };

/* Returns the reason why this test loop proves nothing on this machine, or
   NULL. */
static const char *find_obstacle(
        const struct rm_prove *prove, enum rm_kernel kernel, uint64_t steps)
{
	if (kernel != RM_KERNEL_SHARED)
		return NULL;
	if (prove->place.cores < 2)
		return "needs two cores";
	if (steps < ENOUGH)
		return "the two threads did not run at the same time";
	return NULL;
}

/* Adds "per_step", "expected", "verdict" and "reason" to a line of the
   verdicts. */
static void judge_event(json_t *line, const struct expectation *expected,
        const json_t *event, uint64_t steps)
{
	const json_t *total = json_object_get(event, "total");
	const char *verdict = "proved";

	json_object_set_new(line, "expected",
	        json_pack("[f, f]", expected->low, expected->high));
	if (!json_is_number(total)) {
		json_object_set_new(line, "verdict", json_string("no value"));
		json_object_set(
		        line, "reason", json_object_get(event, "reason"));
		return;
	}
	double per_step = json_number_value(total) / (double)steps;
	if (per_step < expected->low || per_step > expected->high) {
		verdict = "refuted";
		json_object_set_new(line, "reason",
		        per_step == 0
		                ? json_sprintf("stayed at 0 in \"%s\": the "
		                               "counter does not work here",
		                          rm_kernel_text(expected->kernel))
		                : json_sprintf("%.4g per step in \"%s\", "
		                               "expected %g to %g",
		                          per_step,
		                          rm_kernel_text(expected->kernel),
		                          expected->low, expected->high));
	}
	json_object_set_new(line, "per_step", rm_json_real(per_step));
	json_object_set_new(line, "verdict", json_string(verdict));
}

static json_t *new_line(const json_t *event, const char *kernel)
{
	return json_pack("{s:s, s:s, s:s?, s:n, s:n, s:s, s:n}", "metric",
	        rm_json_text(event, "metric"), "event",
	        rm_json_text(event, "event"), "kernel", kernel, "per_step",
	        "expected", "verdict", "not checked", "reason");
}

/* Adds a line for every expectation of the metric. If this test loop proves
   nothing, the line contains "not checked" with a reason, since a missing line
   would look like success. */
static void judge_all(const struct rm_prove *prove, enum rm_kernel kernel,
        const json_t *result, uint64_t steps, json_t *verdicts)
{
	const char *obstacle = find_obstacle(prove, kernel, steps);
	json_t *event;
	size_t i;

	json_array_foreach (json_object_get(result, "events"), i, event) {
		for (size_t k = 0; k < EXPECTATIONS; k++) {
			if (table[k].kernel != kernel ||
			        strcmp(table[k].metric,
			                rm_json_text(event, "metric")))
				continue;
			json_t *line = new_line(event, rm_kernel_name(kernel));

			if (obstacle)
				json_object_set_new(
				        line, "reason", json_string(obstacle));
			else
				judge_event(line, &table[k], event, steps);
			json_array_append_new(verdicts, line);
		}
	}
}

/* Adds a line for each metric that no test loop checks. */
static void add_unchecked(const json_t *request, json_t *verdicts)
{
	json_t *event;
	size_t i;

	json_array_foreach (json_object_get(request, "events"), i, event) {
		bool known = false;

		for (size_t k = 0; k < EXPECTATIONS; k++)
			known = known || !strcmp(table[k].metric,
			                         rm_json_text(event, "metric"));
		if (known)
			continue;
		json_t *line = new_line(event, NULL);
		json_object_set_new(line, "reason",
		        json_string("no test loop has a known value for this "
		                    "metric"));
		json_array_append_new(verdicts, line);
	}
}

/*
 * Counts all test loops with one event set (the "counters" of a trial request)
 * and appends a verdict per metric and test loop to the array `verdicts`:
 *     {"metric", "event", "kernel", "per_step": 0.99 | null,
 *      "expected": [low, high] | null,
 *      "verdict": "proved" | "refuted" | "no value" | "not checked",
 *      "reason": null | "..."}
 * "not checked" means that no count is expected for the metric, or that these
 * CPUs cannot run the loop. The results go to `counted`. Returns 0; -errno
 * with an error if no session opens.
 */
static int prove_set(struct rm_prove *prove, const json_t *request,
        json_t *verdicts, json_t *counted, struct rm_error *error)
{
	struct rm_session_request session = { .request = request,
		.perf_ops = prove->perf_ops };

	for (int k = 0; k < RM_KERNELS; k++) {
		enum rm_kernel kernel = (enum rm_kernel)k;
		json_t *result = NULL;
		uint64_t steps = 0;
		int code = 0;

		if (kernel == RM_KERNEL_SHARED && prove->place.cores < 2) {
			judge_all(prove, kernel, request, 0, verdicts);
			continue;
		}
		code = rm_kernel_count(kernel, &prove->place, &session, &result,
		        &steps, error);
		if (code)
			return code;
		judge_all(prove, kernel, result, steps, verdicts);
		json_array_append_new(counted, result);
	}
	add_unchecked(request, verdicts);
	return 0;
}

/* True if the test loop proves a metric with the verdict "proved": its event
   must happen in the loop, so the lower bound is above 0. A low count proves
   nothing, since a dead counter has a low count, too. */
static bool is_conclusive(const json_t *line)
{
	const json_t *expected = json_object_get(line, "expected");

	return json_number_value(json_array_get(expected, 0)) > 0;
}

const char *rm_prove_verdict(
        const json_t *verdicts, const char *metric, const char **why)
{
	static const char *const rank[] = { "not checked", "proved", "no value",
		"refuted" };
	unsigned worst = 0;
	json_t *line;
	size_t i;

	*why = NULL;
	json_array_foreach (verdicts, i, line) {
		unsigned r = 0;

		if (strcmp(rm_json_text(line, "metric"), metric))
			continue;
		while (r < 3 && strcmp(rm_json_text(line, "verdict"), rank[r]))
			r++;
		if (r == 1 && !is_conclusive(line))
			r = 0;
		if (r >= worst && rm_json_text(line, "reason")[0])
			*why = rm_json_text(line, "reason");
		if (r > worst)
			worst = r;
	}
	return rank[worst];
}

static bool is_likwid(const struct rm_attempt *attempt)
{
	return !strcmp(attempt->backend, "likwid");
}

/* Stores the first reason. Later reasons follow from it. */
static void set_reason(struct rm_attempt *attempt, const char *reason)
{
	if (!attempt->reason[0])
		snprintf(
		        attempt->reason, sizeof(attempt->reason), "%s", reason);
}

/* Adds a note about unverified codes: generic events of an unknown CPU, and
   events that are in no list. */
static void note_unverified(struct rm_attempt *attempt,
        const struct rm_event_map *map, const struct rm_arch *arch)
{
	char *note = attempt->note;
	size_t i, size = sizeof(attempt->note), start;
	json_t *event;

	if (!arch->known)
		snprintf(note, size,
		        "%s is not in cpus.tsv: the kernel's generic events "
		        "are counted, and the kernel chooses their meaning on "
		        "this CPU",
		        arch->what);
	start = strlen(note);
	json_array_foreach (attempt->events, i, event) {
		const char *metric = rm_json_text(event, "metric");
		size_t used = strlen(note);

		if (rm_event_map_find(map, arch, metric, NULL)->unverified)
			snprintf(note + used, size - used, "%s%s",
			        used == start ? "unverified, in no list of the "
			                        "kernel or likwid: "
			                      : ", ",
			        metric);
	}
}

/* Finds the events of the CPU for the requested metrics. If this machine lacks
   support, the attempt fails. Only a mistake of the caller is an error. */
static int choose_events(struct rm_attempt *attempt, const char *metrics,
        unsigned cpu, struct rm_error *error)
{
	struct rm_event_map *map = NULL;
	struct rm_arch arch;
	struct rm_error why = { "" };

	if (rm_arch_detect(cpu, &arch, &why)) {
		set_reason(attempt, why.text);
		return 0;
	}
	snprintf(attempt->cpu, sizeof(attempt->cpu), "%s", arch.name);
	int code = rm_event_map_builtin(&map, error);
	if (!code)
		code = rm_event_set_choose(map, &arch, attempt->backend,
		        metrics, &attempt->events, &attempt->missing, error);
	if (!code)
		note_unverified(attempt, map, &arch);
	rm_event_map_free(map);
	if (!code && !json_array_size(attempt->events)) {
		char reason[200];

		snprintf(reason, sizeof(reason),
		        "%s: events.tsv names no event for this CPU, %s (%s)",
		        attempt->backend, arch.name, arch.what);
		set_reason(attempt, reason);
	}
	return code;
}

/* Distributes the events over passes, and makes a trial request for each.
   Called with all events for the proof, and again with the remaining events,
   which may need fewer passes. */
static void make_sets(struct rm_attempt *attempt)
{
	json_t *split = rm_event_set_split(attempt->events, rm_pmu_limit());
	json_t *events;
	size_t i;

	json_decref(attempt->sets);
	attempt->sets = json_array();
	json_array_foreach (split, i, events) {
		json_t *set = json_pack("{s:s, s:O}", "backend",
		        attempt->backend, "events", events);

		if (is_likwid(attempt))
			json_object_set_new(set, "socket",
			        json_string(rm_likwid_helper_socket(
			                attempt->helper)));
		else
			json_object_set_new(set, "user_only", json_true());
		json_array_append_new(attempt->sets, set);
	}
	json_decref(split);
}

/* Records that the metrics of a set have no value because the set could not be
   opened. */
static void mark_set_failed(
        struct rm_attempt *attempt, const json_t *set, const char *reason)
{
	json_t *event;
	size_t i;

	json_array_foreach (json_object_get(set, "events"), i, event) {
		json_array_append_new(attempt->verdicts,
		        json_pack("{s:O, s:O, s:n, s:n, s:n, s:s, s:s}",
		                "metric", json_object_get(event, "metric"),
		                "event", json_object_get(event, "event"),
		                "kernel", "per_step", "expected", "verdict",
		                "no value", "reason", reason));
	}
}

static void set_remedy(struct rm_attempt *attempt, int number)
{
	snprintf(attempt->remedy, sizeof(attempt->remedy), "%s",
	        rm_pmu_remedy(number));
}

static void prove_sets(
        struct rm_attempt *attempt, struct rm_prove *prove, json_t *counted)
{
	json_t *set;
	size_t i, opened = 0;
	int first = 0;
	char reason[512] = "";

	json_array_foreach (attempt->sets, i, set) {
		struct rm_error why = { "" };
		int code =
		        prove_set(prove, set, attempt->verdicts, counted, &why);

		if (code)
			mark_set_failed(attempt, set, why.text);
		else
			opened++;
		if (code && !first) {
			first = code;
			snprintf(reason, sizeof(reason), "%s", why.text);
		}
	}
	if (opened)
		return;
	json_array_clear(attempt->verdicts); /* all have the same reason */
	set_reason(attempt, reason);
	if (!is_likwid(attempt))
		set_remedy(attempt, -first);
}

/* Removes refuted metrics, since their counts would be wrong. */
static void remove_refuted(struct rm_attempt *attempt)
{
	json_t *kept = json_array(), *event;
	char reason[512] = "";
	unsigned proved = 0;
	size_t i;

	json_array_foreach (attempt->events, i, event) {
		const char *metric = rm_json_text(event, "metric");
		const char *why;
		const char *verdict =
		        rm_prove_verdict(attempt->verdicts, metric, &why);

		proved += !strcmp(verdict, "proved");
		if (!strcmp(verdict, "proved") ||
		        !strcmp(verdict, "not checked")) {
			json_array_append(kept, event);
			continue;
		}
		if (!reason[0])
			snprintf(reason, sizeof(reason), "%s: %s: %s",
			        attempt->backend, metric, why ? why : verdict);
		json_array_append_new(attempt->missing,
		        json_pack("{s:s, s:s}", "metric", metric, "reason",
		                why ? why : verdict));
	}
	json_decref(attempt->events);
	attempt->events = kept;
	attempt->proved = proved > 0;
	if (!proved && !is_likwid(attempt) && !rm_pmu_core_present())
		set_remedy(attempt, ENOENT);
	if (!proved)
		set_reason(attempt,
		        reason[0] ? reason
		                  : "no test loop could prove a metric");
}

static bool is_kept(const struct rm_attempt *attempt, const char *metric)
{
	json_t *event;
	size_t i;

	json_array_foreach (attempt->events, i, event) {
		if (!strcmp(rm_json_text(event, "metric"), metric))
			return true;
	}
	return false;
}

/* Removes refuted events from a result. Returns false if no event is left. */
static bool remove_refuted_events(
        const struct rm_attempt *attempt, json_t *result)
{
	json_t *kept = json_array(), *event;
	size_t i;

	json_array_foreach (json_object_get(result, "events"), i, event) {
		if (is_kept(attempt, rm_json_text(event, "metric")))
			json_array_append(kept, event);
	}
	json_object_set_new(result, "events", kept);
	return json_array_size(kept) > 0;
}

/* Writes the recording. Called after the proof, so that a replay contains no
   zeros of refuted events. */
static int record_proved(struct rm_prove *prove,
        const struct rm_attempt *attempt, const json_t *counted,
        struct rm_error *error)
{
	json_t *result;
	int code = 0;
	size_t i;

	if (!prove->recording || !attempt->proved)
		return 0;
	json_array_foreach (counted, i, result) {
		if (!code && remove_refuted_events(attempt, result))
			code = rm_replay_record(prove->recording, result,
			        prove->intervals++, prove->perf_ops != NULL,
			        error);
	}
	return code;
}

/* Runs the test loops with all sets, and keeps the metrics that were not
   refuted. */
static int prove_all(struct rm_attempt *attempt, struct rm_prove *prove,
        struct rm_error *error)
{
	json_t *counted = json_array();
	int code = 0;

	make_sets(attempt);
	prove_sets(attempt, prove, counted);
	if (!attempt->reason[0]) {
		remove_refuted(attempt);
		make_sets(attempt);
		code = record_proved(prove, attempt, counted, error);
	}
	json_decref(counted);
	return code;
}

/* Starts the helper if this CPU has events to count. The start takes a
   second. */
static void start_helper(struct rm_attempt *attempt)
{
	struct rm_error why = { "" };

	if (is_likwid(attempt) &&
	        rm_likwid_helper_start(&attempt->helper, attempt->remedy,
	                sizeof(attempt->remedy), &why))
		set_reason(attempt, why.text);
	else
		snprintf(attempt->access, sizeof(attempt->access), "%s",
		        is_likwid(attempt)
		                ? rm_likwid_helper_mode(attempt->helper)
		                : "perf");
}

/* Puts the release of liblikwid first: without it, no other remedy helps. */
static void add_release(struct rm_attempt *attempt, unsigned cpu)
{
	char others[200];
	struct rm_arch arch;

	if (rm_arch_detect(cpu, &arch, NULL) || !arch.known ||
	        !strcmp(arch.likwid, OLDEST_RELEASE))
		return;
	snprintf(others, sizeof(others), "%.199s",
	        attempt->remedy[0] ? attempt->remedy : "or use perf");
	if (arch.likwid[0])
		snprintf(attempt->remedy, sizeof(attempt->remedy),
		        "install liblikwid %s or newer for this CPU; %s",
		        arch.likwid, others);
	else
		snprintf(attempt->remedy, sizeof(attempt->remedy),
		        "liblikwid may not support this CPU; %s", others);
}

int rm_attempt_run(const char *backend, const char *metrics,
        struct rm_prove *prove, struct rm_attempt *attempt,
        struct rm_error *error)
{
	struct rm_error why = { "" };
	int code;

	memset(attempt, 0, sizeof(*attempt));
	attempt->backend = backend;
	attempt->verdicts = json_array();
	if (rm_kernel_place(prove->topology, &prove->place, &why))
		set_reason(attempt, why.text);
	code = choose_events(attempt, metrics, prove->place.cpus[0], error);
	if (code)
		return code;
	if (!attempt->reason[0])
		start_helper(attempt);
	if (!attempt->reason[0])
		code = prove_all(attempt, prove, error);
	if (is_likwid(attempt) && attempt->reason[0] &&
	        !json_array_size(attempt->verdicts))
		add_release(attempt, prove->place.cpus[0]);
	return code;
}

json_t *rm_attempt_json(const struct rm_attempt *attempt)
{
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:O}", "backend",
	        attempt->backend, "status",
	        attempt->proved ? "proved" : "not usable", "access",
	        attempt->access[0] ? attempt->access : NULL, "reason",
	        attempt->reason[0] ? attempt->reason : NULL, "remedy",
	        attempt->remedy[0] ? attempt->remedy : NULL, "note",
	        attempt->note[0] ? attempt->note : NULL, "verdicts",
	        attempt->verdicts);
}

void rm_attempt_free(struct rm_attempt *attempt)
{
	json_decref(attempt->events);
	json_decref(attempt->missing);
	json_decref(attempt->verdicts);
	json_decref(attempt->sets);
	rm_likwid_helper_stop(attempt->helper);
	memset(attempt, 0, sizeof(*attempt));
}
