/* SPDX-License-Identifier: Apache-2.0 */
/* watched.h - the hottest lines and program counters of a watched window. */
#ifndef RM_SIMULATE_WATCHED_H
#define RM_SIMULATE_WATCHED_H

#include <jansson.h>

/*
 * The `most` hottest of the running world, hottest first; new references.
 * A "site" is an offset into this program's file, 0 outside of it. Lines have
 * "line" (offset / 64), "region", counts, the numbers of "readers" and
 * "writers" and up to four sites; docs/trial-protocol.md.
 */
json_t *rm_sim_watched_lines(long most);
json_t *rm_sim_watched_sites(long most);

#endif /* RM_SIMULATE_WATCHED_H */
