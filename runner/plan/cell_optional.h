/* SPDX-License-Identifier: Apache-2.0 */
/* cell_optional.h - factors whose JSON is absent where they have the usual
   value; not for other folders. */
#ifndef RM_CELL_OPTIONAL_H
#define RM_CELL_OPTIONAL_H

#include "runner/plan/cell.h"

/* Whether a member of the cell's JSON is one of these. */
bool rm_cell_optional_is(const char *member);

/* Adds the members that are not as usual. 0, or -ENOMEM. */
int rm_cell_optional_to_json(const struct rm_cell *cell, json_t *json);

/* Reads those that are there; the others become the usual values. 0, or
   -EINVAL with `error`. After all other members. */
int rm_cell_optional_from_json(
        const json_t *json, struct rm_cell *cell, struct rm_error *error);

#endif /* RM_CELL_OPTIONAL_H */
