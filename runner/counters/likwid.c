/* SPDX-License-Identifier: Apache-2.0 */
/*
 * likwid.c - counts events of CPUs with the helper process.
 *
 * likwid counts all processes that run on a CPU, in user mode. No event has the
 * option KERNEL, since perf.c excludes the kernel, too. Each CPU is counted
 * once, so threads on the same CPU have only a common count.
 */
#include "runner/counters/likwid.h"
#include "runner/base/clock.h"
#include "runner/counters/events.h"
#include "runner/counters/likwid_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int send_command(struct rm_likwid_session *l, const char *command,
        struct rm_error *error)
{
	return rm_likwid_send_command(l->socket, command, l->answer, error);
}

/* Collects the different CPUs in order of first use. STOP returns values in
   this order. Threads on the same CPU share its count. */
static int read_cpus(struct rm_likwid_session *l,
        const struct rm_session_request *request, struct rm_error *error)
{
	if (!request->cpus)
		return rm_error_set(error, -EINVAL,
		        "likwid counts CPUs: the threads must be bound");
	l->cpu = calloc(l->threads, sizeof(*l->cpu));
	l->cpu_of = calloc(l->threads, sizeof(*l->cpu_of));
	l->sharing = calloc(l->threads, sizeof(*l->sharing));
	if (!l->cpu || !l->cpu_of || !l->sharing)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (unsigned i = 0; i < l->threads; i++) {
		unsigned k = 0;

		while (k < l->cpus && l->cpu[k] != request->cpus[i])
			k++;
		if (k == RM_WIRE_CPUS)
			return rm_error_set(error, -E2BIG,
			        "likwid: more than %d CPUs", RM_WIRE_CPUS);
		if (k == l->cpus)
			l->cpu[l->cpus++] = request->cpus[i];
		l->cpu_of[i] = k;
		l->sharing[k]++;
	}
	return 0;
}

/* Copies the names of events, because the request may be freed after open(). */
static int read_events(struct rm_likwid_session *l, const json_t *request,
        struct rm_error *error)
{
	const json_t *events = json_object_get(request, "events");
	size_t n = json_array_size(events);

	if (!n || n > RM_LIKWID_EVENTS)
		return rm_error_set(error, -EINVAL,
		        "counters: %zu events, expected 1 to %d", n,
		        RM_LIKWID_EVENTS);
	for (size_t i = 0; i < n; i++) {
		const json_t *entry = json_array_get(events, i);
		const char *metric = rm_request_text(entry, i, "metric", error);
		const char *name = rm_request_text(entry, i, "event", error);
		const char *counter =
		        rm_request_text(entry, i, "counter", error);

		if (!metric || !name || !counter)
			return -EINVAL;
		snprintf(l->event[i].metric, sizeof(l->event[i].metric), "%s",
		        metric);
		snprintf(
		        l->event[i].name, sizeof(l->event[i].name), "%s", name);
		snprintf(l->event[i].counter, sizeof(l->event[i].counter), "%s",
		        counter);
	}
	l->events = (unsigned)n;
	return 0;
}

/* Parses "E NAME COUNTER" or "M NAME [UNIT]", a line of the answer to GROUP. */
static bool read_group_line(struct rm_likwid_session *l, const char *line)
{
	if (line[0] == 'E' && l->events < RM_LIKWID_EVENTS) {
		struct rm_likwid_event *event = &l->event[l->events++];

		return sscanf(line, "E %79s %23s", event->name,
		               event->counter) == 2;
	}
	if (line[0] != 'M' || l->metrics == RM_LIKWID_METRICS)
		return false;
	struct rm_likwid_metric *metric = &l->metric[l->metrics++];
	if (sscanf(line, "M %95[^[] [%31[^]]", metric->name, metric->unit) < 1)
		return false;
	for (size_t n = strlen(metric->name); n && metric->name[n - 1] == ' ';)
		metric->name[--n] = '\0';
	return true;
}

/* Gives the events of a group the names of their metrics in events.tsv, if they
   have such names. Tables can then compare them with other sources. */
static void name_group_events(
        struct rm_likwid_session *l, const struct rm_arch *arch)
{
	struct rm_event_map *map = NULL;

	rm_event_map_builtin(&map, NULL);
	for (unsigned i = 0; i < l->events; i++) {
		struct rm_likwid_event *event = &l->event[i];

		memcpy(event->metric, event->name, sizeof(event->metric));
		for (size_t k = 0; map && k < rm_event_map_size(map); k++) {
			const struct rm_counter_event *row =
			        rm_event_map_at(map, k);

			if (row->likwid_event &&
			        !strcmp(row->likwid_event, event->name) &&
			        rm_event_map_find(
			                map, arch, row->metric, NULL) == row)
				snprintf(event->metric, sizeof(event->metric),
				        "%s", row->metric);
		}
	}
	rm_event_map_free(map);
}

static int configure_group(struct rm_likwid_session *l, struct rm_error *error)
{
	char text[64], *rest = NULL;

	snprintf(text, sizeof(text), "GROUP %s", l->group);
	int code = send_command(l, text, error);
	for (char *line = code ? NULL : strtok_r(l->answer, "\n", &rest); line;
	        line = strtok_r(NULL, "\n", &rest))
		if (!read_group_line(l, line))
			return rm_error_set(error, -EPROTO,
			        "likwid: group %s: \"%s\": more than %d "
			        "events or metrics, or no name",
			        l->group, line, RM_LIKWID_EVENTS);
	return code;
}

