/* SPDX-License-Identifier: Apache-2.0 */
/* compare.c - whether a resume goes on with the same campaign. */
#include "runner/campaign/describe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char advice[] = "start a new campaign (another -o DIR) or resume "
                             "this one as it was begun";

static const char *text_of(const json_t *json, const char *a, const char *b)
{
	const json_t *member = json_object_get(json, a);
	const char *text =
	        json_string_value(b ? json_object_get(member, b) : member);

	return text ? text : "(none)";
}

/* A text that was recorded against one of today. */
static int same(const char *what, const char *recorded, const char *now,
        struct rm_error *error)
{
	if (!strcmp(recorded, now))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "the campaign was begun with %s %.100s, now it is %.100s: %s",
	        what, recorded, now, advice);
}

static int same_workload(const json_t *recorded, const struct rm_workload *now,
        struct rm_error *error)
{
	char hash[RM_SHA256_TEXT];
	char *text = rm_workload_text(now);

	if (!text)
		return rm_error_set(error, -ENOMEM, "no memory");
	rm_sha256(text, strlen(text), hash);
	free(text);
	if (!strcmp(text_of(recorded, "sha256", NULL), hash))
		return 0;
	return rm_error_set(error, -EINVAL,
	        "%.200s is another workload than the campaign was begun with "
	        "(%.100s): %s",
	        now->file, text_of(recorded, "file", NULL), advice);
}

static int same_workloads(const json_t *recorded,
        const struct rm_description *now, struct rm_error *error)
{
	const json_t *list = json_object_get(recorded, "workloads");

	if (!now->workload_count)
		return 0;
	if (json_array_size(list) != now->workload_count)
		return rm_error_set(error, -EINVAL,
		        "the campaign was begun with %zu workloads, now there "
		        "are %zu: %s",
		        json_array_size(list), now->workload_count, advice);
	for (size_t i = 0; i < now->workload_count; i++) {
		int result = same_workload(
		        json_array_get(list, i), &now->workloads[i], error);

		if (result)
			return result;
	}
	return 0;
}

static int same_seed(
        const json_t *recorded, const uint64_t *seed, struct rm_error *error)
{
	json_int_t was = json_integer_value(json_object_get(recorded, "seed"));

	if (!seed || *seed == (uint64_t)was)
		return 0;
	return rm_error_set(error, -EINVAL,
	        "the campaign was begun with seed %lld, now it is %llu: %s",
	        (long long)was, (unsigned long long)*seed, advice);
}

int rm_describe_compare(const json_t *recorded,
        const struct rm_description *now, const uint64_t *seed,
        struct rm_error *error)
{
	int result = same("build", text_of(recorded, "build", "build_id"),
	        text_of(now->build, "build_id", NULL), error);

	if (!result)
		result = same("machine", text_of(recorded, "machine", "id"),
		        text_of(now->machine, "id", NULL), error);
	if (!result)
		result = same_seed(recorded, seed, error);
	if (!result && now->mode)
		result = same("mode", text_of(recorded, "mode", NULL),
		        now->mode, error);
	if (!result && now->maps)
		result = same("--maps", text_of(recorded, "maps_wish", NULL),
		        now->maps, error);
	if (!result && now->wish)
		result = same("--counters",
		        text_of(recorded, "counters", "wish"), now->wish,
		        error);
	if (!result)
		result = same_workloads(recorded, now, error);
	return result;
}
