/* SPDX-License-Identifier: Apache-2.0 */
/* jsonl_fields.h - members of one JSON line, with messages that name it.
   Inside runner/history only. */
#ifndef RM_HISTORY_JSONL_FIELDS_H
#define RM_HISTORY_JSONL_FIELDS_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* One line being read. */
struct rm_jsonl_line {
	const char *file;
	size_t number; /* from 1 */
	json_t *object;
	struct rm_error *error;
};

/* All return 0, or -EINVAL with "file:line: what, and what was expected".
   A member that may be missing leaves *value as it was. */

/* An integer of 0 .. 2^64 - 1; from 2^63 on a decimal string. */
int rm_jsonl_number(const struct rm_jsonl_line *line, const json_t *json,
        const char *what, uint64_t *value);

/* A number member. `needed`: it must be there. *known (may be NULL): it is
   there and not null; only then null is allowed. */
int rm_jsonl_member(const struct rm_jsonl_line *line, const char *name,
        bool needed, uint64_t *value, bool *known);

/* A text of less than `size` bytes without control characters; may be
   missing. */
int rm_jsonl_text(const struct rm_jsonl_line *line, const char *name,
        char *text, size_t size);

/* No member but these (NULL at the end). */
int rm_jsonl_only(const struct rm_jsonl_line *line, const char *const *names);

/* rm_error_set with the place in front; returns -EINVAL. */
int rm_jsonl_mistake(const struct rm_jsonl_line *line, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif /* RM_HISTORY_JSONL_FIELDS_H */
