/* SPDX-License-Identifier: Apache-2.0 */
/* cell.c - names of the factors, and the cell's readable id. */
#include "runner/plan/cell.h"
#include "runner/plan/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const shape_names[RM_SHAPES] = { "u64x8", "u64x24",
	"str16x8", "str16x24" };
static const char *const write_kind_names[] = { "update", "churn", "fresh",
	NULL };
static const char *const arrivals_names[] = { "poisson", "constant", NULL };
static const char *const measure_names[] = { "verify", "throughput", "latency",
	"counters", "causes", "simulated", NULL };

/* Position of `name` in a list that ends with NULL, or -EINVAL. */
static int find(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -EINVAL;
}

const char *rm_shape_name(struct rm_shape shape)
{
	return shape_names[rm_shape_index(shape)];
}

const char *rm_write_kind_name(enum rm_write_kind kind)
{
	return write_kind_names[kind];
}

const char *rm_arrivals_name(enum rm_arrivals arrivals)
{
	return arrivals_names[arrivals];
}

const char *rm_measure_name(enum rm_measure measure)
{
	return measure_names[measure];
}

int rm_shape_parse(const char *name, struct rm_shape *shape)
{
	for (unsigned i = 0; i < RM_SHAPES; i++) {
		if (strcmp(name, shape_names[i]))
			continue;
		*shape = (struct rm_shape){ .str = i >= 2,
			.value_bytes = i % 2 ? 24 : 8 };
		return 0;
	}
	return -EINVAL;
}

int rm_write_kind_parse(const char *name, enum rm_write_kind *kind)
{
	int found = find(write_kind_names, name);

	if (found >= 0)
		*kind = (enum rm_write_kind)found;
	return found < 0 ? found : 0;
}

int rm_arrivals_parse(const char *name, enum rm_arrivals *arrivals)
{
	int found = find(arrivals_names, name);

	if (found >= 0)
		*arrivals = (enum rm_arrivals)found;
	return found < 0 ? found : 0;
}

int rm_measure_parse(const char *text, enum rm_measure *measure, char *model)
{
	static const char simulated[] = "simulated:";
	const size_t length = sizeof(simulated) - 1;
	int found;

	model[0] = '\0';
	if (!strncmp(text, simulated, length)) {
		text += length;
		if (!*text || strlen(text) >= RM_NAME_BYTES ||
		        strpbrk(text, "/ \t\n"))
			return -EINVAL;
		strcpy(model, text);
		*measure = RM_MEASURE_SIMULATED;
		return 0;
	}
	found = find(measure_names, text);
	if (found < 0 || found == RM_MEASURE_SIMULATED)
		return -EINVAL;
	*measure = (enum rm_measure)found;
	return 0;
}

const char *rm_measure_text(
        enum rm_measure measure, const char *model, char *text)
{
	snprintf(text, RM_MEASURE_BYTES, "%s%s%s", measure_names[measure],
	        model[0] ? ":" : "", model);
	return text;
}

static int parse_zipf(
        const char *text, struct rm_cell *cell, struct rm_error *error)
{
	double theta;

	if (rm_number_read(&text, &theta) || *text || theta <= 0 || theta > 4)
		return rm_error_set(error, -EINVAL,
		        "\"%.40s\" after zipf: is no exponent, expected a "
		        "number above 0 and at most 4, e.g. zipf:0.99",
		        text);
	cell->dist = RM_DIST_ZIPF;
	cell->dist_a = theta;
	cell->dist_b = 0;
	return 0;
}

static int parse_hot(
        const char *text, struct rm_cell *cell, struct rm_error *error)
{
	char keys[RM_NAME_BYTES];
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	double a, b;

	if (length == 0 || length >= sizeof(keys))
		goto bad;
	memcpy(keys, text, length);
	keys[length] = '\0';
	if (rm_number_share(keys, &a) || rm_number_share(colon + 1, &b) ||
	        a <= 0 || a >= 1 || b <= 0)
		goto bad;
	cell->dist = RM_DIST_HOT;
	cell->dist_a = a;
	cell->dist_b = b;
	return 0;
bad:
	return rm_error_set(error, -EINVAL,
	        "\"hot:%.40s\": expected a share of the keys and a share of "
	        "the operations, e.g. hot:1%%:90%%",
	        text);
}

