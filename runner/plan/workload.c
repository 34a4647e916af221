/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workload.c - workload files: includes, overrides, presets, and the text that
 * reads back equal. How a value is read and written is the table's of
 * runner/protocol; what values say of each other is workload_check.c's.
 */
#include "runner/base/lines.h"
#include "runner/base/nearest.h"
#include "runner/plan/internal.h"
#include "runner/plan/placement.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = RM_LONG_LINE_MAX, KEY_BYTES = 32 };

/* What a list may hold, its text has on one line (rm_workload_text()). */
_Static_assert((1 + (int)RM_VALUE_BYTES) * (int)RM_LIST_MAX + KEY_BYTES <=
                       (int)RM_LONG_LINE_MAX,
        "the text of a workload must read back");

/* One file that is being read, and those that include it. */
struct reading {
	struct rm_lines lines;
	struct rm_workload *workload;
	struct rm_workload *scratch; /* takes values that do not count */
	unsigned *levels;            /* per key: includes above its line */
	unsigned level;
	bool seen[RM_WORKLOAD_KEYS];
	const struct reading *above;
};

static int read_text(struct reading *reading);

/* The protocol takes any name for a place (rm_kind_place): a mistake in one is
   found here, at its line. True for all other keys. */
static bool is_place(enum rm_workload_key key, const char *text)
{
	struct rm_placement placement;
	enum rm_memory_policy policy;
	unsigned node;

	if (key == RM_KEY_PLACEMENT)
		return !rm_placement_parse(text, &placement, NULL);
	return key != RM_KEY_MEMORY ||
	       !rm_memory_parse(text, &policy, &node, NULL);
}

/* Whether value i stands in the list already, however it is written. */
static bool twice(const struct rm_workload *workload, enum rm_workload_key key,
        unsigned i)
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
	if (!is_place(key, item) ||
	        rm_factor_read(key, item, &workload->values[i]))
		return rm_error_set(error, -EINVAL,
		        "%s: %s = \"%.60s\", expected %s", where, factor->key,
		        item, factor->expected);
	if (twice(workload, key, i))
		return rm_error_set(error, -EINVAL,
		        "%s: %s has \"%.60s\" twice, expected each value once",
		        where, factor->key, item);
	workload->count[key]++;
	return 0;
}

/* Adds values to what the key has. `where` stays for mistakes that only the plan
   can find. */
static int add(struct rm_workload *workload, enum rm_workload_key key,
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

/* Replaces what the key had, since a nearer file and --set win over an included
   one. */
static int assign(struct rm_workload *workload, enum rm_workload_key key,
        const char *value, const char *where, struct rm_error *error)
{
	workload->count[key] = 0;
	return add(workload, key, value, where, error);
}

static bool is_above(const struct reading *reading, const char *file)
{
	char known[PATH_MAX], other[PATH_MAX];

	if (!realpath(file, known))
		return false; /* opening it says why */
	for (; reading; reading = reading->above)
		if (realpath(reading->lines.file, other) &&
		        !strcmp(known, other))
			return true;
	return false;
}

/* Reads an included file: its lines count where nobody above says otherwise. */
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
	char *text = NULL;
	int failed;

	if (reading.level > RM_INCLUDE_MAX)
		return rm_error_set(error, -EINVAL,
		        "%s: includes nested deeper than %d, expected fewer",
		        where, RM_INCLUDE_MAX);
	if (is_above(above, file))
		return rm_error_set(error, -EINVAL,
		        "%s: include of %s, which includes this file, expected "
		        "no loop",
		        where, file);
	failed = rm_lines_load(file, &text, &reading.lines.length, &inner);
	if (failed)
		return rm_error_set(error, failed, "%s: include: %.300s", where,
		        inner.text);
	reading.lines.text = text;
	failed = read_text(&reading);
	free(text);
	return failed;
}

