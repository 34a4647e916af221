/* SPDX-License-Identifier: Apache-2.0 */
/*
 * std_mutex.cc - std::unordered_map under one std::mutex.
 *
 * needs: c++
 *
 * This is the first choice of C++ programs. The sanity bounds of the other
 * libraries refer to it. A lookup writes the mutex twice.
 */
#include "impls/lib/cxx_locked.hh"

#include <mutex>
#include <unordered_map>

namespace
{
/* Readers exclude each other, too. */
struct one_mutex : std::mutex {
	bool try_lock_shared()
	{
		return try_lock();
	}

	void lock_shared()
	{
		lock();
	}

	void unlock_shared()
	{
		unlock();
	}
};

template <class Key, class Value>
using table = locked<one_mutex,
        std::unordered_map<Key, Value, common_hash, same_key>>;

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_std_mutex = {
	.id = "std_mutex",
	.label = "unordered_map, mutex",
	.family = "lock",
	.sync = "mutex",
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
