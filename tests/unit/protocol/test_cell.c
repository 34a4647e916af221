/* SPDX-License-Identifier: Apache-2.0 */
/* test_cell.c - tests numbers with units, ids of cells, and their JSON. */
#include "runner/base/number.h"
#include "runner/protocol/protocol.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct rm_cell example(void)
{
	return (struct rm_cell){ .workload = "uniform-97-3",
		.map = "gomap_rw",
		.shape = RM_U64X8,
		.keys = 65536,
		.write_share = 0.03,
		.write_kind = RM_UPDATE,
		.dist = RM_DIST_UNIFORM,
		.loop = { .kind = RM_LOOP_MIX },
		.arrivals = RM_ARRIVALS_POISSON,
		.threads = 2,
		.placement = "cores",
		.memory = "first-touch",
		.presize = true,
		.warm_up_ns = 200000000,
		.window_ns = 1000000000,
		.deadline_ns = 60000000000,
		.measure = RM_MEASURE_THROUGHPUT };
}

static bool id_is(struct rm_cell cell, const char *id)
{
	rm_cell_name(&cell);
	if (strcmp(cell.id, id))
		printf("# got %s\n", cell.id);
	return !strcmp(cell.id, id);
}

static void name_cells(void)
{
	struct rm_cell cell = example();

	CHECK(id_is(cell,
	              "uniform-97-3/gomap_rw/u64x8/n65536/w3/update/m0/uniform/"
	              "t2/cores/throughput"),
	        "the id of the reference cell is as documented");
	cell.loop.kind = RM_LOOP_PACED;
	cell.rate_per_s = 10000;
	cell.write_share = 0.027;
	cell.measure = RM_MEASURE_LATENCY;
	CHECK(id_is(cell, "uniform-97-3/gomap_rw/u64x8/n65536/w2.7/update/m0/"
	                  "uniform/t2/cores/paced/r10000/poisson/latency"),
	        "a paced cell's id has rate and arrivals before the measure");
	cell = example();
	cell.presize = false;
	cell.window_ns = 0;
	cell.window_ops = 500000;
	strcpy(cell.memory, "interleave");
	CHECK(id_is(cell,
	              "uniform-97-3/gomap_rw/u64x8/n65536/w3/update/m0/uniform/"
	              "t2/cores/interleave/grow/500000ops/throughput"),
	        "an id has memory, growth and a counted window");
}

static void cut_long_id(void)
{
	struct rm_cell cell = example();

	memset(cell.workload, 'w', RM_NAME_BYTES - 1);
	memset(cell.map, 'm', RM_NAME_BYTES - 1);
	memset(cell.placement, 'p', RM_NAME_BYTES - 1);
	memset(cell.memory, 'q', RM_NAME_BYTES - 1);
	rm_cell_name(&cell);
	CHECK(strlen(cell.id) == RM_ID_BYTES - 1,
	        "an id that is too long fills its buffer exactly");
}

static bool share_is(const char *text, double expected)
{
	double value = -1;

	return rm_number_share(text, &value) == 0 && value == expected;
}

static bool count_is(const char *text, uint64_t expected)
{
	uint64_t value = 77;

	return rm_number_count(text, &value) == 0 && value == expected;
}

