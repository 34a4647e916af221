/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - converts an outcome to a journal line and histogram files. */
#include "runner/campaign/internal.h"

#include "runner/base/json.h"
#include "runner/base/sha256.h"
#include "runner/protocol/protocol.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 200, CELL_PART = 120 };

void rm_utc_text(struct timespec when, char text[RM_UTC_BYTES])
{
	struct tm utc;

	gmtime_r(&when.tv_sec, &utc);
	size_t used = strftime(text, RM_UTC_BYTES, "%Y-%m-%dT%H:%M:%S", &utc);

	snprintf(text + used, RM_UTC_BYTES - used, ".%03dZ",
	        (int)(when.tv_nsec / 1000000));
}

/* Makes a file name from a cell's id, and adds a hash so that it is unique. */
static void make_file_name(const struct rm_record *record, const json_t *entry,
        char name[NAME_BYTES])
{
	char hash[RM_SHA256_TEXT], attempt[16];

	rm_sha256(record->cell, strlen(record->cell), hash);
	snprintf(attempt, sizeof(attempt), "-a%u", record->attempt);
	snprintf(name, NAME_BYTES, "%.*s-%.8s-b%u%s-%.16s-%.10s-%s-%.10s",
	        CELL_PART, record->cell, hash, record->block,
	        record->attempt > 1 ? attempt : "", record->arm,
	        json_string_value(json_object_get(entry, "operation")),
	        json_is_true(json_object_get(entry, "was_there")) ? "there"
	                                                          : "absent",
	        json_string_value(json_object_get(entry, "clock")));
	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '-';
}

/* Writes `text` to DIR/histograms/NAME.hlog, stores its checksum in the entry
   of the line, and frees `text`. A NULL `text` means no memory. */
static int write_file(const char *dir, const char *name, char *text,
        json_t *entry, struct rm_error *error)
{
	char folder[RM_PATH_BYTES], file[NAME_BYTES + 8];
	char sum[RM_CRC32_TEXT];
	int result = -ENOMEM;

	if (!text) {
		rm_error_set(error, result, "no memory");
	} else if (!(result = rm_folder_make_nofollow(
	                     folder, dir, "histograms", error))) {
		snprintf(file, sizeof(file), "%s.hlog", name);
		rm_crc32(text, strlen(text), sum);
		json_object_set_new(entry, "hlog_crc32", json_string(sum));
		result = rm_file_replace(
		        folder, file, text, strlen(text), error);
	}
	free(text);
	return result;
}

/* Writes an entry's histogram. Sets `name` to "" if no file was written. */
static int write_histogram(const struct rm_record *record,
        const struct rm_outcome *outcome, json_t *entry, const char *dir,
        char *name, struct rm_error *error)
{
	double start_s = (double)record->started.tv_sec +
	                 (double)record->started.tv_nsec / 1e9;
	double length_s = (double)json_integer_value(json_object_get(
	                          outcome->result, "elapsed_ns")) /
	                  1e9;
	struct rm_histogram *histogram;
	struct rm_error why = { 0 };
	int result = rm_histogram_from_json(
	        json_object_get(entry, "buckets"), &histogram, &why);

	/* buckets of a failed trial may be invalid, since nothing checked them
	   before */
	if (result == -EINVAL) {
		name[0] = 0;
		return 0;
	}
	if (result)
		return rm_error_set(error, result, "%s", why.text);
	result = write_file(dir, name,
	        rm_histogram_hlog(histogram, start_s, length_s, name), entry,
	        error);
	free(histogram);
	return result;
}

/* Moves the buckets of every latency entry to files. */
static int move_buckets(const struct rm_record *record,
        struct rm_outcome *outcome, const char *dir, struct rm_error *error)
{
	json_t *list = json_object_get(outcome->result, "latency");
	char name[NAME_BYTES], path[NAME_BYTES + 16];

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *entry = json_array_get(list, i);
		/* the answer of a failed trial may be incomplete, since nothing
		   checked it before */
		bool is_complete =
		        json_is_string(json_object_get(entry, "operation")) &&
		        json_is_string(json_object_get(entry, "clock")) &&
		        json_is_array(json_object_get(entry, "buckets"));
		int result = 0;

		name[0] = 0;
		if (dir && is_complete) {
			make_file_name(record, entry, name);
			result = write_histogram(
			        record, outcome, entry, dir, name, error);
		}
		if (result)
			return result;
		snprintf(path, sizeof(path), "histograms/%s", name);
		json_object_del(entry, "buckets");
		json_object_set_new(entry, "histogram",
		        name[0] ? json_string(path) : json_null());
	}
	return 0;
}

/* Makes a line with the members that all lines have. The caller appends
   the others. */
static json_t *make_line(const struct rm_record *record, uint64_t wall_ns,
        const char *exit_text, const char *status, const char *reason)
{
	const struct rm_interference *others = &record->interference;
	char started[RM_UTC_BYTES];

	rm_utc_text(record->started, started);
	return json_pack("{s:i, s:s, s:I, s:s, s:i, s:s?, s:i, s:I, s:s, s:I, "
	                 "s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:s?}",
	        "format", 1, "cell", record->cell, "block",
	        (json_int_t)record->block, "arm", record->arm, "slot",
	        (int)record->slot, "binary_sha256", record->binary_sha256,
	        "attempt", (int)record->attempt, "seed",
	        (json_int_t)record->seed, "started_utc", started, "wall_ns",
	        (json_int_t)wall_ns, "exit", exit_text, "status", status,
	        "reason", reason, "steal_ticks",
	        others->steal_ticks < 0 ? json_null()
	                                : json_integer(others->steal_ticks),
	        "load", rm_json_share(others->load), "others_share",
	        rm_json_share(others->others_share), "stolen_share",
	        rm_json_share(others->stolen_share), "disturbed",
	        record->disturbed);
}

int rm_record_trial(const struct rm_record *record, struct rm_outcome *outcome,
        const char *dir, json_t **line, struct rm_error *error)
{
	int result = move_buckets(record, outcome, dir, error);

	if (result)
		return result;
	*line = make_line(record, outcome->wall_ns, outcome->exit,
	        outcome->status, outcome->reason);
	if (!*line)
		return rm_error_set(error, -ENOMEM, "no memory");
	if (record->interference.throttled_ns >= 0)
		json_object_set_new(*line, "throttled_ns",
		        json_integer(record->interference.throttled_ns));
	json_object_set_new(*line, "environment_bytes",
	        json_integer(outcome->environment_bytes));
	json_object_set_new(*line, "peak_bytes",
	        outcome->peak_bytes
	                ? json_integer((json_int_t)outcome->peak_bytes)
	                : json_null());
	json_object_set_new(*line, "result",
	        outcome->result ? json_incref(outcome->result) : json_null());
	return 0;
}

json_t *rm_record_skip(const struct rm_record *record, const char *reason)
{
	static const char *const null_members[] = { "environment_bytes",
		"peak_bytes", "result" };
	json_t *line = make_line(record, 0, "not started", "skipped", reason);

	for (size_t i = 0;
	        line && i < sizeof(null_members) / sizeof(*null_members); i++)
		json_object_set_new(line, null_members[i], json_null());
	return line;
}
