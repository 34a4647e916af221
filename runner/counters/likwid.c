/* SPDX-License-Identifier: Apache-2.0 */
/*
 * likwid.c - counts the events of CPUs through the helper process.
 *
 * likwid counts what a CPU does in user mode, in every process that runs on it.
 * No event has the option KERNEL, because perf.c excludes the kernel as well.
 * Each CPU is counted once; threads on the same CPU have only a common count.
 */
#include "runner/counters/likwid.h"
#include "runner/base/clock.h"
#include "runner/counters/backend.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS = 16 };

struct event {
	char metric[48], name[80], counter[24];
};

/* The likwid back end of one trial. */
struct session {
	int socket; /* -1 = not connected */
	unsigned threads, cpus, events;
	struct event event[EVENTS];
	unsigned *cpu;               /* distinct CPUs, in order of first use */
	unsigned *cpu_of;            /* thread -> index in cpu[] */
	unsigned *sharing;           /* threads on cpu[i] */
	double *value;               /* events x cpus, for the last interval */
	double *empty;               /* the same for the empty interval */
	uint64_t value_ns, empty_ns; /* time from before START to after STOP */
	bool counted;
	struct rm_error problem; /* reason for missing values */
	char arch[32];
	char answer[RM_WIRE_BYTES + 1];
};

static int send_command(
        struct session *l, const char *command, struct rm_error *error)
{
	return rm_likwid_send_command(l->socket, command, l->answer, error);
}

/* Collects the distinct CPUs in order of first use, which is also the order of
   the values that STOP returns. Threads on one CPU share its count. */
