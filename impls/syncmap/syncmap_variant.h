/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap_variant.h - sync.Map: the choices of a variant. Inner part of
 * syncmap.h.
 *
 * A variant's file defines some of these before it includes syncmap.h. All of
 * them are constants, so that no operation reads a flag at run time:
 *
 *	SYNCMAP_RULES		initialisers of struct syncmap_rules
 *	SYNCMAP_LOCK		syncmap_mutex.h or syncmap_rwlock.h
 *	SYNCMAP_CELL		syncmap_boxed.h or syncmap_inline.h
 *	SYNCMAP_RECLAMATION	syncmap_epoch.h, syncmap_hazard.h or
 *				syncmap_collected.h
 *	SYNCMAP_HEADER		defined: the file has its own syncmap_header
 */
#ifndef RM_SYNCMAP_VARIANT_H
#define RM_SYNCMAP_VARIANT_H

#include "runner/map.h"

#ifndef SYNCMAP_RULES
#define SYNCMAP_RULES 0
#endif
#ifndef SYNCMAP_LOCK
#define SYNCMAP_LOCK "impls/syncmap/syncmap_mutex.h"
#endif
#ifndef SYNCMAP_CELL
#define SYNCMAP_CELL "impls/syncmap/syncmap_boxed.h"
#endif
#ifndef SYNCMAP_RECLAMATION
#define SYNCMAP_RECLAMATION "impls/syncmap/syncmap_epoch.h"
#endif

/* The rule by which dirty becomes the read map. */
enum syncmap_promotion {
	SYNCMAP_PROMOTE_GO,     /* misses >= entries of dirty */
	SYNCMAP_PROMOTE_OVER,   /* misses > entries of dirty */
	SYNCMAP_PROMOTE_FIRST,  /* misses > 0 */
	SYNCMAP_PROMOTE_LOADED, /* a store fills more than 3/4 of dirty's slots;
	                           misses do not count */
};

/* If all members are zero, the map works as in Go. */
struct syncmap_rules {
	enum syncmap_promotion promotion;
	bool late_dirty;  /* dirty is kept only if misses > entries of read */
	bool range_locks; /* scan copies all pairs and visits them under the
	                     lock */
	bool leaks;       /* nothing is freed before the map is destroyed */
};

static const struct syncmap_rules syncmap_rules = { SYNCMAP_RULES };

/* Taking the lock disturbs readers of its line. Two cache lines, since the
   prefetcher fetches pairs. */
enum { SYNCMAP_PAD = 128 };

#endif /* RM_SYNCMAP_VARIANT_H */
