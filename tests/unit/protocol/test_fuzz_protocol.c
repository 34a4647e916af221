/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_protocol.c - mutated requests and results.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: runner/protocol/request.c but rm_protocol_check: of campaign.json
 * fuzzes: runner/protocol/answer.c
 * fuzzes: runner/protocol/fields.c
 * fuzzes: runner/protocol/factors.c but rm_factor_copy, rm_write_kind_name,
 *   rm_measure_name, rm_cell_schema: they read nothing
 * fuzzes: runner/protocol/kinds_numbers.c but real_schema, whole_schema,
 *   cpus_schema: they write the schema
 * fuzzes: runner/protocol/kinds_words.c but word_schema, flag_schema,
 *   text_schema, trace_schema, rm_cell_apply_lengths, rm_cell_size_class, rm_cell_flavour,
 *   rm_shape_name: they write the schema, or read no text
 *
 * A result is sound if an accepted input is valid and reads back the same after
 * writing, and if a rejected one causes one line that names the member.
 */
#include "runner/protocol/protocol.h"
#include "runner/trial/trial.h"
#include "tests/unit/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char request_seed[] =
        "{\"protocol\":2,\"cell\":{\"id\":\"w/m/u64x8/n64/t2\",\"workload\":"
        "\"w\",\"map\":\"m\",\"shape\":\"u64x8\",\"keys\":64,\"write_share\":"
        "0.03,\"miss_share\":0.0,\"write_kind\":\"update\",\"dist\":"
        "\"hot:1%:90%\",\"loop\":\"mix\",\"rate_per_s\":0.0,\"arrivals\":"
        "\"poisson\",\"threads\":2,\"placement\":\"cores\",\"memory\":"
        "\"first-touch\",\"cpus\":[0,1],\"presize\":true,\"warm_up_ns\":1000,"
        "\"window_ns\":2000,\"window_ops\":0,\"deadline_ns\":60000000000,"
        "\"verify_ops\":0,\"measure\":\"throughput\"},\"seed\":7,"
        "\"control_extra\":0.02,\"counters\":{\"backend\":\"none\"}}";

static const char request_traced[] =
        "{\"protocol\":2,\"cell\":{\"id\":\"w/m/u64x8/trace\",\"workload\":"
        "\"w\",\"map\":\"m\",\"shape\":\"u64x8\",\"keys\":64,\"write_share\":"
        "0.25,\"miss_share\":0.125,\"write_kind\":\"churn\",\"dist\":"
        "\"trace:0a1b2c3d\",\"loop\":\"mix\",\"rate_per_s\":0.0,\"arrivals\":"
        "\"poisson\",\"threads\":1,\"placement\":\"numa:2\",\"memory\":"
        "\"bind:1\",\"cpus\":[3],\"presize\":false,\"warm_up_ns\":0,"
        "\"window_ns\":0,\"window_ops\":128,\"trace\":{\"file\":\"/t/x.trace\","
        "\"passes\":2},\"settle\":\"no\",\"allocator\":\"mimalloc\","
        "\"huge_pages\":\"off\",\"deadline_ns\":60000000000,"
        "\"verify_ops\":9,\"measure\":\"causes\"},\"seed\":0,"
        "\"control_extra\":0,\"counters\":{}}";

static const char result_failed[] =
        "{\"protocol\":2,\"cell\":\"c\",\"status\":\"failed\",\"reason\":"
        "\"no memory\"}\n";

static const char result_void[] =
        "{\"protocol\":2,\"cell\":\"c\",\"status\":\"void\",\"reason\":"
        "\"disturbed\"}\n";

