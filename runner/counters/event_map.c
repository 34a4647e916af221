/* SPDX-License-Identifier: Apache-2.0 */
/* event_map.c - reads events.tsv and finds metrics in it. */
#include "runner/base/tsv.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* generated from events.tsv by the Makefile; NUL-terminated */
extern const unsigned char rm_events_tsv[];

struct rm_event_map {
	char *text; /* text of the table; all strings point into it */
	struct rm_counter_event *events;
	size_t size, room;
	struct rm_cpu_table *cpus; /* only while the table is read */
};

enum { COLUMNS = 8 };

static const char *null_if_dash(const char *field)
{
	return strcmp(field, "-") ? field : NULL;
}

static bool is_empty(const char *field)
{
	return field && !field[0];
}

static int read_config(const char *text, const char *where, uint64_t *config,
        struct rm_error *e)
{
	char *end;

	errno = 0;
	*config = strtoull(text, &end, 16);
	if (strncmp(text, "0x", 2) || end == text + 2 || *end || errno)
		return rm_error_set(e, -EINVAL,
		        "%s: perf_config \"%s\", expected 0x and hex digits",
		        where, text);
	return 0;
}

/* Checks a line. A wrong line would count a wrong event on another machine, so
   every machine checks the whole table. */
static int check_event(const struct rm_event_map *map,
        const struct rm_counter_event *event, const char *where,
        struct rm_error *error)
{
	if (!rm_cpu_table_has(map->cpus, event->arch))
		return rm_error_set(error, -EINVAL,
		        "%s: arch \"%s\", expected one of the lines of "
		        "cpus.tsv, generic or *",
		        where, event->arch);
	if (!event->metric[0])
		return rm_error_set(error, -EINVAL,
		        "%s: no metric, expected a name", where);
	if (is_empty(event->likwid_event) || is_empty(event->likwid_counter) ||
	        is_empty(event->perf_pmu) || is_empty(event->perf_event))
		return rm_error_set(error, -EINVAL,
		        "%s: an empty column, expected a name or -", where);
	for (size_t i = 0; i < map->size; i++)
		if (!strcmp(map->events[i].arch, event->arch) &&
		        !strcmp(map->events[i].metric, event->metric))
			return rm_error_set(error, -EINVAL,
			        "%s: duplicate %s %s, expected each pair once",
			        where, event->arch, event->metric);
	if (event->likwid_event && !event->likwid_counter)
		return rm_error_set(error, -EINVAL,
		        "%s: likwid event without a counter, expected PMC, "
		        "FIXC0, ...",
		        where);
	return 0;
}

static int read_line(void *context, char *const *field, const char *where,
        struct rm_error *error)
{
	struct rm_event_map *map = context;
	struct rm_counter_event event = {
		.arch = field[0],
		.metric = field[1],
		.likwid_event = null_if_dash(field[2]),
		.likwid_counter = null_if_dash(field[3]),
		.perf_pmu = null_if_dash(field[4]),
		.perf_event = null_if_dash(field[6]),
		.unverified = !strcmp(field[6], "unverified"),
		.note = field[7],
	};
	int code = read_config(field[5], where, &event.perf_config, error);
	if (!code)
		code = check_event(map, &event, where, error);
	if (code)
		return code;
	if (map->size == map->room) {
		size_t room = map->room ? 2 * map->room : 256;
		void *more = realloc(map->events, room * sizeof(event));

		if (!more)
			return rm_error_set(error, -ENOMEM, "out of memory");
		map->events = more;
		map->room = room;
	}
	map->events[map->size++] = event;
	return 0;
}

int rm_event_map_parse(const char *text, const char *name,
        struct rm_event_map **map, struct rm_error *error)
{
	struct rm_event_map *made = calloc(1, sizeof(*made));

	if (!made)
		return rm_error_set(error, -ENOMEM, "out of memory");
	int code = rm_cpu_table_builtin(&made->cpus, error);
	if (!code)
		code = rm_tsv_read(text, name, COLUMNS, read_line, made,
		        &made->text, error);
	rm_cpu_table_free(made->cpus);
	made->cpus = NULL;
	if (code) {
		rm_event_map_free(made);
		return code;
	}
	*map = made;
	return 0;
}

int rm_event_map_builtin(struct rm_event_map **map, struct rm_error *error)
{
	return rm_event_map_parse(
	        (const char *)rm_events_tsv, "events.tsv", map, error);
}

void rm_event_map_free(struct rm_event_map *map)
{
	if (!map)
		return;
	free(map->events);
	free(map->text);
	free(map);
}

size_t rm_event_map_size(const struct rm_event_map *map)
{
	return map->size;
}

const struct rm_counter_event *rm_event_map_at(
        const struct rm_event_map *map, size_t index)
{
	return &map->events[index];
}

const struct rm_counter_event *rm_event_map_find(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *metric, struct rm_error *error)
{
	bool is_missing = rm_tsv_list_has(arch->without, metric);

	for (unsigned step = 0; step < arch->steps && !is_missing; step++)
		for (size_t i = 0; i < map->size; i++)
			if (!strcmp(map->events[i].arch, arch->chain[step]) &&
			        !strcmp(map->events[i].metric, metric))
				return &map->events[i];
	rm_error_set(error, -ENOENT, "not offered on %s (%s)", arch->name,
	        arch->what);
	return NULL;
}
