/* SPDX-License-Identifier: Apache-2.0 */
/* mode.c - reads files of workloads/modes/: workloads, overrides, budget. */
#include "runner/base/lines.h"
#include "runner/base/number.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 1024, VALUE_BYTES = 256, NAMES_MAX = 96, INCLUDES_MAX = 2 };

/* One line of a mode. A line in section "" applies to all workloads. */
struct line {
	char section[RM_NAME_BYTES];
	char key[RM_NAME_BYTES];
	char value[VALUE_BYTES];
	char where[RM_WHERE_BYTES];
	bool adds;      /* extends the key's previous line */
	unsigned level; /* depth of the include that contains the line */
};

struct reading {
	struct rm_lines lines;
	unsigned level; /* depth of the current include */
	uint64_t budget_ns;
	rm_name names[NAMES_MAX]; /* names of workloads */
	size_t name_count;
	char names_where[RM_WHERE_BYTES];
	struct line entries[LINES_MAX];
	size_t entry_count;
};

static int read_lines(struct reading *reading);

/* True for NAME or FOLDER/NAME, relative to the parent folder of modes/.
   Rejects more slashes and a leading dot, which could refer to files outside of
   it. */
static bool is_workload_name(const char *name)
{
	const char *slash = strchr(name, '/');
	const char *base = slash ? slash + 1 : name;

	return strlen(name) < RM_NAME_BYTES && name[0] != '/' &&
	       name[0] != '.' && base[0] && base[0] != '.' &&
	       !strchr(base, '/');
}

static int read_names(
        struct reading *reading, const char *value, const char *where)
{
	char copy[VALUE_BYTES], *rest = copy;

	snprintf(reading->names_where, RM_WHERE_BYTES, "%s", where);
	snprintf(copy, sizeof(copy), "%s", value);
	for (char *name; (name = strsep(&rest, " \t"));) {
		if (!*name)
			continue;
		for (size_t i = 0; i < reading->name_count; i++)
			if (!strcmp(reading->names[i], name))
				return rm_error_set(reading->lines.error,
				        -EINVAL,
				        "%s: workloads has \"%s\" twice, "
				        "expected each once",
				        where, name);
		if (!is_workload_name(name) || reading->name_count == NAMES_MAX)
			return rm_error_set(reading->lines.error, -EINVAL,
			        "%s: workloads = \"%.60s\", expected at most "
			        "%d names of files in workloads/ or one folder "
			        "of it",
			        where, name, NAMES_MAX);
		strcpy(reading->names[reading->name_count++], name);
	}
	return 0;
}

/* Handles the keys `workloads` and `budget`. Returns 1 for other keys. */
static int read_mode_key(struct reading *reading, const char *name,
        const char *value, const char *where)
{
	if (!strcmp(name, "workloads"))
		return read_names(reading, value, where);
	if (strcmp(name, "budget"))
		return 1;
	if (rm_number_time(value, &reading->budget_ns))
		return rm_error_set(reading->lines.error, -EINVAL,
		        "%s: budget = \"%.60s\", expected a time, e.g. 3min%s",
		        where, value, rm_number_hint(value));
	return 0;
}

/* True for keys that may be repeated, so that users can split long lists. */
static bool is_list_of_names(const char *key)
{
	return !strcmp(key, "workloads") || !strcmp(key, "maps");
}

static bool has_line(
        const struct reading *reading, const char *section, const char *key)
{
	for (size_t i = 0; i < reading->entry_count; i++)
		if (reading->entries[i].level == reading->level &&
		        !strcmp(reading->entries[i].section, section) &&
		        !strcmp(reading->entries[i].key, key))
			return true;
	return false;
}

/* Checks a line. A key may occur only once per section, since a repeated line
   would silently replace the first one. The keys `workloads` and `maps` may be
   repeated: each line adds names. */
static int check_line(const struct reading *reading, const char *section,
        const char *name, const char *where)
{
	enum rm_workload_key key = rm_key_find(name);
	bool own = !strcmp(name, "budget") || !strcmp(name, "workloads") ||
	           key == RM_KEY_INCLUDE;

	if (own && section[0])
		return rm_error_set(reading->lines.error, -EINVAL,
		        "%s: %s in a section, expected it before the first one",
		        where, name);
	if (!own && key >= RM_KEY_INCLUDE)
		return rm_error_set(reading->lines.error, -EINVAL,
		        "%s: unknown key \"%.40s\", expected budget, include, "
		        "workloads or a key of a workload",
		        where, name);
	if (!is_list_of_names(name) && has_line(reading, section, name))
		return rm_error_set(reading->lines.error, -EINVAL,
		        "%s: %s occurs twice, expected each key once in a "
		        "section",
		        where, name);
	return 0;
}

/* Includes another mode of the same folder. Lines of this mode override the
   included lines (collect_overrides()). Its workloads are added to the included
   workloads. */
