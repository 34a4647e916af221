/* SPDX-License-Identifier: Apache-2.0 */
/* small_lock.hh - a reader-writer spin lock for one shard of a map. */
#ifndef RM_SMALL_LOCK_HH
#define RM_SMALL_LOCK_HH

#include "impls/lib/cxx_map.hh"
#include "impls/support/spin.h"

#include <atomic>

namespace
{
/* A reader-writer lock with the interface of std::shared_mutex. A waiting
   writer marks the lock, and no reader enters a marked lock. So a writer waits
   for the current readers and other writers, but not for later readers. A
   writer's unlock removes the mark, and all threads compete again. Writers do
   not queue in any order. */
class small_lock
{
	enum : unsigned { WRITER = 1, WAITS = 2, READER = 4 };
	std::atomic<unsigned> state{ 0 };

      public:
	RM_INLINED bool try_lock_shared()
	{
		/* relaxed: a guess, which the compare-exchange verifies */
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
		/* relaxed: a guess, which the compare-exchange verifies */
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
			/* both relaxed: the mark orders nothing */
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
} // namespace

#endif