static void parse_numbers(void)
{
	static const char *const bad[] = { "", "%", "3", "-3%", "101%", "nan%",
		"0x3%", "1e1%", "3 %", ".5%", "3.%", "100.01%",
		"99999999999999999999999999999999%" };
	bool all = true;
	uint64_t value = 77;
	double real = 77;

	CHECK(share_is("3%", 0.03) && share_is("2.7%", 0.027) &&
	                share_is("100%", 1) && share_is("0%", 0),
	        "shares are in percent");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (rm_number_share(bad[i], &real) != -EINVAL || real != 77) {
			printf("# accepted %s\n", bad[i]);
			all = false;
		}
	CHECK(all, "an invalid share is rejected and stores nothing");
	CHECK(count_is("64Ki", 65536) && count_is("10k", 10000) &&
	                count_is("1.5Mi", 1572864) &&
	                count_is("2Gi", 2147483648U),
	        "counts have suffixes k and Ki");
	CHECK(count_is("16.1k", 16100) && count_is("2.01k", 2010) &&
	                count_is("1.001M", 1001000) && count_is("0.001k", 1),
	        "a count is exact, not the product of two roundings");
	CHECK(rm_number_count("0.3", &value) == -EINVAL &&
	                rm_number_count("1K", &value) == -EINVAL &&
	                rm_number_count("99999999999999999", &value) ==
	                        -EINVAL &&
	                value == 77,
	        "a malformed, unknown or huge count is rejected");
	CHECK(rm_number_time("200ms", &value) == 0 && value == 200000000 &&
	                rm_number_time("1.5s", &value) == 0 &&
	                value == 1500000000,
	        "times are in ns");
	CHECK(rm_number_time("2.01ms", &value) == 0 && value == 2010000 &&
	                rm_number_time("16.1us", &value) == 0 &&
	                value == 16100 &&
	                rm_number_time("0.07min", &value) == 0 &&
	                value == 4200000000 &&
	                rm_number_time("0.07h", &value) == 0 &&
	                value == 252000000000,
	        "times are exact");
	CHECK(rm_number_time("5", &value) == -EINVAL &&
	                rm_number_time("0s", &value) == -EINVAL,
	        "a time needs a unit and is above 0");
	CHECK(rm_number_rate("10k/s", &real) == 0 && real == 10000 &&
	                rm_number_rate("80", &real) == -EINVAL &&
	                rm_number_rate("0/s", &real) == -EINVAL,
	        "a rate is per second and above 0");
	CHECK(rm_number_rate("16.1k/s", &real) == 0 && real == 16100,
	        "rates are exact");
}

static bool share_reads_back(double given)
{
	char text[64];
	double value;

	rm_number_text(given, 2, text, sizeof(text) - 1);
	strcat(text, "%");
	if (!rm_number_share(text, &value) && value == given)
		return true;
	printf("# %.17g gave %s\n", given, text);
	return false;
}

static void round_trip_numbers(void)
{
	char text[64];
	bool all = true;

	for (int i = 0; i <= 10000; i++)
		all = share_reads_back(i / 10000.0) && all;
	CHECK(all, "10,001 shares read back from their text");
	/* 9973 is a prime, so nearly all shares have all digits of a double */
	for (int i = 0; i <= 9973; i++)
		all = share_reads_back(i / 9973.0) && all;
	CHECK(all, "shares of 17 digits read back");
	rm_number_text(1000000, 0, text, sizeof(text));
	CHECK(!strcmp(text, "1000000"), "a million has no exponent");
	rm_number_text(0.00001, 0, text, sizeof(text));
	CHECK(!strchr(text, 'e'), "a small number has no exponent");
}

/* True if this distribution in JSON is read and then written as `expected`. If
   that is NULL, true if it is rejected with an error. */
static bool dist_is(const char *text, const char *expected)
{
	struct rm_cell cell = example(), back = { 0 };
	struct rm_error error = { "" };
	char name[RM_VALUE_BYTES];
	json_t *json = rm_cell_to_json(&cell);
	int failed;

	json_object_set_new(json, "dist", json_string(text));
	failed = rm_cell_from_json(json, &back, &error);
	json_decref(json);
	if (failed)
		return !expected && strstr(error.text, "cell.dist") &&
		       rm_factor_read(RM_KEY_DIST, text, &cell) == -EINVAL;
	rm_factor_text(RM_KEY_DIST, &back, name);
	return expected && !strcmp(name, expected);
}

static void parse_distributions(void)
{
	CHECK(dist_is("uniform", "uniform") &&
	                dist_is("sequential", "sequential") &&
	                dist_is("zipf:0.99", "zipf:0.99") &&
	                dist_is("hot:1%:90%", "hot:1%:90%") &&
	                dist_is("hot:0.1%:99.9%", "hot:0.1%:99.9%"),
	        "a distribution reads back equal");
	CHECK(dist_is("zipf:", NULL) && dist_is("zipf:0", NULL) &&
	                dist_is("zipf:5", NULL) && dist_is("zipf:1x", NULL) &&
	                dist_is("zipf", NULL) && dist_is("hot:1%", NULL) &&
	                dist_is("hot:100%:90%", NULL) &&
	                dist_is("hot::", NULL) && dist_is("hot:0%:1%", NULL) &&
	                dist_is("Uniform", NULL) && dist_is("", NULL),
	        "an invalid distribution is rejected with an error");
}

