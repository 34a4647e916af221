/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mutate.h - makes inputs for parsers of files with sense, spoilt a bit.
 *
 * The mutator of all fuzzers, of those in Python as well (by ctypes). It knows
 * no grammar but what texts share: tokens, numbers, lines, values in brackets
 * or quotes, members (NAME: VALUE). What a parser takes for a word is told by
 * its caller. One seed and one number make one input.
 */
#ifndef RM_TESTS_FUZZ_MUTATE_H
#define RM_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

enum { FUZZ_BYTES = 16384 };

/* What inputs are made from. Nothing is owned. */
struct fuzz_corpus {
	const char *const *words; /* what the parser knows, and near misses */
	size_t word_count;
	const char *const *seeds; /* whole files */
	const size_t *seed_bytes;
	size_t seed_count; /* at least 1 */
};

struct fuzz_input {
	uint64_t rng;
	size_t length;
	char text[FUZZ_BYTES];
};

/*
 * Makes input `number` of `seed`: most are a file with one to six mutations (mostly few),
 * some two files in one, some words only, few bytes only.
 */
void fuzz_make(const struct fuzz_corpus *corpus, uint64_t seed, uint64_t number,
        struct fuzz_input *input);

/* Below n, 0 where n is 0; draws from the input's numbers. */
uint64_t fuzz_below(struct fuzz_input *input, uint64_t n);

#endif /* RM_TESTS_FUZZ_MUTATE_H */