static const char result_seed[] =
        "{\"protocol\":2,\"cell\":\"c\",\"status\":\"ok\",\"reason\":null,"
        "\"elapsed_ns\":1000,\"ops\":10,\"lookups\":7,\"writes\":3,\"hits\":7,"
        "\"misses_absent\":0,\"misses_resident\":0,\"inserts\":0,\"removes\":0,"
        "\"idle_removes\":0,\"achieved_write_share\":0.3,"
        "\"achieved_miss_share\":0.0,\"by_thread\":"
        "[{\"slot\":0,\"cpu\":0,\"cpu_start\":0,\"cpu_end\":0,\"ops\":10,"
        "\"writes\":3,\"elapsed_ns\":1000,\"cpu_ns\":900,\"voluntary_switches\""
        ":0,\"involuntary_switches\":1,\"minor_faults\":2,\"major_faults\":0,"
        "\"migrations\":null,\"runqueue_wait_ns\":null}],\"keys_before\":64,"
        "\"keys_after\":64,\"verification\":{\"status\":\"ok\",\"reason\":null,"
        "\"keys_expected\":64,\"keys_held\":64,\"sum_expected\":\"0f\","
        "\"sum_held\":\"0f\",\"wrong_values\":0,\"written\":null,\"returned\":"
        "null,\"accounting\":null,\"stopped_early\":null},\"footprint\":{\"rss_"
        "empty_bytes\":4096,"
        "\"rss_filled_bytes\":8192,\"rss_peak_bytes\":8192,\"page_nodes\":null,"
        "\"page_nodes_reason\":\"r\",\"huge_bytes\":0},\"stats\":[{\"name\":"
        "\"n\",\"unit\":\"1\",\"value\":0}],\"phases_ns\":{\"create\":1,"
        "\"prefill\":2,\"warm_up\":3,\"window\":1000,\"verify\":4,\"setup\":1,"
        "\"leave\":1,\"destroy\":1},\"latency\":"
        "[{\"operation\":\"lookup\",\"was_there\":true,\"clock\":\"intended\","
        "\"count\":3,\"min_ns\":1000,\"max_ns\":2001,\"mean_ns\":1334.0,"
        "\"saturated\":0,"
        "\"buckets\":[[1000,2],[2024,1]]}],\"late_starts\":0,\"counters\":null,"
        "\"counters_reason\":null,"
        "\"environment\":{}}\n";

/* Fragments that parsers often get wrong. */
static const char *const words[] = { "null", "true", "false", "-1", "0",
	"1e999", "-0.0", "1e-320", "0.1e1", "{}", "[]", "[[", "}}", "\"\"",
	"\"\\u0000\"", "\"\\ud800\"", "\"\\u001b[2J\"", "\xff", "\xc3\x28",
	"\n", ",", ":", "\"", "\\", "[[0,1]]", "\"x\"", "\"ok\"", "\"void\"",
	"\"failed\"", "\"a reason\"", "\"zipf:1.1\"", "\"zipf:1e308\"",
	"\"hot:%:%\"", "\"hot:100%:0%\"", "\"uniform\"", "\"sequential\"",
	"\"trace:00000000\"", "\"cell\":", "\"id\":\"x\",",
	"\"workload\":\"v\",", "\"paced\"", "\"mix\"", "\"fresh\"", "\"churn\"",
	"\"constant\"", "\"str16x8\"", "\"u64x24\"", "\"smt\"", "\"numa:1\"",
	"\"none\"", "\"bind:0\"", "\"interleave\"", "\"verify\"", "\"latency\"",
	"\"causes\"", "\"simulated:zen3\"", "\"counters\"",
	"\"settle\":\"no\",", "\"settle\":\"renewed:3\",",
	"\"allocator\":\"jemalloc\",", "\"huge_pages\":\"on\",",
	"\"goroutines\":\"wired\",", "\"key_differs\":\"last\",",
	"\"trace\":{\"file\":\"/x\",\"passes\":1},", "\"trace_passes\":2,",
	"[0,1]", "[[1000,3]]", "[1000,1]", NULL };

static const char *const factor_words[] = { "0", "1", "3%", "100%", "0%",
	"101%", "1k", "64Ki", "2Gi", "3Gi", "1.5Mi", "10us", "0s", "1h", "1ns",
	"80/s", "10k/s", "0/s", "1Mops", "0ops", "1pass", "2passes", "0pass",
	"cores", "cpus/2", "cores/1", "4096", "4097", "numa:1", "bind:0",
	"zipf:0.99", "zipf:4.1", "zipf:", "hot:1%:90%", "hot:0%:1%",
	"trace:00000000", "verify", "counters", "simulated:zen3",
	"simulated:", "file:", "file:/x", "~", "*", "all", "yes", "no", "W1",
	"W0", "W99999", "rwmutex", "scan:4", "stock:10", "pair:rw", "=", ":",
	"/", "%", ",",
	"keys=", "threads=", "window=", "measure=", "loop=", "dist=", NULL };
