/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - reads what a trial wrote, believing none of it. */
#ifndef RM_ANSWER_H
#define RM_ANSWER_H

#include "runner/base/error.h"

#include <jansson.h>
#include <stddef.h>

/*
 * Parses one result of docs/trial-protocol.md.
 *
 * text     `size` bytes, any bytes at all
 * cell_id  the cell that was asked for
 * result   out: new reference, on success only
 * Returns 0; -EINVAL with `error` naming what is wrong: no line, two lines,
 * no JSON, a member that is missing or of another type, another cell, another
 * protocol, a status without its reason.
 */
int rm_answer_read(const char *text, size_t size, const char *cell_id,
        json_t **result, struct rm_error *error);

/* In trials.jsonl a latency entry has "histogram" in place of "buckets". */
enum rm_answer_form { RM_ANSWER_FRESH, RM_ANSWER_KEPT };

/* Checks a result that is parsed already; errors as above. */
int rm_answer_check(const json_t *json, const char *cell_id,
        enum rm_answer_form form, struct rm_error *error);

#endif /* RM_ANSWER_H */
