/* SPDX-License-Identifier: Apache-2.0 */
/* plot_points.c - medians and ranges of samples, and ratios by block. */
#include "runner/cli/plot_points.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *map;
	unsigned threads;
	double middle, low, high;
};

int rm_plot_points_add(struct rm_plot_points *points, const char *cell,
        const char *map, unsigned threads)
{
	struct rm_plot_point *more =
	        realloc(points->points, (points->count + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	points->points = more;
	more[points->count++] = (struct rm_plot_point){
		.cell = cell, .map = map, .threads = threads
	};
	return 0;
}

int rm_plot_points_sample(struct rm_plot_points *points, const char *cell,
        unsigned block, double mops)
{
	for (size_t i = 0; i < points->count; i++) {
		struct rm_plot_point *point = &points->points[i];

		if (strcmp(point->cell, cell))
			continue;
		struct rm_plot_sample *more = realloc(
		        point->samples, (point->count + 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		point->samples = more;
		more[point->count++] = (struct rm_plot_sample){ block, mops };
		return 0;
	}
	return 0;
}

size_t rm_plot_points_samples(const struct rm_plot_points *points)
{
	size_t total = 0;

	for (size_t i = 0; i < points->count; i++)
		total += points->points[i].count;
	return total;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts `values`, count > 0, and sets the row's middle, low and high. */
static void summarize(double *values, size_t count, struct row *row)
{
	qsort(values, count, sizeof(*values), by_value);
	row->low = values[0];
	row->high = values[count - 1];
	row->middle = (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/* A map's points stand together: gnuplot's lines break at other rows. */
static int by_map(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int order = strcmp(x->map, y->map);

	if (order)
		return order;
	return (x->threads > y->threads) - (x->threads < y->threads);
}

/* By threads, then by ratio. */
static int best_first(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	if (x->threads != y->threads)
		return x->threads < y->threads ? -1 : 1;
	if (x->middle != y->middle)
		return x->middle > y->middle ? -1 : 1;
	return strcmp(x->map, y->map);
}

static void print_rows(
        FILE *out, const char *value, const struct row *rows, size_t count)
{
	fprintf(out, "map,threads,%s,low,high\n", value);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s,%u,%.6g,%.6g,%.6g\n", rows[i].map,
		        rows[i].threads, rows[i].middle, rows[i].low,
		        rows[i].high);
}

static const struct rm_plot_point *base_of(
        const struct rm_plot_points *points, unsigned threads)
{
	for (size_t i = 0; i < points->count; i++)
		if (points->points[i].threads == threads &&
		        !strcmp(points->points[i].map, points->base))
			return &points->points[i];
	return NULL;
}

/* Values of a point: its samples, or, with a base, ratios to the base's
   sample of the same block. Returns how many. */
static size_t values_of(const struct rm_plot_point *point,
        const struct rm_plot_point *base, double *values)
{
	size_t count = 0;

	for (size_t i = 0; i < point->count; i++) {
		double mops = point->samples[i].mops;

		if (!base) {
			values[count++] = mops;
			continue;
		}
		for (size_t j = 0; j < base->count; j++)
			if (base->samples[j].block == point->samples[i].block)
				values[count++] = mops / base->samples[j].mops;
	}
	return count;
}

/* A row for each point that has values. */
static int make_rows(const struct rm_plot_points *points, bool against_base,
        struct row *rows, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < points->count; i++) {
		const struct rm_plot_point *point = &points->points[i];
		const struct rm_plot_point *base =
		        against_base ? base_of(points, point->threads) : NULL;

		if (!point->count || (against_base && !base) || base == point)
			continue;
		/* a journal has one trial of a cell in a block */
		double *values = calloc(point->count, sizeof(*values));
		if (!values)
			return -ENOMEM;
		size_t found = values_of(point, base, values);
		struct row *row = &rows[*count];

		*row = (struct row){ point->map, point->threads, 0, 0, 0 };
		if (found) {
			summarize(values, found, row);
			(*count)++;
		}
		free(values);
	}
	return 0;
}

static int print(const struct rm_plot_points *points, FILE *out,
        bool against_base, size_t *count)
{
	struct row *rows = calloc(points->count + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	int result = make_rows(points, against_base, rows, count);

	if (!result) {
		qsort(rows, *count, sizeof(*rows),
		        against_base ? best_first : by_map);
		print_rows(out, against_base ? "ratio" : "mops", rows, *count);
	}
	free(rows);
	return result;
}

int rm_plot_points_levels(
        struct rm_plot_points *points, FILE *out, size_t *rows)
{
	return print(points, out, false, rows);
}

int rm_plot_points_ratios(
        struct rm_plot_points *points, FILE *out, size_t *rows)
{
	return print(points, out, true, rows);
}

void rm_plot_points_clear(struct rm_plot_points *points)
{
	for (size_t i = 0; i < points->count; i++)
		free(points->points[i].samples);
	free(points->points);
	points->points = NULL;
	points->count = 0;
}
