/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boost_concurrent.hh - Boost's two concurrent tables, through visitation.
 *
 * They have no iterators: they call a function with the element, under the lock
 * of the element's group of 15. Their size() is updated after an insert or
 * removal and may be a size that the table never had, so the map lacks the
 * length operation. Before including this file, include the library's header
 * and define the table: `concurrent`, a template of key, value, hash and
 * equality.
 */
#ifndef RM_BOOST_CONCURRENT_HH
#define RM_BOOST_CONCURRENT_HH

#include "impls/lib/cxx_map.hh"

#include <boost/version.hpp>

namespace
{
template <class Key, class Value> struct table {
	concurrent<Key, Value, common_hash, same_key> entries;

	explicit table(const rm_sizing &sizing)
	    : entries(0, common_hash{ sizing.seed })
	{
		if (sizing.presize)
			entries.reserve(sizing.keys);
	}

	RM_INLINED bool find(view<Key> key, rm_value *value)
	{
		return entries.cvisit(key,
		        [&](const auto &entry) { give(value, entry.second); });
	}

	RM_INLINED bool put(view<Key> key, const Value &value, rm_value *old)
	{
		return !entries.try_emplace_or_visit(
		        key, value, [&](auto &entry) {
			        give(old, entry.second);
			        entry.second = value;
		        });
	}

	bool add(view<Key> key, const Value &value, rm_value *present)
	{
		return !entries.try_emplace_or_cvisit(
		        key, value, [&](const auto &entry) {
			        give(present, entry.second);
		        });
	}

	RM_INLINED bool drop(view<Key> key, rm_value *old)
	{
		return entries.erase_if(key, [&](const auto &entry) {
			give(old, entry.second);
			return true;
		});
	}

	/* The table does not grow during a visit, so a key that stays is
	   visited exactly once. The library cannot end a visit early, so after
	   `visit` has returned false the other entries are skipped. */
	template <class F> void scan(F visit)
	{
		bool more = true;

		entries.cvisit_all([&](const auto &entry) {
			more = more && visit(entry.first, entry.second);
		});
	}
};

const char *version()
{
	return BOOST_LIB_VERSION;
}

constexpr unsigned offered = RM_ALL_SHAPES;
} // namespace

#include "impls/lib/cxx_operations.hh"

#endif
