/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_counters.c - mutated event maps and recordings of counts.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/counters/event_map.c but rm_event_map_builtin,
 *   rm_event_map_find: they look up what was read
 * fuzzes: runner/counters/replay.c but write_line, record_event,
 *   rm_replay_record, copy_or_null: they write (test_counters.c)
 *
 * A result is sound if a rejection is one line that names the line of the
 * input. Accepted input reads back the same after writing, and a recording can
 * be replayed.
 */
#include "runner/counters/backend.h"
#include "runner/counters/events.h"
#include "runner/counters/prove.h"
#include "tests/unit/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char *const map_words[] = { "\t", "\n", "-", "*", "zen3", "intel",
	"amd", "arm", "unknown", "cycles", "l1d_fill", "PMC", "PMC0", "FIXC0",
	"hw", "sw", "cache", "raw", "0x0", "0xffffffffffffffff",
	"0x10000000000000000", "0x", "0x-1", "1", "#", "\r", " ",
	"zen3\tcycles\t-\t-\thw\t0x0\t-\t\n",
	"*\tx\tE\tPMC\traw\t0x1\tX|Y\tnote\n",
	"zen3\tx\t\tPMC\t\t0x1\t-\tnote\n", NULL };

static const char *const map_files[] = { "runner/counters/events.tsv", NULL };

static const char *const map_texts[] = {
	"# arch\tmetric\n*\tcycles\t-\t-\thw\t0x0\tX\tof the core\n"
	"zen3\tl1d_fill\tL1D\tPMC\traw\t0x43\tunverified\n\namd\tx\tE\tFIXC0\t-"
	"\t0x0\t-\t\n",
	NULL
};

static char *map_text(const struct rm_event_map *map)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < rm_event_map_size(map); i++) {
		const struct rm_counter_event *e = rm_event_map_at(map, i);

		fprintf(out, "%s\t%s\t%s\t%s\t%s\t0x%" PRIx64 "\t%s\t%s\n",
		        e->arch, e->metric,
		        e->likwid_event ? e->likwid_event : "-",
		        e->likwid_counter ? e->likwid_counter : "-",
		        e->perf_pmu ? e->perf_pmu : "-", e->perf_config,
		        e->perf_event ? e->perf_event : "-", e->note);
	}
	fclose(out);
	return text;
}

/* Names of events and PMUs are not empty. */
static bool is_valid(const struct rm_event_map *map)
{
	for (size_t i = 0; i < rm_event_map_size(map); i++) {
		const struct rm_counter_event *e = rm_event_map_at(map, i);

		if ((e->likwid_event && !e->likwid_event[0]) ||
		        (e->likwid_counter && !e->likwid_counter[0]) ||
		        (e->perf_pmu && !e->perf_pmu[0]) ||
		        (e->perf_event && !e->perf_event[0]))
			return false;
	}
	return true;
}

static enum fuzz_verdict judge_map(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_event_map *map = NULL, *second_map = NULL;
	struct rm_error error = { "" };
	char *whole = strndup(text, length), *first, *second = NULL;
	int failed = rm_event_map_parse(whole, "fuzz", &map, &error);

	(void)input;
	free(whole);
	if (failed) {
		snprintf(why, FUZZ_WHY, "%s", error.text);
		return fuzz_names_line(why, "fuzz:") ? FUZZ_REFUSED
		                                     : FUZZ_UNSOUND;
	}
	bool sound = is_valid(map);

	first = map_text(map);
	if (!rm_event_map_parse(first, "again", &second_map, &error))
		second = map_text(second_map);
	sound = sound && second && !strcmp(first, second);
	snprintf(why, FUZZ_WHY, "of %zu: %s", rm_event_map_size(map),
	        error.text);
	rm_event_map_free(map);
	rm_event_map_free(second_map);
	free(first);
	free(second);
	return sound ? FUZZ_TAKEN : FUZZ_UNSOUND;
}

static const char *const recording_words[] = { "null", "-1", "0", "1e300",
	"\"\"", "{}", "[]", "\"perf\"", "\"likwid\"", "\"none\"",
	"\"hardware\"", "\"fake\"", "\"exact\"", "\"estimated\"", "\"invalid\"",
	"\"replayed\"", "\"interval\":0,", "\"thread\":1,", "\"value\":1,",
	"\"value\":null,", "\"metric\":\"cycles\",", "\"enabled_ns\":5,",
	"\"running_ns\":-5,", "\"reason\":\"x\",", "\n", ",", "}", "{", "\"",
	"\"\\u001b\"", "4096", "4097", "1000001", NULL };

