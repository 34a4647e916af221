/* SPDX-License-Identifier: Apache-2.0 */
/* event_set.c - chooses the events of a campaign, and distributes them over
   passes. */
#include "runner/base/json.h"
#include "runner/base/nearest.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALTERNATIVES = 4, METRICS_BYTES = 380 };

/* The default metrics, most important first. Each row uses the first metric
   that the CPU offers, because AMD and Arm count fills where Intel counts
   loads. */
static const char *const usual_metrics[][ALTERNATIVES] = {
	{ "cycles" },
	{ "instructions" },
	{ "l1d_load", "dc_load", "l1d_access" },
	{ "l1d_load_miss", "l1d_fill_demand", "l1d_miss_alloc" },
	{ "l1d_fill" },
	{ "snoop_hitm", "l1d_fill_ccx", "l1d_inval" },
	{ "l2_load_miss", "l2_miss", "l2_fill", "l2_req" },
	{ "llc_load_miss", "llc_miss", "l1d_fill_dram" },
	{ "dtlb_load_walk", "dtlb_walk", "dtlb_miss" },
	{ "branch_miss" },
	{ "remote_hitm", "l1d_fill_xccx", "remote_access" },
};

enum { USUAL = sizeof(usual_metrics) / sizeof(usual_metrics[0]) };

static void add_missing(json_t *missing, const char *metric, const char *reason)
{
	json_array_append_new(missing,
	        json_pack("{s:s, s:s}", "metric", metric, "reason", reason));
}

/* Returns the PMU of an event. On a hybrid processor, a raw code is valid for
   one kind of core. The event names the PMU of that kind, so that threads on
   other cores are rejected. */
static const char *select_pmu(
        const struct rm_counter_event *event, const struct rm_arch *arch)
{
	return arch->pmu[0] && !strcmp(event->perf_pmu, "raw")
	               ? arch->pmu
	               : event->perf_pmu;
}

/* Chooses the event's name in legends: likwid's name, or the kernel's name if
   there is exactly one, or the code. A code that is in no list is marked as
   unverified. */
static void name_event(const struct rm_counter_event *event, const char *pmu,
        const char *config, char *name, size_t size)
{
	bool has_one_name = event->perf_event && !event->unverified &&
	                    !strpbrk(event->perf_event, "+|");

	if (event->likwid_event)
		snprintf(name, size, "%s", event->likwid_event);
	else if (has_one_name)
		snprintf(name, size, "%s", event->perf_event);
	else
		snprintf(name, size, "%.40s/%s/%s", pmu, config,
		        event->unverified ? " (unverified)" : "");
}

static json_t *perf_event(
        const struct rm_counter_event *event, const struct rm_arch *arch)
{
	const char *pmu = select_pmu(event, arch);
	char config[32], name[120];

	snprintf(config, sizeof(config), "0x%llx",
	        (unsigned long long)event->perf_config);
	name_event(event, pmu, config, name, sizeof(name));
	return json_pack("{s:s, s:s, s:s, s:s}", "metric", event->metric,
	        "event", name, "pmu", pmu, "config", config);
}

/* Returns the event for a trial request. If the back end does not have the
   event, returns NULL with the reason. */
static json_t *make_request(const struct rm_counter_event *event,
        const struct rm_arch *arch, bool likwid, struct rm_error *why)
{
	if (likwid && !event->likwid_event)
		rm_error_set(why, -ENOENT, "likwid has no event for %s on %s",
		        event->metric, arch->name);
	else if (likwid && !strcmp(event->likwid_counter, "CPMC"))
		rm_error_set(why, -ENOENT,
		        "%s counts a group of cores, not a CPU", event->metric);
	else if (!likwid && !event->perf_pmu)
		rm_error_set(why, -ENOENT, "perf has no event for %s on %s",
		        event->metric, arch->name);
	else if (!likwid && !rm_pmu_is_per_thread(event->perf_pmu))
		rm_error_set(why, -ENOENT,
		        "%s needs PMU %s, which cannot count a thread",
		        event->metric, event->perf_pmu);
	else if (likwid)
		return json_pack("{s:s, s:s, s:s}", "metric", event->metric,
		        "event", event->likwid_event, "counter",
		        event->likwid_counter);
	else
		return perf_event(event, arch);
	return NULL;
}

/* Adds the first metric that the CPU offers. If it offers none, adds the
   reason. */
static void add_first(const struct rm_event_map *map,
        const struct rm_arch *arch, bool likwid, const char *const *metrics,
        json_t *events, json_t *missing)
{
	struct rm_error why = { "" };

	for (unsigned i = 0; i < ALTERNATIVES && metrics[i]; i++) {
		const struct rm_counter_event *event =
		        rm_event_map_find(map, arch, metrics[i], &why);
		json_t *made =
		        event ? make_request(event, arch, likwid, &why) : NULL;

		if (made) {
			json_array_append_new(events, made);
			return;
		}
	}
	add_missing(missing, metrics[0], why.text);
}

