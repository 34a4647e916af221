/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - placeholder: the program maps/check/library checks maps of shared
 * libraries (runner/readmostly.h) and contains no map. */
#include "runner/map.h"

extern const struct rm_impl rm_impl_library;
const struct rm_impl rm_impl_library = { .id = "library" };
