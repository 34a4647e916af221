/* SPDX-License-Identifier: Apache-2.0 */
/* kinds_numbers.c - kinds of factors whose values are numbers, with or without
   a unit: text of workload files and ids, JSON, and schema. */
#include "runner/protocol/internal.h"

#include "runner/base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shares are stored as 0 to 1, and written in %. Rates are stored and written
   per second. JSON contains the stored double. */

static int read_real(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	double real;
	int failed = factor->kind == &rm_kind_share
	                     ? rm_number_share(text, &real)
	                     : rm_number_rate(text, &real);

	if (failed || real > factor->most ||
	        (factor->below && real == factor->most))
		return -EINVAL;
	*(double *)rm_factor_value(factor, cell) = real;
	return 0;
}

static void write_real(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	const char *unit = factor->kind->unit;
	int exponent = factor->kind == &rm_kind_share ? 2 : 0;

	rm_number_text(*(const double *)rm_factor_get(factor, cell), exponent,
	        text, RM_VALUE_BYTES - strlen(unit));
	strcat(text, unit);
}

static int real_from_json(const struct rm_factor *factor, const json_t *json,
        struct rm_cell *cell, struct rm_error *error)
{
	double read = json_number_value(json);

	if (!json_is_number(json) || !(read >= 0 && read <= factor->most))
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected a number from 0 to %g",
		        factor->member, factor->most);
	if (factor->below && read == factor->most)
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected a number below %g", factor->member,
		        factor->most);
	*(double *)rm_factor_value(factor, cell) = read;
	return 0;
}

static json_t *real_to_json(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	return json_real(*(const double *)rm_factor_get(factor, cell));
}

static json_t *real_schema(const struct rm_factor *factor)
{
	return json_pack("{s:s, s:f, s:f}", "type", "number", "minimum",
	        factor->least, factor->below ? "exclusiveMaximum" : "maximum",
	        factor->most);
}

static const struct rm_form as_real = { real_from_json, real_to_json,
	real_schema };
const struct rm_kind rm_kind_share = { .read = read_real,
	.write = write_real,
	.form = &as_real,
	.unit = "%",
	.bare = true };
const struct rm_kind rm_kind_rate = { .read = read_real,
	.write = write_real,
	.form = &as_real,
	.unit = "/s",
	.bare = true };

/* Reads an integer member. The factor's size distinguishes unsigned from
   uint64_t members. Bounds are doubles; they are exact because they do not
   exceed WHOLE_MAX. */

static uint64_t get_whole(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	return factor->size == sizeof(unsigned)
	               ? *(const unsigned *)rm_factor_get(factor, cell)
	               : *(const uint64_t *)rm_factor_get(factor, cell);
}

static void set_whole(
        const struct rm_factor *factor, struct rm_cell *cell, uint64_t value)
{
	if (factor->size == sizeof(unsigned))
		*(unsigned *)rm_factor_value(factor, cell) = (unsigned)value;
	else
		*(uint64_t *)rm_factor_value(factor, cell) = value;
}

/* Parses "500000ops" or "1Mops": a number above 0. */
static int parse_ops(const char *text, uint64_t *value)
{
	char count[RM_NAME_BYTES];
	size_t length = strlen(text);
	uint64_t ops;

	if (length < 4 || length >= sizeof(count) ||
	        strcmp(text + length - 3, "ops"))
		return -EINVAL;
	memcpy(count, text, length - 3);
	count[length - 3] = '\0';
	if (rm_number_count(count, &ops) || ops == 0)
		return -EINVAL;
	*value = ops;
	return 0;
}

/* Reads an integer. Accepts "0s", which rm_number_time() rejects. */
static int read_whole(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	const struct rm_kind *kind = factor->kind;
	uint64_t value = 0;
	int failed = kind == &rm_kind_ops     ? parse_ops(text, &value)
	             : kind == &rm_kind_whole ? rm_number_integer(text, &value)
	             : strcmp(text, "0s")     ? rm_number_time(text, &value)
	                                      : 0;

	if (failed || (double)value < factor->least ||
	        (double)value > factor->most)
		return -EINVAL;
	set_whole(factor, cell, value);
	return 0;
}

static void write_whole(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	uint64_t value = get_whole(factor, cell);
	bool is_zero_time = factor->kind == &rm_kind_time && !value;

	snprintf(text, RM_VALUE_BYTES, "%" PRIu64 "%s", value,
	        is_zero_time ? "s" : factor->kind->unit);
}