/* True if a shape keeps its id and sizes through JSON and has this program. */
static bool shape_is(
        const char *name, unsigned key, unsigned value, unsigned program)
{
	struct rm_cell cell = example(), back = { 0 };
	struct rm_error error = { "" };
	json_t *json = rm_cell_to_json(&cell);
	char part[RM_NAME_BYTES];
	bool ok;

	json_object_set_new(json, "shape", json_string(name));
	ok = !rm_cell_from_json(json, &back, &error);
	json_decref(json);
	rm_cell_name(&back);
	snprintf(part, sizeof(part), "/gomap_rw/%s/n", name);
	json = rm_cell_to_json(&back);
	ok = ok && strstr(back.id, part) && rm_cell_key_bytes(&back) == key &&
	     back.shape.str == (key > 8) && back.shape.value_bytes == value &&
	     rm_cell_size_class(&back) == program &&
	     !strcmp(rm_cell_shape_name(&back), name) &&
	     !strcmp(json_string_value(json_object_get(json, "shape")), name);
	json_decref(json);
	if (!ok)
		printf("# %s: %s %u %u %u\n", name, back.id,
		        rm_cell_key_bytes(&back), back.shape.value_bytes,
		        rm_cell_size_class(&back));
	rm_cell_clear(&back);
	return ok;
}

static void parse_shapes(void)
{
	static const unsigned keys[] = { 8, 16, 32, 64 };
	static const unsigned values[] = { 8, 24, 64, 256, 1024 };
	char name[RM_NAME_BYTES];
	bool all = true;

	for (unsigned i = 0; i < 20; i++) {
		const unsigned key = keys[i / 5], value = values[i % 5];

		if (key == 8)
			snprintf(name, sizeof(name), "u64x%u", value);
		else
			snprintf(name, sizeof(name), "str%ux%u", key, value);
		all &= shape_is(name, key, value,
		        value > 24 ? value
		        : key > 16 ? 24
		                   : 0);
	}
	CHECK(all, "20 shapes read back equal and have their program");
}

/* True if key_bytes and value_bytes change a shape to `expected`. */
static bool resizes(const char *shape, const char *key, const char *value,
        const char *expected)
{
	struct rm_cell cell = { 0 };
	bool ok = !rm_factor_read(RM_KEY_SHAPE, shape, &cell) &&
	          !rm_factor_read(RM_KEY_KEY_BYTES, key, &cell) &&
	          !rm_factor_read(RM_KEY_VALUE_BYTES, value, &cell);

	rm_cell_apply_lengths(&cell);
	return ok && !strcmp(rm_cell_shape_name(&cell), expected) &&
	       !cell.key_bytes && !cell.value_bytes;
}

static void resize_shapes(void)
{
	struct rm_shape shape;
	struct rm_cell cell;

	CHECK(resizes("u64x8", "shape", "shape", "u64x8") &&
	                resizes("str64x24", "shape", "shape", "str64x24") &&
	                resizes("u64x8", "64", "1024", "str64x1024") &&
	                resizes("str16x24", "8", "shape", "u64x24") &&
	                resizes("str32x8", "16", "24", "str16x24") &&
	                resizes("str16x8", "shape", "256", "str16x256"),
	        "key_bytes and value_bytes replace the shape's lengths");
	CHECK(rm_factor_read(RM_KEY_KEY_BYTES, "24", &cell) &&
	                rm_factor_read(RM_KEY_VALUE_BYTES, "32", &cell) &&
	                rm_factor_read(RM_KEY_VALUE_BYTES, "1Ki", &cell) &&
	                rm_factor_read(RM_KEY_SHAPE, "str8x8", &cell) &&
	                rm_factor_read(RM_KEY_SHAPE, "u64x1023", &cell),
	        "other sizes are rejected");
	CHECK(!rm_shape_parse("str16x1024", &shape) && shape.str &&
	                shape.value_bytes == 1024 &&
	                rm_shape_parse("str64x8", &shape),
	        "a shape alone cannot specify long keys");
}

