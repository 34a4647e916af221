/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std_shared_mutex.cc - std::unordered_map under one std::shared_mutex.
 *
 * needs: c++
 *
 * This is what most C++ programs use for a read-mostly table. Readers share the
 * lock, but each lookup still writes its cache line twice.
 */
#include "impls/lib/cxx_locked.hh"

#include <shared_mutex>
#include <unordered_map>

namespace
{
template <class Key, class Value>
using table = locked<std::shared_mutex,
        std::unordered_map<Key, Value, common_hash, same_key>>;

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_std_shared_mutex = {
	.id = "std_shared_mutex",
	.label = "unordered_map, rwlock",
	.family = "lock",
	.sync = "rwlock",
	.source = "C++ standard library, std::unordered_map",
	.shapes = offered,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.ops = &all_operations,
	.drive = RM_ALL_DRIVES,
	.version = standard_library,
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed by the writer",
};
}
