/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbb_hash.cc - oneTBB's concurrent_hash_map, through accessors.
 *
 * needs: c++ tbb
 *
 * Each element and each bucket has a reader-writer spin lock. A lookup takes
 * and releases both: four writes to shared memory. Nodes come from malloc
 * (std::allocator), as in the other maps. Without libtbbmalloc the default,
 * tbb_allocator, is malloc, too. Iteration is not safe with concurrent writes,
 * so scan is not offered.
 */
#include "impls/lib/cxx_map.hh"

#include <tbb/concurrent_hash_map.h>
#include <tbb/version.h>

namespace
{
struct comparison {
	using is_transparent = void;
	common_hash hashing;

	template <class Key> RM_INLINED size_t hash(const Key &key) const
	{
		return hashing(key);
	}

	template <class A, class B>
	RM_INLINED bool equal(const A &a, const B &b) const
	{
		return a == b;
	}
};

template <class Key, class Value> struct table {
	using entries_type = tbb::concurrent_hash_map<Key, Value, comparison,
	        std::allocator<std::pair<const Key, Value>>>;
	entries_type entries;

	/* A quarter more buckets than keys, so that most chains have one
	   node. */
	explicit table(const rm_sizing &sizing)
	    : entries(sizing.presize ? sizing.keys + sizing.keys / 4 : 0,
	              comparison{ { sizing.seed } })
	{
	}

	RM_INLINED bool find(view<Key> key, rm_value *value)
	{
		typename entries_type::const_accessor at;

		if (!entries.find(at, key))
			return false;
		give(value, at->second);
		return true;
	}

	/* A new element is locked until its value is stored. */
	RM_INLINED bool put(view<Key> key, const Value &value, rm_value *old)
	{
		typename entries_type::accessor at;
		const bool is_new = entries.insert(at, key);

		if (!is_new)
			give(old, at->second);
		at->second = value;
		return !is_new;
	}

	bool add(view<Key> key, const Value &value, rm_value *present)
	{
		typename entries_type::accessor at;
		const bool is_new = entries.insert(at, key);

		if (is_new)
			at->second = value;
		else
			give(present, at->second);
		return !is_new;
	}

	RM_INLINED bool drop(view<Key> key, rm_value *old)
	{
		typename entries_type::accessor at;

		if (!old)
			return entries.erase(key);
		if (!entries.find(at, key))
			return false;
		give(old, at->second);
		return entries.erase(at);
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

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

extern "C" {
RM_DRIVES(all_operations)

extern const struct rm_impl rm_impl_tbb_hash = {
	.id = "tbb_hash",
	.label = "TBB concurrent_hash_map",
	.family = "lock",
	.sync = "rw spin lock per element",
	.source = "oneTBB, concurrent_hash_map",
	.shapes = offered,
	.guarantees = "none",
	.progress = "blocking",
	.ops = &all_operations,
	.drive = RM_ALL_DRIVES,
	.version = version,
	.value_most = 1024,
	.value_place = "inline, in the key's node; freed by the writer",
};
}
