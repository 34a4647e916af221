/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boost_flat.cc - Boost's concurrent_flat_map.
 *
 * needs: c++ boost_concurrent_flat_map
 *
 * It uses open addressing in groups of 15 slots and compares 16 bytes of hashes
 * at once. Keys and values are in the slots. A lookup takes and releases two
 * locks: a per-thread lock of the table and the reader-writer spin lock of its
 * key's group. That is four writes, two of them to a shared line. Growth stops
 * all threads.
 */
/* As in release builds: from 1.84 on, debug builds record each visit to detect
   nested ones. */
#define NDEBUG

#include <boost/unordered/concurrent_flat_map.hpp>

namespace
{
template <class... T> using concurrent = boost::concurrent_flat_map<T...>;
}

#include "impls/lib/boost_concurrent.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_boost_flat = {
	.id = "boost_flat",
	.label = "Boost flat_map",
	.family = "lock",
	.sync = "rw spin lock per 15 slots",
	.source = "Boost.Unordered, concurrent_flat_map",
	CXX_LOCKED,
};
}
