/* SPDX-License-Identifier: Apache-2.0 */
/* workload.c - reads workload files with includes, overrides and defaults, and
   writes the equivalent text. The factors of runner/protocol parse and format
   values. workload_check.c checks combinations of them. */
#include "runner/base/lines.h"
#include "runner/base/nearest.h"
#include "runner/base/number.h"
#include "runner/plan/internal.h"
#include "runner/plan/placement.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = RM_LONG_LINE_MAX, KEY_BYTES = 32 };

/* The text of the longest list must fit on one line (rm_workload_text()). */
_Static_assert((1 + (int)RM_VALUE_BYTES) * (int)RM_LIST_MAX + KEY_BYTES <=
                       (int)RM_LONG_LINE_MAX,
        "the text of a workload must read back");

/* State of reading one file. Links to the file that includes it. */
struct reading {
	struct rm_lines lines;
	struct rm_workload *workload;
	struct rm_workload *scratch; /* receives overridden values */
	unsigned *levels;            /* for each key, the depth of the include
	                                that contains its line */
	unsigned level;
	bool seen[RM_WORKLOAD_KEYS];
	const struct reading *above;
};

static int read_text(struct reading *reading);

/* Checks placement and memory here, where the line is known, since the protocol
   accepts any name (rm_kind_place). True for all other keys. */
static bool is_valid_place(enum rm_workload_key key, const char *text)
{
	struct rm_placement placement;
	enum rm_memory_policy policy;
	unsigned node;

	if (key == RM_KEY_PLACEMENT)
		return !rm_placement_parse(text, &placement, NULL);
	return key != RM_KEY_MEMORY ||
	       !rm_memory_parse(text, &policy, &node, NULL);
}

/* True if value i equals an earlier value, even if it is written
   differently. */
static bool is_duplicate(const struct rm_workload *workload,
        enum rm_workload_key key, unsigned i)
{
	char text[RM_VALUE_BYTES], other[RM_VALUE_BYTES];

	rm_factor_text(key, &workload->values[i], text);
	for (unsigned j = 0; j < i; j++) {
		rm_factor_text(key, &workload->values[j], other);
		if (!strcmp(text, other))
			return true;
	}
	return false;
}

static int assign_item(struct rm_workload *workload, enum rm_workload_key key,
        const char *item, struct rm_error *error)
{
	const struct rm_factor *factor = &rm_factors[key];
	const char *where = workload->where[key];
	unsigned i = workload->count[key];

	if (i == (factor->list ? RM_LIST_MAX : 1))
		return rm_error_set(error, -EINVAL,
		        "%s: %s has too many values, expected at most %u",
		        where, factor->key, i);
	if (!is_valid_place(key, item) ||
	        rm_factor_read(key, item, &workload->values[i]))
		return rm_error_set(error, -EINVAL,
		        "%s: %s = \"%.60s\", expected %s%s%s", where,
		        factor->key, item, factor->expected,
		        rm_number_hint(item),
		        factor->list && strchr(item, ',')
		                ? "; blanks separate values"
		                : "");
	if (is_duplicate(workload, key, i))
		return rm_error_set(error, -EINVAL,
		        "%s: %s has \"%.60s\" twice, expected each value once",
		        where, factor->key, item);
	workload->count[key]++;
	return 0;
}

/* Appends values to a key. `where` is stored for errors that the plan detects
   later. */
static int append_values(struct rm_workload *workload, enum rm_workload_key key,
        const char *value, const char *where, struct rm_error *error)
{
	const struct rm_factor *factor = &rm_factors[key];
	const unsigned before = workload->count[key];
	char copy[VALUE_BYTES], *rest = copy;

	snprintf(workload->where[key], RM_WHERE_BYTES, "%s", where);
	if (strlen(value) >= sizeof(copy))
		return rm_error_set(error, -EINVAL,
		        "%s: %s has a value of %zu characters, expected %s",
		        where, factor->key, strlen(value), factor->expected);
	memcpy(copy, value, strlen(value) + 1);
	for (char *item; (item = strsep(&rest, " \t"));)
		if (*item && assign_item(workload, key, item, error))
			return -EINVAL;
	if (workload->count[key] == before)
		return rm_error_set(error, -EINVAL,
		        "%s: %s has no value, expected %s", where, factor->key,
		        factor->expected);
	return 0;
}

