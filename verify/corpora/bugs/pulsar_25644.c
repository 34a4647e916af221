/* SPDX-License-Identifier: Apache-2.0 */
/* pulsar_25644.c - keys and values are two fields. A lookup computes its slot
 * from the length of the values. The array of keys that it reads next may be a
 * newer, shorter one, and the slot is then beyond its end. */
#ifndef BUG_ID
#define BUG_ID pulsar_25644
#endif
#define SECTION_SHRINKS 1
#include "verify/corpora/bugs/section.h"

static void publish(struct section *section, struct array *keys)
{
	/* both are seq_cst, like volatile fields in Java */
	atomic_store(&section->keys, keys);
	atomic_store(&section->values, keys->values);
}

static struct view read_view(struct section *section)
{
	struct array *values = atomic_load(&section->values);
	struct array *keys = atomic_load(&section->keys);

	if (twin) /* one object holds both, and is read once */
		values = keys->values;
	return (struct view){ keys, values, values->length };
}

#include "verify/corpora/bugs/bug_impl.h"
