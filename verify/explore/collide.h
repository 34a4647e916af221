/* SPDX-License-Identifier: Apache-2.0 */
/* collide.h - keys that meet in a map, whatever its hash is. Inside
   verify/explore only. */
#ifndef RM_EXPLORE_COLLIDE_H
#define RM_EXPLORE_COLLIDE_H

#include "verify/explore/call.h"

/* Ranks of `keys` keys, in *rank: those whose look-ups go the same way through
   the map that is empty now. The most that do come first; the rest are the next
   most. Of a map in which all go the same way, or none, ranks from 0. The main
   thread, alone. */
void rm_explore_colliding(
        struct rm_explore_call *call, unsigned keys, uint32_t *rank);

#endif /* RM_EXPLORE_COLLIDE_H */
