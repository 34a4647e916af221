/* SPDX-License-Identifier: Apache-2.0 */
/* test_kinds.c - tests each kind of factor with its own rows: reads and writes
   texts, JSON and schemas. Each bound is tested with the last valid and the
   first invalid value. */
#include "runner/protocol/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER(name)                              \
	.offset = offsetof(struct rm_cell, name), \
	.size = sizeof(((struct rm_cell *)NULL)->name)

static struct rm_cell cell;
static struct rm_error error;

/* Input and output text. The output is NULL if the input is rejected. */
struct pair {
	const char *in, *out;
};

static bool reads_as(
        const struct rm_factor *factor, const char *in, const char *out)
{
	char text[RM_VALUE_BYTES] = "";
	int failed = factor->kind->read(factor, in, &cell);
	bool same = failed ? failed == -EINVAL && !out : out != NULL;

	if (!failed) {
		factor->kind->write(factor, &cell, text);
		same = same && !strcmp(text, out);
	}
	if (!same)
		printf("# \"%s\": %d \"%s\"\n", in, failed, text);
	return same;
}

#define READS(factor, ...) \
	reads((factor), (const struct pair[]){ __VA_ARGS__, { NULL, NULL } })

static bool reads(const struct rm_factor *factor, const struct pair *pairs)
{
	bool all = true;

	for (; pairs->in; pairs++)
		all &= reads_as(factor, pairs->in, pairs->out);
	return all;
}

