// SPDX-License-Identifier: Apache-2.0
// parallel-hashmap's parallel_flat_hash_map: 16 tables, each with a std::shared_mutex.
#include <parallel_hashmap/phmap.h>
#include <readmostly.h>
#include <shared_mutex>

struct Adapter {
	using key_type = uint64_t;
	using Result = std::optional<uint64_t>;
	phmap::parallel_flat_hash_map<uint64_t, uint64_t,
	        phmap::priv::hash_default_hash<uint64_t>, std::equal_to<>,
	        std::allocator<std::pair<const uint64_t, uint64_t>>, 4,
	        std::shared_mutex>
	        map;

	explicit Adapter(size_t)
	{
	}
	Result lookup(uint64_t key)
	{
		Result value;
		map.if_contains(
		        key, [&](const auto &entry) { value = entry.second; });
		return value;
	}
	Result upsert(uint64_t key, uint64_t value)
	{
		Result old;
		map.lazy_emplace_l(
		        key,
		        [&](auto &entry) {
			        old = std::exchange(entry.second, value);
		        },
		        [&](const auto &make) { make(key, value); });
		return old;
	}
	Result remove(uint64_t key)
	{
		Result old;
		map.erase_if(key,
		        [&](auto &entry) { return old = entry.second, true; });
		return old;
	}
	template <class F> void scan(F visit)
	{
		bool more = true;
		for (size_t i = 0; i < map.subcnt(); i++)
			map.with_submap(i, [&](const auto &part) {
				for (const auto &[key, value] : part)
					more = more && visit(key, value);
			});
	}
	size_t length() // size() is not documented as safe
	{
		size_t sum = 0;
		for (size_t i = 0; i < map.subcnt(); i++)
			map.with_submap(i,
			        [&](const auto &part) { sum += part.size(); });
		return sum;
	}
};

RM_FOREIGN_MAP("parallel-hashmap", "none", "blocking", Adapter)
