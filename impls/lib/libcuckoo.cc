/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcuckoo.cc - libcuckoo's concurrent cuckoo hash table.
 *
 * needs: c++ libcuckoo
 *
 * A key is in one of two buckets of four. A lookup takes the spin locks of
 * both, from an array of stripes: four writes to shared memory. The element
 * counts, which writers change, are on the same cache lines. Growth takes all
 * locks.
 *
 * The library cannot store more than eight keys with the same hash. It grows,
 * then gives up and throws an exception. Colliding strings are easy to
 * construct, and the suite does so. Therefore this map has only 64-bit keys.
 */
#define NDEBUG /* as in release builds */

#include "impls/lib/cxx_map.hh"

#include <libcuckoo/cuckoohash_map.hh>

namespace
{
/* Starts with two buckets if the map is to grow. The default of 262,144 slots
   would prevent growth in most cells. */
constexpr size_t first_slots = 8;

template <class Key, class Value> struct table {
	libcuckoo::cuckoohash_map<Key, Value, common_hash, same_key> entries;

	/* Reserves an eighth more, since the table cannot be filled
	   completely. */
	explicit table(const rm_sizing &sizing)
	    : entries(sizing.presize ? sizing.keys + sizing.keys / 8
	                             : first_slots,
	              common_hash{ sizing.seed })
	{
	}

	RM_INLINED bool find(view<Key> key, rm_value *value)
	{
		return entries.find_fn(
		        key, [&](const Value &held) { give(value, held); });
	}

	RM_INLINED bool put(view<Key> key, const Value &value, rm_value *old)
	{
		return !entries.upsert(
		        key,
		        [&](Value &held) {
			        give(old, held);
			        held = value;
		        },
		        value);
	}

	bool add(view<Key> key, const Value &value, rm_value *present)
	{
		return !entries.upsert(
		        key, [&](Value &held) { give(present, held); }, value);
	}

	RM_INLINED bool drop(view<Key> key, rm_value *old)
	{
		return entries.erase_fn(key, [&](Value &held) {
			give(old, held);
			return true;
		});
	}

	/* Holds all locks, so all visited entries were present at the same
	   time. */
	template <class F> void scan(F visit)
	{
		auto all = entries.lock_table();

		for (const auto &entry : all)
			if (!visit(entry.first, entry.second))
				break;
	}

	/* Also holds all locks. The table's own size() adds up counters while
	   writers change them, so it may return a size that the table never
	   had. */
	size_t size()
	{
		return entries.lock_table().size();
	}
};

constexpr unsigned offered = RM_U64_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES_U64(all_operations)

extern const struct rm_impl rm_impl_libcuckoo = {
	.id = "libcuckoo",
	.label = "libcuckoo",
	.family = "lock",
	.sync = "striped spin locks",
	.source = "Li et al., EuroSys 2014; libcuckoo, cuckoohash_map",
	.shapes = offered,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.ops = &all_operations,
	.drive = RM_U64_DRIVES,
	.value_most = 1024,
	.value_place = "inline, in the table's slots; freed by the writer",
};
}
