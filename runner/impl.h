/* SPDX-License-Identifier: Apache-2.0 */
/* impl.h - what can be read off a struct rm_impl, in words. */
#ifndef RM_IMPL_H
#define RM_IMPL_H

#include "runner/map.h"

/* The map of this id in this program, or NULL. A map program has one
   (runner/map_program/); unit tests have those that they are linked with. Any
   thread. */
const struct rm_impl *rm_impl_find(const char *id);

/* The map that a map program was linked with (--defsym). */
extern const struct rm_impl rm_this_map;

/* Returns the impl's own loop of this name, or NULL. */
void (*rm_impl_own_loop(const struct rm_impl *impl, const char *name))(
        struct rm_worker *worker);

/* Whether keys can be stored in it: a technique has loops of its own only. */
bool rm_impl_is_map(const struct rm_impl *impl);

/* Of its duty: "none", "guard" or "announce". */
const char *rm_impl_duty_word(const struct rm_impl *impl);

/* All shapes, by rm_shape_index(). */
extern const struct rm_shape rm_shapes[RM_SHAPES];

/*
 * What a map has, in the words of its description (runner/catalog/), in the
 * order of runner/map.h: word i, 0 first; NULL: there are no more. Static
 * texts. Any thread.
 */
typedef const char *rm_impl_word_fn(const struct rm_impl *impl, size_t i);
rm_impl_word_fn rm_impl_cap_word;
/* Of the members of rm_map_ops that may be NULL; park stands for unpark. */
rm_impl_word_fn rm_impl_operation_word;
rm_impl_word_fn rm_impl_loop_word; /* its own loops */

#endif /* RM_IMPL_H */
