/* SPDX-License-Identifier: Apache-2.0 */
/* folder.h - the folder of a campaign: its name, its links, its drawing. */
#ifndef RM_FOLDER_H
#define RM_FOLDER_H

#include "runner/base/error.h"
#include "runner/campaign/files.h"

#include <jansson.h>
#include <time.h>

/*
 * Makes results/<UTC date>-<what>-<machine id>, with -2, -3, ... where that
 * exists, and writes its path. `what` is the mode or the first workload.
 */
int rm_folder_new(const char *what, const char *machine_id, time_t now,
        char path[RM_PATH_BYTES], struct rm_error *error);

/* Last part of a path: the campaign's name. Points into `path`. */
const char *rm_folder_name(const char *path);

/*
 * Where the folder stands in one named "results": makes results/latest a link
 * to it, in one step. 0 also elsewhere; -errno with `error`.
 */
int rm_folder_link_latest(const char *dir, struct rm_error *error);

/* Writes topology.xml, and topology.svg where `lstopo` or
   `lstopo-no-graphics` is installed and can draw. */
int rm_folder_topology(
        const char *dir, const char *xml, struct rm_error *error);

/* Reads DIR/campaign.json: 0 and a new reference; -ENOENT: there is none;
   other -errno with `error` (campaign.json:LINE: ...). */
int rm_folder_campaign(
        const char *dir, json_t **campaign, struct rm_error *error);

#endif /* RM_FOLDER_H */
