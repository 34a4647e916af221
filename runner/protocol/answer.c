/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - checks the result of a trial, member by member. */
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Members of a result, from docs/reference/trial-protocol.md, "Result".
   tests/report/test_protocol.py compares these tables with
   docs/trial-protocol.schema.json. */
static const struct rm_field required_fields[] = {
	{ "protocol", "i" },
	{ "cell", "S" },
	{ "status", "S" },
	{ "reason", "S0" },
};

/* Members of a result with status ok or void. */
static const struct rm_field measured_fields[] = {
	{ "elapsed_ns", "i" },
	{ "ops", "i" },
	{ "lookups", "i" },
	{ "writes", "i" },
	{ "hits", "i" },
	{ "misses_absent", "i" },
	{ "misses_resident", "i" },
	{ "inserts", "i" },
	{ "removes", "i" },
	{ "idle_removes", "i" },
	{ "achieved_write_share", "n0" },
	{ "achieved_miss_share", "n0" },
	{ "renewed", "-o0" },
	{ "renewed.keys", "i" },
	{ "renewed.elapsed_ns", "i" },
	{ "by_thread", "a" },
	{ "by_thread[]", "o" },
	{ "by_thread[].slot", "i" },
	{ "by_thread[].cpu", "I0" },
	{ "by_thread[].cpu_start", "I0" },
	{ "by_thread[].cpu_end", "I0" },
	{ "by_thread[].ops", "i" },
	{ "by_thread[].writes", "i" },
	{ "by_thread[].elapsed_ns", "i0" },
	{ "by_thread[].cpu_ns", "i0" },
	{ "by_thread[].voluntary_switches", "i0" },
	{ "by_thread[].involuntary_switches", "i0" },
	{ "by_thread[].minor_faults", "i0" },
	{ "by_thread[].major_faults", "i0" },
	{ "by_thread[].migrations", "i0" },
	{ "by_thread[].runqueue_wait_ns", "i0" },
	{ "keys_before", "i0" },
	{ "keys_after", "i0" },
	{ "verification", "o" },
	{ "verification.status", "S" },
	{ "verification.reason", "S0" },
	{ "verification.keys_expected", "i0" },
	{ "verification.keys_held", "i0" },
	{ "verification.sum_expected", "s0" },
	{ "verification.sum_held", "s0" },
	{ "verification.wrong_values", "i0" },
	{ "verification.written", "i0" },
	{ "verification.returned", "i0" },
	{ "verification.accounting", "S0" },
	{ "verification.stopped_early", "b0" },
	{ "footprint", "o" },
	{ "footprint.prefill_threads", "-i0" },
	{ "footprint.rss_empty_bytes", "i0" },
	{ "footprint.rss_filled_bytes", "i0" },
	{ "footprint.rss_peak_bytes", "i0" },
	{ "footprint.page_nodes", "o0" },
	{ "footprint.page_nodes_reason", "S0" },
	{ "footprint.huge_bytes", "i0" },
	{ "stats", "a" },
	{ "stats[].name", "S" },
	{ "stats[].unit", "S" },
	{ "stats[].value", "n0" },
	{ "stats[].window", "-n0" },
	{ "phases_ns", "o" },
	{ "phases_ns.setup", "i0" },
	{ "phases_ns.create", "i0" },
	{ "phases_ns.prefill", "i0" },
	{ "phases_ns.warm_up", "i0" },
	{ "phases_ns.window", "i0" },
	{ "phases_ns.verify", "i0" },
	{ "phases_ns.leave", "i0" },
	{ "phases_ns.destroy", "i0" },
	{ "latency", "a0" },
	{ "latency[]", "o" },
	{ "latency[].operation", "S" },
	{ "latency[].was_there", "b" },
	{ "latency[].clock", "S" },
	{ "latency[].count", "i" },
	{ "latency[].min_ns", "i0" },
	{ "latency[].max_ns", "i0" },
	{ "latency[].mean_ns", "n0" },
	{ "latency[].saturated", "i0" },
	{ "late_starts", "i0" },
	{ "collections", "-i0" },
	{ "longest", "-a0" },
	{ "longest[]", "o" },
	{ "longest[].at_ns", "i" },
	{ "longest[].slot", "i" },
	{ "longest[].operation", "S" },
	{ "longest[].was_there", "b" },
	{ "longest[].service_ns", "i" },
	{ "longest[].late_ns", "i" },
	{ "longest[].causes", "a0" },
	{ "longest[].causes[].event", "S" },
	{ "longest[].causes[].slot", "I" },
	{ "longest[].causes[].overlap_ns", "i" },
	{ "slices", "-a0" },
	{ "slices[]", "o" },
	{ "slices[].at_ns", "i" },
	{ "slices[].operations", "i" },
	{ "slices[].p50_ns", "i" },
	{ "slices[].p99_ns", "i" },
	{ "slices[].max_ns", "i" },
	{ "slices[].bytes", "i0" },
	{ "slices[].pauses", "a0" },
	{ "slices[].pauses[].event", "S" },
	{ "slices[].pauses[].count", "i" },
	{ "slices[].pauses[].ns", "i" },
	{ "counters", "o0" },
	{ "counters_reason", "S0" },
	{ "environment", "o" },
};

