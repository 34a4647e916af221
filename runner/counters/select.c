/* SPDX-License-Identifier: Apache-2.0 */
/* select.c - selects a back end, depending on --counters and on the proofs. */
#include "runner/base/host.h"
#include "runner/base/json.h"
#include "runner/counters/events.h"
#include "runner/counters/prove.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rm_counters_choice {
	struct rm_attempt attempt; /* zero if no back end was tried */
};

/* The parts of the option, such as "perf" and "cycles,l1d_fill". */
struct wish {
	char backend[16];
	const char *rest;   /* text after the colon, or NULL */
	const char *groups; /* text after "group=", or NULL; excludes rest */
	const struct rm_topology *topology;
};

/* Splits the option. The text after the colon lists metrics for back ends that
   count, and is the required file for replay. Other back ends accept no text.
   Names are truncated to 15 bytes, which is more than any valid name. */
static int parse_wish(
        const char *text, struct wish *wish, struct rm_error *error)
{
	static const char *const known[] = { "auto", "likwid", "perf", "sim",
		"none", "replay" };
	size_t n = strcspn(text, ":");

	wish->rest = text[n] ? text + n + 1 : NULL;
	snprintf(wish->backend, sizeof(wish->backend), "%.*s",
	        (int)(n < 15 ? n : 15), text);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		bool replay = !strcmp(known[i], "replay");

		if (strcmp(known[i], wish->backend))
			continue;
		if (replay && (!wish->rest || !wish->rest[0]))
			break;
		if ((!strcmp(known[i], "none") || !strcmp(known[i], "sim")) &&
		        wish->rest)
			break;
		if (wish->rest && !strncmp(text, "likwid:group=", 13)) {
			wish->groups = text + 13;
			wish->rest = NULL;
		}
		return 0;
	}
	return rm_error_set(error, -EINVAL,
	        "counters \"%s\": expected auto, likwid, perf, sim, none or "
	        "replay:FILE; metrics may follow: perf:cycles,l1d_fill, or "
	        "groups: likwid:group=L2,L3",
	        text);
}

static json_t *make_empty_choice(const char *backend, const char *reason)
{
	return json_pack("{s:s, s:n, s:n, s:s?, s:[], s:[], s:[], s:[]}",
	        "backend", backend, "access", "cpu", "reason", reason, "tried",
	        "events", "missing", "sets");
}

static int choose_replay(
        const char *file, json_t **chosen, struct rm_error *error)
{
	json_t *lines = NULL, *sets = json_array();
	struct rm_error why = { "" };
	int intervals = rm_replay_load(file, &lines, &why);
	/* absolute, since a trial may run in another folder */
	char *path = intervals < 0 ? NULL : realpath(file, NULL);

	if (!path) {
		json_decref(lines);
		json_decref(sets);
		return rm_error_set(error, -EINVAL,
		        "--counters replay: %s; `readmostly env counters "
		        "--record FILE` makes a recording",
		        why.text[0] ? why.text : strerror(errno));
	}
	for (int i = 0; i < intervals; i++)
		json_array_append_new(
		        sets, json_pack("{s:s, s:s, s:i}", "backend", "replay",
		                      "file", path, "interval", i));
	*chosen = make_empty_choice(
	        "replay", "replayed counts, not of this machine");
	json_object_set(*chosen, "cpu",
	        json_object_get(json_array_get(lines, 0), "cpu"));
	json_object_set_new(*chosen, "sets", sets);
	json_decref(lines);
	free(path);
	return 0;
}

/* Appends "REASON; remedy: ..." to a text. Its buffer is large enough. */
static void add_reason(
        char *text, size_t size, const struct rm_attempt *attempt)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s%s%s%s", used ? "; " : "",
	        attempt->reason, attempt->remedy[0] ? "; remedy: " : "",
	        attempt->remedy);
}

static void copy_attempt(const struct rm_attempt *attempt, json_t *chosen)
{
	json_object_set_new(chosen, "backend", json_string(attempt->backend));
	json_object_set_new(chosen, "access", json_string(attempt->access));
	json_object_set(chosen, "events", attempt->events);
	json_object_set(chosen, "missing", attempt->missing);
	json_object_set(chosen, "sets", attempt->sets);
}

/* Counts one test loop with the group. If that fails, the campaign does not
   begin, because formulas would use 0 for a missing count. */
