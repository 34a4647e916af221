/* SPDX-License-Identifier: Apache-2.0 */
/* likwid_result.c - converts the values of a session to events and metrics. */
#include "runner/counters/likwid_session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True if the PMU of CPU number `k` of the session does not count, as in
   perf.c. */
static bool is_stuck(
        const struct rm_likwid_session *l, const double *values, unsigned k)
{
	for (unsigned i = 0; i < l->events; i++)
		if (values[i * l->cpus + k] == 0 &&
		        rm_metric_is_never_zero(l->event[i].metric))
			return true;
	return false;
}

/* True if the event measures joules, degrees or volts, whose values are not
   integers. */
static bool is_physical(const struct rm_likwid_event *event)
{
	return !strncmp(event->counter, "PWR", 3) ||
	       !strncmp(event->counter, "TMP", 3) ||
	       !strncmp(event->counter, "VTG", 3);
}

static struct rm_reading make_reading(const struct rm_likwid_session *l,
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
	if (value != floor(value) && !is_physical(&l->event[event]))
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

/* Makes the readings of all threads. Threads that share a CPU get invalid
   ones. */
static void make_thread_readings(const struct rm_likwid_session *l,
        const double *values, unsigned event, struct rm_reading *readings)
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

/* Sums an event over the CPUs. The sum has a value even if threads share CPUs.
   `readings` has enough elements, since there are at most as many CPUs as
   threads. */
static json_t *sum_cpus(const struct rm_likwid_session *l, const double *values,
        unsigned event, struct rm_reading *readings)
{
	for (unsigned k = 0; k < l->cpus; k++)
		readings[k] = make_reading(l, values, event, k);
	return rm_reading_total(readings, l->cpus);
}

/* Sets the total of an event. If threads share a CPU, they have no own count,
   but the sum over the CPUs exists. */
static void set_total(const struct rm_likwid_session *l, unsigned i,
        struct rm_reading *readings, json_t *event)
{
	json_t *total = sum_cpus(l, l->value, i, readings);

	if (!json_is_null(total))
		json_object_set_new(event, "quality",
		        json_string(rm_quality_text(RM_QUALITY_EXACT)));
	json_object_set_new(event, "total", total);
}

/* Makes the reading of a metric. A formula treats a missing count as 0, so an
   invalid event of a CPU makes all metrics of this CPU invalid. */
static struct rm_reading make_metric(
        const struct rm_likwid_session *l, unsigned metric, unsigned k)
{
	struct rm_reading reading = {
		.value = l->value[(l->events + metric) * l->cpus + k]
	};

	for (unsigned e = 0; e < l->events; e++) {
		struct rm_reading count = make_reading(l, l->value, e, k);

		if (count.quality == RM_QUALITY_INVALID)
			return count;
	}
	if (!isfinite(reading.value))
		return rm_reading_invalid("the formula has no value");
	return reading;
}

/* Adds "group" and its "metrics", which liblikwid computes for each CPU. */
static void add_metrics(const struct rm_likwid_session *l, json_t *result)
{
	json_t *metrics = json_array();

	for (unsigned m = 0; l->counted && m < l->metrics; m++) {
		json_t *values = json_array();
		const char *unit = l->metric[m].unit;
		char reason[160] = "";

		for (unsigned k = 0; k < l->cpus; k++) {
			struct rm_reading one = make_metric(l, m, k);
			bool invalid = one.quality == RM_QUALITY_INVALID;

			json_array_append_new(values,
			        invalid ? json_null() : json_real(one.value));
			if (invalid)
				snprintf(reason, sizeof(reason), "%s",
				        one.reason);
		}
		json_array_append_new(metrics,
		        json_pack("{s:s, s:s?, s:o, s:s?}", "metric",
		                l->metric[m].name, "unit",
		                unit[0] ? unit : NULL, "per_cpu", values,
		                "reason", reason[0] ? reason : NULL));
	}
	json_object_set_new(result, "group", json_string(l->group));
	json_object_set_new(result, "metrics", metrics);
}

/* Adds the result. Unlike the result of perf, it includes other processes on
   these CPUs. */
void rm_likwid_result(const void *state, json_t *result)
{
	const struct rm_likwid_session *l = state;
	json_t *events = json_object_get(result, "events");
	json_t *empty = json_object_get(result, "empty");
	struct rm_reading *readings = calloc(l->threads, sizeof(*readings));

	json_object_set_new(result, "cpu", json_string(l->arch));
	json_object_set_new(
	        result, "scope", json_string("CPU, user mode, every process"));
	json_object_set_new(result, "background_threads",
	        json_string("counted on these CPUs"));
	if (l->group[0])
		add_metrics(l, result);
	if (l->marker)
		json_object_set_new(result, "reason",
		        json_string(l->problem.text[0]
		                            ? l->problem.text
		                            : "likwid-perfctr prints the "
		                              "counts"));
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
