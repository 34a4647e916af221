/* SPDX-License-Identifier: Apache-2.0 */
/* kinds_words.c - kinds of factors whose values are words: text of workload
   files and ids, JSON, and schema. */
#include "runner/protocol/internal.h"

#include "runner/base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int rm_name_find(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

int rm_cell_error(struct rm_error *error, const char *member, const char *what)
{
	return rm_error_set(
	        error, -EINVAL, "cell.%s: expected %s", member, what);
}

/* The next functions use read() and write(), since JSON contains the same
   text. */

/* Returns the text of a JSON string. Returns NULL also if it exceeds `size`
   bytes, since callers copy it without a check. */
static const char *text_of(const json_t *json, size_t size)
{
	const char *text = json_string_value(json);

	return text && strlen(text) < size ? text : NULL;
}

static int word_from_json(const struct rm_factor *factor, const json_t *json,
        struct rm_cell *cell, struct rm_error *error)
{
	const char *text = text_of(json, 2 * RM_NAME_BYTES);
	const char *extra_letters = factor->cells_only;

	if (!text || factor->kind->read(factor, text, cell))
		return rm_error_set(error, -EINVAL, "cell.%s: expected %s%s%s",
		        factor->member, extra_letters ? extra_letters : "",
		        extra_letters ? ", " : "", factor->expected);
	return 0;
}

static json_t *word_to_json(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	char text[RM_VALUE_BYTES];

	factor->kind->write(factor, cell, text);
	return json_string(text);
}

/* Returns the schema: the list of words, or a pattern if they cannot be listed.
   Unlike read(), the pattern has no bounds, so it accepts zipf:9. */
static json_t *word_schema(const struct rm_factor *factor)
{
	json_t *names;

	if (factor->kind->pattern)
		return json_pack("{s:s, s:s}", "type", "string", "pattern",
		        factor->kind->pattern);
	names = json_array();
	for (int i = 0; factor->names[i]; i++)
		json_array_append_new(names, json_string(factor->names[i]));
	return json_pack("{s:o}", "enum", names);
}

static const struct rm_form as_word = { word_from_json, word_to_json,
	word_schema };

static int read_names(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	int found = rm_name_find(factor->names, text);

	if (found < 0)
		return found;
	*(unsigned *)rm_factor_value(factor, cell) = (unsigned)found;
	return 0;
}

static void write_names(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	strcpy(text,
	        factor->names[*(const unsigned *)rm_factor_get(factor, cell)]);
}

const struct rm_kind rm_kind_names = {
	.read = read_names, .write = write_names, .form = &as_word
};

/* All lengths of keys and values. The first length belongs to 64-bit words. In
   the list of names, the length of values changes fastest. */
enum { SHORT_STRING = 1, KEY_SIZES = 4, VALUE_SIZES = 5, LONG_KEYS = 24 };
static const unsigned key_sizes[KEY_SIZES] = { 8, 16, 32, 64 };
static const unsigned value_sizes[VALUE_SIZES] = { 8, 24, 64, 256, 1024 };

const char *const rm_shape_names[] = { "u64x8", "u64x24", "u64x64", "u64x256",
	"u64x1024", "str16x8", "str16x24", "str16x64", "str16x256",
	"str16x1024", "str32x8", "str32x24", "str32x64", "str32x256",
	"str32x1024", "str64x8", "str64x24", "str64x64", "str64x256",
	"str64x1024", NULL };
/* Values of key-bytes and value-bytes, which replace the lengths of the shape.
   Value 0 does not replace; other values are indexes into the tables above. */
const char *const rm_key_bytes_names[] = { "shape", "8", "16", "32", "64",
	NULL };
const char *const rm_value_bytes_names[] = { "shape", "8", "24", "64", "256",
	"1024", NULL };

unsigned rm_cell_key_bytes(const struct rm_cell *cell)
{
	if (!cell->shape.str)
		return key_sizes[0];
	return cell->str_bytes ? cell->str_bytes : key_sizes[SHORT_STRING];
}

static void set_key_size(struct rm_cell *cell, int at)
{
	cell->shape.str = at >= SHORT_STRING;
	cell->str_bytes = at > SHORT_STRING ? key_sizes[at] : 0;
}

void rm_cell_apply_lengths(struct rm_cell *cell)
{
	if (cell->key_bytes)
		set_key_size(cell, (int)cell->key_bytes - 1);
	if (cell->value_bytes)
		cell->shape.value_bytes = value_sizes[cell->value_bytes - 1];
	cell->key_bytes = cell->value_bytes = 0;
}

/* Returns the size of values that the cell's program supports. Long keys with
   short values and long values need separate programs. */
unsigned rm_cell_size_class(const struct rm_cell *cell)
{
	if (cell->shape.value_bytes > LONG_KEYS)
		return cell->shape.value_bytes;
	return cell->str_bytes ? LONG_KEYS : 0;
}