static bool map_has(const struct rm_event_map *map, const char *metric)
{
	for (size_t i = 0; i < rm_event_map_size(map); i++)
		if (!strcmp(rm_event_map_at(map, i)->metric, metric))
			return true;
	return false;
}

/* Rejects a metric. Suggests a similar one and lists the metrics that this CPU
   counts. */
static int refuse_metric(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *metric, struct rm_error *error)
{
	struct rm_nearest nearest = { .word = metric };
	char list[METRICS_BYTES] = "";
	size_t used = 0;

	for (size_t i = 0; i < rm_event_map_size(map); i++) {
		const char *name = rm_event_map_at(map, i)->metric;
		char word[RM_NEAREST_BYTES_MAX + 3];

		rm_nearest_offer(&nearest, name);
		snprintf(word, sizeof(word), " %s,", name);
		if (strstr(list, word) || used + strlen(word) >= sizeof(list) ||
		        !rm_event_map_find(map, arch, name, NULL))
			continue;
		used += strlen(strcpy(list + used, word));
	}
	list[used ? used - 1 : 0] = '\0';
	return rm_error_set(error, -EINVAL,
	        "no metric \"%s\"%s, expected metrics that this CPU counts:%s",
	        metric, rm_nearest_hint(&nearest), list);
}

/* Adds the metrics from the command line. A metric that no CPU has is an error.
   A metric that only this CPU lacks is added to `missing`. */
static int add_named(const struct rm_event_map *map, const struct rm_arch *arch,
        bool likwid, const char *metrics, json_t *events, json_t *missing,
        struct rm_error *error)
{
	char *copy = strdup(metrics);
	int code = copy ? 0 : rm_error_set(error, -ENOMEM, "out of memory");

	for (char *next = copy; next && !code;) {
		const char *has_one_name[ALTERNATIVES] = { strsep(&next, ",") };

		if (!map_has(map, has_one_name[0]))
			code = refuse_metric(map, arch, has_one_name[0], error);
		else
			add_first(map, arch, likwid, has_one_name, events,
			        missing);
	}
	free(copy);
	return code;
}

int rm_event_set_choose(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *backend, const char *metrics,
        json_t **events, json_t **missing, struct rm_error *error)
{
	bool likwid = !strcmp(backend, "likwid");
	int code = 0;

	*events = json_array();
	*missing = json_array();
	if (metrics)
		code = add_named(
		        map, arch, likwid, metrics, *events, *missing, error);
	else
		for (unsigned i = 0; i < USUAL; i++)
			add_first(map, arch, likwid, usual_metrics[i], *events,
			        *missing);
	if (code) {
		json_decref(*events);
		json_decref(*missing);
		*events = *missing = NULL;
	}
	return code;
}

static bool is_core(const json_t *event)
{
	const char *pmu = rm_json_text(event, "pmu");

	return !pmu[0] || rm_pmu_is_core(pmu); /* likwid: always core */
}

static bool uses_counter(const json_t *set, const char *counter)
{
	size_t i;
	json_t *event;

	json_array_foreach (set, i, event) {
		if (!strcmp(rm_json_text(event, "counter"), counter))
			return true;
	}
	return false;
}

/* True if the set is below its limit and has a free counter for the event. */
static bool set_has_space(
        const json_t *set, const json_t *event, unsigned limit)
{
	const char *counter = rm_json_text(event, "counter");
	unsigned core = 0;
	size_t i;
	json_t *other;

	json_array_foreach (set, i, other) {
		core += is_core(other);
	}
	if (!is_core(event))
		return true;
	if (core >= limit)
		return false;
	return !counter[0] || !strcmp(counter, "PMC") ||
	       !uses_counter(set, counter);
}

static void number_counters(json_t *set)
{
	unsigned next = 0;
	size_t i;
	json_t *event;

	json_array_foreach (set, i, event) {
		char counter[16];

		if (strcmp(rm_json_text(event, "counter"), "PMC"))
			continue;
		do
			snprintf(counter, sizeof(counter), "PMC%u", next++);
		while (uses_counter(set, counter));
		json_object_set_new(event, "counter", json_string(counter));
	}
}

json_t *rm_event_set_split(const json_t *events, unsigned limit)
{
	json_t *sets = json_array(), *set = NULL, *event;
	size_t i, k;

	json_array_foreach (events, i, event) {
		if (!set || !set_has_space(set, event, limit)) {
			set = json_array();
			json_array_append_new(sets, set);
		}
		json_array_append_new(set, json_deep_copy(event));
	}
	json_array_foreach (sets, k, set) {
		number_counters(set);
	}
	return sets;
}
