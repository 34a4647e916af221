/* SPDX-License-Identifier: Apache-2.0 */
/* impl.h - finds maps and lists their properties. */
#ifndef RM_IMPL_H
#define RM_IMPL_H

#include "runner/map.h"

/* Returns the map with this id in this program, or NULL. A map program contains
   one map (runner/map_program/), and a unit test contains all maps that are
   linked into it. Any thread. */
const struct rm_impl *rm_impl_find(const char *id);

/* The map of this program. The linker selects it (--defsym). */
extern const struct rm_impl rm_this_map;

/* Returns the map's own loop with this name, or NULL. */
void (*rm_impl_own_loop(const struct rm_impl *impl, const char *name))(
        struct rm_worker *worker);

/* True if this is a map, which stores keys. False for a technique, which has
   only its own loops. */
bool rm_impl_is_map(const struct rm_impl *impl);

/* True if the map guarantees that no operation waits forever while others
   complete ("wait-free", "starvation-free"). Any thread. */
bool rm_impl_excludes_starvation(const struct rm_impl *impl);

/* Returns the duty of callers: "none", "guard" or "announce". */
const char *rm_impl_duty_word(const struct rm_impl *impl);

/* All shapes, indexed by rm_shape_index(). */
extern const struct rm_shape rm_shapes[RM_SHAPES];

/* Returns static word i, from 0, of the properties in a map's description
   (runner/catalog/), in the order of runner/map.h; NULL after the last word.
   Any thread may call it. */
typedef const char *rm_impl_word_fn(const struct rm_impl *impl, size_t i);
rm_impl_word_fn rm_impl_cap_word;
/* Returns word i of the optional operations that the map has; "park" includes
   unpark. */
rm_impl_word_fn rm_impl_operation_word;
rm_impl_word_fn rm_impl_loop_word; /* words of its own loops */

#endif /* RM_IMPL_H */
