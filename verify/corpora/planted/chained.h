/* SPDX-License-Identifier: Apache-2.0 */
/* chained.h - a correct chained table under one mutex, with keys of all shapes.
 * Fixtures for bugs in keys, values and wrapping counters include it, define
 * macros such as CHAINED_IS_KEY or CHAINED_LOOKUP to replace its functions, and
 * then include chained_impl.h. They define PLANTED_ID; `twin` is true in the
 * corrected version, as in planted.h. */
#ifndef RM_CHAINED_H
#define RM_CHAINED_H

#include "impls/support/hash.h"
#include "impls/support/no_handle.h"
#include "runner/driver.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#ifdef PLANTED_TWIN
enum { twin = 1 };
#else
enum { twin = 0 };
#endif

enum { BUCKETS = 512 };

struct entry {
	struct entry *next;
	uint64_t hash, word; /* `word` is the key in u64 shapes */
	size_t length;       /* length of `bytes`, for string keys */
	struct rm_value value;
	char bytes[];
};

struct chained {
	pthread_mutex_t lock; /* protects everything else */
	uint64_t seed;
	struct rm_shape shape;
	_Atomic uint64_t writes;
	/* entries that destroy() frees; empty in correct maps */
	struct entry *dropped;
	struct entry *bucket[BUCKETS];
};

static void copy(
        struct rm_shape shape, struct rm_value *to, const struct rm_value *from)
{
	memcpy(to, from, shape.value_bytes);
}

static inline bool is_key(const struct entry *entry, struct rm_shape shape,
        struct rm_key key, uint64_t hash)
{
	if (!shape.str)
		return entry->word == key.word;
	return entry->hash == hash && entry->length == key.length &&
	       !memcmp(entry->bytes, key.bytes, key.length);
}

static inline size_t length_of(struct rm_key key)
{
	return key.length;
}

#endif /* RM_CHAINED_H */
