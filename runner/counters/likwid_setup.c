/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/likwid_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int rm_likwid_tell(struct rm_likwid_session *l, const char *command,
        struct rm_error *error)
{
	return rm_likwid_ask(l->socket, command, l->answer, error);
}

static int take_cpus(struct rm_likwid_session *l,
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

static int take_events(struct rm_likwid_session *l, const json_t *request,
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
	l->value = calloc(n * l->cpus, sizeof(*l->value));
	l->empty = calloc(n * l->cpus, sizeof(*l->empty));
	return l->value && l->empty
	               ? 0
	               : rm_error_set(error, -ENOMEM, "out of memory");
}

static int configure(struct rm_likwid_session *l, struct rm_error *error)
{
	char *text = malloc(RM_WIRE_BYTES);
	size_t used;

	if (!text)
		return rm_error_set(error, -ENOMEM, "out of memory");
	used = (size_t)sprintf(text, "INIT ");
	for (unsigned i = 0; i < l->cpus; i++)
		used += (size_t)sprintf(
		        text + used, "%s%u", i ? "," : "", l->cpu[i]);
	int code = rm_likwid_tell(l, text, error);
	used = (size_t)sprintf(text, "EVENTS ");
	for (unsigned i = 0; i < l->events; i++)
		used += (size_t)sprintf(text + used, "%s%s:%s", i ? "," : "",
		        l->event[i].name, l->event[i].counter);
	if (!code)
		code = rm_likwid_tell(l, text, error);
	free(text);
	return code;
}

int rm_likwid_set_up(struct rm_likwid_session *l,
        const struct rm_session_request *request, struct rm_error *error)
{
	const char *path =
	        json_string_value(json_object_get(request->request, "socket"));
	int code;

	l->socket = -1;
	l->threads = request->threads;
	if (!path)
		return rm_error_set(
		        error, -EINVAL, "counters: likwid needs \"socket\"");
	code = take_cpus(l, request, error);
	if (!code)
		code = take_events(l, request->request, error);
	if (code)
		return code;
	l->socket = rm_likwid_connect(path, error);
	return l->socket < 0 ? l->socket : configure(l, error);
}