static const struct rm_field printed_field = { "latency[].buckets", "a" };
static const struct rm_field recorded_fields[] = {
	{ "latency[].histogram", "S0" },
	{ "latency[].hlog_crc32", "-S" },
};

struct first_error {
	struct rm_error *error;
};

static void set_first(void *context, const char *where, const char *what)
{
	struct first_error *first = context;

	rm_error_set(first->error, -EINVAL, "the answer's %s %s", where, what);
}

static int check_fields(const json_t *json, const struct rm_field *fields,
        size_t count, struct rm_error *error)
{
	struct first_error first = { error };

	return rm_fields_check(json, fields, count, set_first, &first) ? -EINVAL
	                                                               : 0;
}

static int check_head(
        const json_t *json, const char *cell_id, struct rm_error *error)
{
	json_int_t protocol =
	        json_integer_value(json_object_get(json, "protocol"));
	const char *cell = json_string_value(json_object_get(json, "cell"));
	const char *status = json_string_value(json_object_get(json, "status"));
	bool is_ok = !strcmp(status, "ok");

	if (protocol != RM_PROTOCOL)
		return rm_error_set(error, -EINVAL,
		        "the answer has protocol %lld, expected %d",
		        (long long)protocol, RM_PROTOCOL);
	if (strcmp(cell, cell_id))
		return rm_error_set(error, -EINVAL,
		        "the answer is for cell \"%.120s\", expected "
		        "\"%.120s\"",
		        cell, cell_id);
	if (!is_ok && strcmp(status, "void") && strcmp(status, "failed"))
		return rm_error_set(error, -EINVAL,
		        "the answer's status is \"%.40s\", expected ok, void "
		        "or failed",
		        status);
	if (is_ok != json_is_null(json_object_get(json, "reason")))
		return rm_error_set(error, -EINVAL,
		        "the answer's status is %s, expected %s reason", status,
		        is_ok ? "no" : "a");
	return 0;
}

/* Checks counts that the report uses as divisors. */
static int check_sense(const json_t *json, struct rm_error *error)
{
	json_int_t ops = json_integer_value(json_object_get(json, "ops"));
	json_int_t lookups =
	        json_integer_value(json_object_get(json, "lookups"));
	json_int_t writes = json_integer_value(json_object_get(json, "writes"));
	const json_t *verification = json_object_get(json, "verification");
	const char *verified =
	        json_string_value(json_object_get(verification, "status"));

	/* The result of a positive control contains fewer operations than the
	   trial executed (request: control_extra), but never more. Counts are
	   not negative, so the sum cannot overflow. */
	if (ops - lookups > writes)
		return rm_error_set(error, -EINVAL,
		        "the answer has %lld lookups and %lld writes, "
		        "expected %lld operations in all",
		        (long long)lookups, (long long)writes, (long long)ops);
	if (strcmp(verified, "ok"))
		return rm_error_set(error, -EINVAL,
		        "the answer's status is ok but its verification is "
		        "\"%.40s\", expected ok",
		        verified);
	return 0;
}