/* A name in `include` is relative to the folder of the file it stands in. */
static int include(
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

static int key_of(const char *name, const char *where, bool includes,
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

/* The file nearest to the workload's own wins, wherever it says so. */
static int take(struct reading *reading, enum rm_workload_key key,
        const char *value, const char *where)
{
	struct rm_workload *workload = reading->workload;

	if (key == RM_KEY_INCLUDE)
		return include(reading, value, where);
	if (reading->level > reading->levels[key])
		workload = reading->scratch;
	else
		reading->levels[key] = reading->level;
	return assign(workload, key, value, where, reading->lines.error);
}

/* libinih's handler: 1 is success. Of a long list it has seen the beginning
   alone. */
static int handle(void *context, const char *section, const char *name,
        const char *beginning)
{
	struct reading *reading = context;
	struct rm_error *error = reading->lines.error;
	char where[RM_WHERE_BYTES], *value;
	enum rm_workload_key key;
	int failed;

	(void)section; /* refused by the line reader */
	(void)beginning;
	rm_lines_where(&reading->lines, where);
	if (key_of(name, where, true, &key, error))
		return 0;
	if (reading->seen[key])
		return rm_error_set(error, 0,
		        "%s: %s a second time, expected each key once", where,
		        name);
	reading->seen[key] = true;
	value = rm_lines_value(&reading->lines);
	failed = value ? take(reading, key, value, where)
	               : rm_error_set(error, -ENOMEM, "out of memory");
	free(value);
	return failed == 0;
}

static int read_text(struct reading *reading)
{
	struct rm_lines *lines = &reading->lines;
	int line;

	lines->long_lists = true;
	line = ini_parse_stream(rm_lines_next, lines, handle, reading);
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

		if (key_of(line->key, line->where, false, &key, error) ||
		        (line->adds ? add : assign)(
		                workload, key, line->value, line->where, error))
			return -EINVAL;
	}
	return 0;
}

/* What nobody said. An open loop has latency, a closed one throughput. */
static int apply_presets(struct rm_workload *workload, struct rm_error *error)
{
	bool closed = false, paced = false;

	for (int key = 0; key < RM_WORKLOAD_KEYS; key++) {
		const char *preset = rm_factors[key].preset;

		if (rm_workload_traced(workload) && key == RM_KEY_WINDOW)
			preset = "1pass";
		else if (rm_workload_traced(workload) &&
		         rm_workload_trace_says((enum rm_workload_key)key))
			preset = NULL;
		if (preset && workload->count[key] == 0 &&
		        assign(workload, (enum rm_workload_key)key, preset,
		                "default", error))
			return -EINVAL;
	}
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++) {
		paced |= workload->values[i].loop.kind == RM_LOOP_PACED;
		closed |= workload->values[i].loop.kind != RM_LOOP_PACED;
	}
	if (paced && workload->count[RM_KEY_ARRIVALS] == 0 &&
	        assign(workload, RM_KEY_ARRIVALS, "poisson", "default", error))
		return -EINVAL;
	if (workload->count[RM_KEY_MEASURE])
		return 0;
	return assign(workload, RM_KEY_MEASURE,
	        closed && paced ? "throughput latency"
	        : paced         ? "latency"
	                        : "throughput",
	        "default", error);
}

/* Techniques without keys: nothing to say of keys and writes. */
static bool keyless(const struct rm_workload *workload)
{
	for (unsigned i = 0; i < workload->count[RM_KEY_LOOP]; i++)
		if (!rm_loop_is_own(workload->values[i].loop.kind))
			return false;
	return true;
}

/* What needs no saying where no loop of the file has keys. */
static int fill_in(struct rm_workload *workload, struct rm_error *error)
{
	if (!keyless(workload))
		return 0;
	if (!workload->count[RM_KEY_WRITES] &&
	        assign(workload, RM_KEY_WRITES, "0%", "default", error))
		return -EINVAL;
	if (!workload->count[RM_KEY_KEYS])
		return assign(workload, RM_KEY_KEYS, "1", "default", error);
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
		        "%s: the name of a workload, expected at most 48 "
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
		failed = fill_in(workload, error);
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