/* Replaces the values of a key. The lines of a file override those that it
   includes, and --set overrides all files. */
static int set_values(struct rm_workload *workload, enum rm_workload_key key,
        const char *value, const char *where, struct rm_error *error)
{
	workload->count[key] = 0;
	return append_values(workload, key, value, where, error);
}

static bool is_including(const struct reading *reading, const char *file)
{
	char known[PATH_MAX], other[PATH_MAX];

	if (!realpath(file, known))
		return false; /* rm_lines_load() reports the error */
	for (; reading; reading = reading->above)
		if (realpath(reading->lines.file, other) &&
		        !strcmp(known, other))
			return true;
	return false;
}

/* Reads an included file. Its lines apply unless an including file sets the
   same key. */
static int read_include(
        const struct reading *above, const char *file, const char *where)
{
	struct rm_error *error = above->lines.error, inner = { "" };
	struct reading reading = {
		.lines = { .file = file, .error = error },
		.workload = above->workload,
		.scratch = above->scratch,
		.levels = above->levels,
		.level = above->level + 1,
		.above = above,
	};
	char *text = NULL, hint[RM_HINT_BYTES];
	int failed;

	if (reading.level > RM_INCLUDE_MAX)
		return rm_error_set(error, -EINVAL,
		        "%s: includes nested deeper than %d: expected fewer",
		        where, RM_INCLUDE_MAX);
	if (is_including(above, file))
		return rm_error_set(error, -EINVAL,
		        "%s: include = %s, which includes this file: expected "
		        "no loop",
		        where, file);
	failed = rm_lines_load(file, &text, &reading.lines.length, &inner);
	if (failed)
		return rm_error_set(error, failed,
		        "%s: include: %.250s, expected a workload file, "
		        "relative to the folder of this one%s",
		        where, inner.text, rm_workload_hint(file, NULL, hint));
	reading.lines.text = text;
	failed = read_text(&reading);
	free(text);
	return failed;
}

/* Includes a file. The path in `include` is relative to the folder of the
   including file. */
static int include_file(
        const struct reading *above, const char *value, const char *where)
{
	const char *slash = strrchr(above->lines.file, '/');
	int folder = slash && value[0] != '/'
	                     ? (int)(slash + 1 - above->lines.file)
	                     : 0;
	char file[PATH_MAX];

	if (value[0] == '\0' || strpbrk(value, " \t") ||
	        snprintf(file, sizeof(file), "%.*s%s", folder,
	                above->lines.file, value) >= (int)sizeof(file))
		return rm_error_set(above->lines.error, -EINVAL,
		        "%s: include = \"%.60s\", expected %s", where, value,
		        rm_factors[RM_KEY_INCLUDE].expected);
	return read_include(above, file, where);
}

static int find_key(const char *name, const char *where, bool includes,
        enum rm_workload_key *key, struct rm_error *error)
{
	char known[512] = "";
	struct rm_nearest nearest = { .word = name };

	*key = rm_key_find(name);
	if (*key < RM_KEY_INCLUDE || (*key == RM_KEY_INCLUDE && includes))
		return 0;
	for (int i = 0; i < RM_KEY_INCLUDE + includes; i++) {
		strcat(known, i ? ", " : "");
		strcat(known, rm_factors[i].key);
		rm_nearest_offer(&nearest, rm_factors[i].key);
	}
	return rm_error_set(error, -EINVAL,
	        "%s: unknown key \"%.40s\"%s, expected one of %s", where, name,
	        rm_nearest_hint(&nearest), known);
}

/* Assigns a line, unless a file at a higher level sets the key. The order of
   lines and includes has no effect. */
