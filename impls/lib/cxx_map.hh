/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cxx_map.hh - maps of C++ libraries in the contract of runner/map.h.
 *
 * A peer's file says in a class template how its library is used, includes
 * cxx_operations.hh, and has all operations made of it:
 *
 *     template <class Key, class Value> struct table {
 *             explicit table(const rm_sizing &sizing);
 *             bool find(view<Key> key, rm_value *value);
 *             bool put(view<Key> key, const Value &value, rm_value *old);
 *             bool add(view<Key> key, const Value &value, rm_value *present);
 *             bool drop(view<Key> key, rm_value *old);
 *             void scan(F visit); F: bool(const Key &, const Value &)
 *             size_t size();
 *     };
 *
 * Each says whether the key was there; `old` may be NULL. Keys are words or
 * std::string, and are searched by view<Key>, so that a look-up allocates
 * nothing. Values are a word, or rm_value with its three.
 *
 * All names are those of one file (anonymous namespace): two peers may use one
 * library in two ways.
 */
#ifndef RM_CXX_MAP_HH
#define RM_CXX_MAP_HH

#include "impls/support/hash.h"
#include "runner/driver.h"

#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

/* A macro's value as a text. */
#define RM_TEXT(macro)   RM_TEXT_OF(macro)
#define RM_TEXT_OF(text) #text

/* What RM_HOT is to functions, for members and lambdas. */
#ifdef RM_CALLED
#define RM_INLINED
#else
#define RM_INLINED __attribute__((always_inline))
#endif

namespace
{
template <class Key>
using view = std::conditional_t<std::is_same_v<Key, std::string>,
        std::string_view, uint64_t>;

RM_HOT rm_key key_of(uint64_t word)
{
	return rm_key{ .word = word };
}

RM_HOT rm_key key_of(std::string_view text)
{
	return rm_key{ .bytes = text.data(), .length = text.size() };
}

/* The hash of all maps, of keys as they are held and as they are searched.
   All of its bits are good: a library need not mix them again. */
struct common_hash {
	using is_transparent = void;
	using is_avalanching = void;
	uint64_t seed;

	RM_INLINED size_t operator()(uint64_t word) const
	{
		return rm_hash(RM_U64X8, key_of(word), seed);
	}

	RM_INLINED size_t operator()(std::string_view text) const
	{
		return rm_hash(RM_STR16X8, key_of(text), seed);
	}
};

using same_key = std::equal_to<>;

/* The C++ library that all of this is compiled with. */
inline const char *standard_library()
{
	return RM_TEXT(_GLIBCXX_RELEASE) " (libstdc++)";
}

/* Copies a value that a table holds to a caller that wants it. */
RM_HOT void give(rm_value *to, uint64_t held)
{
	if (to)
		to->word[0] = held;
}

RM_HOT void give(rm_value *to, const rm_value &held)
{
	if (to)
		*to = held;
}
} // namespace

#endif