static const char *const factor_texts[] = { "writes=3%", "write-kind=churn",
	"misses=10%", "keys=64Ki", "keys=file:/a/b.trace", "shape=str16x8",
	"shape=str64x1024", "key_bytes=64", "value_bytes=1024",
	"dist=zipf:0.99", "dist=hot:1%:90%", "dist=sequential", "dist=uniform",
	"loop=mix", "loop=scan:4", "loop=pair:rw", "rate=10k/s",
	"arrivals=constant", "threads=cores/2", "threads=cpus*2",
	"threads=cpus", "threads=7", "placement=numa:1", "placement=smt",
	"memory=bind:0", "memory=interleave", "presize=no", "settle=no",
	"settle=renewed:3", "allocator=jemalloc", "huge-pages=on",
	"goroutines=wired", "key-differs=last", "warm-up=0s", "window=500ms",
	"window=1Mops", "window=10passes", "deadline=60s", "blocks=10",
	"repeat-wait=20%", "repeat-most=3", "repeat-share=50%",
	"verify=100kops", "maps=~sync*", "base=gomap_rw", "measure=latency",
	"measure=simulated:zen3", "article=W1", NULL };

static const char *const request_texts[] = { request_seed, request_traced,
	NULL };
static const char *const result_texts[] = { result_seed, result_failed,
	result_void, NULL };

/* Checks properties of every accepted request. */
static bool is_valid(const struct rm_request *request)
{
	const struct rm_cell *cell = &request->cell;

	return request->seed <= (uint64_t)1 << 53 &&
	       request->control_extra >= 0 && request->control_extra <= 1 &&
	       cell->keys >= 1 && cell->keys <= (uint64_t)1 << 31 &&
	       cell->threads >= 1 && cell->threads <= 4096 &&
	       cell->write_share >= 0 && cell->write_share <= 1 &&
	       cell->miss_share >= 0 && cell->miss_share < 1 &&
	       isfinite(cell->rate_per_s) && cell->rate_per_s >= 0 &&
	       (!cell->cpu_count || cell->cpu_count == cell->threads) &&
	       strlen(cell->id) < RM_ID_BYTES &&
	       json_is_object(request->counters);
}

static bool same_text(const json_t *a, const json_t *b)
{
	char *x = json_dumps(a, JSON_COMPACT), *y = json_dumps(b, JSON_COMPACT);
	bool same = x && y && !strcmp(x, y);

	free(x);
	free(y);
	return same;
}

static bool request_reads_back(const struct rm_request *request, char *why)
{
	json_t *json = rm_request_to_json(request), *second = NULL;
	char *text = json_dumps(json, JSON_COMPACT);
	struct rm_request back = { 0 };
	struct rm_error error = { 0 };
	bool same =
	        text && !rm_request_parse(text, strlen(text), &back, &error);

	if (same)
		second = rm_request_to_json(&back);
	same = same && same_text(json, second);
	if (!same)
		snprintf(why, FUZZ_WHY, "not equal after writing: %s",
		        error.text);
	rm_request_clear(&back);
	json_decref(json);
	json_decref(second);
	free(text);
	return same;
}

/* True if the id of a cell is a text that fits. */
static bool is_named(struct rm_cell cell)
{
	rm_cell_name(&cell);
	return cell.id[0] && strlen(cell.id) < sizeof(cell.id);
}