/* Sends the CPUs and events. A message has space for the maximum: RM_WIRE_CPUS
   numbers of 11 bytes, and RM_LIKWID_EVENTS names with their counters. */
static int configure(struct rm_likwid_session *l, struct rm_error *error)
{
	char *text = malloc(RM_WIRE_BYTES);
	size_t used;

	if (!text)
		return rm_error_set(error, -ENOMEM, "out of memory");
	used = (size_t)sprintf(text, l->marker ? "MARKER " : "INIT ");
	for (unsigned i = 0; i < l->cpus; i++)
		used += (size_t)sprintf(
		        text + used, "%s%u", i ? "," : "", l->cpu[i]);
	int code = send_command(l, text, error);
	used = (size_t)sprintf(text, "EVENTS ");
	for (unsigned i = 0; i < l->events; i++)
		used += (size_t)sprintf(text + used, "%s%s:%s", i ? "," : "",
		        l->event[i].name, l->event[i].counter);
	if (!code && l->events)
		code = send_command(l, text, error);
	if (!code && l->group[0])
		code = configure_group(l, error);
	free(text);
	return code;
}

/* Allocates one value for each event and CPU, and for each metric of the group
   and CPU. */
static int allocate_values(struct rm_likwid_session *l, struct rm_error *error)
{
	size_t n = ((size_t)l->events + l->metrics) * l->cpus;

	l->value = calloc(n + 1, sizeof(*l->value));
	l->empty = calloc(n + 1, sizeof(*l->empty));
	return l->value && l->empty
	               ? 0
	               : rm_error_set(error, -ENOMEM, "out of memory");
}

/* Fills a zeroed session from a trial request and connects it. The caller frees
   it, even after an error. */
static int set_up(struct rm_likwid_session *l,
        const struct rm_session_request *request, struct rm_error *error)
{
	const char *path =
	        json_string_value(json_object_get(request->request, "socket"));
	const char *group =
	        json_string_value(json_object_get(request->request, "group"));
	int code;

	l->socket = -1;
	l->threads = request->threads;
	l->marker = json_is_true(json_object_get(request->request, "marker"));
	snprintf(l->group, sizeof(l->group), "%s", group ? group : "");
	if (!path)
		return rm_error_set(
		        error, -EINVAL, "counters: likwid needs \"socket\"");
	code = read_cpus(l, request, error);
	if (!code && !group && !l->marker)
		code = read_events(l, request->request, error);
	if (code)
		return code;
	l->socket = rm_likwid_connect(path, error);
	if (l->socket < 0)
		return l->socket;
	code = configure(l, error);
	return code ? code : allocate_values(l, error);
}

static int read_values(const struct rm_likwid_session *l, double *values,
        struct rm_error *error)
{
	const char *next = l->answer;
	unsigned n = l->marker ? 0 : (l->events + l->metrics) * l->cpus;

	for (unsigned i = 0; i < n; i++) {
		char *end;

		values[i] = strtod(next, &end);
		if (end == next)
			return rm_error_set(error, -EPROTO,
			        "likwid: %u values, expected %u", i, n);
		next = end;
	}
	return 0;
}

static int count_empty_interval(
        struct rm_likwid_session *l, struct rm_error *error)
{
	uint64_t start_ns = rm_now_ns();
	int code = send_command(l, "START", error);

	if (!code)
		code = send_command(l, "STOP", error);
	l->empty_ns = rm_now_ns() - start_ns;
	return code ? code : read_values(l, l->empty, error);
}

static void close_likwid(void *state)
{
	struct rm_likwid_session *l = state;

	if (l->socket >= 0) {
		send_command(l, "QUIT", NULL);
		close(l->socket);
	}
	free(l->cpu);
	free(l->cpu_of);
	free(l->sharing);
	free(l->value);
	free(l->empty);
	free(l);
}

static int open_likwid(const struct rm_session_request *request, void **state,
        struct rm_error *error)
{
	struct rm_arch arch = { .name = "unknown" };
	struct rm_likwid_session *l = calloc(1, sizeof(*l));

	if (!l)
		return rm_error_set(error, -ENOMEM, "out of memory");
	int code = set_up(l, request, error);
	/* measured twice, since the caches are cold in the first interval */
	for (int i = 0; i < 2 && !code && !l->marker; i++)
		code = count_empty_interval(l, error);
	if (code) {
		close_likwid(l);
		return code;
	}
	rm_arch_detect(l->cpu[0], &arch, NULL);
	snprintf(l->arch, sizeof(l->arch), "%s", arch.name);
	if (l->group[0])
		name_group_events(l, &arch);
	*state = l;
	return 0;
}

static int start_likwid(void *state)
{
	struct rm_likwid_session *l = state;

	l->counted = false;
	l->problem.text[0] = '\0';
	l->value_ns = rm_now_ns(); /* start time; STOP replaces it by the
	                              duration */
	return send_command(l, "START", &l->problem);
}

static int stop_likwid(void *state)
{
	struct rm_likwid_session *l = state;

	if (l->problem.text[0])
		return -ENODATA; /* START failed */
	int code = send_command(l, "STOP", &l->problem);
	l->value_ns = rm_now_ns() - l->value_ns;
	if (!code)
		code = read_values(l, l->value, &l->problem);
	l->counted = !code;
	return code;
}

const struct rm_backend rm_backend_likwid = {
	.name = "likwid",
	.open = open_likwid,
	.start = start_likwid,
	.stop = stop_likwid,
	.result = rm_likwid_result,
	.close = close_likwid,
};