static int parse_trace(
        const char *text, struct rm_cell *cell, struct rm_error *error)
{
	if (strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8)
		return rm_error_set(error, -EINVAL,
		        "\"trace:%.40s\": expected a checksum of 8 hex digits",
		        text);
	cell->dist = RM_DIST_TRACE;
	cell->trace_checksum = (uint32_t)strtoul(text, NULL, 16);
	return 0;
}

int rm_dist_parse(
        const char *text, struct rm_cell *cell, struct rm_error *error)
{
	if (!strncmp(text, "zipf:", 5))
		return parse_zipf(text + 5, cell, error);
	if (!strncmp(text, "hot:", 4))
		return parse_hot(text + 4, cell, error);
	if (!strncmp(text, "trace:", 6))
		return parse_trace(text + 6, cell, error);
	cell->dist_a = cell->dist_b = 0;
	if (!strcmp(text, "uniform"))
		cell->dist = RM_DIST_UNIFORM;
	else if (!strcmp(text, "sequential"))
		cell->dist = RM_DIST_SEQUENTIAL;
	else
		return rm_error_set(error, -EINVAL,
		        "unknown distribution \"%.40s\", expected uniform, "
		        "zipf:THETA, hot:KEYS%%:OPERATIONS%% or sequential",
		        text);
	return 0;
}

void rm_dist_name(const struct rm_cell *cell, char *text, size_t size)
{
	char a[32], b[32];

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

/* Appends to the id; an id that is too long ends cut off, full. */
static void append(struct rm_cell *cell, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static void append(struct rm_cell *cell, const char *format, ...)
{
	size_t used = strlen(cell->id);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cell->id + used, sizeof(cell->id) - used, format, arguments);
	va_end(arguments);
}

void rm_cell_name(struct rm_cell *cell)
{
	char writes[32], misses[32], dist[RM_NAME_BYTES], rate[32];
	char measure[RM_MEASURE_BYTES], loop[RM_LOOP_BYTES];

	rm_number_text(cell->write_share, 2, writes, sizeof(writes));
	rm_number_text(cell->miss_share, 2, misses, sizeof(misses));
	rm_number_text(cell->rate_per_s, 0, rate, sizeof(rate));
	rm_dist_name(cell, dist, sizeof(dist));
	cell->id[0] = '\0';
	append(cell, "%s/%s/%s/n%" PRIu64 "/w%s/%s/m%s/%s/t%u/%s",
	        cell->workload, cell->map, rm_shape_name(cell->shape),
	        cell->keys, writes, rm_write_kind_name(cell->write_kind),
	        misses, dist, cell->threads, cell->placement);
	if (strcmp(cell->memory, "first-touch"))
		append(cell, "/%s", cell->memory);
	if (!cell->presize)
		append(cell, "/grow");
	if (cell->allocator != RM_ALLOCATOR_GLIBC)
		append(cell, "/%s", rm_allocator_name(cell->allocator));
	if (cell->huge_pages != RM_HUGE_PAGES_SYSTEM)
		append(cell, "/huge-%s", rm_huge_pages_name(cell->huge_pages));
	if (cell->window_ops)
		append(cell, "/%" PRIu64 "ops", cell->window_ops);
	if (cell->loop.kind != RM_LOOP_MIX)
		append(cell, "/%s", rm_loop_text(&cell->loop, loop));
	if (cell->loop.kind == RM_LOOP_PACED)
		append(cell, "/r%s/%s", rate, rm_arrivals_name(cell->arrivals));
	append(cell, "/%s",
	        rm_measure_text(cell->measure, cell->model, measure));
}

void rm_cell_clear(struct rm_cell *cell)
{
	free(cell->cpus);
	*cell = (struct rm_cell){ 0 };
}
