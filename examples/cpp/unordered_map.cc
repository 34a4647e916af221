// SPDX-License-Identifier: Apache-2.0
// unordered_map.cc - std::unordered_map under std::shared_mutex with an adapter:
// `readmostly check examples/cpp/unordered_map.cc`, `readmostly explore ...`.
// CXXFLAGS=-DBUG injects a bug: an update looks the key up under the shared
// lock, and inserts later. With -DKEY=std::string keys are strings.
#include <readmostly.h>

#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#ifndef KEY
#define KEY uint64_t
#endif

namespace
{
struct Adapter {
	using key_type = KEY;
	using Result = std::optional<uint64_t>;

	std::shared_mutex lock;
	std::unordered_map<KEY, uint64_t> entries;

	explicit Adapter(size_t expected)
	{
		entries.reserve(expected);
	}

	Result lookup(const KEY &key)
	{
		std::shared_lock section(lock);
		auto at = entries.find(key);

		return at == entries.end() ? Result() : at->second;
	}

	Result upsert(const KEY &key, uint64_t value)
	{
#ifdef BUG
		const Result old = lookup(key);
		std::unique_lock section(lock);
#else
		std::unique_lock section(lock);
		auto at = entries.find(key);
		const Result old = at == entries.end() ? Result() : at->second;
#endif
		entries[key] = value;
		return old;
	}

	Result remove(const KEY &key)
	{
		std::unique_lock section(lock);
		auto node = entries.extract(key);

		return node ? Result(node.mapped()) : Result();
	}

	// Holds the lock, so all entries are from one moment.
	template <class F> void scan(F visit)
	{
		std::shared_lock section(lock);

		for (const auto &[key, value] : entries)
			if (!visit(key, value))
				return;
	}

	size_t length()
	{
		std::shared_lock section(lock);

		return entries.size();
	}
};
} // namespace

RM_FOREIGN_MAP("std::unordered_map", "point-in-time", "blocking", Adapter)
