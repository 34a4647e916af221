/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - ranks, keys and values of the measured loop.
 *
 * A *rank* is a number 0 to n-1. Its key is the rank scattered over 64 bits.
 * The low 32 bits of its value are the rank, so that one xor verifies a hit. A
 * string key is 16 bytes: the scattered word, then the rank. The remaining
 * bytes of a longer key are equal in all keys. In programs with placed keys
 * (RM_PLACED), the 8 bytes of the scattered word are in the middle or at the
 * end of the key, and all other bytes are 0.
 */
#ifndef RM_KEYS_H
#define RM_KEYS_H

#include "runner/base/rng.h"
#include "runner/map.h"

#include <string.h>

enum { RM_STR_KEY_BYTES = 16 };

/* Bytes of a string key, in a cache line that belongs to one thread. Zero it
   before use, since bytes after the rank are never written. `more` exists in
   programs for other sizes (docs/adr/0030): the length of the key after its
   first 16 bytes. */
struct rm_key_bytes {
	alignas(RM_CACHE_LINE) char bytes[RM_CACHE_LINE];
#ifdef RM_SIZED
	size_t more;
#endif
#ifdef RM_PLACED
	/* The scattered word may be in two adjacent words, which start at byte
	   `at`. The first word has the bits in the mask `first`, and the second
	   word the others. */
	uint64_t first, at;
#endif
};

#ifdef RM_SIZED
RM_HOT size_t rm_key_extra_bytes(const struct rm_key_bytes *line)
{
	return line->more;
}

/* Sets the length of keys. `bytes` is RM_STR_KEY_BYTES to RM_CACHE_LINE. */
static inline void rm_key_lengthen(struct rm_key_bytes *line, size_t bytes)
{
	line->more = bytes - RM_STR_KEY_BYTES;
}
#else
RM_HOT size_t rm_key_extra_bytes(const struct rm_key_bytes *line)
{
	(void)line;
	return 0;
}

static inline void rm_key_lengthen(struct rm_key_bytes *line, size_t bytes)
{
	(void)line, (void)bytes;
}
#endif

#ifdef RM_PLACED
/* Sets the position of the word with the rank in keys of length `bytes`. The middle
   position starts in the middle of a word. The low half of the scattered word,
   which contains the rank, is always in the second word. */
static inline void rm_key_place(
        struct rm_key_bytes *line, size_t bytes, bool last)
{
	line->first = last ? 0 : 0xffffffff00000000U;
	line->at = last ? bytes - RM_STR_KEY_BYTES : bytes / 2 - 8;
}

RM_HOT void rm_key_write(
        struct rm_key_bytes *line, uint64_t word, uint64_t rank)
{
	const uint64_t words[2] = { word & line->first, word & ~line->first };

	(void)rank;
	memcpy(line->bytes + line->at, words, sizeof(words));
}
#else
static inline void rm_key_place(
        struct rm_key_bytes *line, size_t bytes, bool last)
{
	(void)line, (void)bytes, (void)last;
}

RM_HOT void rm_key_write(
        struct rm_key_bytes *line, uint64_t word, uint64_t rank)
{
	memcpy(line->bytes, &word, 8);
	memcpy(line->bytes + 8, &rank, 8);
}
#endif

/* Scatters a rank over 64 bits. The multiplication by an odd constant is a
   bijection modulo 2^64. The constant's low half is 1, so the key's low 32 bits
   equal the rank's. null_map uses this to return a value without arithmetic. */
static inline uint64_t rm_scatter(uint64_t rank)
{
	return rank * 0x9e3779b900000001U;
}

/* Returns the key of a rank. The bytes of a string key are in `line`, and valid
   as long as `line` is. */
RM_HOT struct rm_key rm_key_of(
        struct rm_shape shape, uint64_t rank, struct rm_key_bytes *line)
{
	struct rm_key key = { .word = rm_scatter(rank) };

	if (shape.str) {
		rm_key_write(line, key.word, rank);
		key.bytes = line->bytes;
		key.length = RM_STR_KEY_BYTES + rm_key_extra_bytes(line);
	}
	return key;
}

/* Returns word i >= 2 of a long value. It depends on i and on word 0, so that
   torn or moved words are detected. `turned` is word 2. */
RM_HOT uint64_t rm_value_word(uint64_t turned, size_t i)
{
	return turned + (i - 2) * 0x9e3779b97f4a7c15U;
}

/* Builds a value of more than three words. */
RM_HOT struct rm_value rm_value_long(uint64_t word)
{
	struct rm_value value = RM_LITERAL(rm_value){ { word, ~word } };
	const uint64_t turned = word << 21 | word >> 43;

	for (size_t i = 2; i < RM_VALUE_WORDS; i++)
		value.word[i] = rm_value_word(turned, i);
	return value;
}

/* Returns nonzero if words 2 and above do not match word 0. */
RM_HOT uint64_t rm_value_long_errors(const struct rm_value *value)
{
	const uint64_t word = value->word[0];
	const uint64_t turned = word << 21 | word >> 43;
	uint64_t wrong = 0;

	for (size_t i = 2; i < RM_VALUE_WORDS; i++)
		wrong |= value->word[i] ^ rm_value_word(turned, i);
	return wrong;
}

/* Builds a value: from high to low, 20 bits of sequence, 12 bits of writer and
   32 bits of rank. In long shapes the other words are functions of word 0, so
   that a torn copy is detected. */
RM_HOT struct rm_value rm_value_of(
        uint64_t rank, unsigned writer, uint64_t sequence)
{
	uint64_t word = sequence << 44 | (uint64_t)(writer & 0xfff) << 32 |
	                (uint32_t)rank;

	if (RM_VALUE_WORDS > 3)
		return rm_value_long(word);
	return RM_LITERAL(rm_value){ { word, ~word, word << 21 | word >> 43 } };
}

/* Returns 0 if `value` was written for `rank` and is not torn, else nonzero. */
RM_HOT uint64_t rm_value_errors(
        struct rm_shape shape, const struct rm_value *value, uint64_t rank)
{
	uint64_t word = value->word[0];
	uint64_t wrong = (uint32_t)word ^ (uint32_t)rank;

	if (shape.value_bytes == RM_VALUE_LONG) {
		wrong |= value->word[1] ^ ~word;
		if (RM_VALUE_WORDS > 3)
			wrong |= rm_value_long_errors(value);
		else
			wrong |= value->word[2] ^ (word << 21 | word >> 43);
	}
	return wrong;
}

/* Returns the term of a rank in a key sum; its bits are mixed, so that errors
   do not cancel. */
static inline uint64_t rm_rank_mix(uint64_t rank)
{
	return rm_seed(0x726d, rank);
}

#endif /* RM_KEYS_H */
