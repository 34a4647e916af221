/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - writes down the operations of one window, while they happen.
 *
 * Any map is recorded through its table of operations: with the loop it would
 * have, but one operation at a time, so that the record has the order in
 * which they took effect. Not for measuring.
 */
#ifndef RM_TRACE_RECORD_H
#define RM_TRACE_RECORD_H

#include "runner/base/error.h"
#include "runner/map.h"
#include "runner/worker.h"

#include <stdio.h>

struct rm_recorder;

/* At most `limit` operations are kept, then the record is incomplete. NULL
   without memory. */
struct rm_recorder *rm_recorder_create(uint64_t limit);
void rm_recorder_destroy(struct rm_recorder *recorder);

/*
 * Runs impl's loop of this shape on worker, as impl->drive[] would, and
 * records. Values get the ordinal of their write as sequence. All threads of
 * a team at the same time.
 */
void rm_recorder_drive(struct rm_recorder *recorder, const struct rm_impl *impl,
        struct rm_shape shape, struct rm_worker *worker);

/* Hash of the key that stands for a rank in the record: its decimal text. */
uint64_t rm_recorder_key_hash(uint64_t rank);

/* Operations so far. */
uint64_t rm_recorder_count(const struct rm_recorder *recorder);

/*
 * Writes the trace; ranks below `resident` were there before it. -EOVERFLOW
 * where operations went beyond the limit, -ENOMEM, or -EIO, with `error`.
 */
int rm_recorder_write(const struct rm_recorder *recorder, uint64_t resident,
        bool binary, FILE *out, struct rm_error *error);

#endif /* RM_TRACE_RECORD_H */
