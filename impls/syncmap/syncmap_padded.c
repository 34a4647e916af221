/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_padded.c - sync.Map whose header is padded to 16 bytes.
 *
 * Like syncmap, but six bytes follow the header's pointer and flag. An article
 * states that the header has 9 bytes without them and 16 with them. The
 * compiler pads both to 16 bytes, aligned to 8, so no difference is expected.
 * This map can show that.
 */
#include "impls/syncmap/syncmap_variant.h"

#include <assert.h>

struct gomap;

/* The header that readers find. It never changes once published. */
struct syncmap_header {
	struct gomap *map;
	bool amended; /* true if dirty has keys that `map` lacks */
	char padding[6];
};
static_assert(sizeof(struct syncmap_header) == 16, "as without the padding");

#define SYNCMAP_HEADER
#include "impls/syncmap/syncmap_map.h"

const struct rm_impl rm_impl_syncmap_padded = {
	.id = "syncmap_padded",
	.label = "C port of sync.Map, padded header, waits in the kernel",
	.sync = "epoch",
	.duty = RM_DUTY_ANNOUNCE,
	.source = "Go 1.19-1.23, sync/map.go; with 6 bytes of padding",
	.system = "M4",
	SYNCMAP_MAP,
};