const char *rm_cell_flavour(const struct rm_cell *cell)
{
	const bool placed = cell->key_differs != RM_DIFFERS_FIRST;

	switch (rm_cell_size_class(cell)) {
	case 0:
		return placed                                  ? "placed"
		       : cell->measure == RM_MEASURE_CAUSES    ? "stats"
		       : cell->measure == RM_MEASURE_SIMULATED ? "sim"
		                                               : "plain";
	case LONG_KEYS:
		return placed ? "placed-x24" : "x24";
	case 64:
		return placed ? "placed-x64" : "x64";
	case 256:
		return placed ? "placed-x256" : "x256";
	default:
		return placed ? "placed-x1024" : "x1024";
	}
}

const char *rm_cell_shape_name(const struct rm_cell *cell)
{
	int key = KEY_SIZES - 1, value = VALUE_SIZES - 1;

	while (key > 0 && key_sizes[key] != rm_cell_key_bytes(cell))
		key--;
	while (value > 0 && value_sizes[value] != cell->shape.value_bytes)
		value--;
	return rm_shape_names[key * VALUE_SIZES + value];
}

const char *rm_shape_name(struct rm_shape shape)
{
	const struct rm_cell cell = { .shape = shape };

	return rm_cell_shape_name(&cell);
}

static int read_shape(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	const int found = rm_name_find(rm_shape_names, text);

	(void)factor;
	if (found < 0)
		return found;
	set_key_size(cell, found / VALUE_SIZES);
	cell->shape.value_bytes = value_sizes[found % VALUE_SIZES];
	return 0;
}

int rm_shape_parse(const char *name, struct rm_shape *shape)
{
	struct rm_cell cell = { .str_bytes = 0 };

	if (read_shape(NULL, name, &cell) || cell.str_bytes)
		return -EINVAL;
	*shape = cell.shape;
	return 0;
}

static void write_shape(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	(void)factor;
	strcpy(text, rm_cell_shape_name(cell));
}

const struct rm_kind rm_kind_shape = {
	.read = read_shape, .write = write_shape, .form = &as_word
};

/* Parses "zipf:0.99". Rejects the exponent 0, which equals "uniform", since
   equal cells must have equal ids. */
static int parse_zipf(const char *text, struct rm_cell *cell)
{
	if (rm_number_read(&text, &cell->dist_a) || *text ||
	        cell->dist_a <= 0 || cell->dist_a > 4)
		return -EINVAL;
	cell->dist = RM_DIST_ZIPF;
	return 0;
}

/* Parses "hot:1%:90%": the share dist_a of the keys gets the share dist_b of
   the operations, both stored as 0 to 1. Rejects a share of 100 % of the keys,
   which equals "uniform". */
static int parse_hot(const char *text, struct rm_cell *cell)
{
	char keys[RM_NAME_BYTES];
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;

	if (length == 0 || length >= sizeof(keys))
		return -EINVAL;
	memcpy(keys, text, length);
	keys[length] = '\0';
	if (rm_number_share(keys, &cell->dist_a) ||
	        rm_number_share(colon + 1, &cell->dist_b) ||
	        cell->dist_a <= 0 || cell->dist_a >= 1 || cell->dist_b <= 0)
		return -EINVAL;
	cell->dist = RM_DIST_HOT;
	return 0;
}

/* Parses "trace:0123abcd". Requires all 8 digits, since equal cells must have
   equal ids. Only cells have this value; the trace's file determines it. */
static int parse_checksum(const char *text, struct rm_cell *cell)
{
	if (strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8)
		return -EINVAL;
	cell->dist = RM_DIST_TRACE;
	cell->trace_checksum = (uint32_t)strtoul(text, NULL, 16);
	return 0;
}

static int read_dist(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	(void)factor;
	cell->dist_a = cell->dist_b = 0;
	if (!strncmp(text, "zipf:", 5))
		return parse_zipf(text + 5, cell);
	if (!strncmp(text, "hot:", 4))
		return parse_hot(text + 4, cell);
	if (!strncmp(text, "trace:", 6))
		return parse_checksum(text + 6, cell);
	if (strcmp(text, "uniform") && strcmp(text, "sequential"))
		return -EINVAL;
	cell->dist = text[0] == 'u' ? RM_DIST_UNIFORM : RM_DIST_SEQUENTIAL;
	return 0;
}