static int whole_from_json(const struct rm_factor *factor, const json_t *json,
        struct rm_cell *cell, struct rm_error *error)
{
	json_int_t read = json_integer_value(json);

	if (!json_is_integer(json) || (double)read < factor->least ||
	        (double)read > factor->most)
		return rm_error_set(error, -EINVAL,
		        "cell.%s: expected an integer from %.0f to %.0f",
		        factor->member, factor->least, factor->most);
	set_whole(factor, cell, (uint64_t)read);
	return 0;
}

static json_t *whole_to_json(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	return json_integer((json_int_t)get_whole(factor, cell));
}

static json_t *whole_schema(const struct rm_factor *factor)
{
	return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
	        (json_int_t)factor->least, "maximum", (json_int_t)factor->most);
}

static const struct rm_form as_whole = { whole_from_json, whole_to_json,
	whole_schema };
const struct rm_kind rm_kind_whole = {
	.read = read_whole, .write = write_whole, .form = &as_whole, .unit = ""
};
const struct rm_kind rm_kind_time = { .read = read_whole,
	.write = write_whole,
	.form = &as_whole,
	.unit = "ns" };
const struct rm_kind rm_kind_ops = { .read = read_whole,
	.write = write_whole,
	.form = &as_whole,
	.unit = "ops" };

/* The next kinds belong to keys of workload files that set several JSON
   members. These members have their own rows, so the kinds have no `form`.
   read() sets all of these members, even unused ones. */

enum { LLC_TIMES_MAX = 64 };

static const char *skip_prefix(const char *text, const char *prefix)
{
	const size_t length = strlen(prefix);

	return strncmp(text, prefix, length) ? NULL : text + length;
}

static int read_keys(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	const char *file = skip_prefix(text, "file:"),
	           *times = skip_prefix(text, "llc*");
	uint64_t keys = 0;
	bool wrong;

	if (file)
		wrong = !*file || strlen(file) >= RM_TRACE_NAME_BYTES;
	else if (times)
		wrong = rm_number_integer(times, &keys) || keys == 0 ||
		        keys > LLC_TIMES_MAX;
	else
		wrong = rm_number_count(text, &keys) || keys == 0 ||
		        (double)keys > factor->most;
	if (wrong)
		return -EINVAL;
	cell->keys = keys;
	cell->keys_fill_llc = times != NULL;
	strcpy(cell->trace, file ? file : "");
	return 0;
}

static void write_keys(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	(void)factor;
	if (cell->trace[0])
		snprintf(text, RM_VALUE_BYTES, "file:%s", cell->trace);
	else
		snprintf(text, RM_VALUE_BYTES, "%s%" PRIu64,
		        cell->keys_fill_llc ? "llc*" : "", cell->keys);
}

const struct rm_kind rm_kind_keys = { .read = read_keys, .write = write_keys };

/* Parses "cores", "cores/2" or "cores*2", where `all` is "cores". units[1] is
   the unit for a factor. */
static int read_part(struct rm_cell *cell, const char *text, const char *all,
        const enum rm_threads_unit units[2], double most)
{
	size_t length = strlen(all);
	uint64_t number = 1;
	char sign = '\0';

	if (strncmp(text, all, length))
		return -EINVAL;
	if (text[length])
		sign = text[length++];
	if (sign && ((sign != '/' && sign != '*') ||
	                    rm_number_integer(text + length, &number) ||
	                    number < 2 || (double)number > most))
		return -EINVAL;
	cell->threads = (unsigned)number;
	cell->threads_unit = units[sign == '*'];
	return 0;
}

static int read_threads(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	static const enum rm_threads_unit cores[] = { RM_THREADS_CORES,
		RM_THREADS_TIMES_CORES };
	static const enum rm_threads_unit cpus[] = { RM_THREADS_CPUS,
		RM_THREADS_TIMES_CPUS };
	uint64_t count;

	if (!read_part(cell, text, "cores", cores, factor->most) ||
	        !read_part(cell, text, "cpus", cpus, factor->most))
		return 0;
	cell->threads_unit = RM_THREADS_NODE_CORES;
	cell->threads = 1;
	if (!strcmp(text, "node-cores"))
		return 0;
	if (rm_number_integer(text, &count) || count == 0 ||
	        (double)count > factor->most)
		return -EINVAL;
	cell->threads = (unsigned)count;
	cell->threads_unit = RM_THREADS_COUNT;
	return 0;
}

