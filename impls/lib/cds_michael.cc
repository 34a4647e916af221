/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_michael.cc - Michael's hash table from libcds, with hazard pointers.
 *
 * needs: c++ libcds
 *
 * It has 9/8 times as many buckets as keys, all created at the start and kept;
 * each is a sorted list. A lookup announces each item that it compares, with a
 * store and a full fence on a cache line of its own thread.
 *
 * It uses the library's iterable list, whose update replaces the whole item. An
 * update in the library's other list changes an item that is already visible,
 * even after its removal.
 *
 * Its size() is updated after an insert or removal, so it may return a size
 * that the set never had; the map therefore has no length operation. Writes are
 * separate functions, since the library calls its scan of the hazard pointers
 * through a pointer.
 */
#define NDEBUG /* as in release builds */

#include "impls/lib/cds_threads.hh"

#include <cds/container/iterable_list_hp.h>
#include <cds/container/michael_set.h>

namespace
{
/* A key and its value, which never changes. The stored key is xored with the
   seed, since the library computes the hash from it. */
struct cds_item {
	uint64_t key, value;
};

struct list_traits : cds::container::iterable_list::traits {
	struct compare {
		RM_INLINED static uint64_t key_of(const cds_item &item)
		{
			return item.key;
		}

		RM_INLINED static uint64_t key_of(uint64_t key)
		{
			return key;
		}

		template <class A, class B>
		RM_INLINED int operator()(const A &a, const B &b) const
		{
			return (key_of(a) > key_of(b)) -
			       (key_of(a) < key_of(b));
		}
	};
};

struct set_traits : cds::container::michael_set::traits {
	using item_counter = cds::atomicity::cache_friendly_item_counter;

	struct hash {
		RM_INLINED size_t operator()(uint64_t key) const
		{
			return rm_hash(RM_U64X8, ::key_of(key), 0);
		}

		RM_INLINED size_t operator()(const cds_item &item) const
		{
			return (*this)(item.key);
		}
	};
};

using items = cds::container::MichaelHashSet<cds::gc::HP,
        cds::container::IterableList<cds::gc::HP, cds_item, list_traits>,
        set_traits>;
} // namespace

#include "impls/lib/cds_writes.hh"

namespace
{
template <class, class> struct table : cds_table<cds::gc::HP> {
	uint64_t seed;
	items entries;

	explicit table(const rm_sizing &sizing)
	    : seed(sizing.seed), entries(sizing.keys + sizing.keys / 8, 1)
	{
		cds_exit();
	}

	~table()
	{
		cds_enter<cds::gc::HP>();
	}

	RM_INLINED bool find(uint64_t key, rm_value *value)
	{
		return entries.find(
		        key ^ seed, [&](const cds_item &item, uint64_t) {
			        give(value, item.value);
		        });
	}

	RM_INLINED bool put(uint64_t key, uint64_t value, rm_value *old)
	{
		const cds_item item{ key ^ seed, value };

		return callback_put(&entries, &item, old);
	}

	bool add(uint64_t key, uint64_t value, rm_value *present)
	{
		return add_item(this, key, { key ^ seed, value }, present);
	}

	RM_INLINED bool drop(uint64_t key, rm_value *old)
	{
		return callback_drop(&entries, key ^ seed, old);
	}

	/* Nodes stay in the lists, so the scan misses none. */
	template <class F> void scan(F visit)
	{
		for (const cds_item &item : entries)
			if (!visit(item.key ^ seed, item.value))
				break;
	}
};

constexpr unsigned offered = 1;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVE(all_operations, u64x8, RM_U64X8)

extern const struct rm_impl rm_impl_cds_michael = {
	.id = "cds_michael",
	.label = "libcds Michael, HP",
	.family = "free",
	.sync = "lock-free, hazard ptrs",
	.source = "Michael, SPAA 2002; libcds, MichaelHashSet, IterableList",
	.shapes = offered,
	.caps = RM_CAP_FIXED_SIZE,
	.guarantees = "once-if-present",
	.progress = "lock-free",
	.dispatch = "callback",
	.ops = &all_operations,
	.drive = { drive_u64x8 },
	.version = version,
};
}
