// SPDX-License-Identifier: Apache-2.0
// xenium's vyukov_hash_map. It cannot replace a value, so values are atomic. A
// mutex admits one writer at a time, which removes only keys that are present
// (xenium issue 42).
#include <xenium/reclamation/generic_epoch_based.hpp>
#include <xenium/reclamation/hazard_pointer.hpp>
#include <xenium/vyukov_hash_map.hpp>

#include <mutex>
#include <readmostly.h>
#include <vector>

#ifdef HAZARD_POINTERS
using Reclaimer = xenium::reclamation::hazard_pointer<>;
#else
using Reclaimer = xenium::reclamation::epoch_based<>::with<
        xenium::policy::scan_frequency<1>>;
#endif

struct Adapter {
	using key_type = uint64_t;
	using Result = std::optional<uint64_t>;
	struct Value {
		std::atomic<uint64_t> word{ 0 };
		explicit Value(uint64_t value) : word(value)
		{
		}
		Value(Value &&other) : word(other.word.load())
		{
		}
	};
	using Map = xenium::vyukov_hash_map<uint64_t, Value,
	        xenium::policy::reclaimer<Reclaimer>>;
	Map map{ 8 };
	std::mutex writer;

	explicit Adapter(size_t)
	{
	}
	~Adapter()
	{
#ifndef LEAK
		std::vector<uint64_t> keys;
		for (auto at = map.begin(); at != map.end(); ++at)
			keys.push_back((*at).first);
		for (uint64_t key : keys)
			map.erase(key);
#endif
		for (int i = 0; i < 8;
		        i++) // frees the memory that ended threads retired
			lookup(0);
	}
	Result lookup(uint64_t key)
	{
		Map::accessor at;
		return map.try_get_value(key, at) ? Result(at->word.load())
		                                  : Result();
	}
	Result upsert(uint64_t key, uint64_t value)
	{
		std::lock_guard section(writer);
		Map::accessor at;
		if (map.try_get_value(key, at))
			return at->word.exchange(value);
		map.emplace(key, Value(value));
		return {};
	}
	Result remove(uint64_t key)
	{
		std::lock_guard section(writer);
		Map::accessor at;
		if (!map.try_get_value(key, at))
			return {};
		const uint64_t old = at->word.load();
#ifdef BY_ITERATOR
		auto position = map.find(key);
		map.erase(position);
#else
		map.erase(key);
#endif
		return old;
	}
};

RM_FOREIGN_MAP("xenium vyukov", "none", "blocking", Adapter)