static void write_dist(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	char a[32], b[32];
	const size_t size = RM_VALUE_BYTES;

	(void)factor;
	switch (cell->dist) {
	case RM_DIST_ZIPF:
		rm_number_text(cell->dist_a, 0, a, sizeof(a));
		snprintf(text, size, "zipf:%s", a);
		return;
	case RM_DIST_HOT:
		rm_number_text(cell->dist_a, 2, a, sizeof(a));
		rm_number_text(cell->dist_b, 2, b, sizeof(b));
		snprintf(text, size, "hot:%s%%:%s%%", a, b);
		return;
	case RM_DIST_SEQUENTIAL:
		snprintf(text, size, "sequential");
		return;
	case RM_DIST_TRACE:
		snprintf(text, size, "trace:%08" PRIx32, cell->trace_checksum);
		return;
	case RM_DIST_UNIFORM:
		snprintf(text, size, "uniform");
		return;
	}
}

const struct rm_kind rm_kind_dist = { .read = read_dist,
	.write = write_dist,
	.form = &as_word,
	.pattern = "^(uniform|sequential|zipf:[0-9.eE+-]+|"
	           "hot:[0-9.]+%:[0-9.]+%|trace:[0-9a-f]{8})$" };

static int read_loop(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	(void)factor;
	return rm_loop_parse(text, &cell->loop);
}

static void write_loop(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	(void)factor;
	rm_loop_text(&cell->loop, text);
}

const struct rm_kind rm_kind_loop = { .read = read_loop,
	.write = write_loop,
	.form = &as_word,
	.pattern = "^[a-z-]+(:[0-9a-z-]+)*$" };

/* Reads a measure; "simulated" requires a model. Rejects '/' in its name, since
   '/' separates the parts of an id. */
static int read_measure(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	static const char simulated[] = "simulated:";
	const size_t length = sizeof(simulated) - 1;
	bool is_simulated = !strncmp(text, simulated, length);
	const char *model = is_simulated ? text + length : "";
	int found = is_simulated ? RM_MEASURE_SIMULATED
	                         : rm_name_find(factor->names, text);

	if (found < 0 || (found == RM_MEASURE_SIMULATED) != (*model != '\0') ||
	        strlen(model) >= RM_NAME_BYTES || strpbrk(model, "/ \t\n"))
		return -EINVAL;
	cell->measure = (enum rm_measure)found;
	strcpy(cell->model, model);
	return 0;
}

static void write_measure(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	snprintf(text, RM_VALUE_BYTES, "%s%s%s", factor->names[cell->measure],
	        cell->model[0] ? ":" : "", cell->model);
}

const struct rm_kind rm_kind_measure = { .read = read_measure,
	.write = write_measure,
	.form = &as_word,
	.pattern = "^(verify|throughput|latency|counters|causes|"
	           "simulated:[^/ ]+)$" };

/* Reads "renewed:3". Accepts only one spelling of each number, so that equal
   cells have equal ids. */
static int read_settle(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	static const char renewed[] = "renewed:";
	const size_t length = sizeof(renewed) - 1;
	unsigned long n = 0;
	char *end;

	if (!strncmp(text, renewed, length)) {
		text += length;
		if (*text < '1' || *text > '9')
			return -EINVAL;
		n = strtoul(text, &end, 10);
		if (*end || n > (unsigned long)factor->most)
			return -EINVAL;
	} else if (strcmp(text, "yes") && strcmp(text, "no")) {
		return -EINVAL;
	}
	cell->settle = text[0] == 'n' ? RM_SETTLE_NO : RM_SETTLE_YES;
	cell->renewals = (unsigned)n;
	return 0;
}

static void write_settle(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	(void)factor;
	if (cell->renewals)
		snprintf(text, RM_VALUE_BYTES, "renewed:%u", cell->renewals);
	else
		strcpy(text, cell->settle == RM_SETTLE_NO ? "no" : "yes");
}

static void name_settle(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	if (cell->settle == RM_SETTLE_NO)
		strcpy(text, "cold");
	else
		write_settle(factor, cell, text);
}

const struct rm_kind rm_kind_settle = { .read = read_settle,
	.write = write_settle,
	.name = name_settle,
	.form = &as_word,
	.pattern = "^(yes|no|renewed:[1-9][0-9]*)$" };

/* Reads yes or no, which JSON stores as true or false. */

static int read_flag(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	bool yes = !strcmp(text, "yes");

	if (!yes && strcmp(text, "no"))
		return -EINVAL;
	*(bool *)rm_factor_value(factor, cell) = yes;
	return 0;
}

static void write_flag(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	strcpy(text, *(const bool *)rm_factor_get(factor, cell) ? "yes" : "no");
}

static int flag_from_json(const struct rm_factor *factor, const json_t *json,
        struct rm_cell *cell, struct rm_error *error)
{
	if (!json_is_boolean(json))
		return rm_cell_error(error, factor->member, "true or false");
	*(bool *)rm_factor_value(factor, cell) = json_is_true(json);
	return 0;
}

static json_t *flag_to_json(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	return json_boolean(*(const bool *)rm_factor_get(factor, cell));
}

