/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - in place of a map: the program maps/check/library checks maps of
   shared libraries (runner/foreign.h), and has none of its own. */
#include "runner/map.h"

extern const struct rm_impl rm_impl_library;
const struct rm_impl rm_impl_library = { .id = "library" };
