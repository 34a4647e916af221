/* SPDX-License-Identifier: Apache-2.0 */
/* emptying.h - the cost of emptying a Go map with KEYS keys (article S0,
   section 1). An audit fills a map and empties it; only the emptying is timed.
   This is a template. The includer defines emptying(), which empties the map
   and returns it. */
#ifndef RM_TECHNIQUE_EMPTYING_H
#define RM_TECHNIQUE_EMPTYING_H

#include "impls/gomap/gomap_ops.h"

static struct gomap *emptying(struct gomap *map, uint64_t keys, uint64_t seed);

enum { AUDIT_AUDITS, KEYS, TIME, AUDIT_COUNTS };

static const char *const audit_names[AUDIT_COUNTS][2] = {
	[AUDIT_AUDITS] = { "audits", "1" },
	[KEYS] = { "keys_emptied", "1" },
	[TIME] = { "emptying_time", "ns" },
};

#include "impls/technique/audit.h"

/* Fills a map that was created empty, as most maps are. */
static struct gomap *emptying_fill(uint64_t keys, uint64_t seed)
{
	struct gomap *map = gomap_create(0, RM_U64X8, seed);

	for (uint64_t i = 0; map && i < keys; i++) {
		const struct rm_value value = { { i } };

		gomap_exchange(map, RM_U64X8, (struct rm_key){ .word = i },
		        &value, NULL);
	}
	return map;
}

static bool audit_once(struct audit *audit, uint64_t seed)
{
	struct gomap *map = emptying_fill(audit->keys, seed);
	uint64_t begin_ns;
	bool right;

	if (!map)
		return false;
	begin_ns = rm_now_ns();
	map = emptying(map, audit->keys, seed);
	audit_add(audit, TIME, rm_now_ns() - begin_ns);
	audit_add(audit, KEYS, audit->keys);
	right = map && gomap_count(map) == 0;
	gomap_destroy(map);
	return right;
}

#endif /* RM_TECHNIQUE_EMPTYING_H */
