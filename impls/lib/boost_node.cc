/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boost_node.cc - Boost's concurrent_node_map, from 1.84 on.
 *
 * needs: c++ boost_concurrent_node_map
 *
 * Like boost_flat, but a slot holds a pointer to its element. So each hit reads
 * one more cache line, and growth does not move elements.
 */
#define NDEBUG /* as in boost_flat.cc */

#include <boost/unordered/concurrent_node_map.hpp>

namespace
{
template <class... T> using concurrent = boost::concurrent_node_map<T...>;
}

#include "impls/lib/boost_concurrent.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_boost_node = {
	.id = "boost_node",
	.label = "Boost node_map",
	.family = "lock",
	.sync = "rw spin lock per 15 slots",
	.source = "Boost.Unordered, concurrent_node_map",
	CXX_LOCKED,
};
}
