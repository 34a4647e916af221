/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plot_points.h - samples by map and threads, and their medians as CSV: the
 * arithmetic of `readmostly plot`. One thread.
 */
#ifndef RM_PLOT_POINTS_H
#define RM_PLOT_POINTS_H

#include <stddef.h>
#include <stdio.h>

struct rm_plot_sample {
	unsigned block;
	double mops; /* 10^6 operations per second, all threads */
};

struct rm_plot_point {
	const char *cell; /* id; the caller's */
	const char *map;  /* id; the caller's */
	unsigned threads;
	struct rm_plot_sample *samples;
	size_t count;
};

/* Zero-initialise; texts that are given must outlive it. */
struct rm_plot_points {
	const char *base; /* map id that ratios are named against */
	struct rm_plot_point *points;
	size_t count;
};

/* Adds a cell, without samples yet. 0 or -ENOMEM. */
int rm_plot_points_add(struct rm_plot_points *points, const char *cell,
        const char *map, unsigned threads);

/* Adds one trial to its cell; one of another cell is passed over. 0 or
   -ENOMEM. */
int rm_plot_points_sample(struct rm_plot_points *points, const char *cell,
        unsigned block, double mops);

/* Samples of all cells together. */
size_t rm_plot_points_samples(const struct rm_plot_points *points);

/* Prints CSV with its heading; *rows: lines after it. 0 or -ENOMEM. */
typedef int rm_plot_rows_fn(
        struct rm_plot_points *points, FILE *out, size_t *rows);

/* map,threads,mops,low,high: median and range over blocks, by map. */
rm_plot_rows_fn rm_plot_points_levels;
/* map,threads,ratio,low,high: against the base in the same block; by
   threads, best first. */
rm_plot_rows_fn rm_plot_points_ratios;

void rm_plot_points_clear(struct rm_plot_points *points);

#endif /* RM_PLOT_POINTS_H */
