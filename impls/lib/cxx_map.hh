/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cxx_map.hh - adapts maps of C++ libraries to the contract of runner/map.h.
 *
 * The file of a library defines how to use it in a class template.
 * cxx_operations.hh then makes all operations from that template:
 *
 *	template <class Key, class Value> struct table {
 *		explicit table(const rm_sizing &sizing);
 *		bool find(view<Key> key, rm_value *value);
 *		bool put(view<Key> key, const Value &value, rm_value *old);
 *		bool add(view<Key> key, const Value &value, rm_value *present);
 *		bool drop(view<Key> key, rm_value *old);
 *		void scan(F visit); F: bool(const Key &, const Value &)
 *		size_t size();
 *	};
 *
 * Each of find, put, add and drop returns whether the key was present; `old`
 * may be NULL. Keys are words or std::string. Searches use view<Key>, so a
 * lookup does not allocate. A value is one word, or an rm_value of three words.
 *
 * All names are local to one file (anonymous namespace), so that two maps may
 * use one library differently.
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

/* A macro's value as a string literal. */
#define RM_TEXT(macro)   RM_TEXT_OF(macro)
#define RM_TEXT_OF(text) #text

/* Like RM_HOT, for members and lambdas. */
#ifdef RM_OUT_OF_LINE
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

/* The hash function of all maps, for stored and searched keys. All bits of the
   hash are well mixed, so libraries need not mix them again. */
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

/* The version of the C++ standard library that this file is compiled with. */
inline const char *standard_library()
{
	return RM_TEXT(_GLIBCXX_RELEASE) " (libstdc++)";
}

/* Copies a stored value to the caller, if requested. */
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
