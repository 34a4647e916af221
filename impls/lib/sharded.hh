/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharded.hh - 64 tables of a C++ library, each under a small spin lock.
 *
 * Before including this file, define the library's table, `unsharded`, a
 * template of key, value, hash and equality, and SHARD_BITS_AT: the lowest of
 * the six bits of a hash that choose the shard. The table should choose slots
 * by other bits: otherwise the keys of a shard would share few slots.
 *
 * A lookup writes the lock of its shard twice. Shards are two lines apart,
 * since the processor fetches lines in pairs. A key is hashed once and searched
 * together with its hash.
 */
#ifndef RM_SHARDED_HH
#define RM_SHARDED_HH

#include "impls/lib/cxx_locked.hh"
#include "impls/lib/small_lock.hh"

namespace
{
enum { SHARDS = 64, TWO_LINES = 2 * RM_CACHE_LINE };

/* A search key with its hash, which can be converted to the key of a new
   entry. */
template <class Key> struct hashed {
	view<Key> key;
	size_t hash;

	RM_INLINED operator view<Key>() const
	{
		return key;
	}
};

template <class Key> struct known_hash : common_hash {
	using common_hash::operator();

	RM_INLINED size_t operator()(const hashed<Key> &searched) const
	{
		return searched.hash;
	}
};

template <class Key> struct equal_to_hashed {
	using is_transparent = void;

	RM_INLINED bool operator()(const Key &a, const Key &b) const
	{
		return a == b;
	}

	RM_INLINED bool operator()(const hashed<Key> &a, const Key &b) const
	{
		return a.key == b;
	}

	RM_INLINED bool operator()(const Key &a, const hashed<Key> &b) const
	{
		return a == b.key;
	}
};

template <class Key, class Value>
using flat = locked<small_lock,
        unsharded<Key, Value, known_hash<Key>, equal_to_hashed<Key>>>;

template <class Key, class Value>
struct alignas(TWO_LINES) shard : flat<Key, Value> {
	explicit shard(const rm_sizing &sizing) : flat<Key, Value>(sizing)
	{
	}
};

/* Reserves an eighth more, since keys do not spread evenly. */
rm_sizing sizing_of_shard(rm_sizing sizing)
{
	sizing.keys = sizing.keys / SHARDS + sizing.keys / SHARDS / 8 + 8;
	return sizing;
}

template <class Key, class Value> struct table {
	common_hash hashing;
	shard<Key, Value> *shards;

	explicit table(const rm_sizing &sizing) : hashing{ sizing.seed }
	{
		std::allocator<shard<Key, Value>> memory;

		shards = memory.allocate(SHARDS);
		for (int i = 0; i < SHARDS; i++)
			new (&shards[i])
			        shard<Key, Value>(sizing_of_shard(sizing));
	}

	~table()
	{
		std::allocator<shard<Key, Value>> memory;

		std::destroy_n(shards, size_t(SHARDS));
		memory.deallocate(shards, SHARDS);
	}

	/* Calls `use` with the shard of the key and with the key and its
	   hash. */
	template <class F> RM_INLINED bool at(view<Key> key, F use)
	{
		const hashed<Key> searched{ key, hashing(key) };

		return use(
		        shards[(searched.hash >> SHARD_BITS_AT) & (SHARDS - 1)],
		        searched);
	}

	RM_INLINED bool find(view<Key> key, rm_value *value)
	{
		return at(key, [&](auto &target, auto searched) RM_INLINED {
			return target.find(searched, value);
		});
	}

	RM_INLINED bool put(view<Key> key, const Value &value, rm_value *old)
	{
		return at(key, [&](auto &target, auto searched) RM_INLINED {
			return target.put(searched, value, old);
		});
	}

	bool add(view<Key> key, const Value &value, rm_value *present)
	{
		return at(key, [&](auto &target, auto searched) {
			return target.add(searched, value, present);
		});
	}

	RM_INLINED bool drop(view<Key> key, rm_value *old)
	{
		return at(key, [&](auto &target, auto searched) RM_INLINED {
			return target.drop(searched, old);
		});
	}

	/* Visits one shard after another, each under its lock. */
	template <class F> void scan(F visit)
	{
		bool more = true;

		for (int i = 0; more && i < SHARDS; i++)
			shards[i].scan([&](const Key &key, const Value &held) {
				more = visit(key, held);
				return more;
			});
	}

	size_t size()
	{
		size_t sum = 0;

		for (int i = 0; i < SHARDS; i++)
			sum += shards[i].size();
		return sum;
	}
};
} // namespace

#endif