static int include_mode(
        struct reading *reading, const char *value, const char *where)
{
	const struct rm_lines own = reading->lines;
	const char *slash = strrchr(own.file, '/');
	char file[PATH_MAX], *text = NULL;
	struct rm_error inner = { "" };
	int failed;

	if (reading->level == INCLUDES_MAX || reading->entry_count)
		return rm_error_set(own.error, -EINVAL,
		        "%s: include = %.60s, expected it as the first line, "
		        "with at most %d levels of includes",
		        where, value, INCLUDES_MAX);
	if (strchr(value, '/') ||
	        snprintf(file, sizeof(file), "%.*s%s",
	                slash ? (int)(slash + 1 - own.file) : 0, own.file,
	                value) >= (int)sizeof(file))
		return rm_error_set(own.error, -EINVAL,
		        "%s: include = %.60s, expected the name of a file in "
		        "the mode's folder",
		        where, value);
	reading->lines = (struct rm_lines){ .file = file, .error = own.error };
	reading->level++;
	failed = rm_lines_load(file, &text, &reading->lines.length, &inner);
	reading->lines.text = text;
	failed = failed ? rm_error_set(own.error, failed,
	                          "%s: include: %.300s, expected a mode", where,
	                          inner.text)
	                : read_lines(reading);
	free(text);
	reading->lines = own;
	reading->level--;
	return failed;
}

/* Handler for libinih. Returns 1 for success. */
static int handle_line(
        void *context, const char *section, const char *name, const char *value)
{
	struct reading *reading = context;
	struct line *line = &reading->entries[reading->entry_count];
	char where[RM_WHERE_BYTES];

	rm_lines_location(&reading->lines, where);
	if (check_line(reading, section, name, where))
		return 0;
	if (rm_key_find(name) == RM_KEY_INCLUDE)
		return include_mode(reading, value, where) == 0;
	if (reading->entry_count == LINES_MAX)
		return rm_error_set(reading->lines.error, 0,
		        "%s: too many lines, expected at most %d", where,
		        LINES_MAX);
	line->adds = has_line(reading, section, name);
	line->level = reading->level;
	snprintf(line->section, sizeof(line->section), "%s", section);
	snprintf(line->key, sizeof(line->key), "%s", name);
	snprintf(line->value, sizeof(line->value), "%s", value);
	snprintf(line->where, sizeof(line->where), "%s", where);
	reading->entry_count++;
	return read_mode_key(reading, name, value, where) >= 0;
}

/* Checks that each section names a workload of the mode. */
static int check_mode(const struct reading *reading)
{
	if (reading->budget_ns == 0 || reading->name_count == 0)
		return rm_error_set(reading->lines.error, -EINVAL,
		        "%s: %s is missing, expected %s", reading->lines.file,
		        reading->budget_ns ? "workloads" : "budget",
		        reading->budget_ns ? "workloads = NAME..."
		                           : "budget = TIME, e.g. 3min");
	for (size_t i = 0; i < reading->entry_count; i++) {
		const struct line *line = &reading->entries[i];
		size_t j = 0;

		while (j < reading->name_count &&
		        strcmp(reading->names[j], line->section))
			j++;
		if (line->section[0] && j == reading->name_count)
			return rm_error_set(reading->lines.error, -EINVAL,
			        "%s: section [%s], expected the name of one of "
			        "this mode's workloads",
			        line->where, line->section);
	}
	return 0;
}

/* Collects all lines that apply to a workload, in this order: lines of included
   modes, lines of this mode, --set. Within a mode, lines for all workloads
   precede those of the workload's section. */
static size_t collect_overrides(const struct reading *reading, const char *name,
        const struct rm_override *overrides, size_t override_count,
        struct rm_override *all)
{
	size_t n = 0;

	for (unsigned pass = 0; pass < 2 * (INCLUDES_MAX + 1); pass++)
		for (size_t i = 0; i < reading->entry_count; i++) {
			const struct line *line = &reading->entries[i];

			if (rm_key_find(line->key) < RM_KEY_INCLUDE &&
			        line->level == INCLUDES_MAX - pass / 2 &&
			        !strcmp(line->section, pass % 2 ? name : ""))
				all[n++] = (struct rm_override){ line->key,
					line->value, line->where, line->adds };
		}
	for (size_t i = 0; i < override_count; i++)
		all[n++] = overrides[i];
	return n;
}

/* Stores the path of NAME.conf in the parent folder of the mode's folder. */
static void workload_path(const struct reading *reading, const char *name,
        char *file, size_t size)
{
	const char *mode = reading->lines.file;
	const char *slash = strrchr(mode, '/');
	size_t length = slash ? (size_t)(slash - mode) : 0;
	size_t parent = length;

	while (parent > 0 && mode[parent - 1] != '/')
		parent--;
	if (length == parent || mode[parent] == '.')
		/* the mode's path has no parent, or contains a dot that makes
		   it ambiguous */
		snprintf(file, size, "%.*s../%s.conf",
		        slash ? (int)length + 1 : 0, mode, name);
	else
		snprintf(file, size, "%.*s%s.conf", (int)parent, mode, name);
}

