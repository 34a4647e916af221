/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plot_data.h - what `readmostly plot` draws: the throughput cells of a
 * campaign that differ in map and threads only, from its journal.
 *
 * Quick looks, no statistics: the median over blocks and its range. The
 * report has intervals.
 */
#ifndef RM_PLOT_DATA_H
#define RM_PLOT_DATA_H

#include "runner/base/error.h"

#include <stddef.h>

struct rm_plot_data; /* opaque; one thread */

/*
 * Reads campaign.json and trials.jsonl of `dir`, without owning the folder:
 * a campaign that runs may be looked at.
 *
 * like  NULL, or a text that ids of cells to draw contain. Of several groups
 *       the one nearest to the reference mix (uniform-97-3, 3 % updates,
 *       64 Ki keys) is taken.
 * Returns 0 and *data, to be freed; -ENOENT where no throughput cell fits,
 * -EINVAL where a file is no campaign, other -errno of the system; `error`
 * says which.
 */
int rm_plot_read(const char *dir, const char *like, struct rm_plot_data **data,
        struct rm_error *error);

/* The conditions that the cells share, in words; data's own. */
const char *rm_plot_title(const struct rm_plot_data *data);
/* Id of the map that ratios are named against; data's own. */
const char *rm_plot_base(const struct rm_plot_data *data);
/* Trials with a result among the cells. */
size_t rm_plot_trials(const struct rm_plot_data *data);

/*
 * Writes FOLDER/scaling.csv (map,threads,mops,low,high: Mop/s; low and high
 * are the range over blocks) and FOLDER/ratio.csv (map,threads,ratio,low,high
 * against the base in the same block). Makes the folder. Cells without a
 * result have no line. *ratios: lines of the second. 0 or -errno.
 */
int rm_plot_write(struct rm_plot_data *data, const char *folder, size_t *ratios,
        struct rm_error *error);

void rm_plot_free(struct rm_plot_data *data);

#endif /* RM_PLOT_DATA_H */
