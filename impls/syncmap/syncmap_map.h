/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_map.h - table and loops of a sync.Map with all operations of
   syncmap.h, for variants that add no operation. */
#ifndef RM_SYNCMAP_MAP_H
#define RM_SYNCMAP_MAP_H

#include "impls/syncmap/syncmap.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SYNCMAP_OPS };

RM_DRIVES(ops)

#endif /* RM_SYNCMAP_MAP_H */