/* Like reads_as(), but for JSON. Both values are JSON texts. */
static bool json_reads_as(
        const struct rm_factor *factor, const char *in, const char *out)
{
	json_t *json = json_loads(in, JSON_DECODE_ANY, NULL), *back;
	char *text = NULL;
	int failed;
	bool same;

	error = (struct rm_error){ "" };
	failed = factor->kind->form->from_json(factor, json, &cell, &error);
	if (!failed) {
		back = factor->kind->form->to_json(factor, &cell);
		text = json_dumps(
		        back, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
		json_decref(back);
	}
	json_decref(json);
	same = failed ? !out && failed == -EINVAL && error.text[0]
	              : out && text && !strcmp(text, out);
	if (!same)
		printf("# %s: %d %s %s\n", in, failed, text ? text : "",
		        error.text);
	free(text);
	return same;
}

#define TAKES(factor, ...)   \
	reads_json((factor), \
	        (const struct pair[]){ __VA_ARGS__, { NULL, NULL } })

static bool reads_json(const struct rm_factor *factor, const struct pair *pairs)
{
	bool all = true;

	for (; pairs->in; pairs++)
		all &= json_reads_as(factor, pairs->in, pairs->out);
	return all;
}

static bool schema_is(const struct rm_factor *factor, const char *expected)
{
	json_t *schema = factor->kind->form->schema(factor);
	char *text = json_dumps(schema, JSON_COMPACT | JSON_SORT_KEYS);
	bool same = text && !strcmp(text, expected);

	if (!same)
		printf("# %s\n", text);
	free(text);
	json_decref(schema);
	return same;
}

/* Returns `before`, then `length` times the letter a. */
static const char *long_text(const char *before, size_t length)
{
	static char text[4 * RM_VALUE_BYTES];

	snprintf(text, sizeof(text), "%s", before);
	memset(text + strlen(before), 'a', length);
	text[strlen(before) + length] = '\0';
	return text;
}

/* Returns a small number with more digits than the buffer has bytes. */
static const char *padded_number(const char *before, const char *after)
{
	static char text[2 * RM_NAME_BYTES];

	snprintf(text, sizeof(text), "%s%0*d%s", before, RM_NAME_BYTES, 2,
	        after);
	return text;
}

static void parse_reals(void)
{
	const struct rm_factor share = { .member = "s",
		.kind = &rm_kind_share,
		.most = 1,
		MEMBER(miss_share) };
	const struct rm_factor rate = { .member = "r",
		.kind = &rm_kind_rate,
		.most = 1e9,
		MEMBER(rate_per_s) };
	struct rm_factor below = share;

	below.below = true;
	CHECK(READS(&share, { "3%", "3%" }, { "0%", "0%" }, { "100%", "100%" },
	              { "2.50%", "2.5%" }, { "101%", NULL }, { "3", NULL },
	              { "3/s", NULL }),
	        "shares are read in percent, up to their maximum");
	CHECK(!share.kind->read(&share, "25%", &cell) &&
	                cell.miss_share == 0.25,
	        "shares are stored as 0 to 1");
	CHECK(READS(&below, { "100%", NULL }, { "99.9%", "99.9%" }),
	        "the maximum may be excluded");
	CHECK(READS(&rate, { "80/s", "80/s" }, { "10k/s", "10000/s" },
	              { "1000000000/s", "1000000000/s" },
	              { "1000000001/s", NULL }, { "80%", NULL }),
	        "rates are read per second, up to their maximum");
	CHECK(TAKES(&share, { "0", "0.0" }, { "1", "1.0" }, { "0.5", "0.5" },
	              { "-0.1", NULL }, { "1.1", NULL }, { "\"1\"", NULL },
	              { "null", NULL }) &&
	                strstr(error.text, "cell.s: "),
	        "JSON has numbers with the same bounds");
	CHECK(TAKES(&below, { "0.999", "0.999" }, { "1", NULL }) &&
	                strstr(error.text, "below 1"),
	        "an excluded maximum is reported");
	CHECK(schema_is(&share, "{\"maximum\":1.0,\"minimum\":0.0,\"type\":"
	                        "\"number\"}") &&
	                schema_is(&below,
	                        "{\"exclusiveMaximum\":1.0,\"minimum\":0.0,"
	                        "\"type\":\"number\"}"),
	        "the schema has the bounds");
}

static void parse_whole_numbers(void)
{
	const struct rm_factor narrow = { .member = "n",
		.kind = &rm_kind_whole,
		.least = 2,
		.most = 9,
		MEMBER(blocks) };
	const struct rm_factor wide = { .member = "w",
		.kind = &rm_kind_whole,
		.most = 0x1p53,
		MEMBER(window_ns) };

	CHECK(READS(&narrow, { "2", "2" }, { "9", "9" }, { "1", NULL },
	              { "10", NULL }, { "3ns", NULL }, { "", NULL }),
	        "whole numbers are read within their bounds");
	CHECK(READS(&wide, { "0", "0" }, { "4294967295", "4294967295" },
	              { "4294967296", NULL }),
	        "texts have 32 bits");
	CHECK(TAKES(&narrow, { "2", "2" }, { "9", "9" }, { "1", NULL },
	              { "10", NULL }, { "2.0", NULL }, { "\"2\"", NULL }) &&
	                strstr(error.text,
	                        "cell.n: expected an integer from 2 to 9"),
	        "JSON has the same bounds");
	CHECK(TAKES(&wide, { "9007199254740992", "9007199254740992" },
	              { "9007199254740994", NULL }, { "-1", NULL },
	              { "\"1\"", NULL }),
	        "JSON has 64 bits, up to the maximum");
	CHECK(schema_is(&narrow,
	              "{\"maximum\":9,\"minimum\":2,\"type\":\"integer\"}"),
	        "the schema has the bounds");
}

/* Writing a member of 32 bits must not change its neighbours. */
static void keep_neighbours(void)
{
	const struct rm_factor narrow = {
		.kind = &rm_kind_whole, .most = 9, MEMBER(blocks)
	};
	struct rm_cell before;

	memset(&cell, 0xff, sizeof(cell));
	before = cell;
	before.blocks = 7;
	CHECK(!narrow.kind->read(&narrow, "7", &cell) &&
	                !memcmp(&before, &cell, sizeof(cell)),
	        "a number of 32 bits does not change its neighbours");
	memset(&cell, 0, sizeof(cell));
}

static void parse_times_and_counts(void)
{
	const struct rm_factor any = {
		.kind = &rm_kind_time, .most = 0x1p53, MEMBER(warm_up_ns)
	};
	const struct rm_factor some = { .kind = &rm_kind_time,
		.least = 1,
		.most = 1000,
		MEMBER(warm_up_ns) };
	const struct rm_factor ops = { .kind = &rm_kind_ops,
		.least = 2,
		.most = 2000,
		MEMBER(verify_ops) };

	CHECK(READS(&any, { "0s", "0s" }, { "200ms", "200000000ns" },
	              { "1.5s", "1500000000ns" }, { "0ms", NULL },
	              { "5", NULL }),
	        "times have a unit; 0s is zero");
	CHECK(READS(&some, { "0s", NULL }, { "1ns", "1ns" },
	              { "1us", "1000ns" }, { "1001ns", NULL }),
	        "times have bounds");
	CHECK(READS(&ops, { "2ops", "2ops" }, { "2kops", "2000ops" },
	              { "1.5kops", "1500ops" }, { "1ops", NULL },
	              { "2001ops", NULL }, { "0ops", NULL }, { "ops", NULL },
	              { "2", NULL }, { "2op", NULL }, { "2opss", NULL },
	              { "2abc", NULL }),
	        "counts of operations have a unit and bounds");
	CHECK(reads_as(&ops, padded_number("", "ops"), NULL),
	        "a long text is rejected");
}

static void parse_keys(void)
{
	const struct rm_factor keys = { .kind = &rm_kind_keys,
		.most = 0x1p31,
		.offset = offsetof(struct rm_cell, keys) };

	CHECK(READS(&keys, { "1", "1" }, { "64Ki", "65536" },
	              { "2Gi", "2147483648" }, { "2147483649", NULL },
	              { "0", NULL }, { "", NULL }, { "-1", NULL }),
	        "a number of keys is read, up to the maximum");
	CHECK(READS(&keys, { "llc*1", "llc*1" }, { "llc*64", "llc*64" },
	              { "llc*65", NULL }, { "llc*0", NULL }, { "llc", NULL },
	              { "llc*", NULL }, { "llc*4Ki", NULL }),
	        "a multiple of the last-level cache is read");
	CHECK(!keys.kind->read(&keys, "llc*4", &cell) && cell.keys_fill_llc &&
	                !keys.kind->read(&keys, "7", &cell) &&
	                !cell.keys_fill_llc,
	        "a number replaces a multiple");
	CHECK(READS(&keys, { "file:a b.trace", "file:a b.trace" },
	              { "file:", NULL }, { "file", NULL }),
	        "a file of keys is read");
	CHECK(!keys.kind->read(&keys, "file:t", &cell) && !cell.keys &&
	                !strcmp(cell.trace, "t") &&
	                !keys.kind->read(&keys, "5", &cell) && cell.keys == 5 &&
	                !cell.trace[0],
	        "a number replaces a file");
	CHECK(!keys.kind->read(&keys,
	              long_text("file:", RM_TRACE_NAME_BYTES - 1), &cell) &&
	                strlen(cell.trace) == RM_TRACE_NAME_BYTES - 1 &&
	                reads_as(&keys, long_text("file:", RM_TRACE_NAME_BYTES),
	                        NULL),
	        "a file's name has a maximum length");
}

static void parse_threads(void)
{
	const struct rm_factor threads = { .kind = &rm_kind_threads,
		.most = 4096 };

	CHECK(READS(&threads, { "1", "1" }, { "4096", "4096" },
	              { "4097", NULL }, { "0", NULL }, { "x", NULL }),
	        "a number of threads is read, up to the maximum");
	CHECK(READS(&threads, { "cores", "cores" }, { "cpus", "cpus" },
	              { "cores/2", "cores/2" }, { "cores*3", "cores*3" },
	              { "cpus/4096", "cpus/4096" }, { "cpus*2", "cpus*2" }),
	        "all cores or CPUs, a part or a multiple of them are read");
	CHECK(READS(&threads, { "cores/1", NULL }, { "cores*1", NULL },
	              { "cores/0", NULL }, { "cpus/4097", NULL },
	              { "cores/", NULL }, { "cores+2", NULL },
	              { "cores/x", NULL }, { "core", NULL },
	              { "cores2", NULL }),
	        "a divisor or factor must be at least 2");
	threads.kind->read(&threads, "cpus", &cell);
	CHECK(cell.threads_unit == RM_THREADS_CPUS && cell.threads == 1 &&
	                !threads.kind->read(&threads, "cores/2", &cell) &&
	                cell.threads_unit == RM_THREADS_CORES &&
	                cell.threads == 2 &&
	                !threads.kind->read(&threads, "cpus*5", &cell) &&
	                cell.threads_unit == RM_THREADS_TIMES_CPUS &&
	                !threads.kind->read(&threads, "7", &cell) &&
	                cell.threads_unit == RM_THREADS_COUNT,
	        "each way to give threads has its unit");
}

static void parse_windows(void)
{
	const struct rm_factor window = { .kind = &rm_kind_window };
	char most[40], more[40];

	snprintf(most, sizeof(most), "%llupasses",
	        (unsigned long long)RM_TRACE_PASSES_MAX);
	snprintf(more, sizeof(more), "%llupasses",
	        (unsigned long long)RM_TRACE_PASSES_MAX + 1);
	CHECK(READS(&window, { "1s", "1000000000ns" }, { "5ops", "5ops" },
	              { "1pass", "1passes" }, { "10passes", "10passes" },
	              { most, most }, { more, NULL }, { "0passes", NULL },
	              { "0ops", NULL }, { "0s", NULL }, { "pass", NULL },
	              { "2passe", NULL }, { "2", NULL }),
	        "a window is a time, a count or passes");
	CHECK(reads_as(&window, padded_number("", "passes"), NULL),
	        "a long text is rejected");
	cell.window_ns = 1;
	CHECK(!window.kind->read(&window, "2ops", &cell) && !cell.window_ns &&
	                cell.window_ops == 2 &&
	                !window.kind->read(&window, "3passes", &cell) &&
	                !cell.window_ops && cell.trace_passes == 3 &&
	                !window.kind->read(&window, "4ns", &cell) &&
	                !cell.trace_passes && cell.window_ns == 4,
	        "a new value replaces the old ones");
}

static void read_cpus(void)
{
	const struct rm_factor cpus = {
		.member = "cpus", .kind = &rm_kind_cpus, .most = 9
	};
	bool refused = true;
	static const char *const bad[] = { "[10]", "[-1]", "[1.5]", "[\"1\"]",
		"[0,[]]", "{}", "3" };

	CHECK(TAKES(&cpus, { "[]", "[]" }) && !cell.cpus && !cell.cpu_count,
	        "no CPUs are an empty list");
	CHECK(TAKES(&cpus, { "[3,0,9]", "[3,0,9]" }) && cell.cpu_count == 3,
	        "CPUs are a list of numbers");
	rm_cell_clear(&cell);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		refused &= json_reads_as(&cpus, bad[i], NULL);
		rm_cell_clear(&cell);
		cell = (struct rm_cell){ .keys = 0 };
	}
	CHECK(refused, "CPUs are listed up to their maximum number, and "
	               "nothing else is");
	CHECK(schema_is(&cpus, "{\"items\":{\"maximum\":9,\"minimum\":0,"
	                       "\"type\":\"integer\"},\"type\":\"array\"}"),
	        "the schema has the bounds");
}

