/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf.c - perf_event_open: one group per worker, for that thread only.
 *
 * A group is on the PMU as a whole or not at all, so ratios inside it are
 * consistent. Values and clocks are differences: resetting a group would
 * reset the values but not the clocks.
 */
#include "runner/counters/perf.h"
#include "runner/counters/arch.h"
#include "runner/counters/backend.h"
#include "runner/counters/perf_group.h"
#include "runner/counters/pmu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct perf {
	struct rm_perf_plan plan;
	struct rm_perf_group **groups; /* one per worker; NULL = not attached */
	unsigned *cpus;                /* NULL = unbound */
	unsigned threads;
	char cpu[32];
};

static int take_event(struct rm_perf_plan *plan, const json_t *entry, size_t i,
        struct rm_error *error)
{
	struct rm_perf_event *event = &plan->events[i];
	const json_t *config = json_object_get(entry, "config");
	const char *hex = json_string_value(config);
	const char *metric = rm_request_text(entry, i, "metric", error);
	const char *name = rm_request_text(entry, i, "event", error);
	const char *pmu = rm_request_text(entry, i, "pmu", error);
	char *end = NULL;

	if (!metric || !name || !pmu)
		return -EINVAL;
	errno = 0;
	event->config = hex ? strtoull(hex, &end, 16)
	                    : (uint64_t)json_integer_value(config);
	if ((hex && (strncmp(hex, "0x", 2) || end == hex + 2 || *end ||
	                    errno)) ||
	        (!hex && !json_is_integer(config)))
		return rm_error_set(error, -EINVAL,
		        "counters: events[%zu] has no config, expected a "
		        "number or \"0x...\"",
		        i);
	snprintf(event->metric, sizeof(event->metric), "%s", metric);
	snprintf(event->name, sizeof(event->name), "%s", name);
	snprintf(event->pmu, sizeof(event->pmu), "%s", pmu);
	return 0;
}

static int take_events(struct rm_perf_plan *plan, const json_t *request,
        struct rm_error *error)
{
	const json_t *events = json_object_get(request, "events");
	const json_t *user = json_object_get(request, "user_only");
	size_t n = json_array_size(events);

	if (!n || n > RM_PERF_EVENTS)
		return rm_error_set(error, -EINVAL,
		        "counters: %zu events, expected 1 to %d", n,
		        RM_PERF_EVENTS);
	plan->user_only = user ? json_is_true(user) : true;
	plan->size = (unsigned)n;
	for (size_t i = 0; i < n; i++) {
		const json_t *entry = json_array_get(events, i);
		int code = take_event(plan, entry, i, error);

		if (code)
			return code;
	}
	return 0;
}

/* Opens and closes the group here, so that "cannot work" is said at once. */
static int try_here(const struct perf *perf, struct rm_error *error)
{
	struct rm_perf_group *group = NULL;
	int cpu = perf->cpus ? (int)perf->cpus[0] : -1;
	int code = rm_perf_group_open(&perf->plan, cpu, &group);

	if (code && group) {
		const struct rm_reading *first = rm_perf_group_readings(group);

		rm_error_set(error, code, "perf: %s: %s",
		        perf->plan.events[0].metric, first->reason);
	} else if (code) {
		rm_error_set(error, code, "perf: out of memory");
	}
	rm_perf_group_close(group);
	return code;
}

static void close_perf(void *state)
{
	struct perf *perf = state;

	for (unsigned i = 0; perf->groups && i < perf->threads; i++)
		rm_perf_group_close(perf->groups[i]);
	free(perf->groups);
	free(perf->cpus);
	free(perf);
}

static int open_perf(const struct rm_session_request *request, void **state,
        struct rm_error *error)
{
	struct perf *perf = calloc(1, sizeof(*perf));
	struct rm_arch arch = { .name = "unknown" };
	int code = -ENOMEM;

