/* SPDX-License-Identifier: Apache-2.0 */
/* impl.h - names the properties of a struct rm_impl. */
#ifndef RM_IMPL_H
#define RM_IMPL_H

#include "runner/map.h"

/* Returns the map with this id in this program, or NULL. A map program has one
   map (runner/map_program/), a unit test those that are linked into it. Any
   thread. */
const struct rm_impl *rm_impl_find(const char *id);

/* The map of this program, selected at link time (--defsym). */
extern const struct rm_impl rm_this_map;

/* Returns the loop of this name in impl's own loops, or NULL. */
void (*rm_impl_own_loop(const struct rm_impl *impl, const char *name))(
        struct rm_worker *worker);

/* True if this is a map that stores keys; a technique has only its own
   loops. */
bool rm_impl_is_map(const struct rm_impl *impl);

/* True if the map promises that no operation waits forever while others
   complete ("wait-free", "starvation-free"). Any thread. */
bool rm_impl_excludes_starvation(const struct rm_impl *impl);

/* The duty of callers: "none", "guard" or "announce". */
const char *rm_impl_duty_word(const struct rm_impl *impl);

/* All shapes, by rm_shape_index(). */
extern const struct rm_shape rm_shapes[RM_SHAPES];

/* Returns word i, from 0, of the properties in a map's description
   (runner/catalog/), in the order of runner/map.h; NULL after the last one. The
   strings are static. Any thread may call it. */
typedef const char *rm_impl_word_fn(const struct rm_impl *impl, size_t i);
rm_impl_word_fn rm_impl_cap_word;
/* Returns word i of the optional members of rm_map_ops that are not NULL;
   "park" includes unpark. */
rm_impl_word_fn rm_impl_operation_word;
rm_impl_word_fn rm_impl_loop_word; /* its own loops */

#endif /* RM_IMPL_H */