static const char *const colours[] = { "red", "green", NULL };

static void parse_listed_names(void)
{
	const struct rm_factor names = { .member = "colour",
		.kind = &rm_kind_names,
		.names = colours,
		.expected = "red or green",
		MEMBER(settle) };
	struct rm_factor more = names;

	more.cells_only = "blue";
	CHECK(READS(&names, { "red", "red" }, { "green", "green" },
	              { "gree", NULL }, { "", NULL }, { "Red", NULL }),
	        "names are read from their list");
	CHECK(TAKES(&names, { "\"green\"", "\"green\"" }, { "\"blue\"", NULL },
	              { "1", NULL }) &&
	                !strcmp(error.text,
	                        "cell.colour: expected red or green"),
	        "JSON has the same names; the error lists them");
	CHECK(json_reads_as(&more, "null", NULL) &&
	                !strcmp(error.text,
	                        "cell.colour: expected blue, red or green"),
	        "the error also lists names that only cells may have");
	CHECK(schema_is(&names, "{\"enum\":[\"red\",\"green\"]}"),
	        "the schema lists the names");
}

static bool resizes_to(unsigned key, unsigned value, const char *shape,
        unsigned sized, const char *flavour)
{
	struct rm_cell resized = {
		.shape = { true, 8 }, .key_bytes = key, .value_bytes = value
	};

	rm_cell_apply_lengths(&resized);
	if (strcmp(rm_cell_shape_name(&resized), shape))
		printf("# %u %u: %s\n", key, value,
		        rm_cell_shape_name(&resized));
	return !strcmp(rm_cell_shape_name(&resized), shape) &&
	       rm_cell_size_class(&resized) == sized &&
	       !strcmp(rm_cell_flavour(&resized), flavour) &&
	       !resized.key_bytes && !resized.value_bytes;
}

