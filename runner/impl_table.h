/* SPDX-License-Identifier: Apache-2.0 */
/* impl_table.h - every map in this build, sorted by id (table generated). */
#ifndef RM_IMPL_TABLE_H
#define RM_IMPL_TABLE_H

#include "runner/map.h"

/* A map whose library is missing: named, never silently absent. */
struct rm_skipped {
	const char *id;
	const char *needs; /* the pkg-config names that were not found */
};

extern const struct rm_impl *const rm_impl_table[];
extern const size_t rm_impl_count;
extern const struct rm_skipped rm_skipped_table[];
extern const size_t rm_skipped_count;

/* Returns the map with this id, or NULL. Any thread. */
const struct rm_impl *rm_impl_find(const char *id);

/* Returns the impl's own loop of this name, or NULL. */
void (*rm_impl_own_loop(const struct rm_impl *impl, const char *name))(
        struct rm_worker *worker);
/* Whether keys can be stored in it: a technique has loops of its own only. */
bool rm_impl_is_map(const struct rm_impl *impl);

#endif /* RM_IMPL_TABLE_H */
