/* SPDX-License-Identifier: Apache-2.0 */
/* cpu_table.c - reads cpus.tsv and finds the line of a CPU. */
#include "runner/base/host.h"
#include "runner/base/tsv.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* generated from cpus.tsv by the Makefile; NUL-terminated */
extern const unsigned char rm_cpus_tsv[];

struct rm_cpu_table {
	char *text; /* text of the table; all strings point into it */
	struct rm_cpu_row *rows;
	size_t size, room;
};

enum { COLUMNS = 10, NAME_MAX_BYTES = RM_ARCH_NAME_BYTES - 1 };

/* Reads one number or range "a-b" at *at, decimal or hexadecimal, and moves *at
   past it and past a comma. Returns false if there is no number. */
static bool read_range(
        const char **at, unsigned long *first, unsigned long *end)
{
	char *after;

	*first = *end = strtoul(*at, &after, 0);
	if (after == *at || **at == '-')
		return false;
	if (*after == '-') {
		const char *second = after + 1;

		*end = strtoul(second, &after, 0);
		if (after == second || *end < *first)
			return false;
	}
	if (*after && *after != ',')
		return false;
	*at = *after ? after + 1 : after;
	return *after == '\0' || **at;
}

static bool is_list(const char *text)
{
	unsigned long first, last;

	do
		if (!read_range(&text, &first, &last))
			return false;
	while (*text);
	return true;
}

static bool range_list_has(const char *text, unsigned long number)
{
	unsigned long first, last;

	while (*text && read_range(&text, &first, &last))
		if (number >= first && number <= last)
			return true;
	return false;
}

/* True if a list has at most `most` names, and each name is short enough. One
   more place is reserved for "*". */
static bool fits(const char *list, size_t most)
{
	size_t n = 0;

	for (const char *at = list; at; n++) {
		size_t length = strcspn(at, ",");

		if (!length || length > NAME_MAX_BYTES)
			return false;
		at = at[length] ? at + length + 1 : NULL;
	}
	return n <= most;
}

static const char *null_if_dash(const char *field)
{
	return strcmp(field, "-") ? field : NULL;
}

static int check_row(const struct rm_cpu_row *row, char *const *field,
        const char *where, struct rm_error *error)
{
	if (!row->vendor[0] || !is_list(field[1]) || strpbrk(field[1], ",-"))
		return rm_error_set(error, -EINVAL,
		        "%s: vendor \"%s\", family \"%s\", expected a name and "
		        "a number",
		        where, field[0], field[1]);
	if (!is_list(row->models))
		return rm_error_set(error, -EINVAL,
		        "%s: models \"%s\", expected numbers and ranges, "
		        "separated by commas",
		        where, row->models);
	if (!row->arch[0] || !fits(row->arch, 1))
		return rm_error_set(error, -EINVAL,
		        "%s: arch \"%s\", expected a name of 1 to %d bytes",
		        where, row->arch, NAME_MAX_BYTES);
	if (row->lines && !fits(row->lines, RM_ARCH_STEPS - 1))
		return rm_error_set(error, -EINVAL,
		        "%s: lines \"%s\", expected at most %d names", where,
		        row->lines, RM_ARCH_STEPS - 1);
	return 0;
}

static int read_row(void *context, char *const *field, const char *where,
        struct rm_error *error)
{
	struct rm_cpu_table *table = context;
	struct rm_cpu_row row = {
		.vendor = field[0],
		.family = (unsigned)strtoul(field[1], NULL, 0),
		.models = field[2],
		.pmu = null_if_dash(field[3]),
		.arch = field[4],
		.lines = null_if_dash(field[5]),
		.without = null_if_dash(field[6]),
		.likwid = null_if_dash(field[7]),
		.perf = null_if_dash(field[8]),
		.what = field[9],
	};
	int code = check_row(&row, field, where, error);

	if (code)
		return code;
	if (table->size == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		void *more = realloc(table->rows, room * sizeof(row));

		if (!more)
			return rm_error_set(error, -ENOMEM, "out of memory");
		table->rows = more;
		table->room = room;
	}
	table->rows[table->size++] = row;
	return 0;
}

int rm_cpu_table_parse(const char *text, const char *name,
        struct rm_cpu_table **table, struct rm_error *error)
{
	struct rm_cpu_table *made = calloc(1, sizeof(*made));

	if (!made)
		return rm_error_set(error, -ENOMEM, "out of memory");
	int code = rm_tsv_read(
	        text, name, COLUMNS, read_row, made, &made->text, error);
	if (code) {
		rm_cpu_table_free(made);
		return code;
	}
	*table = made;
	return 0;
}

int rm_cpu_table_builtin(struct rm_cpu_table **table, struct rm_error *error)
{
	return rm_cpu_table_parse(
	        (const char *)rm_cpus_tsv, "cpus.tsv", table, error);
}

void rm_cpu_table_free(struct rm_cpu_table *table)
{
	if (!table)
		return;
	free(table->rows);
	free(table->text);
	free(table);
}

size_t rm_cpu_table_size(const struct rm_cpu_table *table)
{
	return table->size;
}

const struct rm_cpu_row *rm_cpu_table_at(
        const struct rm_cpu_table *table, size_t index)
{
	return &table->rows[index];
}

/* True if the row's kind of core includes this CPU. The kinds of core of a
   hybrid processor have the same family and model, and only the kernel's list
   of CPUs for each PMU distinguishes them. If there is no such list (virtual
   machine, no PMU), the first row matches. */
static bool pmu_has_cpu(const struct rm_cpu_row *row, unsigned cpu)
{
	char path[128], list[512];

	if (!row->pmu)
		return true;
	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%.40s/cpus",
	        row->pmu);
	return rm_host_read(path, list, sizeof(list)) > 0 &&
	       rm_host_list_has(list, cpu);
}

const struct rm_cpu_row *rm_cpu_table_find(const struct rm_cpu_table *table,
        const char *vendor, unsigned family, unsigned model, unsigned cpu)
{
	const struct rm_cpu_row *first = NULL;

	for (size_t i = 0; i < table->size; i++) {
		const struct rm_cpu_row *row = &table->rows[i];

		if (strcmp(row->vendor, vendor) || row->family != family ||
		        !range_list_has(row->models, model))
			continue;
		if (pmu_has_cpu(row, cpu))
			return row;
		if (!first)
			first = row;
	}
	return first;
}

bool rm_cpu_table_has(const struct rm_cpu_table *table, const char *name)
{
	if (!strcmp(name, "*") || !strcmp(name, RM_ARCH_GENERIC))
		return true;
	for (size_t i = 0; i < table->size; i++)
		if (table->rows[i].lines &&
		        rm_tsv_list_has(table->rows[i].lines, name))
			return true;
	return false;
}