static void resize_shapes(void)
{
	struct rm_shape shape = { false, 8 };

	CHECK(resizes_to(0, 0, "str16x8", 0, "plain") &&
	                resizes_to(1, 0, "u64x8", 0, "plain") &&
	                resizes_to(2, 2, "str16x24", 0, "plain"),
	        "usual sizes of keys and values have the usual program");
	CHECK(resizes_to(3, 0, "str32x8", 24, "x24") &&
	                resizes_to(4, 2, "str64x24", 24, "x24"),
	        "long keys with short values have their own program");
	CHECK(resizes_to(0, 3, "str16x64", 64, "x64") &&
	                resizes_to(4, 4, "str64x256", 256, "x256") &&
	                resizes_to(1, 5, "u64x1024", 1024, "x1024"),
	        "each length of long values has a program");
	CHECK(!rm_shape_parse("str16x24", &shape) && shape.str &&
	                shape.value_bytes == 24 &&
	                rm_shape_parse("str32x8", &shape) == -EINVAL &&
	                rm_shape_parse("u64", &shape) == -EINVAL && shape.str &&
	                shape.value_bytes == 24,
	        "a shape alone cannot have long keys");
}

static void parse_distributions(void)
{
	const struct rm_factor dist = {
		.member = "dist", .kind = &rm_kind_dist, .expected = "one"
	};

	CHECK(READS(&dist, { "zipf:4", "zipf:4" }, { "zipf:4.1", NULL },
	              { "zipf:0.990", "zipf:0.99" }, { "zipf:-1", NULL },
	              { "zipf:0", NULL }, { "zipf:1x", NULL }),
	        "an exponent is above 0, at most 4");
	CHECK(READS(&dist, { "hot:1%:100%", "hot:1%:100%" },
	              { "hot:99.5%:1%", "hot:99.5%:1%" },
	              { "hot:100%:90%", NULL }, { "hot:0%:90%", NULL },
	              { "hot:1%:0%", NULL }, { "hot::90%", NULL },
	              { "hot:1%:", NULL }, { "hot:", NULL },
	              { "hot:1%:90%:1%", NULL }),
	        "some keys are hot, but not all");
	CHECK(READS(&dist, { "trace:0123abcd", "trace:0123abcd" },
	              { "trace:ffffffff", "trace:ffffffff" },
	              { "trace:0123ABCD", NULL }, { "trace:123abcd", NULL },
	              { "trace:0123abcde", NULL }, { "trace:0123abcg", NULL },
	              { "trace:0123abcdx", NULL }),
	        "a trace is its 8 digits");
	CHECK(reads_as(&dist, padded_number("hot:", "%:90%"), NULL),
	        "a long text is rejected");
	dist.kind->read(&dist, "hot:10%:50%", &cell);
	CHECK(cell.dist == RM_DIST_HOT && cell.dist_a == 0.1 &&
	                cell.dist_b == 0.5 &&
	                !dist.kind->read(&dist, "zipf:1", &cell) &&
	                cell.dist == RM_DIST_ZIPF && cell.dist_a == 1 &&
	                !cell.dist_b &&
	                !dist.kind->read(&dist, "sequential", &cell) &&
	                cell.dist == RM_DIST_SEQUENTIAL && !cell.dist_a &&
	                !dist.kind->read(&dist, "uniform", &cell) &&
	                cell.dist == RM_DIST_UNIFORM,
	        "a new value replaces the old ones");
	CHECK(TAKES(&dist, { "\"zipf:1\"", "\"zipf:1\"" }, { "1", NULL }),
	        "JSON has the same words");
}

