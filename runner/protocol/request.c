/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - reads and writes trial requests
   (docs/reference/trial-protocol.md). */
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <string.h>

int rm_protocol_check(
        const json_t *campaign, const char *file, struct rm_error *error)
{
	const json_t *recorded = json_object_get(campaign, "protocol");
	json_int_t protocol = recorded ? json_integer_value(recorded) : 1;

	if (!json_is_object(campaign))
		return rm_error_set(error, -EINVAL,
		        "%s:1: another value, expected one JSON object", file);
	if (protocol == RM_PROTOCOL)
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%s: protocol %lld, expected %d: use the version that measured "
	        "it, or measure again",
	        file, (long long)protocol, RM_PROTOCOL);
}

static int reject_unknown(const json_t *json, struct rm_error *error)
{
	static const char *const known[] = { "protocol", "cell", "seed",
		"control_extra", "counters" };
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)json, name, value) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			found |= !strcmp(name, known[i]);
		if (!found)
			return rm_error_set(error, -EINVAL,
			        "request: unknown member \"%.40s\"", name);
	}
	return 0;
}

static int read_members(
        const json_t *json, struct rm_request *request, struct rm_error *error)
{
	json_t *protocol = json_object_get(json, "protocol");
	json_t *seed = json_object_get(json, "seed");
	json_t *extra = json_object_get(json, "control_extra");
	json_t *counters = json_object_get(json, "counters");

	if (!json_is_integer(protocol) ||
	        json_integer_value(protocol) != RM_PROTOCOL)
		return rm_error_set(error, -EINVAL,
		        "request: protocol is not %d", RM_PROTOCOL);
	if (!json_is_integer(seed) || json_integer_value(seed) < 0 ||
	        json_integer_value(seed) > (json_int_t)1 << 53)
		return rm_error_set(error, -EINVAL,
		        "request: seed is not an integer 0 .. 2^53");
	if (!json_is_number(extra) || !(json_number_value(extra) >= 0) ||
	        !(json_number_value(extra) <= 1))
		return rm_error_set(error, -EINVAL,
		        "request: control_extra is not a number 0 .. 1");
	if (!json_is_object(counters))
		return rm_error_set(
		        error, -EINVAL, "request: counters is not an object");
	request->seed = (uint64_t)json_integer_value(seed);
	request->control_extra = json_number_value(extra);
	request->counters = json_incref(counters);
	return 0;
}

int rm_request_parse(const char *text, size_t length,
        struct rm_request *request, struct rm_error *error)
{
	json_error_t where;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);
	int status;

	memset(request, 0, sizeof(*request));
	if (!json_is_object(json)) {
		const bool is_json = json;

		json_decref(json);
		return rm_error_set(error, -EINVAL,
		        "request:%d: %s, expected one JSON object",
		        is_json ? 1 : where.line,
		        is_json ? "another value" : where.text);
	}
	status = reject_unknown(json, error);
	if (!status)
		status = read_members(json, request, error);
	if (!status)
		status = rm_cell_from_json(
		        json_object_get(json, "cell"), &request->cell, error);
	json_decref(json);
	if (status)
		rm_request_clear(request);
	return status;
}

json_t *rm_request_to_json(const struct rm_request *request)
{
	return json_pack("{s:i, s:o, s:I, s:f, s:O}", "protocol", RM_PROTOCOL,
	        "cell", rm_cell_to_json(&request->cell), "seed",
	        (json_int_t)request->seed, "control_extra",
	        request->control_extra, "counters", request->counters);
}

void rm_request_clear(struct rm_request *request)
{
	rm_cell_clear(&request->cell);
	json_decref(request->counters);
	memset(request, 0, sizeof(*request));
}
