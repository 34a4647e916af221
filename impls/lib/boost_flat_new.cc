/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boost_flat_new.cc - concurrent_flat_map of a newer Boost than that of
 * boost_flat.
 *
 * needs: c++ boost-new
 *
 * It uses the code of boost_flat with another version of the library.
 */
#define NDEBUG /* as in boost_flat.cc */

#include <boost/unordered/concurrent_flat_map.hpp>

namespace
{
template <class... T> using concurrent = boost::concurrent_flat_map<T...>;
}

#include "impls/lib/boost_concurrent.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_boost_flat_new = {
	.id = "boost_flat_new",
	.label = "Boost flat_map, newest",
	.family = "lock",
	.sync = "rw spin lock per 15 slots",
	.source = "Boost.Unordered, concurrent_flat_map",
	CXX_LOCKED,
};
}
