/* SPDX-License-Identifier: Apache-2.0 */
/* sites.h - source lines of places in a map's code, by addr2line. Inside
   verify/explore only. */
#ifndef RM_EXPLORE_SITES_H
#define RM_EXPLORE_SITES_H

#include <stddef.h>

enum { RM_EXPLORE_PLACE_BYTES = 64, RM_EXPLORE_CHAIN_BYTES = 400 };

struct rm_explore_site {
	const void *address; /* behind the access: what a call returns to */
	char place[RM_EXPLORE_PLACE_BYTES]; /* "gomap_ops.h:35" */
	char chain[RM_EXPLORE_CHAIN_BYTES]; /* functions, inlined ones first */
};

/* Zero-initialise; rm_explore_sites_clear(). */
struct rm_explore_sites {
	struct rm_explore_site *site; /* sorted by address, each once */
	size_t count, room;
};

/* Remembers that this place will be asked for, as long as there is memory; NULL
   is nowhere. */
void rm_explore_sites_add(struct rm_explore_sites *sites, const void *address);

/* Looks all of them up, in one go; what is not found is its offset in the
   program. Afterwards nothing may be added. */
void rm_explore_sites_name(struct rm_explore_sites *sites);

/* One of them; of an address that was not added: an empty one. */
const struct rm_explore_site *rm_explore_sites_find(
        const struct rm_explore_sites *sites, const void *address);

void rm_explore_sites_clear(struct rm_explore_sites *sites);

#endif /* RM_EXPLORE_SITES_H */
