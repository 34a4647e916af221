/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_map.h - the table of operations and the loops of a sync.Map, for
   variants that add no operation to syncmap.h. */
#ifndef RM_SYNCMAP_MAP_H
#define RM_SYNCMAP_MAP_H

#include "impls/syncmap/syncmap.h"
#include "runner/driver.h"

static const struct rm_map_ops ops = { SYNCMAP_OPS };

RM_DRIVES(ops)

#endif /* RM_SYNCMAP_MAP_H */
