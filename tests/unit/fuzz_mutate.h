/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mutate.h - makes inputs for parsers of files: valid texts with a few
 * errors.
 *
 * This is the mutator of all fuzzers, including those in Python (through
 * ctypes). It does not know a grammar, only common parts of texts: tokens,
 * numbers, lines, values in brackets or quotes, members (NAME: VALUE). The
 * caller supplies the parser's words. Seed and number determine an input.
 */
#ifndef RM_TESTS_FUZZ_MUTATE_H
#define RM_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

enum { FUZZ_BYTES = 16384 };

/* The sources of inputs. The caller owns all texts. */
struct fuzz_corpus {
	const char *const *words; /* words that the parser knows, and similar
				     ones */
	size_t word_count;
	const char *const *seeds; /* whole files */
	const size_t *seed_bytes;
	size_t seed_count; /* number of seeds, at least 1 */
};

struct fuzz_input {
	uint64_t rng;
	size_t length;
	char text[FUZZ_BYTES];
};

/* Makes input `number` of `seed`. Most inputs are a file with one to six
   mutations, usually few. Some combine two files, some have only words, and a
   few have only bytes. */
void fuzz_make(const struct fuzz_corpus *corpus, uint64_t seed, uint64_t number,
        struct fuzz_input *input);

/* Draws a number below n, or 0 if n is 0, from the input's random numbers. */
uint64_t fuzz_below(struct fuzz_input *input, uint64_t n);

#endif /* RM_TESTS_FUZZ_MUTATE_H */
