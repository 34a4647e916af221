/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuckoo.hh - included before libcuckoo's benchmark (g++ -include), which is
 * built for calibrate_key. Each CALIBRATE_* replaces a part of its loop by this
 * suite's, so that differences get a measured cause. Without these macros a key
 * is hashed by its word.
 */
#include <test_util.hh>

#define KEY   calibrate_key
#define VALUE uint64_t

#include "impls/support/hash.h"
#include "runner/base/rng.h"

struct calibrate_key {
	uint64_t word;

	bool operator==(const calibrate_key &other) const
	{
		return word == other.word;
	}
};

template <> struct std::hash<calibrate_key> {
	size_t operator()(const calibrate_key &key) const
	{
#ifdef CALIBRATE_HASH /* the word itself */
		return rm_hash(RM_U64X8, rm_key{ .word = key.word }, 7);
#else
		return key.word;
#endif
	}
};

#include "universal_gen.hh"

/* Resident keys come first; each is requested once, in order. */
static const calibrate_key *calibrate_first;
static uint64_t calibrate_filled, calibrate_state = 1;

template <> class Gen<calibrate_key>
{
      public:
	using storage_type = calibrate_key;
	static constexpr size_t key_size = sizeof(uint64_t);
	static constexpr size_t value_size = sizeof(uint64_t);

	static storage_type storage_key(uint64_t word)
	{
		return { word };
	}

	static calibrate_key get(const storage_type &key)
	{
#ifdef CALIBRATE_DRAW /* the next key in an order that repeats */
		if (calibrate_filled == CALIBRATE_DRAW / 2)
			return calibrate_first[rm_below(
			        rm_next(&calibrate_state), CALIBRATE_DRAW)];
		if (calibrate_filled++ == 0)
			calibrate_first = &key;
#endif
		return key;
	}
};

#ifdef CALIBRATE_DRAW /* the benchmark knows in advance which keys are present */
uint64_t calibrate_wrong,
        calibrate_missed; /* global, so that stores are not optimised away */

#undef ASSERT_EQ
#ifdef CALIBRATE_USE /* discarded */
#define ASSERT_EQ(expected, found)            \
	do {                                  \
		if (found)                    \
			calibrate_wrong |= v; \
		else                          \
			calibrate_missed++;   \
	} while (0)
#else
#define ASSERT_EQ(expected, found) ((void)(found))
#endif
#endif
