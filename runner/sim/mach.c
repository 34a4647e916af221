/* SPDX-License-Identifier: Apache-2.0 */
/* mach.c - reads, finds and writes descriptions of machines. */
#include "runner/sim/mach.h"
#include "runner/plan/lines.h"
#include "runner/plan/workload.h"
#include "runner/sim/mach_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of a path that names the machine. */
static void name_of(const char *file, char *name)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t length = strcspn(base, ".");

	snprintf(name, RM_SIM_NAME_BYTES, "%.*s", (int)length, base);
}

/* One line, cut at '=': 0 or -EINVAL. */
static int read_line(char *line, const char *where, unsigned *seen,
        struct rm_sim_mach *mach, struct rm_error *error)
{
	unsigned number = (unsigned)strtoul(strrchr(where, ':') + 1, NULL, 10);
	char *value = strchr(line, '=');
	char *end = value;
	const char *wrong;
	int key;

	*value++ = '\0';
	while (end > line && strchr(" \t", end[-1]))
		*--end = '\0';
	value += strspn(value, " \t");
	value[strcspn(value, "\n")] = '\0';
	key = rm_sim_key_of(line);
	if (key < 0)
		return rm_error_set(error, -EINVAL,
		        "%s: unknown key \"%s\", expected %s, %s, ...", where,
		        line, rm_sim_key_name(RM_SIM_KEY_L1D),
		        rm_sim_key_name(RM_SIM_COST_MEMORY));
	if (seen[key])
		return rm_error_set(error, -EINVAL,
		        "%s: %s again, expected it once (line %u)", where, line,
		        seen[key]);
	seen[key] = number;
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", value);
	wrong = rm_sim_key_set(mach, key, copy);
	if (wrong)
		return rm_error_set(error, -EINVAL, "%s: %s = %s, %s", where,
		        line, value, wrong);
	return 0;
}

int rm_sim_mach_parse(const char *file, const char *text, size_t length,
        struct rm_sim_mach *mach, struct rm_error *error)
{
	struct rm_error own = { "" };
	struct rm_lines lines = {
		.file = file,
		.text = text,
		.length = length,
		.error = error ? error : &own,
	};
	struct rm_sim_mach made = { .name = "" };
	unsigned seen[RM_SIM_KEYS] = { 0 };
	char line[RM_LINE_MAX + 2], where[RM_WHERE_BYTES];

	name_of(file, made.name);
	while (rm_lines_next(line, sizeof(line), &lines)) {
		rm_lines_where(&lines, where);
		if (line[0] == '\n')
			continue;
		if (read_line(line, where, seen, &made, lines.error))
			return -EINVAL;
	}
	if (lines.error->text[0])
		return -EINVAL;
	rm_lines_where(&lines, where);
	for (int key = 0; key < RM_SIM_KEYS; key++)
		if (!seen[key])
			return rm_error_set(error, -EINVAL,
			        "%s: the file ends, expected a line for %s",
			        where, rm_sim_key_name(key));
	*mach = made;
	return 0;
}

static int load(
        const char *file, struct rm_sim_mach *mach, struct rm_error *error)
{
	char *text = NULL;
	size_t length = 0;
	int failed = rm_lines_load(file, &text, &length, error);

	if (!failed)
		failed = rm_sim_mach_parse(file, text, length, mach, error);
	free(text);
	return failed;
}

int rm_sim_mach_find(
        const char *name, struct rm_sim_mach *mach, struct rm_error *error)
{
	const struct rm_sim_builtin *builtin = rm_sim_builtins;
	char known[256] = "";
	size_t length = 0;

	if (strchr(name, '/'))
		return load(name, mach, error);
	if (!strcmp(name, "host"))
		return rm_sim_mach_host(mach, error);
	for (; builtin->name; builtin++) {
		if (!strcmp(name, builtin->name))
			return rm_sim_mach_parse(builtin->name, builtin->text,
			        strlen(builtin->text), mach, error);
		length += (size_t)snprintf(known + length,
		        sizeof(known) - length, "%s, ", builtin->name);
		if (length >= sizeof(known))
			length = sizeof(known) - 1;
	}
	return rm_error_set(error, -ENOENT,
	        "no machine \"%s\", expected %shost, or a file's path with a /",
	        name, known);
}

int rm_sim_mach_set(struct rm_sim_mach *mach, const char *key,
        const char *value, struct rm_error *error)
{
	struct rm_sim_mach changed = *mach;
	char copy[RM_SIM_VALUE_BYTES];
	int number = rm_sim_key_of(key);
	const char *wrong;

	if (number < 0)
		return rm_error_set(error, -EINVAL,
		        "unknown key \"%s\" of a machine, expected %s, %s, ...",
		        key, rm_sim_key_name(RM_SIM_KEY_L1D),
		        rm_sim_key_name(RM_SIM_COST_MEMORY));
	snprintf(copy, sizeof(copy), "%s", value);
	wrong = strlen(value) >= sizeof(copy)
	                ? "expected a shorter value"
	                : rm_sim_key_set(&changed, number, copy);
	if (wrong)
		return rm_error_set(
		        error, -EINVAL, "%s = %s, %s", key, value, wrong);
	*mach = changed;
	return 0;
}

char *rm_sim_mach_text(const struct rm_sim_mach *mach)
{
	char value[RM_SIM_VALUE_BYTES], *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	for (int key = 0; key < RM_SIM_KEYS; key++) {
		rm_sim_key_text(mach, key, value, sizeof(value));
		fprintf(file, "%s = %s\n", rm_sim_key_name(key), value);
	}
	if (fclose(file)) {
		free(text);
		return NULL;
	}
	return text;
}