static int assign_line(struct reading *reading, enum rm_workload_key key,
        const char *value, const char *where)
{
	struct rm_workload *workload = reading->workload;

	if (key == RM_KEY_INCLUDE)
		return include_file(reading, value, where);
	if (reading->level > reading->levels[key])
		workload = reading->scratch;
	else
		reading->levels[key] = reading->level;
	return set_values(workload, key, value, where, reading->lines.error);
}

/* Handler for libinih. Returns 1 for success. libinih passes only the beginning
   of a long list, so this function reads the value from the line. */
static int handle_line(void *context, const char *section, const char *name,
        const char *beginning)
{
	struct reading *reading = context;
	struct rm_error *error = reading->lines.error;
	char where[RM_WHERE_BYTES], *value;
	enum rm_workload_key key;
	int failed;

	(void)section; /* the line reader rejects sections */
	(void)beginning;
	rm_lines_location(&reading->lines, where);
	if (find_key(name, where, true, &key, error))
		return 0;
	if (reading->seen[key])
		return rm_error_set(error, 0,
		        "%s: %s occurs twice, expected each key once", where,
		        name);
	reading->seen[key] = true;
	value = rm_lines_value(&reading->lines);
	failed = value ? assign_line(reading, key, value, where)
	               : rm_error_set(error, -ENOMEM, "out of memory");
	free(value);
	return failed == 0;
}

static int read_text(struct reading *reading)
{
	struct rm_lines *lines = &reading->lines;
	int line;

	lines->long_lists = true;
	line = ini_parse_stream(rm_lines_next, lines, handle_line, reading);
	if (lines->error->text[0])
		return -EINVAL;
	if (line)
		return rm_error_set(lines->error, -EINVAL,
		        "%s:%d: expected KEY = VALUE", lines->file, line);
	return 0;
}

static int read_file(const char *file, const char *text, size_t length,
        struct rm_workload *workload, struct rm_error *error)
{
	unsigned levels[RM_WORKLOAD_KEYS];
	struct reading reading = {
		.lines = { .file = file,
		        .text = text,
		        .length = length,
		        .error = error },
		.workload = workload,
		.scratch = calloc(1, sizeof(*workload)),
		.levels = levels,
	};
	int failed;

	if (!reading.scratch)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (int key = 0; key < RM_WORKLOAD_KEYS; key++)
		levels[key] = UINT_MAX;
	failed = read_text(&reading);
	free(reading.scratch);
	return failed;
}

static int apply_overrides(struct rm_workload *workload,
        const struct rm_override *overrides, size_t count,
        struct rm_error *error)
{
	for (size_t i = 0; i < count; i++) {
		const struct rm_override *line = &overrides[i];
		enum rm_workload_key key;

		if (find_key(line->key, line->where, false, &key, error) ||
		        (line->adds ? append_values : set_values)(
		                workload, key, line->value, line->where, error))
			return -EINVAL;
	}
	return 0;
}

/* Sets defaults. By default, an open loop measures latency, and a closed loop
   measures throughput. */
static int apply_presets(struct rm_workload *workload, struct rm_error *error)
{
	bool closed = false, paced = false;

	for (int key = 0; key < RM_WORKLOAD_KEYS; key++) {
		const char *preset = rm_factors[key].preset;

		if (rm_workload_traced(workload) && key == RM_KEY_WINDOW)
			preset = "1pass";
		else if (rm_workload_traced(workload) &&
		         rm_workload_trace_sets((enum rm_workload_key)key))
			preset = NULL;
		if (preset && workload->count[key] == 0 &&
		        set_values(workload, (enum rm_workload_key)key, preset,
		                "default", error))
			return -EINVAL;
	}
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++) {
		paced |= workload->values[i].loop.kind == RM_LOOP_PACED;
		closed |= workload->values[i].loop.kind != RM_LOOP_PACED;
	}
	if (paced && workload->count[RM_KEY_ARRIVALS] == 0 &&
	        set_values(
	                workload, RM_KEY_ARRIVALS, "poisson", "default", error))
		return -EINVAL;
	if (workload->count[RM_KEY_MEASURE])
		return 0;
	return set_values(workload, RM_KEY_MEASURE,
	        closed && paced ? "throughput latency"
	        : paced         ? "latency"
	                        : "throughput",
	        "default", error);
}

