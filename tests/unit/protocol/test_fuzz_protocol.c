/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_protocol.c - a million mutated requests and results.
 * side by side: computes, measures no time.
 * slow: over five seconds of CPU time; not part of `make check`.
 *
 * Always built with the address and undefined sanitizers (tests/tests.mk): a
 * bad read is the end. The readers must decide: taken with sense, or refused
 * with a reason. RM_FUZZ_INPUTS changes the number, RM_FUZZ_SEED the inputs.
 */
#include "runner/base/clock.h"
#include "runner/base/rng.h"
#include "runner/protocol/protocol.h"
#include "runner/trial/trial.h"
#include "tests/unit/tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 8192, EDITS_MAX = 6 };

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
        "\"p50_ns\":1000,\"p90_ns\":2001,\"p99_ns\":2001,\"p999_ns\":2001,"
        "\"saturated\":0,"
        "\"buckets\":[[1000,2],[2024,1]]}],\"late_starts\":0,\"counters\":null,"
        "\"counters_reason\":null,"
        "\"environment\":{}}\n";

/* Pieces that readers get wrong. */
static const char *const pieces[] = { "null", "true", "-1", "0", "1e999",
	"-0.0", "9007199254740993", "9223372036854775807",
	"9223372036854775808", "-9223372036854775808", "4294967296", "1e-320",
	"0.1e1", "{}", "[]", "[[", "}}", "\"\"", "\"\\u0000\"", "\"\\ud800\"",
	"\xff", "\xc3\x28", "\n", ",", ":", "\"", "\\", "[[0,1]]", "32768",
	"2147483648", "4097", "zipf:", "zipf:1e308", "hot:%:%", "hot:100%:0%",
	"\"cell\":", "\"id\":\"x\",", "paced", "verify", "sequential" };

/* One input: text of `size` bytes, and what is done to it. */
struct input {
	char text[ROOM];
	size_t size;
	uint64_t rng;
};

static size_t below(struct input *input, size_t n)
{
	return n ? (size_t)(rm_next(&input->rng) % n) : 0;
}

/* Replaces `gone` bytes at `at` by `size` others, as far as there is room. */
static void splice(struct input *input, size_t at, size_t gone,
        const char *bytes, size_t size)
{
	if (gone > input->size - at)
		gone = input->size - at;
	if (input->size - gone + size > ROOM)
		return;
	memmove(input->text + at + size, input->text + at + gone,
	        input->size - at - gone);
	memcpy(input->text + at, bytes, size);
	input->size += size;
	input->size -= gone;
}

/* Start of a value or a name: where an edit of a piece makes sense. */
static size_t token(struct input *input)
{
	size_t at = below(input, input->size);

	while (at < input->size && !strchr(":,[{", input->text[at]))
		at++;
	return at + 1 < input->size ? at + 1 : 0;
}

static void edit(struct input *input)
{
	const char *piece =
	        pieces[below(input, sizeof(pieces) / sizeof(*pieces))];
	char copied[64];
	size_t at = below(input, input->size + 1), size;

	switch (below(input, 7)) {
	case 0: /* a byte */
		copied[0] = (char)rm_next(&input->rng);
		splice(input, at, 1, copied, 1);
		return;
	case 1: /* some bytes less */
		splice(input, at, below(input, 40), "", 0);
		return;
	case 2: /* a piece somewhere */
		splice(input, at, below(input, 4), piece, strlen(piece));
		return;
	case 3: /* the end is missing */
		input->size = below(input, 8) ? input->size : at;
		return;
	case 4: /* a part twice */
		size = below(input, sizeof(copied));
		size = at + size > input->size ? input->size - at : size;
		memcpy(copied, input->text + at, size);
		splice(input, below(input, input->size + 1), 0, copied, size);
		return;
	default: /* another value: the likeliest to be taken */
		at = token(input);
		size = 0;
		while (at + size < input->size &&
		        !strchr(",]}:", input->text[at + size]))
			size++;
		splice(input, at, size, piece, strlen(piece));
	}
}

static void mutate(struct input *input, const char *seed, size_t size)
{
	memcpy(input->text, seed, size);
	input->size = size;
	for (size_t edits = 1 + below(input, EDITS_MAX); edits; edits--)
		edit(input);
}

/* What every taken request promises to the trial. */
static bool has_sense(const struct rm_request *request)
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

/* 1: taken, 0: refused, -1: neither as it should be. */
static int try_request(const struct input *input)
{
	struct rm_request request = { 0 };
	struct rm_error error = { 0 };

	if (rm_request_parse(input->text, input->size, &request, &error))
		return error.text[0] ? 0 : -1;
	bool good = has_sense(&request);
	json_t *again = rm_request_to_json(&request);

	good = good && again && !error.text[0];
	json_decref(again);
	rm_request_clear(&request);
	return good ? 1 : -1;
}

static int try_result(const struct input *input)
{
	struct rm_error error = { 0 };
	json_t *result = NULL;

	if (rm_answer_read(input->text, input->size, "c", &result, &error)) {
		char *reason = rm_reason_text(
		        error.text, input->text, input->size, 4096);
		json_t *string = json_string(reason);
		/* what goes into the journal must be a line of JSON */
		bool good = error.text[0] && !result && string &&
		            !strchr(reason, '\n');

		json_decref(string);
		free(reason);
		return good ? 0 : -1;
	}
	const char *status =
	        json_string_value(json_object_get(result, "status"));
	bool good = status && !error.text[0] &&
	            !strcmp(rm_status_constant(status), status);

	json_decref(result);
	return good ? 1 : -1;
}

static size_t number_of(const char *variable, size_t usual)
{
	const char *text = getenv(variable);

	return text ? (size_t)strtoull(text, NULL, 10) : usual;
}

static void fuzz(const char *what, const char *seed, size_t size, size_t inputs,
        int (*try)(const struct input *))
{
	static struct input input; /* 8 KiB: not on the stack */
	size_t taken = 0, refused = 0;
	char name[128];

	input.rng = rm_seed(number_of("RM_FUZZ_SEED", 1), size);
	memcpy(input.text, seed, size);
	input.size = size;
	snprintf(name, sizeof(name), "the %s that is mutated is good", what);
	CHECK(try(&input) == 1, name);
	for (size_t i = 0; i < inputs; i++) {
		mutate(&input, seed, size);
		int result = try(&input);

		taken += result == 1;
		refused += result == 0;
		if (result < 0)
			printf("# input %zu: %.*s\n", i, (int)input.size,
			        input.text);
	}
	printf("# %s: %zu taken, %zu refused\n", what, taken, refused);
	snprintf(name, sizeof(name),
	        "%zu mutated %ss are taken with sense or refused with a reason",
	        inputs, what);
	CHECK(taken + refused == inputs, name);
	CHECK(taken > inputs / 1000, "some mutations are good");
	CHECK(refused > inputs / 2, "most are not");
}

int main(void)
{
	size_t inputs = number_of("RM_FUZZ_INPUTS", 1000000);

	fuzz("request", request_seed, sizeof(request_seed) - 1, inputs / 2,
	        try_request);
	fuzz("result", result_seed, sizeof(result_seed) - 1, inputs / 2,
	        try_result);
	return DONE();
}