static int read_cpus(struct session *l,
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

/* Runs after read_cpus(), since there is one value per event and CPU. The names
   are copied, because the request may be freed after open(). */
static int read_events(
        struct session *l, const json_t *request, struct rm_error *error)
{
	const json_t *events = json_object_get(request, "events");
	size_t n = json_array_size(events);

	if (!n || n > EVENTS)
		return rm_error_set(error, -EINVAL,
		        "counters: %zu events, expected 1 to %d", n, EVENTS);
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

/* A message has space for both commands at their maximum: RM_WIRE_CPUS numbers
   of 11 bytes, and EVENTS event names with their counters. */
static int configure(struct session *l, struct rm_error *error)
{
	char *text = malloc(RM_WIRE_BYTES);
	size_t used;

	if (!text)
		return rm_error_set(error, -ENOMEM, "out of memory");
	used = (size_t)sprintf(text, "INIT ");
	for (unsigned i = 0; i < l->cpus; i++)
		used += (size_t)sprintf(
		        text + used, "%s%u", i ? "," : "", l->cpu[i]);
	int code = send_command(l, text, error);
	used = (size_t)sprintf(text, "EVENTS ");
	for (unsigned i = 0; i < l->events; i++)
		used += (size_t)sprintf(text + used, "%s%s:%s", i ? "," : "",
		        l->event[i].name, l->event[i].counter);
	if (!code)
		code = send_command(l, text, error);
	free(text);
	return code;
}

/* Fills a zeroed session from a trial request and connects it. The caller frees
   it, also after an error. */
static int set_up(struct session *l, const struct rm_session_request *request,
        struct rm_error *error)
{
	const char *path =
	        json_string_value(json_object_get(request->request, "socket"));
	int code;

	l->socket = -1;
	l->threads = request->threads;
	if (!path)
		return rm_error_set(
		        error, -EINVAL, "counters: likwid needs \"socket\"");
	code = read_cpus(l, request, error);
	if (!code)
		code = read_events(l, request->request, error);
	if (code)
		return code;
	l->socket = rm_likwid_connect(path, error);
	return l->socket < 0 ? l->socket : configure(l, error);
}

/* Reads "v v v ..." into values. */
static int read_values(
        const struct session *l, double *values, struct rm_error *error)
{
	const char *next = l->answer;

	for (unsigned i = 0; i < l->events * l->cpus; i++) {
		char *end;

		values[i] = strtod(next, &end);
		if (end == next)
			return rm_error_set(error, -EPROTO,
			        "likwid: %u values, expected %u", i,
			        l->events * l->cpus);
		next = end;
	}
	return 0;
}

static int count_empty_interval(struct session *l, struct rm_error *error)
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
	struct session *l = state;

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
	struct session *l = calloc(1, sizeof(*l));

	if (!l)
		return rm_error_set(error, -ENOMEM, "out of memory");
	int code = set_up(l, request, error);
	/* twice, since the caches are cold in the first interval */
	for (int i = 0; i < 2 && !code; i++)
		code = count_empty_interval(l, error);
	if (code) {
		close_likwid(l);
		return code;
	}
	rm_arch_detect(l->cpu[0], &arch, NULL);
	snprintf(l->arch, sizeof(l->arch), "%s", arch.name);
	*state = l;
	return 0;
}

static int start_likwid(void *state)
{
	struct session *l = state;

	l->counted = false;
	l->problem.text[0] = '\0';
	l->value_ns = rm_now_ns(); /* start time until STOP */
	return send_command(l, "START", &l->problem);
}

static int stop_likwid(void *state)
{
	struct session *l = state;

	if (l->problem.text[0])
		return -ENODATA; /* START failed */
	int code = send_command(l, "STOP", &l->problem);
	l->value_ns = rm_now_ns() - l->value_ns;
	if (!code)
		code = read_values(l, l->value, &l->problem);
	l->counted = !code;
	return code;
}

/* True if the counters of CPU number `k` of the session do not count (see
   is_stuck() in perf.c). */
static bool is_stuck(const struct session *l, const double *values, unsigned k)
{
	for (unsigned i = 0; i < l->events; i++)
		if (values[i * l->cpus + k] == 0 &&
		        rm_metric_is_never_zero(l->event[i].metric))
			return true;
	return false;
}

static struct rm_reading make_reading(const struct session *l,
        const double *values, unsigned event, unsigned k)
{
	const char *metric = l->event[event].metric;
	double value = values[event * l->cpus + k];
	uint64_t ns = values == l->empty ? l->empty_ns : l->value_ns;
	struct rm_reading reading = { .value = value };

	if (isnan(value))
		return rm_reading_invalid("liblikwid does not accept the event "
		                          "%s here (NAN)",
		        l->event[event].name);
	if (!(value >= 0) || isinf(value))
		return rm_reading_invalid("liblikwid counted %g", value);
	if (value != floor(value))
		return rm_reading_invalid(
		        "liblikwid counted %g, expected a whole number", value);
	if (!rm_reading_is_possible(metric, value, ns))
		return rm_reading_invalid("liblikwid counted %g in %.3f ms: "
		                          "more than any CPU can",
		        value, (double)ns / 1e6);
	if (is_stuck(l, values, k))
		return rm_reading_stuck_at_zero();
	reading.raw = (uint64_t)value;
	return reading;
}

/* Makes a reading for each thread; invalid for threads that share a CPU. */
static void make_thread_readings(const struct session *l, const double *values,
        unsigned event, struct rm_reading *readings)
{
	for (unsigned i = 0; i < l->threads; i++) {
		unsigned k = l->cpu_of[i];

		if (!l->counted)
			readings[i] = rm_reading_invalid("%.150s",
			        l->problem.text[0] ? l->problem.text
			                           : "nothing was counted yet");
		else if (l->sharing[k] > 1)
			readings[i] = rm_reading_invalid(
			        "CPU %u is shared by %u threads: likwid counts "
			        "the CPU",
			        l->cpu[k], l->sharing[k]);
		else
			readings[i] = make_reading(l, values, event, k);
	}
}

/* The sum over CPUs, which has a value even if threads share CPUs. `readings`
   has enough elements: there are at most as many CPUs as threads. */
static json_t *sum_cpus(const struct session *l, const double *values,
        unsigned event, struct rm_reading *readings)
{
	for (unsigned k = 0; k < l->cpus; k++)
		readings[k] = make_reading(l, values, event, k);
	return rm_reading_total(readings, l->cpus);
}

/* Threads that share a CPU have no count of their own, but all CPUs together
   have one. */
static void set_total(const struct session *l, unsigned i,
        struct rm_reading *readings, json_t *event)
{
	json_t *total = sum_cpus(l, l->value, i, readings);

	if (!json_is_null(total))
		json_object_set_new(event, "quality",
		        json_string(rm_quality_text(RM_QUALITY_EXACT)));
	json_object_set_new(event, "total", total);
}

/* Unlike with perf, the scope includes other processes on these CPUs. */
static void result_likwid(const void *state, json_t *result)
{
	const struct session *l = state;
	json_t *events = json_object_get(result, "events");
	json_t *empty = json_object_get(result, "empty");
	struct rm_reading *readings = calloc(l->threads, sizeof(*readings));

	json_object_set_new(result, "cpu", json_string(l->arch));
	json_object_set_new(
	        result, "scope", json_string("CPU, user mode, every process"));
	json_object_set_new(result, "background_threads",
	        json_string("counted on these CPUs"));
	for (unsigned i = 0; readings && i < l->events; i++) {
		char code[48];
		struct rm_event_name name = { l->event[i].metric,
			l->event[i].name, code };

		snprintf(code, sizeof(code), "likwid %s", l->event[i].counter);
		make_thread_readings(l, l->value, i, readings);
		json_t *event =
		        rm_reading_event(&name, readings, l->threads, false);
		if (l->counted)
			set_total(l, i, readings, event);
		json_array_append_new(events, event);
		json_array_append_new(empty,
		        json_pack("{s:s, s:o}", "metric", l->event[i].metric,
		                "total", sum_cpus(l, l->empty, i, readings)));
	}
	free(readings);
}

const struct rm_backend rm_backend_likwid = {
	.name = "likwid",
	.open = open_likwid,
	.start = start_likwid,
	.stop = stop_likwid,
	.result = result_likwid,
	.close = close_likwid,
};