static void parse_measures(void)
{
	static const char *const measures[] = { "verify", "throughput",
		"latency", "counters", "causes", "simulated", NULL };
	const struct rm_factor measure = { .member = "measure",
		.kind = &rm_kind_measure,
		.names = measures,
		.expected = "one" };

	CHECK(READS(&measure, { "simulated:zen3", "simulated:zen3" },
	              { "latency", "latency" }, { "simulated", NULL },
	              { "simulated:", NULL }, { "latency:zen3", NULL },
	              { "simulated:a/b", NULL }, { "simulated:a b", NULL },
	              { "simulated:a\tb", NULL }, { "simulated:a\n", NULL },
	              { "", NULL }),
	        "simulated has a model, other measures do not");
	CHECK(!measure.kind->read(&measure, "simulated:m", &cell) &&
	                cell.measure == RM_MEASURE_SIMULATED &&
	                !strcmp(cell.model, "m") &&
	                !measure.kind->read(&measure, "causes", &cell) &&
	                cell.measure == RM_MEASURE_CAUSES && !cell.model[0],
	        "another measure removes the model");
	CHECK(!measure.kind->read(&measure,
	              long_text("simulated:", RM_NAME_BYTES - 1), &cell) &&
	                reads_as(&measure,
	                        long_text("simulated:", RM_NAME_BYTES), NULL),
	        "a model's name has a maximum length");
	CHECK(json_reads_as(&measure, "\"throughput\"", "\"throughput\""),
	        "JSON has the same words");
	CHECK(!strcmp(rm_kind_measure.pattern,
	              "^(verify|throughput|latency|counters|causes|"
	              "simulated:[^/ ]+)$"),
	        "the schema has the same words");
}

