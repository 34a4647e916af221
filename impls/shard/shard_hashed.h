/* SPDX-License-Identifier: Apache-2.0 */
/* shard_hashed.h - SHARDS Go maps, each under a guard, selected by a hash of
   the key. The includer includes a guard (lock) and defines SHARDS and
   SHARD_ALIGN. It may define SHARD_CHOICE(shape, key), which returns a number
   below SHARDS; the default is folded FNV-1a. */
#ifndef RM_SHARD_HASHED_H
#define RM_SHARD_HASHED_H

#include "impls/support/fnv.h"

#ifndef SHARD_CHOICE
#define SHARD_CHOICE(shape, key) rm_fnv1a_shard(shape, key, SHARDS)
#endif

RM_HOT size_t shard_choice(struct rm_shape shape, struct rm_key key)
{
	return SHARD_CHOICE(shape, key);
}

#include "impls/gomap/gomap_guarded.h"

RM_DRIVES(ops)

/* Members of struct rm_impl that these maps share. */
#define SHARD_HASHED                                                        \
	.family = "shard", .system = "M5", .guarantees = "once-if-present", \
	.progress = "blocking", RM_ALL_OF(ops)

#endif /* RM_SHARD_HASHED_H */
