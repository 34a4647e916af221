/* SPDX-License-Identifier: Apache-2.0 */
/* test_keyset.c - tests the keys that often break maps (keyset.h): all keys of
 * a set differ, and each set contains its special keys. */
#include "impls/gomap/gomap.h"
#include "impls/support/hash.h"
#include "runner/keys.h"
#include "tests/unit/tap.h"
#include "verify/check/model.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS = 1100, SEED = 5 };

static char bytes[KEYS][RM_KEYSET_BYTES];
static struct rm_key keys[KEYS];

/* Makes the first keys of a set. */
static void make(enum rm_keyset set, struct rm_shape shape)
{
	for (size_t i = 0; i < KEYS; i++)
		keys[i] = rm_keyset_key(set, shape, i, SEED, bytes[i]);
}

static bool all_differ(struct rm_shape shape)
{
	for (size_t i = 0; i < KEYS; i++)
		for (size_t k = 0; k < i; k++)
			if (shape.str ? keys[i].length == keys[k].length &&
			                        !memcmp(keys[i].bytes,
			                                keys[k].bytes,
			                                keys[i].length)
			              : keys[i].word == keys[k].word)
				return false;
	return true;
}

static bool has_word(uint64_t word)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].word == word)
			return true;
	return false;
}

static bool has_length(size_t length)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].length == length)
			return true;
	return false;
}

static void ranks(void)
{
	struct rm_key_bytes line = { { 0 } };
	bool same = true;

	memset(bytes, 'x', sizeof(bytes));
	make(RM_KEYS_RANKS, RM_STR16X8);
	for (size_t i = 0; i < KEYS; i++) {
		const struct rm_key own = rm_key_of(RM_STR16X8, i, &line);

		same &= keys[i].length == own.length &&
		        !memcmp(keys[i].bytes, own.bytes, own.length);
	}
	CHECK(same, "strings of ranks equal those of the measured loop");
	make(RM_KEYS_RANKS, RM_U64X8);
	for (size_t i = 0; i < KEYS; i++)
		same &= keys[i].word == rm_key_of(RM_U64X8, i, &line).word;
	CHECK(same, "words of ranks equal those of the measured loop");
}

static void edges(void)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 4, 8, 15, 16, 17, 31, 32,
		33, 64, 127, 128, 129, 255, 256, 257, 300, 5000, 65535, 65536,
		65537 };
	bool all = true, zeros = true;

	make(RM_KEYS_EDGES, RM_U64X8);
	CHECK(all_differ(RM_U64X8), "all edge words differ");
	CHECK(has_word(0) && has_word(1) && has_word(2) &&
	                has_word(UINT64_MAX) && has_word(UINT64_MAX - 1) &&
	                has_word(1ULL << 63) && has_word(1ULL << 32) &&
	                has_word(UINT32_MAX),
	        "edge words include the least, the greatest and the halves");
	CHECK(has_word(1000) && has_word(1002) && has_word(1001ULL << 40),
	        "edge words include neighbours, and words that differ only in "
	        "high bits");
	make(RM_KEYS_EDGES, RM_STR16X8);
	CHECK(all_differ(RM_STR16X8), "all edge strings differ");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		all &= has_length(lengths[i]);
	CHECK(all, "edge strings have the lengths at which hashes change their "
	           "code path");
	for (size_t i = 0; i < 16; i++)
		for (size_t k = 0; k < keys[i].length; k++)
			zeros &= !keys[i].bytes[k];
	CHECK(zeros && has_length(0),
	        "the first edge strings are empty or have zero bytes only");
}

static void chains_of_strings(void)
{
	struct gomap *map = gomap_create(0, RM_STR16X8, rm_seed(SEED, 0));
	const uint64_t go = gomap_get(map->hash0);
	bool equal = true;
	unsigned lengths = 0;

	gomap_destroy(map);
	make(RM_KEYS_CHAIN, RM_STR16X8);
	CHECK(all_differ(RM_STR16X8), "all strings of a chain differ");
	for (size_t i = 0; i < KEYS; i++) {
		const bool is_go = i / 8 % 2;
		const struct rm_key like = keys[is_go * 8 + i % 4];
		const uint64_t seed = is_go ? go : SEED;

		equal &= keys[i].length == like.length &&
		         rm_hash(RM_STR16X8, keys[i], seed) ==
		                 rm_hash(RM_STR16X8, like, seed);
	}
	CHECK(equal,
	        "strings of one length have equal hashes for the map's seed, "
	        "in every second group of eight for the seed of Go's map");
	CHECK(rm_hash(RM_STR16X8, keys[0], SEED + 1) !=
	                rm_hash(RM_STR16X8, keys[4], SEED + 1),
	        "for another seed the hashes of these strings differ");
	for (size_t length = 16; length < 200; length++)
		lengths += has_length(length);
	CHECK(lengths == 3 && has_length(16) && has_length(32) &&
	                has_length(128),
	        "strings of a chain have 16, 32 or 128 bytes");
}