static void parse_flags(void)
{
	const struct rm_factor flag = {
		.member = "flag", .kind = &rm_kind_flag, MEMBER(presize)
	};

	CHECK(READS(&flag, { "yes", "yes" }, { "no", "no" }, { "maybe", NULL },
	              { "", NULL }, { "true", NULL }),
	        "a flag is yes or no");
	CHECK(TAKES(&flag, { "true", "true" }, { "false", "false" },
	              { "1", NULL }, { "\"yes\"", NULL }, { "null", NULL }) &&
	                !strcmp(error.text,
	                        "cell.flag: expected true or false"),
	        "a flag is true or false in JSON");
	CHECK(schema_is(&flag, "{\"type\":\"boolean\"}"),
	        "the schema is a boolean");
}

static void parse_names(void)
{
	const struct rm_factor name = { .kind = &rm_kind_name, MEMBER(map) };
	const struct rm_factor place = { .member = "place",
		.kind = &rm_kind_place,
		.least = 1,
		MEMBER(placement) };
	const struct rm_factor pattern = { .kind = &rm_kind_pattern,
		MEMBER(map) };

	CHECK(READS(&name, { "azAZ09_-.", "azAZ09_-." }, { "", NULL },
	              { "a b", NULL }, { "a:b", NULL }, { "a*", NULL },
	              { "a/b", NULL }, { "\xc3\xa4", NULL }),
	        "a name has letters, digits, _, - and .");
	CHECK(reads_as(&name, long_text("", name.size - 1),
	              long_text("", name.size - 1)) &&
	                reads_as(&name, long_text("", name.size), NULL),
	        "a name fits into its member");
	CHECK(READS(&place, { "numa:1", "numa:1" }, { "a*", NULL },
	              { "", NULL }),
	        "a placement may have a colon");
	CHECK(READS(&pattern, { "~a*?", "~a*?" }, { "*", "*" }, { "~", NULL },
	              { "~~a", NULL }, { "~a~", NULL }, { "a:", NULL }),
	        "a pattern may have *, ? and a ~ at its start");
	CHECK(TAKES(&place, { "\"any text\"", "\"any text\"" },
	              { "\"\"", NULL }, { "7", NULL }) &&
	                strstr(error.text, "cell.place: "),
	        "JSON has any text");
	CHECK(schema_is(&place, "{\"maxLength\":63,\"minLength\":1,\"type\":"
	                        "\"string\"}"),
	        "the schema has the length");
}

