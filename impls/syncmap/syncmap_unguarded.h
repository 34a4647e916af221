/* SPDX-License-Identifier: Apache-2.0 */
/* syncmap_unguarded.h - sync.Map: loads for methods of reclamation in which
   operations announce nothing. These methods include this file and define
   syncmap_of(). */
#ifndef RM_SYNCMAP_UNGUARDED_H
#define RM_SYNCMAP_UNGUARDED_H

#include "impls/syncmap/syncmap_layout.h"

RM_HOT struct syncmap *syncmap_of(void *thread);

/* Returns the header for an operation without the lock. */
RM_HOT struct syncmap_header *syncmap_read(void *thread)
{
	/* seq_cst: acquires the maps; pairs with syncmap_publish() */
	return atomic_load_explicit(
	        &syncmap_of(thread)->read, memory_order_seq_cst);
}

/* Returns an entry's cell, whose content stays valid. */
RM_HOT uint64_t syncmap_load(void *thread, struct syncmap_entry *entry)
{
	(void)thread;
	/* seq_cst, as in Go: acquires the box's content. If two threads each
	   write one key and then look up the other's, at least one sees the
	   other's write. The instructions are those of acquire and acq_rel,
	   except on AArch64 with RCpc, where with ldapr both could miss it. */
	return atomic_load_explicit(&entry->p, memory_order_seq_cst);
}

#endif /* RM_SYNCMAP_UNGUARDED_H */