static int add_group(const struct rm_attempt *attempt, const char *group,
        const struct rm_kernel_place *place, struct rm_error *error)
{
	json_t *result = NULL, *event;
	json_t *set = json_pack("{s:s, s:s, s:s}", "backend", "likwid",
	        "socket", rm_likwid_helper_socket(attempt->helper), "group",
	        group);
	struct rm_session_request session = { .request = set };
	struct rm_error why = { "" };
	uint64_t steps = 0;
	size_t i;
	int code = rm_kernel_count(
	        RM_KERNEL_HALF, place, &session, &result, &steps, &why);

	json_array_append_new(attempt->sets, set);
	if (code)
		rm_error_set(error, code,
		        "group %s: %s: `likwid-perfctr -a` lists the groups of "
		        "this CPU",
		        group, why.text);
	json_array_foreach (json_object_get(result, "events"), i, event) {
		if (!json_is_number(json_object_get(event, "total")))
			code = rm_error_set(error, -EINVAL,
			        "likwid: group %s: %s: %s", group,
			        rm_json_text(event, "event"),
			        rm_json_text(event, "reason"));
	}
	json_decref(result);
	return code ? -EINVAL : 0;
}

/* Replaces the event sets of a proved attempt by groups. Each group is a
   set. */
static int use_groups(struct rm_attempt *attempt, const char *groups,
        const struct rm_kernel_place *place, struct rm_error *error)
{
	char *copy = strdup(groups), *rest = NULL;
	int code = copy ? 0 : rm_error_set(error, -ENOMEM, "out of memory");

	json_array_clear(attempt->events);
	json_array_clear(attempt->sets);
	for (char *name = code ? NULL : strtok_r(copy, ",", &rest);
	        name && !code; name = strtok_r(NULL, ",", &rest))
		code = add_group(attempt, name, place, error);
	if (!code && !json_array_size(attempt->sets))
		code = rm_error_set(error, -EINVAL,
		        "counters \"likwid:group=%s\": expected names", groups);
	free(copy);
	return code;
}

/* Order of preference. likwid has more events and correct codes. */
static const char *const order[] = { "likwid", "perf" };

enum { ORDER = sizeof(order) / sizeof(*order) };

/* Tries the back ends in order of preference, until one works. Keeps that
   attempt, since its helper must run until the last trial. */
static int try_all(const struct wish *wish, struct rm_counters_choice *choice,
        json_t *chosen, char *reasons, size_t size, struct rm_error *error)
{
	bool is_auto = !strcmp(wish->backend, "auto");

	for (size_t i = 0; i < ORDER; i++) {
		struct rm_attempt *attempt = &choice->attempt;
		struct rm_prove prove = { .topology = wish->topology };

		if (!is_auto && strcmp(order[i], wish->backend))
			continue;
		int code = rm_attempt_run(
		        order[i], wish->rest, &prove, attempt, error);
		if (!code && attempt->proved && wish->groups)
			code = use_groups(
			        attempt, wish->groups, &prove.place, error);
		if (!code) {
			json_array_append_new(json_object_get(chosen, "tried"),
			        rm_attempt_json(attempt));
			if (attempt->cpu[0])
				json_object_set_new(chosen, "cpu",
				        json_string(attempt->cpu));
			if (attempt->proved) {
				copy_attempt(attempt, chosen);
				return 0;
			}
			add_reason(reasons, size, attempt);
		}
		rm_attempt_free(attempt);
		if (code)
			return code;
	}
	if (is_auto)
		return 0;
	return rm_error_set(error, -ENOTSUP, "%s", reasons);
}

static int select_counting(const struct wish *wish,
        struct rm_counters_choice *choice, json_t **chosen,
        struct rm_error *error)
{
	char reasons[1700] = "";
	json_t *made = make_empty_choice("none", NULL);
	int code = try_all(wish, choice, made, reasons, sizeof(reasons), error);

	if (code) {
		json_decref(made);
		return code;
	}
	if (reasons[0])
		json_object_set_new(made, "reason", json_string(reasons));
	if (rm_host_root()[0])
		json_object_set_new(
		        made, "faked_root", json_string(rm_host_root()));
	*chosen = made;
	return 0;
}

int rm_counters_select(const char *wish, const struct rm_topology *topology,
        struct rm_counters_choice **choice, json_t **chosen,
        struct rm_error *error)
{
	struct rm_counters_choice *made = calloc(1, sizeof(*made));
	struct wish cut = { .topology = topology };
	int code;

	*chosen = NULL;
	*choice = NULL;
	if (!made)
		return rm_error_set(error, -ENOMEM, "out of memory");
	code = parse_wish(wish, &cut, error);
	if (!code && !strcmp(cut.backend, "none"))
		*chosen = make_empty_choice(
		        "none", "--counters none was given: drop it");
	else if (!code && !strcmp(cut.backend, "sim"))
		*chosen = make_empty_choice("none",
		        "--counters sim counts only cells with measure = "
		        "simulated:MODEL");
	else if (!code && !strcmp(cut.backend, "replay"))
		code = choose_replay(cut.rest, chosen, error);
	else if (!code)
		code = select_counting(&cut, made, chosen, error);
	if (code)
		rm_counters_release(made);
	else
		*choice = made;
	return code;
}

