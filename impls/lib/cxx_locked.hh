/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cxx_locked.hh - one table of a C++ library under one lock.
 *
 * `Entries` has the interface of std::unordered_map and `Lock` that of
 * std::shared_mutex. A search key may have any type that `Entries` can search
 * for and convert to a key.
 */
#ifndef RM_CXX_LOCKED_HH
#define RM_CXX_LOCKED_HH

#include "impls/lib/cxx_map.hh"

namespace
{
/* Holds the lock until the end of the block, even if an exception is thrown. */
template <class Lock> struct reading {
	Lock &lock;

	explicit reading(Lock &taken) : lock(taken)
	{
		RM_LOCK_BEGIN(RM_LOCK_READ);
		if (!RM_STATS_BUILT || !lock.try_lock_shared()) {
			RM_LOCK_WAIT_BEGIN();
			lock.lock_shared();
		}
		RM_LOCK_END();
	}

	~reading()
	{
		lock.unlock_shared();
	}
};

template <class Lock> struct writing {
	Lock &lock;

	explicit writing(Lock &taken) : lock(taken)
	{
		RM_LOCK_BEGIN(RM_LOCK_WRITE);
		if (!RM_STATS_BUILT || !lock.try_lock()) {
			RM_LOCK_WAIT_BEGIN();
			lock.lock();
		}
		RM_LOCK_END();
	}

	~writing()
	{
		lock.unlock();
	}
};

template <class Lock, class Entries> struct locked {
	using Key = typename Entries::key_type;
	using Value = typename Entries::mapped_type;

	Lock lock;
	Entries entries;

	explicit locked(const rm_sizing &sizing)
	    : entries(0, typename Entries::hasher{ sizing.seed })
	{
		if (sizing.presize)
			entries.reserve(sizing.keys);
	}

	/* A string key is constructed in its final place, and only if the key
	   is new. */
	template <class Search>
	RM_INLINED auto enter(Search key, const Value &value)
	{
		if constexpr (std::is_same_v<Key, std::string>) {
			const auto at = entries.find(key);

			if (at != entries.end())
				return std::pair(at, false);
			return entries.emplace(key, value);
		} else {
			return entries.try_emplace(key, value);
		}
	}

	template <class Search>
	RM_INLINED bool find(Search key, rm_value *value)
	{
		reading<Lock> section(lock);
		const auto at = entries.find(key);

		if (at == entries.end())
			return false;
		give(value, at->second);
		return true;
	}

	template <class Search>
	RM_INLINED bool put(Search key, const Value &value, rm_value *old)
	{
		writing<Lock> section(lock);
		const auto [at, is_new] = enter(key, value);

		if (is_new)
			return false;
		give(old, at->second);
		at->second = value;
		return true;
	}

	template <class Search>
	bool add(Search key, const Value &value, rm_value *present)
	{
		writing<Lock> section(lock);
		const auto [at, is_new] = enter(key, value);

		if (!is_new)
			give(present, at->second);
		return !is_new;
	}

	template <class Search> RM_INLINED bool drop(Search key, rm_value *old)
	{
		writing<Lock> section(lock);
		const auto at = entries.find(key);

		if (at == entries.end())
			return false;
		give(old, at->second);
		entries.erase(at);
		return true;
	}

	/* Holds the lock, so all visited entries were present at the same
	   time. */
	template <class F> void scan(F visit)
	{
		reading<Lock> section(lock);

		for (const auto &entry : entries)
			if (!visit(entry.first, entry.second))
				break;
	}

	size_t size()
	{
		reading<Lock> section(lock);

		return entries.size();
	}
};
} // namespace

#endif