/* Loads a workload. If its file does not exist (`file` remains NULL), the error
   contains the line of the mode that names the workload. */
static int load_workload(const struct reading *reading, const char *name,
        const struct rm_override *overrides, size_t override_count,
        struct rm_workload *workload)
{
	struct rm_override *all =
	        calloc(LINES_MAX + override_count, sizeof(*all));
	struct rm_error inner = { "" };
	char file[PATH_MAX];
	int failed;

	if (!all)
		return rm_error_set(
		        reading->lines.error, -ENOMEM, "out of memory");
	workload_path(reading, name, file, sizeof(file));
	failed = rm_workload_load(file, all,
	        collect_overrides(
	                reading, name, overrides, override_count, all),
	        workload, &inner);
	free(all);
	if (!failed)
		return 0;
	if (!workload->file)
		return rm_error_set(reading->lines.error, failed,
		        "%s: workloads: %.300s", reading->names_where,
		        inner.text);
	return rm_error_set(reading->lines.error, failed, "%s", inner.text);
}

static int read_lines(struct reading *reading)
{
	struct rm_lines *lines = &reading->lines;
	int line;

	lines->sections = true;
	line = ini_parse_stream(rm_lines_next, lines, handle_line, reading);
	if (lines->error->text[0])
		return -EINVAL;
	if (line)
		return rm_error_set(lines->error, -EINVAL,
		        "%s:%d: expected KEY = VALUE", lines->file, line);
	return 0;
}

static int load_all(const struct reading *reading,
        const struct rm_override *overrides, size_t override_count,
        struct rm_inputs *mode)
{
	int failed = 0;

	mode->budget_ns = reading->budget_ns;
	mode->workloads = calloc(reading->name_count, sizeof(*mode->workloads));
	if (!mode->workloads)
		return rm_error_set(
		        reading->lines.error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < reading->name_count && !failed; i++) {
		mode->workload_count++;
		failed = load_workload(reading, reading->names[i], overrides,
		        override_count, &mode->workloads[i]);
	}
	return failed;
}

/* Sets the maps of the workload `touched`. Adds the base, since ratios refer to
   it, and removes duplicates. */
static int set_touched(
        struct rm_workload *workload, const char *ids, struct rm_error *error)
{
	unsigned *count = &workload->count[RM_KEY_MAPS];

	*count = 0;
	strcpy(workload->values[(*count)++].map, workload->values[0].base);
	for (const char *id = ids + strspn(ids, ", "), *end; *id;
	        id = end + strspn(end, ", ")) {
		unsigned i = 0;
		rm_name name;

		end = id + strcspn(id, ", ");
		snprintf(name, sizeof(name), "%.*s", (int)(end - id), id);
		while (i < *count && strcmp(workload->values[i].map, name))
			i++;
		if (i < *count)
			continue;
		if (*count == RM_LIST_MAX || (size_t)(end - id) >= sizeof(name))
			return rm_error_set(error, -EINVAL,
			        "--touched \"%.60s\", expected at most %d ids "
			        "of maps",
			        ids, RM_LIST_MAX - 1);
		strcpy(workload->values[(*count)++].map, name);
	}
	snprintf(workload->where[RM_KEY_MAPS], RM_WHERE_BYTES, "--touched");
	return 0;
}

int rm_mode_set_touched(
        struct rm_inputs *mode, const char *touched, struct rm_error *error)
{
	size_t kept = 0;
	int failed = touched ? -ENOENT : 0;

	for (size_t i = 0; i < mode->workload_count; i++) {
		struct rm_workload *workload = &mode->workloads[i];

		if (!strcmp(workload->name, "touched")) {
			if (!touched) {
				rm_workload_clear(workload);
				continue;
			}
			failed = set_touched(workload, touched, error);
		}
		if (kept != i)
			mode->workloads[kept] = *workload;
		kept++;
	}
	mode->workload_count = kept;
	if (failed == -ENOENT)
		return rm_error_set(error, failed,
		        "--touched: mode %s has no workload named touched; use "
		        "smoke, quick, standard or full",
		        mode->name);
	return failed;
}

int rm_mode_load(const char *file, const struct rm_override *overrides,
        size_t override_count, struct rm_inputs *mode, struct rm_error *error)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	char *text = NULL;
	int failed;

	if (!reading)
		return rm_error_set(error, -ENOMEM, "out of memory");
	reading->lines = (struct rm_lines){ .file = file, .error = error };
	failed = rm_workload_name(file, mode->name, error);
	if (!failed)
		failed = rm_lines_load(
		        file, &text, &reading->lines.length, error);
	reading->lines.text = text;
	if (!failed)
		failed = read_lines(reading);
	if (!failed)
		failed = check_mode(reading);
	if (!failed)
		failed = load_all(reading, overrides, override_count, mode);
	free(text);
	free(reading);
	return failed;
}
