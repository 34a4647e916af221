/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - the events of this process as Chrome trace-event JSON. */
#ifndef RM_TRACE_H
#define RM_TRACE_H

#include "runner/plan/cell.h"

#include <stdio.h>

/*
 * Writes what runner/trial/events.h holds, for Perfetto and its like: an
 * object with `traceEvents`, `displayTimeUnit` and, in `otherData`, the cell
 * and how many events were lost. Times are microseconds since the first event.
 *
 * A span is a pair B, E of its thread, nested as the work was; a state (the
 * growth of a map) a pair b, e whose id is the map's address; a lost beginning
 * takes its end along, a lost end is the trace's. Per thread times never
 * decrease. Threads are named; tid 1 is the trial's main thread, tid n + 2 its
 * thread n.
 *
 * Returns 0, -ENOMEM, or -EIO where `out` took not all. When no thread records
 * any more; main thread.
 */
int rm_trace_write(FILE *out, const struct rm_cell *cell);

#endif /* RM_TRACE_H */
