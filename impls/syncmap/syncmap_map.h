/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_map.h - the table and the loops of a sync.Map with all operations of
   syncmap.h, for a variant that adds none. */
#ifndef RM_SYNCMAP_MAP_H
#define RM_SYNCMAP_MAP_H

#include "impls/syncmap/syncmap.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SYNCMAP_OPS };

RM_DRIVES(ops)

#endif /* RM_SYNCMAP_MAP_H */