static bool is_equal_member(
        const json_t *a, const json_t *b, const char *member)
{
	return json_equal(
	        json_object_get(a, member), json_object_get(b, member));
}

/* True if an earlier entry is of the same kind. Both would use the same file
   and count as two trials. Only the trial can merge them. */
static bool is_duplicate(const json_t *list, size_t number)
{
	const json_t *entry = json_array_get(list, number);

	for (size_t i = 0; i < number; i++) {
		const json_t *other = json_array_get(list, i);

		if (is_equal_member(entry, other, "operation") &&
		        is_equal_member(entry, other, "was_there") &&
		        is_equal_member(entry, other, "clock"))
			return true;
	}
	return false;
}

/* Checks that the buckets of each latency entry add up to its count. */
static int check_latency(const json_t *json, struct rm_error *error)
{
	const json_t *list = json_object_get(json, "latency");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		json_int_t count =
		        json_integer_value(json_object_get(entry, "count"));
		struct rm_histogram *histogram;
		struct rm_error why = { 0 };

		if (is_duplicate(list, i))
			return rm_error_set(error, -EINVAL,
			        "the answer's latency[%zu] is a duplicate of "
			        "its operation and clock, expected one",
			        i);
		int result = rm_histogram_from_json(
		        json_object_get(entry, "buckets"), &histogram, &why);

		if (result)
			return rm_error_set(error, result,
			        "the answer's latency[%zu]: %s", i, why.text);
		bool is_equal = histogram->count == (uint64_t)count;

		free(histogram);
		if (!is_equal)
			return rm_error_set(error, -EINVAL,
			        "the answer's latency[%zu] has buckets that do "
			        "not add up to its count, %lld",
			        i, (long long)count);
	}
	return 0;
}

int rm_answer_check(const json_t *json, const char *cell_id,
        enum rm_answer_form form, struct rm_error *error)
{
	if (!json_is_object(json))
		return rm_error_set(
		        error, -EINVAL, "the answer is not a JSON object");
	if (check_fields(json, required_fields,
	            sizeof(required_fields) / sizeof(*required_fields), error))
		return -EINVAL;
	if (check_head(json, cell_id, error))
		return -EINVAL;
	/* a failed trial may omit members */
	if (!strcmp(json_string_value(json_object_get(json, "status")),
	            "failed"))
		return 0;
	if (check_fields(json, measured_fields,
	            sizeof(measured_fields) / sizeof(*measured_fields), error))
		return -EINVAL;
	if (form == RM_ANSWER_RECORDED
	                ? check_fields(json, recorded_fields,
	                          sizeof(recorded_fields) /
	                                  sizeof(*recorded_fields),
	                          error)
	                : check_fields(json, &printed_field, 1, error))
		return -EINVAL;
	int result =
	        form == RM_ANSWER_RECORDED ? 0 : check_latency(json, error);

	if (!result &&
	        !strcmp(json_string_value(json_object_get(json, "status")),
	                "ok"))
		result = check_sense(json, error);
	return result;
}

int rm_answer_read(const char *text, size_t size, const char *cell_id,
        json_t **result, struct rm_error *error)
{
	json_error_t where;
	const char *end = memchr(text, '\n', size);

	if (!size)
		return rm_error_set(
		        error, -EINVAL, "no answer, expected one line of JSON");
	if (end && end != text + size - 1)
		return rm_error_set(error, -EINVAL,
		        "the answer has more than one line, expected one");
	json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);

	if (!json)
		return rm_error_set(error, -EINVAL,
		        "the answer is not JSON: %.160s at byte %d", where.text,
		        where.position);
	int failed = rm_answer_check(json, cell_id, RM_ANSWER_PRINTED, error);

	if (failed)
		json_decref(json);
	else
		*result = json;
	return failed;
}
