/* SPDX-License-Identifier: Apache-2.0 */
/* allocator.h - does this process have the malloc() that its cell asks for? */
#ifndef RM_TRIAL_ALLOCATOR_H
#define RM_TRIAL_ALLOCATOR_H

#include "runner/plan/cell.h"

/* The file that malloc() comes from, "libjemalloc.so.2"; the program's own
   name where it brings one. Lives as long as the process. */
const char *rm_allocator_now(void);

/*
 * Before the map is made: compares, and turns huge pages off where the cell
 * says so. -EXDEV or -errno with `error`.
 */
int rm_allocator_apply(const struct rm_cell *cell, struct rm_error *error);

/*
 * After the window: whether the pages are what was asked. `map_bytes`: what
 * the filled map added; a small one cannot have a huge page. -ERANGE with
 * `error`.
 */
int rm_huge_pages_judge(
        const struct rm_cell *cell, uint64_t map_bytes, struct rm_error *error);

#endif /* RM_TRIAL_ALLOCATOR_H */
