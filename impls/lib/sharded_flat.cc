/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharded_flat.cc - 64 flat tables of Boost, each under a small spin lock.
 *
 * needs: c++ boost_flat_map
 *
 * This is the design of sharded maps such as Rust's DashMap. A lookup writes
 * the lock of its shard twice. Shards are two lines apart, since the processor
 * fetches lines in pairs. The shard and the slot are chosen by different bits
 * of the hash: for the slot Boost uses the top bits, and the lowest ones for
 * its bytes of hashes. With the same bits, the keys of a shard would share few
 * slots.
 *
 * A key is hashed once and searched together with its hash.
 */
#define NDEBUG /* as in release builds */

#include "impls/lib/cxx_locked.hh"
#include "impls/support/spin.h"

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/version.hpp>

namespace
{
enum { SHARDS = 64, SHARD_BITS_AT = 12, TWO_LINES = 2 * RM_CACHE_LINE };

/* A reader-writer lock with the names of std::shared_mutex. A waiting writer
   marks the lock, and no reader enters a marked lock. So a writer waits for the
   current readers and other writers, but not for later readers. A writer's
   unlock removes the mark, and all threads compete again. Writers have no order
   among each other. */
class small_lock
{
	enum : unsigned { WRITER = 1, WAITS = 2, READER = 4 };
	std::atomic<unsigned> state{ 0 };

      public:
	RM_INLINED bool try_lock_shared()
	{
		/* relaxed: a guess, which the exchange verifies */
		unsigned seen = state.load(std::memory_order_relaxed);

		/* acquire: pairs with the release of a writer's unlock() */
		return seen % READER == 0 &&
		       state.compare_exchange_weak(seen, seen + READER,
		               std::memory_order_acquire,
		               std::memory_order_relaxed);
	}

	RM_INLINED void lock_shared()
	{
		unsigned looks = 0;

		while (!try_lock_shared())
			spin_wait(&looks);
	}

	RM_INLINED void unlock_shared()
	{
		/* release: pairs with the acquire of a writer's try_lock() */
		state.fetch_sub(READER, std::memory_order_release);
	}

	/* Takes a free lock and removes the mark. Other waiting writers set it
	   again. */
	RM_INLINED bool try_lock()
	{
		/* relaxed: a guess, which the exchange verifies */
		unsigned seen = state.load(std::memory_order_relaxed);

		/* acquire: pairs with the release of either unlock */
		return !(seen & ~WAITS) &&
		       state.compare_exchange_weak(seen, WRITER,
		               std::memory_order_acquire,
		               std::memory_order_relaxed);
	}

	RM_INLINED void lock()
	{
		unsigned looks = 0;

		while (!try_lock()) {
			/* relaxed, both: the mark orders nothing */
			if (!(state.load(std::memory_order_relaxed) & WAITS))
				state.fetch_or(
				        WAITS, std::memory_order_relaxed);
			spin_wait(&looks);
		}
	}

	RM_INLINED void unlock()
	{
		/* release: pairs with the acquire of the next holder */
		state.store(0, std::memory_order_release);
	}
};

/* A search key that can become the key of a new entry. */
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
using flat = locked<small_lock, boost::unordered_flat_map<Key, Value,
                                        known_hash<Key>, equal_to_hashed<Key>>>;

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

	/* Calls use(shard of the key, key with its hash). */
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

	/* Visits one shard after another, each in a consistent state. */
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

const char *version()
{
	return BOOST_LIB_VERSION;
}

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_sharded_flat;
const struct rm_impl rm_impl_sharded_flat = {
	.id = "sharded_flat",
	.label = "64 Boost flat, rw spin",
	.family = "shard",
	.sync = "rw spin lock per shard",
	.source = "Boost.Unordered, unordered_flat_map; shards as in DashMap",
	.system = "",
	.shapes = offered,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &all_operations,
	.drive = RM_ALL_DRIVES,
	.version = version,
};
}