static void read_texts(void)
{
	const struct rm_factor text = { .member = "text",
		.kind = &rm_kind_text,
		.size = 4,
		.offset = offsetof(struct rm_cell, map) };

	CHECK(TAKES(&text, { "\"abc\"", "\"abc\"" }, { "\"\"", "\"\"" },
	              { "\"abcd\"", NULL }, { "null", NULL }) &&
	                strstr(error.text, "less than 4 bytes"),
	        "a text in JSON fits into its member");
	CHECK(schema_is(&text, "{\"maxLength\":3,\"minLength\":0,\"type\":"
	                       "\"string\"}"),
	        "the schema has the length");
}

static void parse_articles(void)
{
	const struct rm_factor article = { .kind = &rm_kind_article,
		MEMBER(article) };

	CHECK(READS(&article, { "W1", "W1" }, { "W99", "W99" }, { "W0", NULL },
	              { "W100", NULL }, { "W01", NULL }, { "X1", NULL },
	              { "W", NULL }, { "W1a", NULL }, { "w1", NULL },
	              { "", NULL }),
	        "an article is W1 to W99");
}

static void read_traces(void)
{
	const struct rm_factor trace = { .member = "trace",
		.kind = &rm_kind_trace,
		.offset = offsetof(struct rm_cell, trace) };
	char most[100], more[100];

	snprintf(most, sizeof(most), "{\"file\":\"a\",\"passes\":%llu}",
	        (unsigned long long)RM_TRACE_PASSES_MAX);
	snprintf(more, sizeof(more), "{\"file\":\"a\",\"passes\":%llu}",
	        (unsigned long long)RM_TRACE_PASSES_MAX + 1);
	CHECK(TAKES(&trace,
	              { "{\"passes\":1,\"file\":\"a\"}",
	                      "{\"file\":\"a\",\"passes\":1}" },
	              { most, most }, { more, NULL },
	              { "{\"file\":\"a\",\"passes\":0}", NULL },
	              { "{\"file\":\"\",\"passes\":1}", NULL },
	              { "{\"file\":1,\"passes\":1}", NULL },
	              { "{\"file\":\"a\",\"passes\":1.5}", NULL },
	              { "{\"file\":\"a\"}", NULL },
	              { "{\"file\":\"a\",\"passes\":1,\"x\":1}", NULL },
	              { "[]", NULL }) &&
	                strstr(error.text, "cell.trace: "),
	        "a trace in JSON has only a file and passes within bounds");
	CHECK(schema_is(&trace,
	              "{\"additionalProperties\":false,\"properties\":{"
	              "\"file\":{\"maxLength\":319,\"minLength\":1,\"type\":"
	              "\"string\"},\"passes\":{\"maximum\":1000000,"
	              "\"minimum\":1,\"type\":\"integer\"}},\"required\":["
	              "\"file\",\"passes\"],\"type\":\"object\"}"),
	        "the schema has the bounds");
	CHECK(!rm_kind_trace.read && !rm_kind_cpus.read && !rm_kind_text.read,
	        "no workload file reads these kinds");
}

int main(void)
{
	parse_reals();
	parse_whole_numbers();
	keep_neighbours();
	parse_times_and_counts();
	parse_keys();
	parse_threads();
	parse_windows();
	read_cpus();
	parse_listed_names();
	resize_shapes();
	parse_distributions();
	parse_measures();
	parse_flags();
	parse_names();
	read_texts();
	parse_articles();
	read_traces();
	return DONE();
}