	if (!perf)
		return rm_error_set(error, -ENOMEM, "out of memory");
	perf->threads = request->threads;
	perf->plan.ops =
	        request->perf_ops ? request->perf_ops : &rm_perf_kernel;
	perf->groups = calloc(request->threads, sizeof(*perf->groups));
	if (request->cpus)
		perf->cpus = calloc(request->threads, sizeof(*perf->cpus));
	if (!perf->groups || (request->cpus && !perf->cpus)) {
		rm_error_set(error, -ENOMEM, "out of memory");
		goto out;
	}
	if (request->cpus)
		memcpy(perf->cpus, request->cpus,
		        request->threads * sizeof(*perf->cpus));
	rm_arch_detect(perf->cpus ? perf->cpus[0] : 0, &arch, NULL);
	snprintf(perf->cpu, sizeof(perf->cpu), "%s",
	        arch.name ? arch.name : "unknown");
	code = take_events(&perf->plan, request->request, error);
	if (!code)
		code = try_here(perf, error);
out:
	if (code) {
		close_perf(perf);
		return code;
	}
	*state = perf;
	return 0;
}

static int attach_perf(void *state, unsigned slot)
{
	struct perf *perf = state;
	int cpu = perf->cpus ? (int)perf->cpus[slot] : -1;
	int code = rm_perf_group_open(&perf->plan, cpu, &perf->groups[slot]);

	if (code)
		return code;
	/* Twice: the first interval pays for cold caches. */
	for (int i = 0; i < 2; i++) {
		rm_perf_group_enable(perf->groups[slot]);
		rm_perf_group_disable(perf->groups[slot]);
	}
	rm_perf_group_keep_empty(perf->groups[slot]);
	return 0;
}

static void enable_perf(void *state, unsigned slot)
{
	struct perf *perf = state;

	rm_perf_group_enable(perf->groups[slot]);
}

static void disable_perf(void *state, unsigned slot)
{
	struct perf *perf = state;

	rm_perf_group_disable(perf->groups[slot]);
}

/* The readings of event `i`, of all workers. */
static void gather(const struct perf *perf, unsigned i, bool empty,
        struct rm_reading *readings)
{
	for (unsigned slot = 0; slot < perf->threads; slot++) {
		const struct rm_perf_group *group = perf->groups[slot];

		if (!group)
			readings[slot] = rm_reading_invalid(
			        "worker %u did not attach", slot);
		else
			readings[slot] =
			        empty ? rm_perf_group_empty(group)[i]
			              : rm_perf_group_readings(group)[i];
	}
}

static void result_perf(const void *state, json_t *result)
{
	const struct perf *perf = state;
	json_t *events = json_object_get(result, "events");
	json_t *empty = json_object_get(result, "empty");
	struct rm_reading *readings = calloc(perf->threads, sizeof(*readings));

	json_object_set_new(result, "cpu", json_string(perf->cpu));
	json_object_set_new(result, "scope",
	        json_string(
	                perf->plan.user_only ? "thread, user mode" : "thread"));
	for (unsigned i = 0; readings && i < perf->plan.size; i++) {
		const struct rm_perf_event *event = &perf->plan.events[i];
		char code[64];
		struct rm_event_name name = { event->metric, event->name,
			code };

		snprintf(code, sizeof(code), "%s 0x%llx", event->pmu,
		        (unsigned long long)event->config);
		gather(perf, i, false, readings);
		json_array_append_new(events,
		        rm_reading_event(&name, readings, perf->threads, true));
		gather(perf, i, true, readings);
		json_array_append_new(empty, rm_reading_empty(event->metric,
		                                     readings, perf->threads));
	}
	free(readings);
}

const struct rm_backend rm_backend_perf = {
	.name = "perf",
	.open = open_perf,
	.attach = attach_perf,
	.enable = enable_perf,
	.disable = disable_perf,
	.result = result_perf,
	.close = close_perf,
};
