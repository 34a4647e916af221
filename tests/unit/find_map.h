/* SPDX-License-Identifier: Apache-2.0 */
/* find_map.h - finds maps by their ids, among those that the unit test is
   linked with (tests/tools/test_maps.sh). Also defines rm_impl_find() of
   runner/impl.h. */
#ifndef RM_TESTS_FIND_MAP_H
#define RM_TESTS_FIND_MAP_H

#include "runner/impl.h"

/* Calls `each` for every linked map, in the order of their ids. */
void each_map(void (*each)(const struct rm_impl *impl));

#endif /* RM_TESTS_FIND_MAP_H */
