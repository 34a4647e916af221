/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill:decimal: keys that are sequential numbers as decimal text.
 *
 * slow: it is linked with each map of the build.
 */
#include "impls/support/no_handle.h"
#include "runner/decimal_key.h"
#include "runner/driver.h"
#include "runner/impl.h"
#include "tests/unit/find_map.h"
#include "tests/unit/trial/loop_text.h"
#include "tests/unit/trial/run_trial.h"

static void texts(void)
{
	static const char *const bad[] = { "fill:text", "fill:decimal:1",
		"random-fill:decimal" };
	struct rm_loop loop;
	bool refused = true;

	CHECK(reads_as("fill:decimal", "fill:decimal") &&
	                reads_as("fill:binary", "fill"),
	        "the text contains the form of keys unless it is the default");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused &= rm_loop_parse(bad[i], &loop) != 0;
	CHECK(refused,
	        "unknown forms, and forms for other loops, are rejected");
}

static bool is_number(struct rm_key key, uint64_t number)
{
	char text[32];
	int length = snprintf(
	        text, sizeof(text), "%llu", (unsigned long long)number);

	return key.length == (size_t)length &&
	       !memcmp(key.bytes, text, key.length);
}

static void digits_are_those_of_the_number(void)
{
	static const uint64_t numbers[] = { 0, 9, 10, 99, 100, 65536, 99999,
		UINT64_MAX };
	struct rm_key_bytes line = { .bytes = "" };
	bool same = true;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		const struct rm_key key = rm_decimal_key(numbers[i], &line);

		same &= is_number(key, numbers[i]) &&
		        key.word == rm_scatter(numbers[i]);
	}
	CHECK(same, "decimal text has the digits that printf() prints");
}

/* This is not a map. It records its keys and finds all of them. */
static struct {
	uint64_t upserts, lookups;
	size_t shortest, longest;
	bool other; /* true if a key was not the decimal text of its number */
} shown;

static void *nothing_shown(const struct rm_sizing *sizing)
{
	(void)sizing;
	shown.shortest = SIZE_MAX;
	return &shown;
}

static bool look_at_text(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	(void)thread, (void)shape;
	shown.other |= !is_number(key, shown.lookups);
	*value = rm_value_of(shown.lookups++, 0, 0);
	return true;
}

static bool show_text(void *thread, struct rm_shape shape, struct rm_key key,
        const struct rm_value *value)
{
	(void)thread, (void)shape;
	shown.other |= !is_number(key, shown.upserts) ||
	               (uint32_t)value->word[0] != shown.upserts;
	shown.upserts++;
	if (key.length < shown.shortest)
		shown.shortest = key.length;
	if (key.length > shown.longest)
		shown.longest = key.length;
	return false;
}

static const struct rm_map_ops shown_ops = { .create = nothing_shown,
	.destroy = nothing,
	.join = map_itself,
	.leave = nothing,
	.lookup = look_at_text,
	.upsert = show_text,
	.quiesce = nothing };
static const struct rm_impl text_shown = {
	.id = "shown", .ops = &shown_ops, .shapes = RM_ALL_SHAPES
};

static void fills_with_numbers_as_text(void)
{
	struct rm_request request = loop_request("shown", "fill:decimal");
	json_t *result;

	request.cell.shape = RM_STR16X8;
	request.cell.keys = 100000;
	request.cell.threads = 1;
	result = run_on(&request, &text_shown);
	CHECK(is(result, "ok", "") &&
	                number_of(result, "keys_after") == 100000 &&
	                number_of(result, "keys_before") == 0,
	        "fill:decimal fills the map from no keys to all keys");
	CHECK(!shown.other && shown.upserts == 100000 &&
	                shown.lookups == 100000 && shown.shortest == 1 &&
	                shown.longest == 5,
	        "the keys are 0 to 99999 in order, as text of 1 to 5 bytes");
	json_decref(result);
}

static void values_are_accounted_under_text(void)
{
	struct rm_request request = loop_request("gomap_rw", "fill:decimal");
	json_t *result;

	request.cell.shape = RM_STR16X8;
	request.cell.measure = RM_MEASURE_VERIFY;
	request.cell.verify_ops = 10000;
	request.cell.window_ops = 0;
	result = run_on(&request, rm_impl_find("gomap_rw"));
	CHECK(is(result, "ok", "") && number_of(result, "keys_after") == 1000,
	        "accounting of values uses keys of the same form");
	json_decref(result);
}

static size_t text_maps, wrong_maps;

/* Skips maps without strings or state, and injected bugs. */
static void fill_with_text(const struct rm_impl *impl)
{
	const unsigned strings = 1U << rm_shape_index(RM_STR16X8);
	struct rm_request request;
	json_t *result;

	if (!rm_impl_is_map(impl) || !(impl->shapes & strings) ||
	        impl->misuse || impl->caps & RM_CAP_NO_STATE)
		return;
	request = loop_request(impl->id, "fill:decimal");
	request.cell.shape = RM_STR16X8;
	request.cell.presize = impl->caps & RM_CAP_FIXED_SIZE;
	request.cell.threads = 1;
	result = run_on(&request, impl);
	if (!is(result, "ok", "") || number_of(result, "keys_after") != 1000) {
		printf("# %s\n", impl->id);
		wrong_maps++;
	}
	text_maps++;
	json_decref(result);
}

static void every_map_of_strings_takes_text(void)
{
	each_map(fill_with_text);
	CHECK(!wrong_maps && text_maps > 10,
	        "every map of strings accepts decimal text");
}

int main(void)
{
	texts();
	digits_are_those_of_the_number();
	fills_with_numbers_as_text();
	values_are_accounted_under_text();
	every_map_of_strings_takes_text();
	return DONE();
}
