/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gomap_dump.h - Go's map: prints header, occupancy and chains.
 *
 * A census walks all 2^B chains of one or several maps. While a map grows, it
 * also walks the old chains that have not moved.
 */
#ifndef RM_SUPPORT_GOMAP_DUMP_H
#define RM_SUPPORT_GOMAP_DUMP_H

#include "impls/gomap/gomap.h"

enum {
	GOMAP_CENSUS_ENTRIES = 32, /* most entries of a chain; the last bucket
	                              counts all longer chains */
	GOMAP_CENSUS_LENGTH = 8,   /* the same for the number of buckets of a
	                              chain */
};

/* The caller sets all members to zero; gomap_census() adds to them. */
struct gomap_census {
	uint64_t chains, entries;
	uint64_t unmoved; /* chains of old arrays, also counted above */
	/* number of buckets, by their number of entries */
	uint64_t slots[GOMAP_SLOTS + 1];
	/* number of chains, by their number of entries */
	uint64_t filled[GOMAP_CENSUS_ENTRIES + 1];
	uint64_t length[GOMAP_CENSUS_LENGTH + 1];
	uint64_t third; /* chains with three entries or more */
};

GOMAP_PLAIN void gomap_census_chain(struct gomap_census *census,
        struct rm_shape shape, struct gomap_bucket *head)
{
	uint64_t entries = 0, length = 0;

	for (struct gomap_bucket *b = head; b; b = gomap_next(b, shape)) {
		unsigned live = 0;

		for (size_t slot = 0; slot < GOMAP_SLOTS; slot++)
			live += gomap_get(b->tophash[slot]) >= GOMAP_LIVE;
		census->slots[live]++;
		entries += live;
		length++;
	}
	census->chains++;
	census->entries += entries;
	census->third += entries >= GOMAP_THIRD;
	census->filled[entries < GOMAP_CENSUS_ENTRIES ? entries
	                                              : GOMAP_CENSUS_ENTRIES]++;
	census->length[length < GOMAP_CENSUS_LENGTH ? length
	                                            : GOMAP_CENSUS_LENGTH]++;
}

/* Adds the chains of a map that no thread writes to. */
GOMAP_CALL void gomap_census(
        struct gomap_census *census, const struct gomap *map)
{
	struct gomap_bucket *buckets = gomap_get(map->buckets);
	struct gomap_bucket *old = gomap_get(map->oldbuckets);
	struct rm_shape shape = map->extra->shape;
	uint64_t size = gomap_mask(gomap_get(map->log2_buckets)) + 1;

	for (uint64_t i = 0; buckets && i < size; i++)
		gomap_census_chain(census, shape, gomap_at(buckets, shape, i));
	for (uint64_t i = 0; old && i <= gomap_old_mask(map); i++) {
		struct gomap_bucket *head = gomap_at(old, shape, i);

		if (gomap_moved(head))
			continue;
		gomap_census_chain(census, shape, head);
		census->unmoved++;
	}
}

/* Returns e to the power of -load; the maps' objects do not link libm. */
GOMAP_PLAIN double gomap_chance_of_none(double load)
{
	double chance = 1 - load / (1 << 20);

	for (int i = 0; i < 20; i++)
		chance *= chance;
	return chance;
}

/* Prints a census. The expected shares are those of a Poisson distribution,
   which a good hash would give. */
GOMAP_CALL void gomap_census_print(const struct gomap_census *census, int fd)
{
	const double chains = census->chains ? (double)census->chains : 1;
	const double load = (double)census->entries / chains;
	double chance = gomap_chance_of_none(load);

	dprintf(fd,
	        "%llu entries in %llu chains (%llu of them old, not moved), "
	        "load %.3f\n%8s %12s %10s %10s\n",
	        (unsigned long long)census->entries,
	        (unsigned long long)census->chains,
	        (unsigned long long)census->unmoved, load, "entries", "chains",
	        "share", "expected");
	for (int i = 0; i <= GOMAP_CENSUS_ENTRIES; i++) {
		if (census->filled[i])
			dprintf(fd, "%7d%s %12llu %9.4f%% %9.4f%%\n", i,
			        i == GOMAP_CENSUS_ENTRIES ? "+" : " ",
			        (unsigned long long)census->filled[i],
			        100 * (double)census->filled[i] / chains,
			        100 * chance);
		chance *= load / (i + 1);
	}
	dprintf(fd, "%8s %12s\n", "buckets", "chains");
	for (int i = 1; i <= GOMAP_CENSUS_LENGTH; i++)
		if (census->length[i])
			dprintf(fd, "%7d%s %12llu\n", i,
			        i == GOMAP_CENSUS_LENGTH ? "+" : " ",
			        (unsigned long long)census->length[i]);
	dprintf(fd, "%8s %12s\n", "slots", "buckets");
	for (int i = 0; i <= GOMAP_SLOTS; i++)
		dprintf(fd, "%7d  %12llu\n", i,
		        (unsigned long long)census->slots[i]);
	dprintf(fd, "third conflict: %llu of %llu chains (%.2f%%)\n",
	        (unsigned long long)census->third,
	        (unsigned long long)census->chains,
	        100 * (double)census->third / chains);
}

/* Prints header and census of one map. */
GOMAP_CALL void gomap_dump(const struct gomap *map, int fd)
{
	struct gomap_census census = { 0 };

	gomap_print_header(map, fd);
	gomap_census(&census, map);
	gomap_census_print(&census, fd);
}

#endif /* RM_SUPPORT_GOMAP_DUMP_H */