static json_t *flag_schema(const struct rm_factor *factor)
{
	(void)factor;
	return json_pack("{s:s}", "type", "boolean");
}

static const struct rm_form as_boolean = { flag_from_json, flag_to_json,
	flag_schema };
const struct rm_kind rm_kind_flag = {
	.read = read_flag, .write = write_flag, .form = &as_boolean
};

/* Reads a name. Workload files allow only some characters, because ids contain
   the names. JSON may contain any text that fits. */

static int read_name(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789_-.";
	const char *extra_letters = factor->kind->letters;
	size_t length = strlen(text);

	if (length == 0 || length >= factor->size)
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		if (!strchr(letters, text[i]) &&
		        !(extra_letters && strchr(extra_letters, text[i])))
			return -EINVAL;
	memcpy(rm_factor_value(factor, cell), text, length + 1);
	return 0;
}

static void write_text(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	snprintf(text, RM_VALUE_BYTES, "%s",
	        (const char *)rm_factor_get(factor, cell));
}

static int text_from_json(const struct rm_factor *factor, const json_t *json,
        struct rm_cell *cell, struct rm_error *error)
{
	const char *text = text_of(json, factor->size);

	if (!text || (double)strlen(text) < factor->least)
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected a text of less than %zu bytes",
		        factor->member, factor->size);
	strcpy(rm_factor_value(factor, cell), text);
	return 0;
}

static json_t *text_schema(const struct rm_factor *factor)
{
	return json_pack("{s:s, s:i, s:i}", "type", "string", "minLength",
	        (int)factor->least, "maxLength", (int)factor->size - 1);
}

static const struct rm_form as_text = { text_from_json, word_to_json,
	text_schema };
const struct rm_kind rm_kind_text = { .write = write_text, .form = &as_text };
const struct rm_kind rm_kind_name = { .read = read_name, .write = write_text };
/* Accepts any name, with or without ':'. Only the plan can check it, since it
   knows the nodes of this machine (runner/plan/workload.c). */
const struct rm_kind rm_kind_place = {
	.read = read_name, .write = write_text, .form = &as_text, .letters = ":"
};

static int read_pattern(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	if (text[0] == '~' && (text[1] == '\0' || strchr(text + 1, '~')))
		return -EINVAL;
	return read_name(factor, text, cell);
}

const struct rm_kind rm_kind_pattern = { .read = read_pattern,
	.write = write_text,
	.form = &as_text,
	.letters = "~*?" };

/* Reads "W1" to "W99", a number in docs/articles/workloads.tsv. */
static int read_article(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	uint64_t number;

	if (text[0] != 'W' || rm_number_integer(text + 1, &number) ||
	        number == 0 || number > 99 || text[1] == '0')
		return -EINVAL;
	return read_name(factor, text, cell);
}

const struct rm_kind rm_kind_article = { .read = read_article,
	.write = write_text };

/* Reads the JSON object of a trace. Workload files have two keys instead: `keys
   = file:TRACE` and `window = 1pass`. */

static int trace_from_json(const struct rm_factor *factor, const json_t *json,
        struct rm_cell *cell, struct rm_error *error)
{
	const char *file =
	        text_of(json_object_get(json, "file"), sizeof(cell->trace));
	const json_t *passes = json_object_get(json, "passes");

	if (json_object_size(json) != 2 || !file || !file[0] ||
	        !json_is_integer(passes) || json_integer_value(passes) < 1 ||
	        json_integer_value(passes) > RM_TRACE_PASSES_MAX)
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected {\"file\": a name of 1 to %d "
		        "bytes, \"passes\": 1 .. %d}",
		        factor->member, RM_TRACE_BYTES - 1,
		        RM_TRACE_PASSES_MAX);
	strcpy(cell->trace, file);
	cell->trace_passes = (uint64_t)json_integer_value(passes);
	return 0;
}

static json_t *trace_to_json(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	(void)factor;
	return json_pack("{s:s, s:I}", "file", cell->trace, "passes",
	        (json_int_t)cell->trace_passes);
}

static json_t *trace_schema(const struct rm_factor *factor)
{
	(void)factor;
	return json_pack("{s:s, s:[s, s], s:{s:{s:s, s:i, s:i}, s:{s:s, s:i, "
	                 "s:i}}, s:b}",
	        "type", "object", "required", "file", "passes", "properties",
	        "file", "type", "string", "minLength", 1, "maxLength",
	        RM_TRACE_BYTES - 1, "passes", "type", "integer", "minimum", 1,
	        "maximum", RM_TRACE_PASSES_MAX, "additionalProperties", 0);
}

static const struct rm_form as_trace = { trace_from_json, trace_to_json,
	trace_schema };
/* Only is_usual() uses it. The text is "" if there is no trace. */
const struct rm_kind rm_kind_trace = { .write = write_text, .form = &as_trace };
