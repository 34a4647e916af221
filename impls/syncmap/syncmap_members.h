/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_members.h - several sync.Maps that share one epoch scheme: a thread
 * announces itself once for all of them. Inner part of syncmap_epoch.h.
 *
 * A handle names the map and the thread's record. The owner of the maps
 * creates the scheme, joins, announces and, after each write, settles: an
 * operation of a member does not wait, as its caller may hold a lock.
 */
#ifndef RM_SYNCMAP_MEMBERS_H
#define RM_SYNCMAP_MEMBERS_H

struct syncmap_member {
	struct syncmap *map;
	struct epoch_record *record;
};

RM_HOT struct epoch_record *syncmap_record(void *thread)
{
	return ((struct syncmap_member *)thread)->record;
}

RM_HOT struct syncmap *syncmap_of(void *thread)
{
	return ((struct syncmap_member *)thread)->map;
}

RM_HOT void syncmap_settle(void *thread)
{
	(void)thread;
}

static inline void syncmap_reclamation_start(void)
{
}

/* Not NULL, which would mean that memory ran out; of no further use. */
static inline void *syncmap_reclamation_create(
        struct syncmap *map, const struct rm_sizing *sizing)
{
	(void)sizing;
	return map;
}

static inline void syncmap_reclamation_destroy(struct syncmap *map)
{
	(void)map;
}

static inline void syncmap_reclamation_stats(
        struct syncmap *map, rm_stat_fn *emit, void *context)
{
	(void)map, (void)emit, (void)context;
}

#endif /* RM_SYNCMAP_MEMBERS_H */
