// SPDX-License-Identifier: Apache-2.0
// xenium's harris_michael_hash_map. It cannot replace a value, so each node has a lock, its value, and a mark that the
// key was removed.
#include <cassert> // the next header uses this one without including it
#include <xenium/harris_michael_hash_map.hpp>
#include <xenium/reclamation/generic_epoch_based.hpp>
#include <xenium/reclamation/hazard_eras.hpp>
#include <xenium/reclamation/hazard_pointer.hpp>
#include <xenium/reclamation/stamp_it.hpp>

#include <mutex>
#include <readmostly.h>

#ifndef RECLAIMER
#define RECLAIMER xenium::reclamation::epoch_based<>
#endif

struct Adapter {
	using key_type = uint64_t;
	using Result = std::optional<uint64_t>;
	struct Value {
		std::mutex lock;
		bool is_removed = false;
		uint64_t word;
		explicit Value(uint64_t value) : word(value)
		{
		}
	};
	using Map = xenium::harris_michael_hash_map<uint64_t, Value,
	        xenium::policy::reclaimer<RECLAIMER>,
	        xenium::policy::buckets<512>>;
	Map map;

	explicit Adapter(size_t)
	{
	}
	Result lookup(uint64_t key)
	{
		auto at = map.find(key);
		if (at == map.end())
			return {};
		std::lock_guard section(at->second.lock);
		return at->second.is_removed ? Result() : at->second.word;
	}
	Result upsert(uint64_t key, uint64_t value)
	{
		for (;;) {
			auto [at, is_new] = map.get_or_emplace(key, value);
			if (is_new)
				return {};
			std::unique_lock section(at->second.lock);
			if (!at->second.is_removed)
				return std::exchange(at->second.word, value);
			section.unlock();
			map.erase(std::move(at));
		}
	}
	Result remove(uint64_t key)
	{
		auto at = map.find(key);
		if (at == map.end())
			return {};
		std::unique_lock section(at->second.lock);
		if (std::exchange(at->second.is_removed, true))
			return {};
		const uint64_t old = at->second.word;
		section.unlock();
		map.erase(std::move(at));
		return old;
	}
};

RM_FOREIGN_MAP("xenium Harris-Michael", "none", "blocking", Adapter)
