/* SPDX-License-Identifier: Apache-2.0 */
/*
 * phmap_shared.cc - parallel-hashmap with a std::shared_mutex per table.
 *
 * needs: c++ parallel-hashmap
 *
 * The library's examples use this lock to let readers share. A lookup writes it
 * twice, through two calls of the C library.
 */
#define NDEBUG /* as in release builds */

#include <shared_mutex>

namespace
{
using lock = std::shared_mutex;
}

#include "impls/lib/phmap.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_phmap_shared = {
	.id = "phmap_shared",
	.label = "parallel-hashmap, shared_mutex",
	.family = "shard",
	.sync = "rwlock per shard",
	.source = "parallel-hashmap, parallel_flat_hash_map",
	CXX_LOCKED,
};
}
