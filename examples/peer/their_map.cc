/* SPDX-License-Identifier: Apache-2.0 */
/*
 * their_map.cc - an example of your own map in C++, measured without being
 * added to this tree (docs/guide/your-map.md): 16 std::unordered_maps, each
 * under a std::shared_mutex. Replace them by yours.
 *
 * needs: c++
 *
 * A lookup writes the lock of its part twice.
 */
#include "impls/lib/cxx_locked.hh"

#include <array>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

namespace
{
/* The operations that the suite needs. `view` is the type of searched keys;
   `give` copies a value to a caller that needs it. Each operation returns
   whether the key was present. */
template <class Key, class Value> struct table {
	using part = locked<std::shared_mutex,
	        std::unordered_map<Key, Value, common_hash, same_key>>;
	std::array<std::unique_ptr<part>, 16> parts;
	common_hash hash;

	explicit table(const rm_sizing &sizing) : hash{ sizing.seed }
	{
		rm_sizing each = sizing;

		each.keys = sizing.keys / parts.size();
		for (auto &one : parts)
			one = std::make_unique<part>(each);
	}

	RM_INLINED part &of(view<Key> key)
	{
		return *parts[hash(key) >> 60];
	}

	RM_INLINED bool find(view<Key> key, rm_value *value)
	{
		return of(key).find(key, value);
	}

	RM_INLINED bool put(view<Key> key, const Value &value, rm_value *old)
	{
		return of(key).put(key, value, old);
	}

	bool add(view<Key> key, const Value &value, rm_value *present)
	{
		return of(key).add(key, value, present);
	}

	RM_INLINED bool drop(view<Key> key, rm_value *old)
	{
		return of(key).drop(key, old);
	}

	size_t size()
	{
		size_t sum = 0;

		for (auto &one : parts)
			sum += one->size();
		return sum;
	}
};

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_their_map = {
	.id = "their_map",
	.label = "their map",
	.family = "shard",
	.sync = "rwlock per part",
	.source = "an example",
	.shapes = offered,
	.guarantees = "none",
	.progress = "blocking",
	.ops = &all_operations,
	.drive = RM_ALL_DRIVES,
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed by the writer",
};
}
