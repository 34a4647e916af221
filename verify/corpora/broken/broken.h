/* SPDX-License-Identifier: Apache-2.0 */
/* broken.h - names and descriptions that all broken maps and their corrected
 * versions share. NAME.c is the broken map; NAME_twin.c defines RIGHT and ID
 * and includes it. `if (RIGHT)` marks the difference. */
#ifndef BROKEN_H
#define BROKEN_H

#include "runner/driver.h"
#include "runner/map.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifndef RIGHT
#define RIGHT 0
#endif

#define BROKEN_TEXT_OF(id)   #id
#define BROKEN_TEXT(id)      BROKEN_TEXT_OF(id)
#define BROKEN_SYMBOL_OF(id) rm_impl_##id
#define BROKEN_SYMBOL(id)    BROKEN_SYMBOL_OF(id)

/* Members of each map's description, made from ID, the table `ops` and its
 * RM_DRIVES_U64(). */
#define BROKEN_MAP(family_text, sync_text, guarantees_text, progress_text) \
	.id = BROKEN_TEXT(ID), .label = BROKEN_TEXT(ID),                   \
	.family = family_text, .sync = sync_text,                          \
	.source = "written as a test", .guarantees = guarantees_text,      \
	.progress = progress_text, RM_U64_OF(ops)

static inline void broken_copy(
        struct rm_shape shape, struct rm_value *to, const struct rm_value *from)
{
	if (to)
		memcpy(to, from, shape.value_bytes);
}

static inline bool broken_same(struct rm_shape shape, const struct rm_value *a,
        const struct rm_value *b)
{
	return memcmp(a, b, shape.value_bytes) == 0;
}

static inline void *broken_need(void *memory)
{
	if (!memory)
		abort(); /* writes cannot return an error */
	return memory;
}

/* Returns the least power of two that is not below `least` or `wanted`. */
static inline size_t broken_power(size_t least, size_t wanted)
{
	while (least < wanted)
		least *= 2;
	return least;
}

#endif /* BROKEN_H */
