/* SPDX-License-Identifier: Apache-2.0 */
/* shuffle.h - random permutation. It is separate because every map includes
   rng.h. */
#ifndef RM_SHUFFLE_H
#define RM_SHUFFLE_H

#include "runner/base/rng.h"

#include <stddef.h>

/* Shuffles items by the method of Fisher and Yates (Knuth, TAOCP vol. 2, 3.4.2,
   algorithm P). Equal states give equal orders. */
static inline void rm_shuffle(size_t *items, size_t count, uint64_t *state)
{
	for (size_t left = count; left > 1; left--) {
		size_t pick = (size_t)rm_below(rm_next(state), left);
		size_t kept = items[left - 1];

		items[left - 1] = items[pick];
		items[pick] = kept;
	}
}

#endif /* RM_SHUFFLE_H */
