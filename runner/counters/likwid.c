/* SPDX-License-Identifier: Apache-2.0 */
/*
 * likwid.c - counts of CPUs, by the helper process.
 *
 * likwid counts a CPU, with all that runs on it, the kernel included. So each
 * CPU is asked for once, and threads that share one have no count of their own.
 */
#include "runner/counters/arch.h"
#include "runner/counters/likwid_session.h"
#include "runner/counters/reading.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "v v v ..." into values. */
static int take_values(const struct rm_likwid_session *l, double *values,
        struct rm_error *error)
{
	const char *at = l->answer;

	for (unsigned i = 0; i < l->events * l->cpus; i++) {
		char *end;

		values[i] = strtod(at, &end);
		if (end == at)
			return rm_error_set(error, -EPROTO,
			        "likwid: %u values, expected %u", i,
			        l->events * l->cpus);
		at = end;
	}
	return 0;
}

static int interval(
        struct rm_likwid_session *l, double *values, struct rm_error *error)
{
	int code = rm_likwid_tell(l, "START", error);

	if (!code)
		code = rm_likwid_tell(l, "STOP", error);
	return code ? code : take_values(l, values, error);
}

static void close_likwid(void *state)
{
	struct rm_likwid_session *l = state;

	if (l->socket >= 0) {
		rm_likwid_tell(l, "QUIT", NULL);
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
	int code = rm_likwid_set_up(l, request, error);
	/* Twice: the first interval pays for cold caches. */
	for (int i = 0; i < 2 && !code; i++)
		code = interval(l, l->empty, error);
	if (code) {
		close_likwid(l);
		return code;
	}
	rm_arch_detect(l->cpu[0], &arch, NULL);
	snprintf(l->arch, sizeof(l->arch), "%s",
	        arch.name ? arch.name : "unknown");
	*state = l;
	return 0;
}

static int start_likwid(void *state)
{
	struct rm_likwid_session *l = state;

	l->counted = false;
	l->problem.text[0] = '\0';
	return rm_likwid_tell(l, "START", &l->problem);
}

static int stop_likwid(void *state)
{
	struct rm_likwid_session *l = state;

	if (l->problem.text[0])
		return -ENODATA; /* it did not start */
	int code = rm_likwid_tell(l, "STOP", &l->problem);
	if (!code)
		code = take_values(l, l->value, &l->problem);
	l->counted = !code;
	return code;
}

static bool always_counts(const char *metric)
{
	return !strcmp(metric, "cycles") || !strcmp(metric, "instructions");
}

static struct rm_reading reading_of(const struct rm_likwid_session *l,
        const double *values, unsigned event, unsigned k)
{
	double value = values[event * l->cpus + k];
	struct rm_reading reading = { .value = value };

	if (isnan(value))
		return rm_reading_invalid("liblikwid does not accept the event "
		                          "%s here (NAN)",
		        l->event[event].name);
	if (!(value >= 0) || isinf(value))
		return rm_reading_invalid("liblikwid counted %g", value);
	if (value == 0 && always_counts(l->event[event].metric))
		return rm_reading_invalid("stayed at 0: the device is there, "
		                          "but nothing counts (no vPMU?)");
	reading.raw = (uint64_t)value;
	return reading;
}

/* Readings per thread; none where threads share a CPU. */
static void per_thread(const struct rm_likwid_session *l, const double *values,
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
			readings[i] = reading_of(l, values, event, k);
	}
}

/* All CPUs together: has a value even where threads share CPUs. */
static json_t *total_of(
        const struct rm_likwid_session *l, const double *values, unsigned event)
{
	double sum = 0;

	for (unsigned k = 0; k < l->cpus; k++) {
		struct rm_reading reading = reading_of(l, values, event, k);

		if (!rm_reading_valid(&reading))
			return json_null();
		sum += reading.value;
	}
	return sum < 9007199254740992.0 ? json_integer((json_int_t)sum)
	                                : json_real(sum);
}

/* Threads that share a CPU have no count, their CPUs together do. */
static void set_total(
        const struct rm_likwid_session *l, unsigned i, json_t *event)
{
	json_t *total = total_of(l, l->value, i);

	if (!json_is_null(total))
		json_object_set_new(event, "quality",
		        json_string(rm_quality_text(RM_QUALITY_EXACT)));
	json_object_set_new(event, "total", total);
}

static void result_likwid(const void *state, json_t *result)
{
	const struct rm_likwid_session *l = state;
	json_t *events = json_object_get(result, "events");
	json_t *empty = json_object_get(result, "empty");
	struct rm_reading *readings = calloc(l->threads, sizeof(*readings));

	json_object_set_new(result, "cpu", json_string(l->arch));
	json_object_set_new(result, "scope", json_string("CPU, all modes"));
	for (unsigned i = 0; readings && i < l->events; i++) {
		char code[48];
		struct rm_event_name name = { l->event[i].metric,
			l->event[i].name, code };

		snprintf(code, sizeof(code), "likwid %s", l->event[i].counter);
		per_thread(l, l->value, i, readings);
		json_t *event =
		        rm_reading_event(&name, readings, l->threads, false);
		if (l->counted)
			set_total(l, i, event);
		json_array_append_new(events, event);
		json_array_append_new(empty,
		        json_pack("{s:s, s:o}", "metric", l->event[i].metric,
		                "total", total_of(l, l->empty, i)));
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
