/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cds_feldman.hh - Feldman's multi-level array from libcds.
 *
 * This is a trie over the bits of a hash that no two keys share. The first
 * array is as large as the number of keys, and keys that collide go to arrays
 * of 16.
 *
 * The hash is a bijection of the key, unlike in the other maps, since the trie
 * treats equal hashes as equal keys. Writes are separate functions, since the
 * library calls its reclamation through a pointer.
 *
 * The includer includes the library's headers and defines `reclaimer`, the
 * library's class that frees removed items.
 */
#ifndef RM_CDS_FELDMAN_HH
#define RM_CDS_FELDMAN_HH

#include "impls/lib/cds_threads.hh"

#include <bit>

namespace
{
/* A value never changes: an update replaces the item. */
struct cds_item {
	uint64_t hash, value;
};

/* When the library frees an array, it passes the size of an array without
   slots. An allocator may rely on that size, so this one does not pass it
   on. */
template <class T> struct untold {
	using value_type = T;

	untold() = default;
	template <class U> untold(const untold<U> &)
	{
	}

	T *allocate(size_t count)
	{
		return static_cast<T *>(::operator new(count * sizeof(T)));
	}

	void deallocate(T *block, size_t)
	{
		::operator delete(block);
	}

	bool operator==(const untold &) const = default;
};

struct traits : cds::container::feldman_hashset::traits {
	using item_counter = cds::atomicity::cache_friendly_item_counter;
	using node_allocator = untold<int>;

	struct hash_accessor {
		RM_INLINED const uint64_t &operator()(
		        const cds_item &item) const
		{
			return item.hash;
		}
	};
};

using items = cds::container::FeldmanHashSet<reclaimer, cds_item, traits>;
} // namespace

#include "impls/lib/cds_writes.hh"

namespace
{
template <class, class> struct table : cds_table<reclaimer> {
	/* the library's defaults */
	static constexpr size_t head_bits = 8, array_bits = 4;

	uint64_t seed;
	items entries;

	/* The library rounds the bits of the head up to a multiple of the bits
	   of an array. */
	explicit table(const rm_sizing &sizing)
	    : seed(sizing.seed),
	      entries(sizing.presize ? size_t(std::bit_width(sizing.keys))
	                             : head_bits,
	              array_bits)
	{
		cds_exit();
	}

	~table()
	{
		cds_enter<reclaimer>();
	}

	/* For each seed this is a bijection of the key: splitmix64's
	   finaliser. */
	RM_INLINED uint64_t hash_of(uint64_t key) const
	{
		return rm_seed(key ^ seed, 0);
	}

	RM_INLINED bool find(uint64_t key, rm_value *value)
	{
		return entries.find(hash_of(key),
		        [&](const cds_item &item) { give(value, item.value); });
	}

	RM_INLINED bool put(uint64_t key, uint64_t value, rm_value *old)
	{
		const cds_item item{ hash_of(key), value };

		return callback_put(&entries, &item, old);
	}

	bool add(uint64_t key, uint64_t value, rm_value *present)
	{
		return add_item(this, key, { hash_of(key), value }, present);
	}

	RM_INLINED bool drop(uint64_t key, rm_value *old)
	{
		return callback_drop(&entries, hash_of(key), old);
	}

	size_t size()
	{
		return entries.size();
	}
};

constexpr unsigned offered = 1;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVE(all_operations, u64x8, RM_U64X8)

/* Members of struct rm_impl after the label. */
#define CDS_FELDMAN(family_text, sync_text, progress_text)                  \
	.family = family_text, .sync = sync_text,                           \
	.source = "Feldman et al., IJPP 2013; libcds, FeldmanHashSet",      \
	.shapes = offered, .guarantees = "none", .progress = progress_text, \
	.dispatch = "callback", .ops = &all_operations,                     \
	.drive = { drive_u64x8 }, .version = version
}

#endif