static enum fuzz_verdict judge_request(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_request request = { 0 };
	struct rm_error error = { 0 };
	bool good;

	(void)input;
	if (rm_request_parse(text, length, &request, &error)) {
		snprintf(why, FUZZ_WHY, "%s", error.text);
		return FUZZ_REFUSED;
	}
	good = !fuzz_member_twice(text, length) && is_valid(&request) &&
	       is_named(request.cell) && !error.text[0] &&
	       request_reads_back(&request, why);
	rm_request_clear(&request);
	return good ? FUZZ_TAKEN : FUZZ_UNSOUND;
}

/* Checks that the journal's reason for a rejected answer is valid text. */
static enum fuzz_verdict reject_answer(const struct rm_error *error,
        const char *text, size_t length, char *why)
{
	char *reason = rm_reason_text(error->text, text, length, 4096);
	json_t *string = json_string(reason);
	bool good = string && fuzz_is_line(reason);

	snprintf(why, FUZZ_WHY, "%s", error->text);
	json_decref(string);
	free(reason);
	return good ? FUZZ_REFUSED : FUZZ_UNSOUND;
}

static enum fuzz_verdict judge_answer(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_error error = { 0 };
	json_t *result = NULL, *second = NULL;

	(void)input;
	if (rm_answer_read(text, length, "c", &result, &error))
		return result ? FUZZ_UNSOUND
		              : reject_answer(&error, text, length, why);
	const char *status =
	        json_string_value(json_object_get(result, "status"));
	char *written = json_dumps(result, JSON_COMPACT);
	bool good = status && !error.text[0] &&
	            !fuzz_member_twice(text, length) &&
	            !strcmp(rm_status_constant(status), status) &&
	            !rm_answer_read(
	                    written, strlen(written), "c", &second, &error) &&
	            same_text(result, second);

	snprintf(why, FUZZ_WHY, "%s", error.text);
	free(written);
	json_decref(result);
	json_decref(second);
	return good ? FUZZ_TAKEN : FUZZ_UNSOUND;
}

/* Reads KEY = VALUE of a workload file. An accepted value must read back the
   same. */
static enum fuzz_verdict judge_factor(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	char *copy = strndup(text, length), *value = strchr(copy, '=');
	char first[RM_VALUE_BYTES], second[RM_VALUE_BYTES];
	struct rm_cell cell = { .id = "" }, read_back = { .id = "" };
	enum rm_workload_key key = RM_WORKLOAD_KEYS;
	enum fuzz_verdict verdict = FUZZ_REFUSED;

	(void)input;
	if (value) {
		*value++ = '\0';
		key = rm_key_find(copy);
	}
	snprintf(why, FUZZ_WHY, "no such key or value");
	if (key < RM_KEY_INCLUDE && !rm_factor_read(key, value, &cell)) {
		rm_factor_text(key, &cell, first);
		bool same = !rm_factor_read(key, first, &read_back);

		rm_factor_text(key, &read_back, second);
		snprintf(why, FUZZ_WHY, "%.300s, not %.300s", second, first);
		verdict = same && !strcmp(first, second) ? FUZZ_TAKEN
		                                         : FUZZ_UNSOUND;
	}
	free(copy);
	return verdict;
}

static bool is_accepted(const struct fuzz_parser *parser, const char *text)
{
	char why[FUZZ_WHY] = "";
	bool accepted =
	        parser->judge(NULL, text, strlen(text), why) == FUZZ_TAKEN;

	if (!accepted)
		printf("# %s\n", why);
	return accepted;
}

int main(void)
{
	static const struct fuzz_parser factor = { .name = "factor",
		.words = factor_words,
		.texts = factor_texts,
		.judge = judge_factor };

	static const struct fuzz_parser request = { .name = "request",
		.words = words,
		.texts = request_texts,
		.judge = judge_request };
	static const struct fuzz_parser answer = { .name = "answer",
		.words = words,
		.texts = result_texts,
		.judge = judge_answer };

	CHECK(is_accepted(&request, request_seed) &&
	                is_accepted(&request, request_traced) &&
	                is_accepted(&answer, result_seed) &&
	                is_accepted(&answer, result_failed),
	        "the unchanged inputs are accepted");
	fuzz_check(&factor, 100000);
	fuzz_check(&request, 40000);
	fuzz_check(&answer, 30000);
	return DONE();
}
