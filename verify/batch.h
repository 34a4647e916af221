/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h - look-ups of single keys through the operation lookup_many. */
#ifndef RM_VERIFY_BATCH_H
#define RM_VERIFY_BATCH_H

#include "runner/map.h"

/* Looks a key up. If `batched` and the map offers lookup_many, looks it up as
 * the second of two equal keys. */
static inline bool rm_look_up(const struct rm_map_ops *ops, bool batched,
        void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	const struct rm_key keys[2] = { key, key };
	struct rm_value values[2];

	if (!batched || !ops->lookup_many)
		return ops->lookup(thread, shape, key, value);
	if (!(ops->lookup_many(thread, shape, keys, 2, values) & 2))
		return false;
	*value = values[1];
	return true;
}

#endif /* RM_VERIFY_BATCH_H */