static void round_trip_json(void)
{
	struct rm_cell cell = example(), back = { 0 };
	struct rm_error error = { "" };
	unsigned cpus[] = { 1, 0 };
	json_t *json, *second;

	cell.cpus = cpus;
	cell.cpu_count = 2;
	cell.write_share = 0.027;
	rm_cell_name(&cell);
	json = rm_cell_to_json(&cell);
	CHECK(json_object_size(json) == 23, "the object has 23 members");
	CHECK(rm_cell_from_json(json, &back, &error) == 0, "the object reads "
	                                                   "back");
	second = rm_cell_to_json(&back);
	CHECK(json_equal(json, second), "the cell that was read gives an "
	                                "equal object");
	CHECK(back.cpu_count == 2 && back.cpus[0] == 1 && back.cpus[1] == 0,
	        "CPUs keep their order");
	rm_cell_clear(&back);
	CHECK(!back.cpus && back.keys == 0, "clear leaves an empty cell");
	json_object_set_new(
	        json, "measure", json_string("simulated:icelake-sp"));
	CHECK(rm_cell_from_json(json, &back, &error) == 0 &&
	                back.measure == RM_MEASURE_SIMULATED &&
	                !strcmp(back.model, "icelake-sp"),
	        "the JSON of a simulated cell names its machine");
	rm_cell_name(&back);
	CHECK(strstr(back.id, "/simulated:icelake-sp"),
	        "the id of a simulated cell names its machine");
	rm_cell_clear(&back);
	json_decref(json);
	json_decref(second);
}

/* Tests members that exist only for unusual values. */
static void omit_usual_values(void)
{
	struct rm_cell cell = example(), back = { 0 };
	struct rm_error error = { "" };
	json_t *json, *second;

	cell.allocator = RM_ALLOCATOR_JEMALLOC;
	cell.huge_pages = RM_HUGE_PAGES_OFF;
	cell.goroutines = RM_GOROUTINES_WIRED;
	cell.key_differs = RM_DIFFERS_LAST;
	cell.settle = RM_SETTLE_NO;
	cell.clock_rate = RM_CLOCK_RATE_1000;
	cell.dist = RM_DIST_TRACE;
	cell.trace_checksum = 0x12ab;
	cell.trace_passes = 3;
	cell.warm_up_ns = cell.window_ns = 0;
	cell.window_ops = 7;
	strcpy(cell.trace, "some/file.trace");
	CHECK(id_is(cell,
	              "uniform-97-3/gomap_rw/u64x8/n65536/w3/update/m0/"
	              "trace:000012ab/t2/cores/cold/clock-x1000/jemalloc/"
	              "huge-off/goroutines-wired/differs-last/7ops/throughput"),
	        "a trace is named by its checksum, an allocator by its name");
	json = rm_cell_to_json(&cell);
	CHECK(json_object_size(json) == 30, "the object has 7 more members");
	json_object_set_new(json, "id", json_string("x"));
	CHECK(rm_cell_from_json(json, &back, &error) == 0, "the object reads "
	                                                   "back");
	second = rm_cell_to_json(&back);
	CHECK(json_equal(json, second), "the cell that was read gives an "
	                                "equal object");
	json_decref(second);
	rm_cell_clear(&back);
	json_object_set_new(json, "dist", json_string("uniform"));
	CHECK(rm_cell_from_json(json, &back, &error) &&
	                strstr(error.text, "cell.trace"),
	        "a trace without its checksum is rejected");
	json_object_set_new(json, "dist", json_string("trace:12AB0000"));
	CHECK(rm_cell_from_json(json, &back, &error), "a bad checksum is "
	                                              "rejected");
	json_object_set_new(json, "dist", json_string("trace:12ab0000"));
	json_object_set_new(json, "huge_pages", json_string("2M"));
	CHECK(rm_cell_from_json(json, &back, &error),
	        "an unknown kind of huge pages is rejected");
	json_decref(json);
}

