// SPDX-License-Identifier: Apache-2.0
// Boost's concurrent_flat_map; -DNODE selects concurrent_node_map. size() is
// not tested, because it is documented to be inaccurate during insertions.
#include <boost/unordered/concurrent_flat_map.hpp>
#include <boost/unordered/concurrent_node_map.hpp>
#include <readmostly.h>

#ifdef NODE
using Map = boost::concurrent_node_map<uint64_t, uint64_t>;
#else
using Map = boost::concurrent_flat_map<uint64_t, uint64_t>;
#endif

struct Adapter {
	using key_type = uint64_t;
	using Result = std::optional<uint64_t>;
	Map map;

	explicit Adapter(size_t)
	{
	}
	Result lookup(uint64_t key)
	{
		Result value;
		map.cvisit(
		        key, [&](const auto &entry) { value = entry.second; });
		return value;
	}
	Result upsert(uint64_t key, uint64_t value)
	{
		Result old;
		map.emplace_or_visit(key, value, [&](auto &entry) {
			old = std::exchange(entry.second, value);
		});
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
		map.cvisit_while([&](const auto &entry) {
			return visit(entry.first, entry.second);
		});
	}
	void clear()
	{
		map.clear();
	}
};

RM_FOREIGN_MAP("Boost concurrent map", "once-if-present", "blocking", Adapter)