int rm_counters_mark(struct rm_counters_choice **choice, json_t **request,
        struct rm_error *error)
{
	struct rm_counters_choice *made = calloc(1, sizeof(*made));
	char remedy[200];
	int code;

	if (!made)
		return rm_error_set(error, -ENOMEM, "out of memory");
	code = rm_likwid_helper_start(
	        &made->attempt.helper, remedy, sizeof(remedy), error);
	if (code) {
		rm_counters_release(made);
		return code;
	}
	*choice = made;
	*request = json_pack("{s:s, s:s, s:b}", "backend", "likwid", "socket",
	        rm_likwid_helper_socket(made->attempt.helper), "marker", 1);
	return 0;
}

/* Returns the number of metrics of the event map that this CPU offers. */
static size_t count_offered(
        const struct rm_event_map *map, const struct rm_arch *arch)
{
	size_t n = 0;

	for (size_t i = 0; i < rm_event_map_size(map); i++) {
		const struct rm_counter_event *event = rm_event_map_at(map, i);

		n += rm_event_map_find(map, arch, event->metric, NULL) == event;
	}
	return n;
}

bool rm_counters_describe_cpu(unsigned cpu, char *text, size_t size)
{
	struct rm_event_map *map = NULL;
	struct rm_error why = { "" };
	struct rm_arch arch;

	if (rm_arch_detect(cpu, &arch, &why) ||
	        rm_event_map_builtin(&map, &why)) {
		snprintf(text, size, "the CPU is not recognised: %s", why.text);
		return false;
	}
	if (arch.known)
		snprintf(text, size,
		        "%s (%s): %zu metrics have an event; liblikwid %s%s",
		        arch.title, arch.what, count_offered(map, &arch),
		        arch.likwid[0] ? "supports it from release "
		                       : "may not support it",
		        arch.likwid);
	else
		snprintf(text, size,
		        "%s is not in the table of CPUs: only the kernel's %zu "
		        "generic events are counted",
		        arch.what, count_offered(map, &arch));
	rm_event_map_free(map);
	return arch.known;
}

size_t rm_counters_set_count(const json_t *chosen)
{
	return json_array_size(json_object_get(chosen, "sets"));
}

json_t *rm_counters_request(const json_t *chosen, unsigned trial)
{
	const json_t *sets = json_object_get(chosen, "sets");
	size_t n = json_array_size(sets);

	if (!n)
		return json_pack("{s:s}", "backend", "none");
	return json_deep_copy(json_array_get(sets, trial % n));
}

void rm_counters_release(struct rm_counters_choice *choice)
{
	if (!choice)
		return;
	rm_attempt_free(&choice->attempt);
	free(choice);
}

/* Tries one back end, and adds the result to the survey. */
static int survey_backend(const char *backend, const char *metrics,
        struct rm_prove *prove, json_t *survey, struct rm_error *error)
{
	struct rm_attempt attempt;
	int code = rm_attempt_run(backend, metrics, prove, &attempt, error);

	if (!code) {
		json_t *made = rm_attempt_json(&attempt);

		json_object_set_new(made, "missing",
		        attempt.missing ? json_incref(attempt.missing)
		                        : json_array());
		json_array_append_new(
		        json_object_get(survey, "backends"), made);
		if (attempt.cpu[0])
			json_object_set_new(
			        survey, "cpu", json_string(attempt.cpu));
		/* "auto" selects the first back end that works */
		if (attempt.proved &&
		        !strcmp(rm_json_text(survey, "auto"), "none"))
			json_object_set_new(
			        survey, "auto", json_string(backend));
	}
	rm_attempt_free(&attempt);
	return code;
}

int rm_counters_survey(const char *metrics, const struct rm_topology *topology,
        FILE *recording, unsigned *recorded, json_t **survey,
        struct rm_error *error)
{
	struct rm_prove prove = { .topology = topology,
		.recording = recording };
	int code = 0;

	*survey = json_pack(
	        "{s:n, s:s, s:[]}", "cpu", "auto", "none", "backends");
	if (rm_host_root()[0])
		json_object_set_new(
		        *survey, "faked_root", json_string(rm_host_root()));
	for (int i = 0; i < ORDER && !code; i++)
		code = survey_backend(
		        order[i], metrics, &prove, *survey, error);
	*recorded = prove.intervals;
	if (code) {
		json_decref(*survey);
		*survey = NULL;
	}
	return code;
}