static void parse_renewals(void)
{
	static const char *const bad[] = { "renewed", "renewed:", "renewed:0",
		"renewed:01", "renewed:+1", "renewed:101", "renewed:1x",
		"renewed: 1", "cold", "" };
	struct rm_cell cell = example();
	char text[RM_VALUE_BYTES];

	CHECK(rm_factor_read(RM_KEY_SETTLE, "renewed:100", &cell) == 0 &&
	                cell.renewals == 100 && cell.settle == RM_SETTLE_YES,
	        "each key may be renewed 100 times");
	rm_factor_text(RM_KEY_SETTLE, &cell, text);
	CHECK(!strcmp(text, "renewed:100"), "the text of renewals reads back");
	CHECK(id_is(cell, "uniform-97-3/gomap_rw/u64x8/n65536/w3/update/m0/"
	                  "uniform/t2/cores/renewed:100/throughput"),
	        "the text of renewals is part of the id");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(rm_factor_read(RM_KEY_SETTLE, bad[i], &cell) == -EINVAL,
		        bad[i]);
	CHECK(rm_factor_read(RM_KEY_SETTLE, "yes", &cell) == 0 &&
	                cell.renewals == 0,
	        "yes means no renewals");
}

static bool rejects(const char *member, const char *value)
{
	struct rm_cell cell = example(), back = { 0 };
	struct rm_error error = { "" };
	json_t *json;
	bool ok;

	rm_cell_name(&cell);
	json = rm_cell_to_json(&cell);
	if (value)
		json_object_set_new(
		        json, member, json_loads(value, JSON_DECODE_ANY, NULL));
	else
		json_object_del(json, member);
	ok = rm_cell_from_json(json, &back, &error) == -EINVAL &&
	     strstr(error.text, member) && !back.cpus;
	if (!ok)
		printf("# %s = %s: %s\n", member, value, error.text);
	json_decref(json);
	return ok;
}

static void check_members(void)
{
	static const char *const cases[][2] = { { "id", "1" },
		{ "map", "null" }, { "shape", "\"u64x9\"" }, { "keys", "0" },
		{ "keys", "2147483649" }, { "keys", "1.5" },
		{ "write_share", "1.5" }, { "write_share", "-0.1" },
		{ "write_share", "\"3%\"" }, { "miss_share", "1" },
		{ "write_kind", "\"upsert\"" }, { "dist", "\"zip\"" },
		{ "dist", "3" }, { "loop", "\"open\"" }, { "rate_per_s", "80" },
		{ "arrivals", "\"\"" }, { "threads", "0" },
		{ "threads", "4097" }, { "placement", "{}" }, { "cpus", "[1]" },
		{ "cpus", "[-1,0]" }, { "cpus", "{}" }, { "presize", "1" },
		{ "warm_up_ns", "-1" }, { "window_ns", "0" },
		{ "window_ops", "5" }, { "deadline_ns", "0" },
		{ "verify_ops", "true" }, { "measure", "\"speed\"" },
		{ "measure", "\"simulated\"" }, { "measure", "\"simulated:\"" },
		{ "measure", "\"simulated:../x\"" },
		{ "loop", "\"fill:decimal\"" }, { "surprise", "1" } };
	bool all = true;
	struct rm_cell cell = example();
	json_t *json = rm_cell_to_json(&cell);
	const char *member;
	json_t *value;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		all &= rejects(cases[i][0], cases[i][1]);
	CHECK(all, "each invalid member is rejected and named");
	all = true;
	json_object_foreach (json, member, value)
		all &= rejects(member, NULL);
	CHECK(all, "each missing member is rejected and named");
	json_decref(json);
	json = json_array();
	CHECK(rm_cell_from_json(json, &cell, NULL) == -EINVAL,
	        "an array is not a cell");
	json_decref(json);
}

int main(void)
{
	name_cells();
	cut_long_id();
	parse_numbers();
	round_trip_numbers();
	parse_distributions();
	parse_shapes();
	resize_shapes();
	round_trip_json();
	omit_usual_values();
	parse_renewals();
	check_members();
	return DONE();
}