static const char *const recording_files[] = { "tests/fixtures/counters.jsonl",
	NULL };

static const char *const recording_texts[] = {
	"{\"format\":1,\"origin\":\"fake\",\"backend\":\"perf\",\"cpu\":"
	"\"zen3\""
	",\"interval\":0,\"thread\":0,\"metric\":\"cycles\",\"event\":\"c\","
	"\"code\":\"0x0\",\"quality\":\"exact\",\"value\":12,\"enabled_ns\":7,"
	"\"running_ns\":7}\n"
	"{\"format\":1,\"origin\":\"fake\",\"backend\":\"perf\",\"cpu\":"
	"\"zen3\""
	",\"interval\":1,\"thread\":1,\"metric\":\"x\",\"event\":\"c\","
	"\"code\":\"0x0\",\"quality\":\"invalid\",\"reason\":\"gone\","
	"\"value\":null}\n",
	NULL
};

static char *lines_text(const json_t *lines)
{
	char *text = NULL;
	size_t size = 0, i;
	json_t *line;
	FILE *out = open_memstream(&text, &size);

	json_array_foreach (lines, i, line) {
		json_dumpf(line, out, JSON_COMPACT);
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

/* Each count has one line, and no count is negative. */
static bool lines_are_valid(const json_t *lines)
{
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *a = json_array_get(lines, i);
		const json_t *value = json_object_get(a, "value");

		if (json_is_number(value) && !(json_number_value(value) >= 0))
			return false;
		for (size_t j = 0; j < i; j++) {
			const json_t *b = json_array_get(lines, j);

			if (json_equal(json_object_get(a, "interval"),
			            json_object_get(b, "interval")) &&
			        json_equal(json_object_get(a, "thread"),
			                json_object_get(b, "thread")) &&
			        json_equal(json_object_get(a, "metric"),
			                json_object_get(b, "metric")))
				return false;
		}
	}
	return true;
}

/* True if all intervals of the file are replayed to two threads without an
   error. */
static bool replays(const char *file, int intervals)
{
	json_t *arguments =
	        json_pack("{s:s, s:i}", "file", file, "interval", 0);
	struct rm_session_request request = { .request = arguments,
		.threads = 2 };
	struct rm_error error = { "" };
	void *state = NULL;
	bool sound = !rm_backend_replay.open(&request, &state, &error);

	for (int i = 0; sound && i < intervals && i < 3; i++) {
		rm_backend_replay.stop(state);
		json_t *result = json_pack("{s:[]}", "events");

		rm_backend_replay.result(state, result);
		sound = json_is_string(json_object_get(result, "reason"));
		json_decref(result);
	}
	if (state)
		rm_backend_replay.close(state);
	json_decref(arguments);
	return sound;
}

static enum fuzz_verdict judge_recording(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	const char *file = fuzz_file("first.jsonl", text, length);
	struct rm_error error = { "" };
	json_t *lines = NULL, *second_map = NULL;
	int intervals = rm_replay_load(file, &lines, &error);
	char *written;

	(void)input;
	snprintf(why, FUZZ_WHY, "%s", error.text);
	if (intervals < 0)
		return strncmp(why, file, strlen(file)) ? FUZZ_UNSOUND
		                                        : FUZZ_REFUSED;
	written = lines_text(lines);
	bool sound = rm_replay_load(
	                     fuzz_file("again.jsonl", written, strlen(written)),
	                     &second_map, &error) == intervals &&
	             json_equal(lines, second_map) && lines_are_valid(lines) &&
	             replays(file, intervals);

	free(written);
	json_decref(lines);
	json_decref(second_map);
	return sound ? FUZZ_TAKEN : FUZZ_UNSOUND;
}

int main(void)
{
	static const struct fuzz_parser map = { .name = "event map",
		.words = map_words,
		.files = map_files,
		.texts = map_texts,
		.judge = judge_map };
	static const struct fuzz_parser recording = { .name = "recording",
		.words = recording_words,
		.files = recording_files,
		.texts = recording_texts,
		.judge = judge_recording };

	fuzz_check(&map, 8000);
	fuzz_check(&recording, 15000);
	return DONE();
}