static void ends_of_strings(void)
{
	bool equal = true;

	make(RM_KEYS_CHAIN, RM_STR16X8);
	for (size_t i = 0; i < 256; i++)
		equal &= !memcmp(
		        keys[i].bytes + keys[i].length - 4, "\0\0\0\0", 4);
	CHECK(equal, "the first strings of a chain have equal last bytes");
}

static void chains_of_words(void)
{
	bool shared = true, differ = true, own = false;

	for (size_t i = 0; i < 64; i += 2) {
		const struct rm_key key = { .word = rm_keyset_chain(i, SEED) };

		shared &= rm_hash(RM_U64X8, key, SEED) % 256 == 0;
		differ &= key.word >> 32 == i;
	}
	CHECK(shared, "even words of a chain share eight hash bits");
	CHECK(differ, "even words of a chain differ in their high half");
	for (size_t i = 1; i < 64; i += 2) {
		const struct rm_key key = { .word = rm_keyset_chain(i, SEED) };

		own |= rm_hash(RM_U64X8, key, SEED) % 256 != 0;
	}
	CHECK(own, "odd words of a chain share hash bits for another seed");
	CHECK(rm_keyset_chain(2, SEED) != rm_keyset_chain(2, SEED + 1),
	        "another seed gives other words");
}

static void equal_hashes(void)
{
	bool zero = true, differ = true;

	for (uint64_t n = 0; n < 1000; n++) {
		const uint64_t seed = rm_keyset_seed(rm_seed(SEED, n));
		uint64_t word[3];

		for (size_t i = 0; i < 3; i++) {
			word[i] = rm_keyset_chain(2 * i, seed);
			zero &= !rm_hash(RM_U64X8,
			        (struct rm_key){ .word = word[i] }, seed);
		}
		differ &= word[0] != word[1] && word[0] != word[2] &&
		          word[1] != word[2];
	}
	CHECK(zero && differ,
	        "for suitable seeds three words have equal hashes");
}

/* The hash covers the length and the last 16 bytes. */
static void hashes(void)
{
	char one[40], two[40];
	const struct rm_key a = { .bytes = one, .length = 40 };
	struct rm_key b = { .bytes = two, .length = 40 };

	memset(one, 'a', sizeof(one));
	memset(two, 'a', sizeof(two));
	two[23] = 'b';
	CHECK(rm_keyset_hash(RM_STR16X8, a) == rm_keyset_hash(RM_STR16X8, b),
	        "bytes before the last 16 are not hashed");
	two[24] = 'b';
	CHECK(rm_keyset_hash(RM_STR16X8, a) != rm_keyset_hash(RM_STR16X8, b),
	        "the last 16 bytes are hashed");
	two[24] = 'a';
	b.length = 39;
	CHECK(rm_keyset_hash(RM_STR16X8, a) != rm_keyset_hash(RM_STR16X8, b),
	        "the length is hashed");
}

static bool printed(struct rm_shape shape, struct rm_key key, size_t size,
        const char *wanted)
{
	char text[128];

	rm_keyset_print(shape, key, text, size);
	if (strcmp(text, wanted))
		printf("# %s\n", text);
	return !strcmp(text, wanted);
}

static void texts(void)
{
	const struct rm_key word = { .word = 0x9e37 };
	const struct rm_key two = { .bytes = "\x00\x7f", .length = 2 };
	const struct rm_key many = { .bytes = "aaaaaaaaaaaaaaaaaaaaaaaa",
		.length = 24 };

	CHECK(printed(RM_U64X8, word, 128, "0x9e37"),
	        "a word prints as a number");
	CHECK(printed(RM_STR16X8, two, 128, "2 bytes 00 7f"),
	        "a string prints as its length and bytes");
	CHECK(printed(RM_STR16X8, many, 128,
	              "24 bytes 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 "
	              "61 61 61 61 61"),
	        "at most the first 20 bytes of a string are printed");
	CHECK(printed(RM_STR16X8, many, 16, "24 bytes 61 61"),
	        "only as many bytes of a string are printed as fit");
}

int main(void)
{
	ranks();
	edges();
	chains_of_strings();
	ends_of_strings();
	chains_of_words();
	equal_hashes();
	hashes();
	texts();
	return DONE();
}
