/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boost_flat.cc - Boost's concurrent_flat_map.
 *
 * needs: c++ boost_concurrent_flat_map
 *
 * Open addressing in groups of 15 slots, 16 bytes of hashes compared at once;
 * keys and values lie in the slots. A look-up takes and releases the table's
 * lock, of which each thread has one of its own, and the reader-writer spin
 * lock of its key's group: four writes, two of them to a line that others use.
 * Growth stops everybody.
 */
/* As in a release build: from 1.84 on another one notes each visit, to find
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

extern const struct rm_impl rm_impl_boost_flat;
const struct rm_impl rm_impl_boost_flat = {
	.id = "boost_flat",
	.label = "Boost flat_map",
	.family = "lock",
	.sync = "rw spin lock per 15 slots",
	.source = "Boost.Unordered, concurrent_flat_map",
	.system = "",
	.shapes = offered,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &all_operations,
	.drive = RM_ALL_DRIVES,
	.version = version,
};
}
