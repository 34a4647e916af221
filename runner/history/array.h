/* SPDX-License-Identifier: Apache-2.0 */
/* array.h - arrays that grow. Inside runner/history only. */
#ifndef RM_HISTORY_ARRAY_H
#define RM_HISTORY_ARRAY_H

#include <stddef.h>

/*
 * An array with room for `more` entries behind its `count`, the old one or
 * the old one moved; *room is raised. Doubles, so that adding is linear in
 * all. NULL: no memory, and the old array is as it was.
 */
void *rm_array_grown(void *array, size_t count, size_t *room, size_t more,
        size_t entry_bytes);

#endif /* RM_HISTORY_ARRAY_H */
