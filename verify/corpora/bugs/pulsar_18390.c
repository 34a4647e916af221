/* SPDX-License-Identifier: Apache-2.0 */
/* pulsar_18390.c - publication stores the arrays first and the capacity last.
 * This order is correct for growth, but wrong for shrinking, which was added
 * later: a lookup that has read the old capacity may access shorter arrays. */
#ifndef BUG_ID
#define BUG_ID pulsar_18390
#endif
#define SECTION_SHRINKS 1
#include "verify/corpora/bugs/section.h"

static void publish(struct section *section, struct array *keys)
{
	/* both are seq_cst, like volatile fields in Java */
	atomic_store(&section->keys, keys);
	atomic_store(&section->capacity, keys->length);
}

static struct view read_view(struct section *section)
{
	const size_t capacity = atomic_load(&section->capacity);
	struct array *keys = atomic_load(&section->keys);

	return (struct view){ keys, keys->values,
		twin ? keys->length : capacity };
}

#include "verify/corpora/bugs/bug_impl.h"
