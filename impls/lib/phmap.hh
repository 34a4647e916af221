/* SPDX-License-Identifier: Apache-2.0 */
/*
 * phmap.hh - parallel-hashmap's parallel_flat_hash_map: 64 flat tables, each
 * under a lock of the type `lock`, which the including file defines.
 *
 * The tables are like Abseil's: they compare 16 bytes of hashes at once, and
 * slots contain keys and values. The lock is next to its table, without
 * padding. The library mixes each hash again before it chooses table and slot.
 */
#ifndef RM_PHMAP_HH
#define RM_PHMAP_HH

#include "impls/lib/cxx_map.hh"

#include <parallel_hashmap/phmap.h>

namespace
{
/* 2^6 tables. The library's default of 2^4 is for few threads. */
constexpr size_t TABLES_LOG2 = 6;

template <class Key, class Value> struct table {
	using Entries = phmap::parallel_flat_hash_map<Key, Value, common_hash,
	        same_key, std::allocator<std::pair<const Key, Value>>,
	        TABLES_LOG2, lock>;
	Entries entries;

	explicit table(const rm_sizing &sizing)
	    : entries(0, common_hash{ sizing.seed })
	{
		if (sizing.presize)
			entries.reserve(sizing.keys);
	}

	RM_INLINED bool find(view<Key> key, rm_value *value)
	{
		return entries.if_contains(key,
		        [&](const auto &entry)
		                RM_INLINED { give(value, entry.second); });
	}

	RM_INLINED bool put(view<Key> key, const Value &value, rm_value *old)
	{
		return !entries.try_emplace_l(
		        key,
		        [&](auto &entry) {
			        give(old, entry.second);
			        entry.second = value;
		        },
		        value);
	}

	bool add(view<Key> key, const Value &value, rm_value *present)
	{
		return !entries.try_emplace_l(
		        key, [&](auto &entry) { give(present, entry.second); },
		        value);
	}

	RM_INLINED bool drop(view<Key> key, rm_value *old)
	{
		return entries.erase_if(key, [&](auto &entry) {
			give(old, entry.second);
			return true;
		});
	}

	/* Visits one table after another, each under its lock. */
	template <class F> void scan(F visit)
	{
		bool more = true;

		for (size_t i = 0; more && i < Entries::subcnt(); i++)
			entries.with_submap(i, [&](const auto &part) {
				for (const auto &entry : part)
					if (!(more = visit(entry.first,
					              entry.second)))
						break;
			});
	}

	/* Adds up the sizes of tables, each under its lock. */
	size_t size()
	{
		size_t sum = 0;

		for (size_t i = 0; i < Entries::subcnt(); i++)
			entries.with_submap(i,
			        [&](const auto &part) { sum += part.size(); });
		return sum;
	}
};

const char *version()
{
	return RM_TEXT(PHMAP_VERSION_MAJOR) "." RM_TEXT(
	        PHMAP_VERSION_MINOR) "." RM_TEXT(PHMAP_VERSION_PATCH);
}

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

#endif
