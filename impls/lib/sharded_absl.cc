/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharded_absl.cc - 64 flat tables of Abseil, each under a small spin lock.
 *
 * needs: c++ absl_flat_hash_map
 *
 * Like sharded_flat, with Abseil's table. Abseil chooses the slot by the bits
 * of the hash from the eighth one up, and takes the lowest bits as the byte
 * that it compares. So the top bits choose the shard.
 */
#define NDEBUG /* as in absl_rw.cc */

#include <absl/base/config.h>
#include <absl/container/flat_hash_map.h>

namespace
{
template <class... T> using unsharded = absl::flat_hash_map<T...>;
enum { SHARD_BITS_AT = 58 };
} // namespace

#include "impls/lib/sharded.hh"

namespace
{
const char *version()
{
	return RM_TEXT(ABSL_LTS_RELEASE_VERSION) "." RM_TEXT(
	        ABSL_LTS_RELEASE_PATCH_LEVEL);
}

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_sharded_absl = {
	.id = "sharded_absl",
	.label = "64 absl flat, rw spin",
	.family = "shard",
	.sync = "rw spin lock per shard",
	.source = "Abseil, flat_hash_map; shards as in DashMap",
	CXX_LOCKED,
};
}
