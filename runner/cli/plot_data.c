/* SPDX-License-Identifier: Apache-2.0 */
/* plot_data.c - picks a group of cells and collects their trials. */
#include "runner/cli/plot_data.h"
#include "runner/cli/plot_points.h"

#include "runner/campaign/files.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_BYTES = 256 };

struct rm_plot_data {
	json_t *campaign;
	char title[TITLE_BYTES];
	struct rm_plot_points points;
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static double number_of(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* Everything but map and threads: cells of one group are drawn together. */
static void title_of(const json_t *cell, char title[TITLE_BYTES])
{
	double share = 100 * number_of(cell, "write_share");

	snprintf(title, TITLE_BYTES,
	        "%s, %g:%g %s, %.0f keys, %s, %s, %g %% misses, "
	        "placement %s, %s%s",
	        text_of(cell, "workload"), 100 - share, share,
	        text_of(cell, "write_kind"), number_of(cell, "keys"),
	        text_of(cell, "dist"), text_of(cell, "shape"),
	        100 * number_of(cell, "miss_share"), text_of(cell, "placement"),
	        text_of(cell, "memory"),
	        json_is_false(json_object_get(cell, "presize"))
	                ? ", not presized"
	                : "");
}

static bool wanted(const json_t *cell, const char *like)
{
	return !strcmp(text_of(cell, "measure"), "throughput") &&
	       (!like || strstr(text_of(cell, "id"), like));
}

/* How far a cell is from the reference mix; less is nearer. */
static double distance(const json_t *cell)
{
	double far = 0;

	far += strcmp(text_of(cell, "workload"), "uniform-97-3") ? 1000 : 0;
	far += 100 * fabs(number_of(cell, "write_share") - 0.03);
	far += strcmp(text_of(cell, "write_kind"), "update") ? 10 : 0;
	far += fabs(log2(fmax(number_of(cell, "keys"), 1)) - 16) / 8;
	far += strcmp(text_of(cell, "placement"), "cores") ? 1 : 0;
	return far;
}

/* The group's title goes to data; -ENOENT where no cell fits. */
static int choose_group(
        struct rm_plot_data *data, const char *like, struct rm_error *error)
{
	const json_t *cells = json_object_get(data->campaign, "cells");
	const json_t *best = NULL;
	const json_t *cell;
	size_t i;

	json_array_foreach (cells, i, cell) {
		if (wanted(cell, like) &&
		        (!best || distance(cell) < distance(best)))
			best = cell;
	}
	if (!best)
		return rm_error_set(error, -ENOENT,
		        "no throughput cell%s%s in the plan: expected one",
		        like ? " with an id that contains " : "",
		        like ? like : "");
	title_of(best, data->title);
	data->points.base = text_of(best, "base");
	return 0;
}

/* A point per cell of the group. */
static int add_points(
        struct rm_plot_data *data, const char *like, struct rm_error *error)
{
	const json_t *cells = json_object_get(data->campaign, "cells");
	const json_t *cell;
	size_t i;

	json_array_foreach (cells, i, cell) {
		char title[TITLE_BYTES];

		title_of(cell, title);
		if (!wanted(cell, like) || strcmp(title, data->title))
			continue;
		int result = rm_plot_points_add(&data->points,
		        text_of(cell, "id"), text_of(cell, "map"),
		        (unsigned)number_of(cell, "threads"));
		if (result)
			return rm_error_set(error, result, "no memory");
	}
	return 0;
}

/* One line of the journal; a torn one is not there yet. */
static int take_line(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	struct rm_plot_data *data = context;
	json_t *trial = is_torn ? NULL : json_loadb(text, size, 0, NULL);
	const json_t *result = json_object_get(trial, "result");
	double elapsed_ns = number_of(result, "elapsed_ns");
	double ops = number_of(result, "ops");
	int added = 0;

	(void)number;
	if (trial && !strcmp(text_of(trial, "status"), "ok") &&
	        !strcmp(text_of(trial, "arm"), "head") && elapsed_ns > 0 &&
	        ops > 0)
		added = rm_plot_points_sample(&data->points,
		        text_of(trial, "cell"),
		        (unsigned)number_of(trial, "block"),
		        1e3 * ops / elapsed_ns);
	json_decref(trial);
	return added;
}

static int read_files(struct rm_plot_data *data, const char *dir,
        const char *like, struct rm_error *error)
{
	char path[RM_PATH_BYTES];
	json_error_t wrong;
	int result = rm_path_join(path, dir, "campaign.json", error);

	if (result)
		return result;
	data->campaign = json_load_file(path, 0, &wrong);
	if (!data->campaign)
		return rm_error_set(error, -EINVAL, "%s:%d: %s", path,
		        wrong.line, wrong.text);
	result = choose_group(data, like, error);
	if (!result)
		result = add_points(data, like, error);
	if (!result)
		result = rm_path_join(path, dir, "trials.jsonl", error);
	if (!result)
		result = rm_lines_read(path, take_line, data, error);
	return result;
}

int rm_plot_read(const char *dir, const char *like, struct rm_plot_data **data,
        struct rm_error *error)
{
	struct rm_plot_data *new = calloc(1, sizeof(*new));

	if (!new)
		return rm_error_set(error, -ENOMEM, "no memory");
	int result = read_files(new, dir, like, error);

	if (result) {
		rm_plot_free(new);
		return rm_error_set(
		        error, result, "%s: %s", dir, strerror(-result));
	}
	*data = new;
	return 0;
}

const char *rm_plot_title(const struct rm_plot_data *data)
{
	return data->title;
}

const char *rm_plot_base(const struct rm_plot_data *data)
{
	return data->points.base;
}

size_t rm_plot_trials(const struct rm_plot_data *data)
{
	return rm_plot_points_samples(&data->points);
}

/* The text of a memory stream to FOLDER/NAME. */
static int write_rows(struct rm_plot_data *data, const char *folder,
        const char *name, rm_plot_rows_fn *print, size_t *rows,
        struct rm_error *error)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return rm_error_set(error, -ENOMEM, "no memory");
	int printed = print(&data->points, out, rows);

	if (fclose(out) || printed) {
		free(text);
		return rm_error_set(error, -ENOMEM, "no memory");
	}
	int result = rm_file_replace(folder, name, text, size, error);

	free(text);
	return result;
}

int rm_plot_write(struct rm_plot_data *data, const char *folder, size_t *ratios,
        struct rm_error *error)
{
	size_t levels;
	int result = rm_folder_make(folder, error);

	if (!result)
		result = write_rows(data, folder, "scaling.csv",
		        rm_plot_points_levels, &levels, error);
	if (!result)
		result = write_rows(data, folder, "ratio.csv",
		        rm_plot_points_ratios, ratios, error);
	return result;
}

void rm_plot_free(struct rm_plot_data *data)
{
	if (!data)
		return;
	rm_plot_points_clear(&data->points);
	json_decref(data->campaign);
	free(data);
}
