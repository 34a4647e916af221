/* SPDX-License-Identifier: Apache-2.0 */
/* artemis_1851.c - growth publishes the new capacity before the new arrays. A
 * lookup in between computes its slot from the new capacity and accesses the
 * old arrays, which are shorter. */
#ifndef BUG_ID
#define BUG_ID artemis_1851
#endif
#include "verify/corpora/bugs/section.h"

static void publish(struct section *section, struct array *keys)
{
	/* both are seq_cst, like volatile fields in Java */
	if (!twin)
		atomic_store(&section->capacity, keys->length);
	atomic_store(&section->keys, keys);
	if (twin)
		atomic_store(&section->capacity, keys->length);
}

static struct view read_view(struct section *section)
{
	const size_t capacity = atomic_load(&section->capacity);
	struct array *keys = atomic_load(&section->keys);

	return (struct view){ keys, keys->values, capacity };
}

#include "verify/corpora/bugs/bug_impl.h"
