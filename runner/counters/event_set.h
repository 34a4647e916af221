/* SPDX-License-Identifier: Apache-2.0 */
/* event_set.h - from metrics to the events of a pass. */
#ifndef RM_EVENT_SET_H
#define RM_EVENT_SET_H

#include "runner/counters/event_map.h"

#include <jansson.h>

/*
 * Looks the metrics up for a back end ("perf" or "likwid").
 *
 * metrics  "cycles,l1d_fill", or NULL for the usual ones
 * events   out: new array of a trial request's "events"; a likwid counter may
 *          still be "PMC", any
 * missing  out: new array of {"metric", "reason"}
 *
 * Returns 0, also where nothing is left; -EINVAL for a metric that the map has
 * for no CPU at all.
 */
int rm_event_set_choose(const struct rm_event_map *map,
        const struct rm_arch *arch, const char *backend, const char *metrics,
        json_t **events, json_t **missing, struct rm_error *error);

/*
 * Cuts `events` into passes, in order, of at most `limit` core events; software
 * events do not count. No two of a pass share a likwid counter, and each
 * "PMC" gets its number. New array of arrays.
 */
json_t *rm_event_set_split(const json_t *events, unsigned limit);

#endif /* RM_EVENT_SET_H */
