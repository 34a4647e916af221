/* SPDX-License-Identifier: Apache-2.0 */
/* keyset.c - keys that often break maps: the least and the greatest word,
 * common prefixes, zero bytes, equal hashes. */
#include "verify/check/keyset.h"

#include "impls/support/hash.h"
#include "runner/base/rng.h"
#include "runner/keys.h"

#include <stdio.h>
#include <string.h>

static uint64_t edge_word(size_t i)
{
	static const uint64_t special[] = { 0, UINT64_MAX, 1, 2,
		(uint64_t)1 << 63, UINT64_MAX - 1, (uint64_t)1 << 32,
		UINT32_MAX };

	if (i < sizeof(special) / sizeof(special[0]))
		return special[i];
	/* neighbours, and keys that differ only in high bits */
	return i % 2 ? (uint64_t)i << 40 : i;
}

/* Keys of zero bytes, of lengths at which hashes and copies change their code
 * path. Each key is a prefix of all longer ones. */
static const size_t zeros[] = { 0, 1, 15, 16, 17, 31, 32, 128, 129, 2, 3, 4, 8,
	33, 127, 64 };
enum { ZEROS = sizeof(zeros) / sizeof(zeros[0]) };

/* Further lengths of keys of zero bytes, at which 8-bit and 16-bit length
 * fields wrap. They start at key number WRAPS_FROM, because long keys are slow
 * and most tests use few keys. */
static const size_t wraps[] = { 255, 256, 257, 65535, 65536, 65537 };
enum { WRAPS = sizeof(wraps) / sizeof(wraps[0]), WRAPS_FROM = 64 };

/* Returns a key of zero bytes and then i, so that prefixes are long. */
static struct rm_key edge_string(size_t i, char *buffer)
{
	const bool is_wrap = i >= WRAPS_FROM && i < WRAPS_FROM + WRAPS;
	struct rm_key key = { .bytes = buffer, .length = 4 + i * 7 % 37 };
	uint32_t tail = (uint32_t)i;

	if (i % 61 == 0)
		key.length = 300;
	if (i % 509 == 0)
		key.length = 5000;
	if (i < ZEROS)
		key.length = zeros[i];
	if (is_wrap)
		key.length = wraps[i - WRAPS_FROM];
	memset(buffer, 0, key.length);
	if (i >= ZEROS && !is_wrap)
		memcpy(buffer + key.length - sizeof(tail), &tail, sizeof(tail));
	return key;
}

/* Returns the seed of Go's map, which derives it from the given seed. */
static uint64_t go_seed(uint64_t seed)
{
	uint64_t go = rm_seed(seed, 0);

	return (uint32_t)rm_next(&go);
}

/* If a factor in the hash is 0, the product is 0. Therefore these strings have
 * equal hashes if they have 16 bytes, or equal greater lengths. They differ
 * after a zero byte, but if i < 256, not in their last four bytes: gomap first
 * compares only the ends of long strings. */
static struct rm_key chain_string(size_t i, uint64_t seed, char *buffer)
{
	const uint64_t number = (uint64_t)i << 24; /* low bytes first */
	const uint64_t zero = rm_hash_secret(i / 8 % 2 ? go_seed(seed) : seed);
	const size_t more = i % 4 == 2 ? 16 : i % 4 == 3 ? 112 : 0;

	memset(buffer, 'x', more);
	memcpy(buffer + more, &zero, sizeof(zero));
	memcpy(buffer + more + sizeof(zero), &number, sizeof(number));
	return (struct rm_key){ .bytes = buffer, .length = more + 16 };
}

/* The hash of a word x is the folded product of two factors, one for each half
 * of (x ^ secret) * factor. The hash is 0 if one of the two factors is 0. The
 * number of words with this hash depends on the seed: with a seed of
 * rm_keyset_seed(), at least three. */
static bool zero_hash_word(size_t i, uint64_t seed, uint64_t *word)
{
	__extension__ typedef unsigned __int128 u128;
	const uint64_t factor = RM_HASH_B - seed;
	const uint64_t low = RM_HASH_C ^ sizeof(*word);
	uint64_t x, inverse = factor;

	if (factor % 2 == 0 || factor <= RM_HASH_D)
		return false;
	for (int bits = 3; bits < 64; bits *= 2) /* Newton's method */
		inverse *= 2 - factor * inverse;
	x = i ? (uint64_t)(((u128)RM_HASH_D << 64) / factor + i)
	      : inverse * low;
	*word = x ^ rm_hash_secret(seed);
	return !i || (uint64_t)((u128)x * factor >> 64) == RM_HASH_D;
}

uint64_t rm_keyset_seed(uint64_t seed)
{
	return RM_HASH_B - ((uint64_t)5 << 60 | seed >> 4 | 1);
}

uint64_t rm_keyset_chain(size_t i, uint64_t seed)
{
	const uint64_t map_seed = i % 2 ? go_seed(seed) : seed;
	struct rm_key key = { .word = (uint64_t)i << 32 };
	uint64_t word;

	if (i % 2 == 0 && zero_hash_word(i / 2, seed, &word))
		return word;
	/* the low half must not overflow, which one word in 256 satisfies */
	while (rm_hash(RM_U64X8, key, map_seed) % (1U << RM_CHAIN_BITS))
		key.word++;
	return key.word;
}

struct rm_key rm_keyset_key(enum rm_keyset set, struct rm_shape shape, size_t i,
        uint64_t seed, char *buffer)
{
	struct rm_key key = { .word = edge_word(i) };

	if (set == RM_KEYS_EDGES)
		return shape.str ? edge_string(i, buffer) : key;
	if (set == RM_KEYS_CHAIN)
		return shape.str ? chain_string(i, seed, buffer) : key;
	key.word = rm_scatter(i);
	if (shape.str) {
		uint64_t rank = i;

		memcpy(buffer, &key.word, 8);
		memcpy(buffer + 8, &rank, 8);
		key = (struct rm_key){ .bytes = buffer,
			.length = RM_STR_KEY_BYTES };
	}
	return key;
}

/* FNV-1a, to be independent of the maps' hash. It covers only the length and
 * the last bytes, in which keys of all sets differ, because some keys have
 * thousands of bytes. */
uint64_t rm_keyset_hash(struct rm_shape shape, struct rm_key key)
{
	enum { LAST = 16 };
	const char *bytes = shape.str ? key.bytes : (const char *)&key.word;
	size_t length = shape.str ? key.length : sizeof(key.word);
	uint64_t hash = 0xcbf29ce484222325U ^ length;

	for (size_t i = length > LAST ? length - LAST : 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3U;
	return hash ^ hash >> 32;
}

void rm_keyset_print(
        struct rm_shape shape, struct rm_key key, char *text, size_t size)
{
	size_t used;

	if (!shape.str) {
		snprintf(text, size, "0x%llx", (unsigned long long)key.word);
		return;
	}
	used = (size_t)snprintf(text, size, "%zu bytes", key.length);
	for (size_t i = 0; i < key.length && used + 4 < size && i < 20; i++)
		used += (size_t)snprintf(text + used, size - used, " %02x",
		        (unsigned char)key.bytes[i]);
}
