/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.h - counts written down, and served again in their order.
 *
 * A recording is JSON lines, one per (interval, thread, event):
 *     {"format": 1, "origin": "hardware" | "fake", "backend": "perf",
 *      "cpu": "zen3", "interval": 0, "thread": 0, "metric", "event", "code",
 *      "value": 1.0 | null, "enabled_ns": 0 | null, "running_ns": 0 | null,
 *      "quality": "exact", "reason": null}
 * What is served has quality "replayed" and back end "replay", whatever the
 * line says: it can never pass for a count of the machine it is shown on.
 */
#ifndef RM_REPLAY_H
#define RM_REPLAY_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdio.h>

/*
 * Appends one interval: `result` is what rm_counters_result() gave. The origin
 * is "hardware" only where nothing in the environment (RM_SYSFS, LD_PRELOAD)
 * stands between the program and the machine and the caller does not say
 * `fake`. Returns 0; -EINVAL for a result that was not counted here (replay,
 * none); -EIO.
 */
int rm_replay_record(FILE *out, const json_t *result, unsigned interval,
        int fake, struct rm_error *error);

/*
 * Reads a whole recording. Returns the number of its intervals (>= 1), or
 * -errno and `file:line: what, and what was expected`. `lines`: new reference,
 * an array of objects.
 */
int rm_replay_load(const char *file, json_t **lines, struct rm_error *error);

#endif /* RM_REPLAY_H */
