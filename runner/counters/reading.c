/* SPDX-License-Identifier: Apache-2.0 */
/* reading.c - makes counts of single threads (readings), and combines them to
   an event of a result. */
#include "runner/base/json.h"
#include "runner/counters/backend.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

static const char *const texts[] = {
	[RM_QUALITY_EXACT] = "exact",
	[RM_QUALITY_SIMULATED] = "simulated",
	[RM_QUALITY_REPLAYED] = "replayed",
	[RM_QUALITY_MULTIPLEXED] = "multiplexed",
	[RM_QUALITY_NEVER_SCHEDULED] = "never-scheduled",
	[RM_QUALITY_INVALID] = "invalid",
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

struct rm_reading rm_reading_invalid(const char *format, ...)
{
	struct rm_reading reading = { .quality = RM_QUALITY_INVALID };
	va_list list;

	va_start(list, format);
	vsnprintf(reading.reason, sizeof(reading.reason), format, list);
	va_end(list);
	return reading;
}

bool rm_reading_is_possible(const char *metric, double count, uint64_t ns)
{
	const double cycles_per_ns = 10, events_per_cycle = 16;
	double most = (double)ns * cycles_per_ns;

	return count <=
	       (strstr(metric, "cycles") ? most : most * events_per_cycle);
}

bool rm_metric_is_never_zero(const char *metric)
{
	return !strcmp(metric, "cycles") || !strcmp(metric, "instructions");
}

struct rm_reading rm_reading_stuck_at_zero(void)
{
	return rm_reading_invalid("stayed at 0: the device exists, but its "
	                          "counters do not work (no vPMU?)");
}

struct rm_reading rm_reading_scale(
        uint64_t raw, uint64_t enabled_ns, uint64_t running_ns)
{
	struct rm_reading reading = { .raw = raw,
		.value = (double)raw,
		.enabled_ns = enabled_ns,
		.running_ns = running_ns };

	if (running_ns > enabled_ns)
		return rm_reading_invalid(
		        "impossible times: ran %llu ns, enabled %llu ns",
		        (unsigned long long)running_ns,
		        (unsigned long long)enabled_ns);
	if (!enabled_ns)
		return rm_reading_invalid("the counter was never enabled");
	if (!running_ns) {
		reading.quality = RM_QUALITY_NEVER_SCHEDULED;
		snprintf(reading.reason, sizeof(reading.reason),
		        "never on the PMU: the group does not fit, or other "
		        "programs hold the counters");
	} else if (running_ns < enabled_ns) {
		double share = (double)running_ns / (double)enabled_ns;

		reading.quality = RM_QUALITY_MULTIPLEXED;
		reading.value = (double)raw / share;
		snprintf(reading.reason, sizeof(reading.reason),
		        "counted %.1f %% of the time, scaled", 100 * share);
	}
	return reading;
}

static bool has_value(const struct rm_reading *reading)
{
	return reading->quality < RM_QUALITY_NEVER_SCHEDULED;
}

const char *rm_quality_text(enum rm_quality quality)
{
	return texts[quality];
}

bool rm_quality_is_known(const char *text)
{
	for (unsigned i = 0; i < TEXTS; i++)
		if (!strcmp(text, texts[i]))
			return true;
	return false;
}

/* Returns null for an unknown time, since 0 would be a measurement. */
static json_t *time_or_null(const struct rm_reading *reading, uint64_t ns)
{
	return reading->enabled_ns ? json_integer((json_int_t)ns) : json_null();
}

/* Returns an integer if possible. Counts are integers below 2^53, but scaled
   counts may not be. */
static json_t *make_number(double value)
{
	if (value == floor(value) && fabs(value) < 9007199254740992.0)
		return json_integer((json_int_t)value);
	return rm_json_real(value);
}

json_t *rm_reading_total(const struct rm_reading *readings, unsigned threads)
{
	double sum = 0;

	for (unsigned i = 0; i < threads; i++) {
		if (!has_value(&readings[i]))
			return json_null();
		sum += readings[i].value;
	}
	return threads ? make_number(sum) : json_null();
}

json_t *rm_reading_event(const struct rm_event_name *name,
        const struct rm_reading *readings, unsigned threads, bool times)
{
	json_t *values = json_array(), *on = NULL, *ran = NULL;
	const struct rm_reading *worst = readings;

	if (times) {
		on = json_array();
		ran = json_array();
	}
	for (unsigned i = 0; i < threads; i++) {
		const struct rm_reading *r = &readings[i];

		json_array_append_new(values,
		        has_value(r) ? make_number(r->value) : json_null());
		if (times) {
			json_array_append_new(
			        on, time_or_null(r, r->enabled_ns));
			json_array_append_new(
			        ran, time_or_null(r, r->running_ns));
		}
		if (r->quality > worst->quality)
			worst = r;
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s?}",
	        "metric", name->metric, "event", name->event, "code",
	        name->code, "per_thread", values, "total",
	        rm_reading_total(readings, threads), "enabled_ns",
	        on ? on : json_null(), "running_ns", ran ? ran : json_null(),
	        "quality", texts[worst->quality], "reason",
	        worst->reason[0] ? worst->reason : NULL);
}

const char *rm_request_text(const json_t *event, size_t index, const char *key,
        struct rm_error *error)
{
	const char *text = json_string_value(json_object_get(event, key));

	if (!text)
		rm_error_set(error, -EINVAL,
		        "counters: events[%zu] has no text \"%s\"", index, key);
	return text;
}
