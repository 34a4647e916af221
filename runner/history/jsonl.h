/* SPDX-License-Identifier: Apache-2.0 */
/* jsonl.h - reads histories as JSON lines. Inside runner/history only. */
#ifndef RM_HISTORY_JSONL_H
#define RM_HISTORY_JSONL_H

#include "runner/base/error.h"
#include "runner/history/history.h"

/* As rm_history_read() of text.h, of this format. Event i is on line i + 2. */
int rm_jsonl_read(const char *file, const char *text, size_t length,
        struct rm_history *history, struct rm_error *error);

#endif /* RM_HISTORY_JSONL_H */
