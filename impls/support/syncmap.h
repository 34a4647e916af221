/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syncmap.h - Go's classic sync.Map (before 1.24), reclaimed by epochs.
 *
 * Written from a description of the algorithm, no code. Two Go maps hold the same
 * entries: `read`, behind an atomic pointer, is never modified and is looked
 * up without a lock; `dirty`, under a mutex, also holds the keys that are new.
 * A lookup that must go to dirty is a miss; as many misses as dirty has
 * entries promote dirty to read, in O(1). The next new key builds a new dirty
 * from read, in O(n), leaving out what was removed ("expunged").
 *
 * An entry is an atomic pointer to a boxed value, like Go's interface:
 *
 *	a box		the value
 *	NULL		removed; if there is a dirty, the entry is in it
 *	expunged	removed; there is a dirty, and the entry is not in it
 *
 * Invariants, under the mutex (syncmap_check() walks them):
 *	amended == (dirty != NULL); misses < number of entries of dirty
 *	an entry of read is in dirty too, unless it is expunged
 *	nothing in dirty is expunged
 *
 * Who frees what.  Both maps borrow the bytes of string keys from the entry,
 * which owns them. A map's memory can therefore go without its keys:
 *	box		retired by whoever took it out of an entry
 *	header, map	retired when another header, map is published
 *	entry		a) only in dirty: retired by the removal
 *			b) expunged: with the read map that it is in, unless a
 *			   store has revived it. rebuild() lists them, so that
 *			   promotion need not search.
 *			c) clear(): all, with the map that holds them
 * A reader of an old header may still meet all of these: the epoch waits.
 *
 * Functions here are the operations of struct rm_map_ops on a handle that is
 * the thread's epoch record.
 */
#ifndef RM_SYNCMAP_H
#define RM_SYNCMAP_H

#include "impls/support/syncmap_cas.h"
#include "impls/support/syncmap_check.h"
#include "impls/support/syncmap_layout.h"
#include "impls/support/syncmap_range.h"
#include "impls/support/syncmap_read.h"
#include "impls/support/syncmap_remove.h"
#include "impls/support/syncmap_write.h"

#endif /* RM_SYNCMAP_H */
