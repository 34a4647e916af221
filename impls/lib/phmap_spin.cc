/* SPDX-License-Identifier: Apache-2.0 */
/*
 * phmap_spin.cc - parallel-hashmap with a reader-writer spin lock per table.
 *
 * needs: c++ parallel-hashmap
 *
 * The library accepts any lock with the interface of std::shared_mutex. This
 * row uses the lock of sharded_flat. A lookup writes the lock of its table
 * twice.
 */
#define NDEBUG /* as in release builds */

#include "impls/lib/small_lock.hh"

#include <parallel_hashmap/phmap.h>

namespace
{
using lock = small_lock;
}

/* Without this specialisation, readers would exclude each other. */
template <> class phmap::LockableImpl<small_lock> : public small_lock
{
      public:
	using mutex_type = small_lock;
	using Base = phmap::LockableBaseImpl<small_lock>;
	using SharedLock = Base::ReadLock;
	using ReadWriteLock = Base::ReadWriteLock;
	using UniqueLock = Base::WriteLock;
	using SharedLocks = Base::ReadLocks;
	using UniqueLocks = Base::WriteLocks;
};

#include "impls/lib/phmap.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_phmap_spin = {
	.id = "phmap_spin",
	.label = "parallel-hashmap, rw spin",
	.family = "shard",
	.sync = "rw spin lock per shard",
	.source = "parallel-hashmap, parallel_flat_hash_map",
	CXX_LOCKED,
};
}
