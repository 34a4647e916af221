/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharded_flat.cc - 64 flat tables of Boost, each under a small spin lock.
 *
 * needs: c++ boost_flat_map
 *
 * This is the design of sharded maps such as Rust's DashMap (sharded.hh). Boost
 * chooses the slot by the top bits of the hash, and takes the lowest bits as
 * the byte that it compares.
 */
#define NDEBUG /* as in release builds */

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/version.hpp>

namespace
{
template <class... T> using unsharded = boost::unordered_flat_map<T...>;
enum { SHARD_BITS_AT = 12 };
} // namespace

#include "impls/lib/sharded.hh"

namespace
{
const char *version()
{
	return BOOST_LIB_VERSION;
}

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_sharded_flat = {
	.id = "sharded_flat",
	.label = "64 Boost flat, rw spin",
	.family = "shard",
	.sync = "rw spin lock per shard",
	.source = "Boost.Unordered, unordered_flat_map; shards as in DashMap",
	CXX_LOCKED,
};
}