/* True if all loops are techniques without keys. */
static bool has_no_keys(const struct rm_workload *workload)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (!rm_loop_is_technique(workload->values[i].loop.kind))
			return false;
	return true;
}

/* Sets `writes` and `keys` to a default if no loop uses them. */
static int fill_unused(struct rm_workload *workload, struct rm_error *error)
{
	if (!has_no_keys(workload))
		return 0;
	if (!workload->count[RM_KEY_WRITES] &&
	        set_values(workload, RM_KEY_WRITES, "0%", "default", error))
		return -EINVAL;
	if (!workload->count[RM_KEY_KEYS])
		return set_values(workload, RM_KEY_KEYS, "1", "default", error);
	return 0;
}

int rm_workload_name(const char *file, rm_name name, struct rm_error *error)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t length = strlen(base);

	if (length > 5 && !strcmp(base + length - 5, ".conf"))
		length -= 5;
	if (length == 0 || length > 48 ||
	        strspn(base,
	                "abcdefghijklmnopqrstuvwxyz"
	                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") < length ||
	        base[0] == '.')
		return rm_error_set(error, -EINVAL,
		        "%s: invalid name of a workload: expected at most 48 "
		        "letters, digits, _ - .",
		        file);
	memcpy(name, base, length);
	name[length] = '\0';
	return 0;
}

int rm_workload_parse(const char *file, const char *text, size_t length,
        const struct rm_override *overrides, size_t override_count,
        struct rm_workload *workload, struct rm_error *error)
{
	int failed = rm_workload_name(file, workload->name, error);

	workload->file = strdup(file);
	if (!workload->file)
		return rm_error_set(error, -ENOMEM, "out of memory");
	if (!failed)
		failed = read_file(file, text, length, workload, error);
	if (!failed)
		failed = apply_overrides(
		        workload, overrides, override_count, error);
	if (!failed)
		failed = apply_presets(workload, error);
	if (!failed)
		failed = fill_unused(workload, error);
	if (!failed)
		failed = rm_workload_check(workload, error);
	return failed;
}

int rm_workload_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_workload *workload,
        struct rm_error *error)
{
	char *text = NULL;
	size_t length = 0;
	int failed = rm_lines_load(file, &text, &length, error);

	if (!failed)
		failed = rm_workload_parse(file, text, length, overrides,
		        override_count, workload, error);
	free(text);
	return failed;
}

char *rm_workload_text(const struct rm_workload *workload)
{
	char *text = NULL, value[RM_VALUE_BYTES];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int key = 0; key < RM_KEY_INCLUDE; key++) {
		if (workload->count[key] == 0)
			continue;
		fprintf(out, "%-10s =", rm_factors[key].key);
		for (unsigned i = 0; i < workload->count[key]; i++) {
			rm_factor_text((enum rm_workload_key)key,
			        &workload->values[i], value);
			fprintf(out, " %s", value);
		}
		fputc('\n', out);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int rm_override_split(char *text, char *where, struct rm_override *override,
        struct rm_error *error)
{
	char *equals = strchr(text, '=');

	snprintf(where, RM_WHERE_BYTES, "--set %.*s",
	        equals ? (int)(equals - text) : (int)strlen(text), text);
	if (!equals || equals == text)
		return rm_error_set(error, -EINVAL,
		        "--set \"%.60s\": expected KEY=VALUE", text);
	*equals = '\0';
	*override = (struct rm_override){
		.key = text, .value = equals + 1, .where = where
	};
	return 0;
}

void rm_workload_clear(struct rm_workload *workload)
{
	free(workload->file);
	memset(workload, 0, sizeof(*workload));
}
