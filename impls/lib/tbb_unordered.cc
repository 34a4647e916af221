/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbb_unordered.cc - oneTBB's concurrent_unordered_map.
 *
 * needs: c++ tbb
 *
 * A split-ordered list: lookups and insertions take no lock and write nothing
 * that other threads read. It has no thread-safe removal and returns references
 * to its values, which a program must make atomic, as is done here. So it
 * supports only u64x8, and several threads may write only if no key is removed.
 */
#include "impls/lib/cxx_map.hh"

/* g++ 12 warns, because it takes the heads of the list, which have no value,
   for whole nodes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"
#include <tbb/concurrent_unordered_map.h>
#pragma GCC diagnostic pop
#include <tbb/version.h>

namespace
{
template <class Key, class Value> struct table {
	using entries_type = tbb::concurrent_unordered_map<Key,
	        std::atomic<Value>, common_hash, same_key,
	        std::allocator<std::pair<const Key, std::atomic<Value>>>>;
	entries_type entries;

	/* A quarter more buckets than keys, so that most chains have one
	   node. */
	explicit table(const rm_sizing &sizing)
	    : entries(sizing.presize ? sizing.keys + sizing.keys / 4 : 8,
	              common_hash{ sizing.seed })
	{
	}

	RM_INLINED bool find(view<Key> key, rm_value *value)
	{
		const auto at = entries.find(key);

		if (at == entries.end())
			return false;
		/* acquire: a reader of a value sees the earlier writes of its
		   writer */
		give(value, at->second.load(std::memory_order_acquire));
		return true;
	}

	/* Looks the key up first, since emplace() always makes a node. */
	RM_INLINED std::pair<typename entries_type::iterator, bool> enter(
	        view<Key> key, const Value &value)
	{
		const auto at = entries.find(key);

		if (at != entries.end())
			return { at, false };
		return entries.emplace(key, value);
	}

	RM_INLINED bool put(view<Key> key, const Value &value, rm_value *old)
	{
		const auto [at, is_new] = enter(key, value);

		if (is_new)
			return false;
		/* acq_rel: the replacing thread also sees the work of the old
		   value's writer */
		give(old,
		        at->second.exchange(value, std::memory_order_acq_rel));
		return true;
	}

	bool add(view<Key> key, const Value &value, rm_value *present)
	{
		const auto [at, is_new] = enter(key, value);

		if (!is_new)
			/* acquire: as in find() */
			give(present,
			        at->second.load(std::memory_order_acquire));
		return !is_new;
	}

	/* No other thread uses the map. */
	RM_INLINED bool drop(view<Key> key, rm_value *old)
	{
		const auto at = entries.find(key);

		if (at == entries.end())
			return false;
		/* acquire: as in find() */
		give(old, at->second.load(std::memory_order_acquire));
		entries.unsafe_erase(at);
		return true;
	}

	/* Safe, since entries are not freed while other threads use the map. */
	template <class F> void scan(F visit)
	{
		for (const auto &entry : entries)
			/* acquire: as in find() */
			if (!visit(entry.first,
			            entry.second.load(
			                    std::memory_order_acquire)))
				break;
	}

	size_t size()
	{
		return entries.size();
	}
};

const char *version()
{
	return TBB_runtime_version();
}

constexpr unsigned offered = 1;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVE(all_operations, u64x8, RM_U64X8)

extern const struct rm_impl rm_impl_tbb_unordered = {
	.id = "tbb_unordered",
	.label = "TBB unordered_map",
	.family = "free",
	.sync = "lock-free, no removal",
	.source = "oneTBB, concurrent_unordered_map: split-ordered lists",
	.shapes = offered,
	.caps = RM_CAP_UNSAFE_INSERT,
	.guarantees = "once-if-present",
	.progress = "lock-free",
	.ops = &all_operations,
	.drive = { drive_u64x8 },
	.version = version,
};
}
