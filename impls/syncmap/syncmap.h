/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap.h - Go's classic sync.Map (before 1.24), with reclamation.
 *
 * Written from a description of the algorithm, not from code. Two Go maps hold
 * the same entries. `read`, via an atomic pointer, never changes and needs
 * no lock for lookups. `dirty` needs a lock and also holds new keys. A lookup
 * that must search dirty is a miss. When there are as many misses as dirty has
 * entries, dirty is promoted to read in O(1). The next new key builds a new
 * dirty from read in O(n), omitting removed entries ("expunged").
 *
 * An entry has one atomic cell: the address of a boxed value, like Go's
 * interface, or the value itself (syncmap_inline.h).
 *
 *	a box		the value
 *	nil		removed; if there is a dirty, the entry is in it
 *	expunged	removed; there is a dirty, and the entry is not in it
 *
 * Invariants under the lock, checked by syncmap_check():
 *	amended == (dirty != NULL); misses < number of entries of dirty
 *	an entry of read is in dirty too, unless it is expunged
 *	dirty has no expunged entry
 *
 * Ownership: an entry owns the bytes of its string key, and both maps borrow
 * them. So a map can be freed without its keys:
 *	box		retired by the thread that took it out of an entry
 *	header, map	retired when their successor is published
 *	entry		a) only in dirty: retired by the removal
 *			b) expunged: with its read map, unless a store has
 *			   revived it. rebuild() lists them, so that
 *			   promotion need not search.
 *			c) clear(): all, with their map
 *
 * A reader of an old header may still find any of these. SYNCMAP_RECLAMATION
 * defines how to wait for such readers. A cell found in dirty is read under the
 * lock. So a thread that uses an entry without the lock has found it in the map
 * of a header.
 *
 * This is a template: syncmap_variant.h lists the choices of a variant.
 * Functions here are the operations of struct rm_map_ops; SYNCMAP_OPS names
 * them.
 */
#ifndef RM_SYNCMAP_H
#define RM_SYNCMAP_H

#include "impls/syncmap/syncmap_cas.h"
#include "impls/syncmap/syncmap_check.h"
#include "impls/syncmap/syncmap_layout.h"
#include "impls/syncmap/syncmap_range.h"
#include "impls/syncmap/syncmap_read.h"
#include "impls/syncmap/syncmap_remove.h"
#include "impls/syncmap/syncmap_write.h"

/* Each file needs a constant table of operations of its own, so that the loop
   does not call through pointers. */
#define SYNCMAP_OPS                                                     \
	.create = syncmap_create, .destroy = syncmap_destroy,           \
	.join = syncmap_join, .leave = syncmap_leave,                   \
	.lookup = syncmap_lookup, .upsert = syncmap_upsert,             \
	.remove = syncmap_remove, .quiesce = syncmap_quiesce,           \
	.park = syncmap_park, .unpark = syncmap_unpark,                 \
	.exchange = syncmap_exchange, .take = syncmap_take,             \
	.insert_if_absent = syncmap_insert_if_absent,                   \
	.compare_swap = syncmap_compare_swap,                           \
	.compare_remove = syncmap_compare_remove, .scan = syncmap_scan, \
	.length = syncmap_length, .clear = syncmap_clear,               \
	.stats = syncmap_stats, .check = syncmap_check, .dump = syncmap_dump

/* Members of struct rm_impl that most variants share. */
#define SYNCMAP_MAP                                        \
	.family = "sync", .guarantees = "once-if-present", \
	.progress = "blocking", RM_ALL_OF(ops)

#endif /* RM_SYNCMAP_H */
