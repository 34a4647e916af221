/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcuckoo.cc - libcuckoo's concurrent cuckoo hash table.
 *
 * needs: c++ libcuckoo
 *
 * A key is in one of two buckets of four. A look-up takes the spin locks of
 * both, from an array of stripes: four writes to shared memory, beside the
 * writers' element counts that lie with the locks. Growth locks all of them.
 *
 * More than eight keys of one hash have no place: the library grows, then gives
 * up and throws. Strings that collide are easily made, and the suite makes
 * them, so that this map has 64-bit keys only.
 */
#define NDEBUG /* as in a release build */

#include "impls/lib/cxx_map.hh"

#include <libcuckoo/cuckoohash_map.hh>

namespace
{
/* Two buckets where the map shall grow; the library's default is 262,144 slots,
   in which most cells would never see it grow. */
constexpr size_t first_slots = 8;

template <class Key, class Value> struct table {
	libcuckoo::cuckoohash_map<Key, Value, common_hash, same_key> entries;

	/* An eighth more, for the table may not be filled to its last slot. */
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

	/* All locks are held meanwhile, so it is one moment of the map. */
	template <class F> void scan(F visit)
	{
		auto all = entries.lock_table();

		for (const auto &entry : all)
			if (!visit(entry.first, entry.second))
				break;
	}

	/* Of the same moment: the table's own size() adds counters up that
	   writers change meanwhile, and may be one that it never had. */
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

extern const struct rm_impl rm_impl_libcuckoo;
const struct rm_impl rm_impl_libcuckoo = {
	.id = "libcuckoo",
	.label = "libcuckoo",
	.family = "lock",
	.sync = "striped spin locks",
	.source = "Li et al., EuroSys 2014; libcuckoo, cuckoohash_map",
	.system = "",
	.shapes = offered,
	.guarantees = "point-in-time",
	.progress = "blocking",
	.dispatch = "none",
	.ops = &all_operations,
	.drive = RM_U64_DRIVES,
	.value_most = 1024,
	.value_place = "in line, in the table's slots; freed by the writer",
};
}
