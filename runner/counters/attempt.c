/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/attempt.h"
#include "runner/counters/event_set.h"
#include "runner/counters/pmu.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static bool is_likwid(const struct rm_attempt *attempt)
{
	return !strcmp(attempt->backend, "likwid");
}

/* Keeps the first reason: the cause. */
static void refuse(struct rm_attempt *attempt, const char *reason)
{
	if (!attempt->reason[0])
		snprintf(
		        attempt->reason, sizeof(attempt->reason), "%s", reason);
}

static int choose(struct rm_attempt *attempt, const char *metrics, unsigned cpu,
        struct rm_error *error)
{
	struct rm_event_map *map = NULL;
	struct rm_arch arch;
	struct rm_error why = { "" };

	if (rm_arch_detect(cpu, &arch, &why)) {
		refuse(attempt, why.text);
		return 0;
	}
	snprintf(attempt->cpu, sizeof(attempt->cpu), "%s", arch.name);
	int code = rm_event_map_builtin(&map, error);
	if (!code)
		code = rm_event_set_choose(map, &arch, attempt->backend,
		        metrics, &attempt->events, &attempt->missing, error);
	rm_event_map_free(map);
	if (!code && !json_array_size(attempt->events)) {
		char reason[200];

		snprintf(reason, sizeof(reason),
		        "%s: events.tsv names no event for this CPU, %s (%s)",
		        attempt->backend, arch.name, arch.what);
		refuse(attempt, reason);
	}
	return code;
}

/* The passes as trial requests. */
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

/* A set that cannot be opened: its metrics have no value, with its reason. */
static void give_up_set(
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

static void prove_sets(struct rm_attempt *attempt, struct rm_prove *prove)
{
	json_t *set;
	size_t i, opened = 0;
	int first = 0;
	char reason[512] = "";

	json_array_foreach (attempt->sets, i, set) {
		struct rm_error why = { "" };
		int code = rm_prove_set(prove, set, attempt->verdicts, &why);

		if (code)
			give_up_set(attempt, set, why.text);
		else
			opened++;
		if (code && !first) {
			first = code;
			snprintf(reason, sizeof(reason), "%s", why.text);
		}
	}
	if (opened)
		return;
	json_array_clear(attempt->verdicts); /* one reason says it all */
	refuse(attempt, reason);
	if (!is_likwid(attempt))
		set_remedy(attempt, -first);
}

/* What was refuted is not counted again: it would be a wrong number. */
static void keep_good(struct rm_attempt *attempt)
{
	json_t *kept = json_array(), *event;
	char reason[512] = "";
	unsigned proved = 0;
	size_t i;

	json_array_foreach (attempt->events, i, event) {
		const char *metric =
		        json_string_value(json_object_get(event, "metric"));
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
		refuse(attempt,
		        reason[0] ? reason : "no kernel could prove a metric");
}

static void start_helper(struct rm_attempt *attempt)
{
	struct rm_error why = { "" };

	if (is_likwid(attempt) &&
	        rm_likwid_helper_start(&attempt->helper, attempt->remedy,
	                sizeof(attempt->remedy), &why))
		refuse(attempt, why.text);
}

int rm_attempt_make(const char *backend, const char *metrics,
        struct rm_prove *prove, struct rm_attempt *attempt,
        struct rm_error *error)
{
	struct rm_error why = { "" };
	int code;

	memset(attempt, 0, sizeof(*attempt));
	attempt->backend = backend;
	attempt->verdicts = json_array();
	if (rm_kernel_place(&prove->place, &why))
		refuse(attempt, why.text);
	code = choose(attempt, metrics, prove->place.cpus[0], error);
	if (code)
		return code;
	if (!attempt->reason[0])
		start_helper(attempt);
	if (attempt->reason[0])
		return 0;
	make_sets(attempt);
	prove_sets(attempt, prove);
	if (attempt->reason[0])
		return 0;
	keep_good(attempt);
	make_sets(attempt);
	return 0;
}

json_t *rm_attempt_json(const struct rm_attempt *attempt)
{
	return json_pack("{s:s, s:s, s:s?, s:s?, s:O}", "backend",
	        attempt->backend, "status",
	        attempt->proved ? "proved" : "not usable", "reason",
	        attempt->reason[0] ? attempt->reason : NULL, "remedy",
	        attempt->remedy[0] ? attempt->remedy : NULL, "verdicts",
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