static void write_threads(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	enum rm_threads_unit unit = cell->threads_unit;
	bool times =
	        unit == RM_THREADS_TIMES_CORES || unit == RM_THREADS_TIMES_CPUS;
	const char *all =
	        unit == RM_THREADS_CORES || unit == RM_THREADS_TIMES_CORES
	                ? "cores"
	                : "cpus";

	(void)factor;
	if (unit == RM_THREADS_COUNT)
		snprintf(text, RM_VALUE_BYTES, "%u", cell->threads);
	else if (unit == RM_THREADS_NODE_CORES)
		snprintf(text, RM_VALUE_BYTES, "node-cores");
	else if (cell->threads == 1)
		snprintf(text, RM_VALUE_BYTES, "%s", all);
	else
		snprintf(text, RM_VALUE_BYTES, "%s%c%u", all, times ? '*' : '/',
		        cell->threads);
}

const struct rm_kind rm_kind_threads = { .read = read_threads,
	.write = write_threads };

/* Parses "1pass" or "10passes". */
static int parse_passes(const char *text, uint64_t *value)
{
	char count[RM_NAME_BYTES];
	size_t length = strcspn(text, "p");
	uint64_t passes;

	if (length >= sizeof(count) || (strcmp(text + length, "pass") &&
	                                       strcmp(text + length, "passes")))
		return -EINVAL;
	memcpy(count, text, length);
	count[length] = '\0';
	if (rm_number_integer(count, &passes) || passes == 0 ||
	        passes > RM_TRACE_PASSES_MAX)
		return -EINVAL;
	*value = passes;
	return 0;
}

static int read_window(
        const struct rm_factor *factor, const char *text, struct rm_cell *cell)
{
	(void)factor;
	cell->window_ns = cell->window_ops = cell->trace_passes = 0;
	if (!parse_ops(text, &cell->window_ops) ||
	        !parse_passes(text, &cell->trace_passes))
		return 0;
	return rm_number_time(text, &cell->window_ns);
}

static void write_window(
        const struct rm_factor *factor, const struct rm_cell *cell, char *text)
{
	(void)factor;
	if (cell->window_ops)
		snprintf(text, RM_VALUE_BYTES, "%" PRIu64 "ops",
		        cell->window_ops);
	else if (cell->trace_passes)
		snprintf(text, RM_VALUE_BYTES, "%" PRIu64 "passes",
		        cell->trace_passes);
	else
		snprintf(
		        text, RM_VALUE_BYTES, "%" PRIu64 "ns", cell->window_ns);
}

const struct rm_kind rm_kind_window = { .read = read_window,
	.write = write_window };

/* Reads a list of CPUs, one per thread. Workload files have no such lists,
   since the plan places threads. check_sense() compares the length with the
   number of threads. */

static int cpus_from_json(const struct rm_factor *factor, const json_t *json,
        struct rm_cell *cell, struct rm_error *error)
{
	size_t count = json_array_size(json);

	if (!json_is_array(json))
		return rm_cell_error(error, factor->member, RM_CPUS_EXPECTED);
	if (count == 0)
		return 0;
	cell->cpus = calloc(count, sizeof(*cell->cpus));
	if (!cell->cpus)
		return rm_error_set(error, -ENOMEM, "out of memory");
	cell->cpu_count = (unsigned)count;
	for (size_t i = 0; i < count; i++) {
		const json_t *cpu = json_array_get(json, i);
		json_int_t number = json_integer_value(cpu);

		if (!json_is_integer(cpu) || number < 0 ||
		        (double)number > factor->most)
			return rm_cell_error(
			        error, factor->member, "kernel CPU numbers");
		cell->cpus[i] = (unsigned)number;
	}
	return 0;
}

static json_t *cpus_to_json(
        const struct rm_factor *factor, const struct rm_cell *cell)
{
	json_t *cpus = json_array();

	(void)factor;
	for (unsigned i = 0; cpus && cell->cpus && i < cell->cpu_count; i++)
		if (json_array_append_new(cpus, json_integer(cell->cpus[i]))) {
			json_decref(cpus);
			return NULL;
		}
	return cpus;
}

static json_t *cpus_schema(const struct rm_factor *factor)
{
	return json_pack(
	        "{s:s, s:o}", "type", "array", "items", whole_schema(factor));
}

static const struct rm_form as_cpus = { cpus_from_json, cpus_to_json,
	cpus_schema };
const struct rm_kind rm_kind_cpus = { .form = &as_cpus };
